/* SPDX-License-Identifier: MIT */
/* netback: the network backend's program. It is a supervisor (common/supervisor.h) for interfaces.
 */
#include "backends/common/supervisor.h"
#include "backends/net/source.h"
#include "backends/net/vif.h"
#include "dom0-tools/lib/daemon.h"

static const struct backend_class vif_class = {
	.name = "vif",
	.program = "netback",
	.ops = &vif_ops,
	.open = net_source_open,
	.release = net_source_release,
};

int main(int argc, char **argv)
{
	struct daemon daemon = {
		.name = "netback",
		.summary = "network backend: connects guests' interfaces to bridges",
	};
	int ret = daemon_parse_options(&daemon, argc, argv);

	return ret >= 0 ? ret : supervisor_main(&daemon, &vif_class);
}
