/* SPDX-License-Identifier: MIT */
/*
 * Memory of other domains: populate, give back, memory map, page-table pins, grant table frames.
 * Stateless.
 */
#include "dom0-tools/lib/domain.h"

#include <errno.h>
#include <string.h>

#include <public/grant_table.h>
#include <public/memory.h>

#include "dom0-tools/lib/bounce.h"
#include "dom0-tools/lib/privcmd.h"

#define E820_TYPE_RAM 1u

/* An entry of the memory map as memory_op has it: 20 bytes, no padding. */
struct e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));

_Static_assert(sizeof(xen_pfn_t) == sizeof(uint64_t), "frames are 64-bit");

/* XENMEM_populate_physmap and XENMEM_decrease_reservation share everything but the direction. */
static long reservation(int fd, uint32_t domid, unsigned int cmd, uint64_t *extents, size_t count,
			unsigned int order)
{
	struct xen_memory_reservation arg = {
		.nr_extents = count,
		.extent_order = order,
		.domid = (domid_t)domid,
	};
	size_t bytes = count * sizeof(*extents);
	void *buffer;
	long ret;

	if (!count)
		return 0;
	buffer = bounce_in(fd, extents, bytes);
	if (!buffer)
		return -errno;
	set_xen_guest_handle(arg.extent_start, buffer);
	ret = hypercall_cmd_arg(fd, __HYPERVISOR_memory_op, cmd, &arg, sizeof(arg));
	bounce_out(fd, buffer, ret < 0 ? NULL : extents, bytes);
	return ret;
}

long dom_populate(int fd, uint32_t domid, uint64_t *extents, size_t nr_extents, unsigned int order)
{
	return reservation(fd, domid, XENMEM_populate_physmap, extents, nr_extents, order);
}

long dom_decrease(int fd, uint32_t domid, const uint64_t *mfns, size_t count)
{
	/* The list is only read by this operation. */
	return reservation(fd, domid, XENMEM_decrease_reservation, (uint64_t *)(uintptr_t)mfns,
			   count, 0);
}

int dom_set_memory_map(int fd, uint32_t domid, uint64_t kib)
{
	const struct e820_entry entry = { .size = kib * 1024, .type = E820_TYPE_RAM };
	struct xen_foreign_memory_map arg = { .domid = (domid_t)domid };
	void *buffer = bounce_in(fd, &entry, sizeof(entry));
	long ret;

	if (!buffer)
		return -errno;
	arg.map.nr_entries = 1;
	set_xen_guest_handle(arg.map.buffer, buffer);
	ret = hypercall_cmd_arg(fd, __HYPERVISOR_memory_op, XENMEM_set_memory_map, &arg,
				sizeof(arg));
	bounce_out(fd, buffer, NULL, sizeof(entry));
	return (int)ret;
}

long dom_maximum_gpfn(int fd, uint32_t domid)
{
	domid_t arg = (domid_t)domid;
	long ret = hypercall_cmd_arg(fd, __HYPERVISOR_memory_op, XENMEM_maximum_gpfn, &arg,
				     sizeof(arg));

	return ret < 0 ? ret : ret + 1;
}

int dom_mmuext(int fd, uint32_t domid, unsigned int cmd, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };
	void *buffer = bounce_in(fd, &op, sizeof(op));
	long ret;

	if (!buffer)
		return -errno;
	ret = privcmd_hypercall(fd, __HYPERVISOR_mmuext_op, (uintptr_t)buffer, 1, 0, domid, 0);
	bounce_out(fd, buffer, NULL, sizeof(op));
	return (int)ret;
}

static int grant_status_to_errno(int16_t status)
{
	switch (status) {
	case GNTST_okay:
		return 0;
	case GNTST_bad_domain:
		return -ESRCH;
	case GNTST_permission_denied:
		return -EPERM;
	case GNTST_no_device_space:
		return -ENOSPC;
	default:
		return -EINVAL;
	}
}

int dom_grant_table_frame(int fd, uint32_t domid, uint64_t *mfn)
{
	struct gnttab_setup_table op = { .dom = (domid_t)domid, .nr_frames = 1 };
	struct {
		struct gnttab_setup_table op;
		xen_pfn_t frame;
	} *buffer = bounce_in(fd, NULL, sizeof(*buffer));
	long ret;

	if (!buffer)
		return -errno;
	buffer->op = op;
	set_xen_guest_handle(buffer->op.frame_list, &buffer->frame);
	ret = privcmd_hypercall(fd, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
				(uintptr_t)&buffer->op, 1, 0, 0);
	if (ret >= 0)
		ret = grant_status_to_errno(buffer->op.status);
	if (ret >= 0)
		*mfn = buffer->frame;
	bounce_out(fd, buffer, NULL, sizeof(*buffer));
	return (int)ret;
}
