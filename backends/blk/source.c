/* SPDX-License-Identifier: MIT */
/* What backs a virtual disk, from its nodes in xenstore: see source.h. */
#include "backends/blk/source.h"

#include <string.h>
#include <unistd.h>

#include "backends/blk/image.h"
#include "backends/blk/journal.h"
#include "backends/common/state_file.h"
#include "backends/common/supervisor.h"
#include "dom0-tools/lib/log.h"

int blk_source_open(struct source *src)
{
	struct xs_handle *xs = src->sup->xs;
	char params[1024] = "", mode[8] = "", type[16] = "";
	struct disk_spec spec = { .path = "" };
	struct disk disk;
	int ret, image, journal;

	xenbus_read(xs, src->path, "params", params, sizeof(params));
	xenbus_read(xs, src->path, "mode", mode, sizeof(mode));
	xenbus_read(xs, src->path, "device-type", type, sizeof(type));
	ret = disk_spec_parse(params, mode, &spec, src->error, sizeof(src->error));
	if (ret < 0)
		return ret;
	/* xl's form of "w!". */
	if (spec.writable && xenbus_read_flag(xs, src->path, "shareable", false))
		spec.shared = true;
	image = disk_open(&spec, &disk, src->error, sizeof(src->error));
	if (image < 0)
		return image;
	journal = state_file_open(src, JOURNAL_BYTES);
	if (journal < 0) {
		close(image);
		return journal;
	}
	if (!strcmp(type, "cdrom"))
		disk.flags |= DISK_CDROM;
	if (xenbus_read_flag(xs, src->path, "removable", false))
		disk.flags |= DISK_REMOVABLE;
	if (!xenbus_read_flag(xs, src->path, "discard-enable", true))
		disk.flags &= ~DISK_DISCARD;
	src->fds[DISK_FD_IMAGE] = image;
	src->fds[DISK_FD_JOURNAL] = journal;
	_Static_assert(sizeof(disk) <= sizeof(src->info), "must fit into a message");
	memcpy(src->info, &disk, sizeof(disk));
	log_info("%s: %s, %llu sectors%s%s", src->path, spec.path, (unsigned long long)disk.sectors,
		 spec.writable ? "" : ", read-only",
		 disk.flags & DISK_DIRECT ? ", direct" : ", buffered");
	return 0;
}
