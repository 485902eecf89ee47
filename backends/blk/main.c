/* SPDX-License-Identifier: MIT */
/* blkback: the block backend's program. It is a supervisor (common/supervisor.h) for disks. */
#include "backends/blk/source.h"
#include "backends/blk/vbd.h"
#include "backends/common/supervisor.h"
#include "dom0-tools/lib/daemon.h"

static const struct backend_class vbd_class = {
	.name = "vbd",
	.program = "blkback",
	.ops = &vbd_ops,
	.open = blk_source_open,
};

int main(int argc, char **argv)
{
	struct daemon daemon = {
		.name = "blkback",
		.summary = "block backend: serves disk images to guests",
	};
	int ret = daemon_parse_options(&daemon, argc, argv);

	return ret >= 0 ? ret : supervisor_main(&daemon, &vbd_class);
}
