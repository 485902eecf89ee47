/* SPDX-License-Identifier: MIT */
/*
 * Grants of other domains over /dev/xen/gntdev. Stateless: the kernel remembers what is mapped at
 * which address of which fd. Thread-safe.
 */
#include "dom0-tools/lib/gntdev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "dom0-tools/lib/xen_ioctl.h"

#define PAGE_BYTES     4096u
#define MAP_REFS_MAX   65536u /* refs in one gntdev_map() */
#define COPY_BATCH_MAX 128u   /* segments in one ioctl */

int gntdev_open(void)
{
	int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int drop_index(int fd, uint64_t index, size_t count)
{
	struct ioctl_gntdev_unmap_grant_ref unmap = { .index = index, .count = (uint32_t)count };

	return ioctl(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap) < 0 ? -errno : 0;
}

void *gntdev_map(int fd, uint32_t domid, const uint32_t *refs, size_t count, int prot)
{
	struct ioctl_gntdev_map_grant_ref *map;
	void *addr;
	int err;

	if (!count || count > MAP_REFS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	map = calloc(1, sizeof(*map) + (count - 1) * sizeof(map->refs[0]));
	if (!map)
		return NULL;
	map->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		struct ioctl_gntdev_grant_ref *ref = &map->refs[0] + i;

		ref->domid = domid;
		ref->ref = refs[i];
	}
	if (ioctl(fd, IOCTL_GNTDEV_MAP_GRANT_REF, map) < 0) {
		err = errno;
		free(map);
		errno = err;
		return NULL;
	}
	addr = mmap(NULL, count * PAGE_BYTES, prot, MAP_SHARED, fd, (off_t)map->index);
	err = errno;
	if (addr == MAP_FAILED) {
		drop_index(fd, map->index, count);
		addr = NULL;
	}
	free(map);
	errno = err;
	return addr;
}

static int offset_of(int fd, const void *addr, uint64_t *offset)
{
	struct ioctl_gntdev_get_offset_for_vaddr query = { .vaddr = (uintptr_t)addr };

	if (ioctl(fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &query) < 0)
		return -errno;
	*offset = query.offset;
	return 0;
}

int gntdev_unmap(int fd, void *addr, size_t count)
{
	uint64_t index = 0;
	int ret = offset_of(fd, addr, &index);

	if (ret < 0)
		return ret;
	if (munmap(addr, count * PAGE_BYTES) < 0)
		return -errno;
	return drop_index(fd, index, count);
}

int gntdev_set_unmap_notify(int fd, void *addr, int byte_offset, int port)
{
	struct ioctl_gntdev_unmap_notify notify = { 0 };
	int ret = offset_of(fd, addr, &notify.index);

	if (ret < 0)
		return ret;
	if (byte_offset >= 0) {
		notify.index += (uint64_t)byte_offset;
		notify.action |= GNTDEV_NOTIFY_CLEAR_BYTE;
	}
	if (port >= 0) {
		notify.event_channel_port = (uint32_t)port;
		notify.action |= GNTDEV_NOTIFY_SEND_EVENT;
	}
	return ioctl(fd, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, &notify) < 0 ? -errno : 0;
}

static void fill_segment(struct ioctl_gntdev_copy_segment *seg, uint32_t domid,
			 const struct gntdev_copy *op)
{
	union ioctl_gntdev_copy_ptr *foreign = op->to_grant ? &seg->dest : &seg->source;
	union ioctl_gntdev_copy_ptr *local = op->to_grant ? &seg->source : &seg->dest;

	local->virt = op->local;
	foreign->foreign.ref = op->ref;
	foreign->foreign.offset = op->offset;
	foreign->foreign.domid = (uint16_t)domid;
	seg->len = op->len;
	seg->flags = op->to_grant ? GNTDEV_COPY_DEST_GREF : GNTDEV_COPY_SOURCE_GREF;
	seg->status = 0;
}

int gntdev_copy(int fd, uint32_t domid, struct gntdev_copy *ops, size_t count)
{
	struct ioctl_gntdev_copy_segment segs[COPY_BATCH_MAX];

	while (count) {
		unsigned int batch = count < COPY_BATCH_MAX ? (unsigned int)count : COPY_BATCH_MAX;
		struct ioctl_gntdev_grant_copy copy = { .count = batch, .segments = segs };

		for (unsigned int i = 0; i < batch; i++)
			fill_segment(&segs[i], domid, &ops[i]);
		if (ioctl(fd, IOCTL_GNTDEV_GRANT_COPY, &copy) < 0)
			return -errno;
		for (unsigned int i = 0; i < batch; i++)
			ops[i].status = segs[i].status;
		ops += batch;
		count -= batch;
	}
	return 0;
}
