/* SPDX-License-Identifier: MIT */
/*
 * The grant_table_op hypercall (public/grant_table.h). Long arrays are worked off in batches;
 * between batches the hypercall may be preempted and goes on with the rest of the array.
 */
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "grant/table.h"
#include "mm/addr.h"
#include "mm/guest_access.h"

/* The domain a table operation is about, referenced; GNTST_*. */
static int get_target(domid_t domid, struct domain **out)
{
	struct domain *d = domain_get_any(domid);

	if (!d)
		return GNTST_bad_domain;
	if (!may_control(d)) {
		domain_put(d);
		return GNTST_permission_denied;
	}
	*out = d;
	return GNTST_okay;
}

/* Grows d's table and lists its first op->nr_frames frames. 0 or -EFAULT. */
static long list_frames(struct domain *d, struct gnttab_setup_table *op)
{
	struct grant_table *t = d->grant_table;
	unsigned int i;
	long rc = 0;

	spin_lock(&t->lock);
	op->status = grant_table_grow(d, op->nr_frames) ? GNTST_general_error : GNTST_okay;
	spin_unlock(&t->lock);
	/* Frames do not go away while d lives, so the list is written without the lock. */
	for (i = 0; i < op->nr_frames && op->status == GNTST_okay && !rc; i++) {
		mfn_t mfn;
		xen_pfn_t frame;

		if (grant_shared_frame(d, i, &mfn)) {
			op->status = GNTST_general_error;
			break;
		}
		frame = mfn;
		rc = copy_to_guest_offset(op->frame_list, i, &frame, 1);
	}
	return rc;
}

static long op_setup_table(void *arg)
{
	struct gnttab_setup_table op;
	struct domain *d;
	long rc = 0;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	op.status = (int16_t)get_target(op.dom, &d);
	if (op.status == GNTST_okay) {
		rc = list_frames(d, &op);
		domain_put(d);
	}
	if (!rc && copy_to_guest(arg, &op, sizeof(op)))
		rc = -EFAULT;
	return rc;
}

static long op_query_size(void *arg)
{
	struct gnttab_query_size op;
	struct domain *d;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	op.status = (int16_t)get_target(op.dom, &d);
	if (op.status == GNTST_okay) {
		op.nr_frames = READ_ONCE(d->grant_table->frames);
		op.max_nr_frames = d->grant_table->max_frames;
		domain_put(d);
	}
	return copy_to_guest(arg, &op, sizeof(op));
}

/* Version 1 is the only one; a guest that asks for 2 is told so and stays with 1. */
static long op_set_version(void *arg)
{
	struct gnttab_set_version op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.version != 1)
		return op.version == 2 ? -ENOSYS : -EINVAL;
	return copy_to_guest(arg, &op, sizeof(op));
}

static long op_get_version(void *arg)
{
	struct gnttab_get_version op;
	struct domain *d;
	int status;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	status = get_target(op.dom, &d);
	if (status != GNTST_okay)
		return status == GNTST_bad_domain ? -ESRCH : -EPERM;
	domain_put(d);
	op.version = 1;
	return copy_to_guest(arg, &op, sizeof(op));
}

static long op_dump_table(void *arg)
{
	struct gnttab_dump_table op;
	struct domain *d;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	op.status = (int16_t)(current->domain->is_privileged ? get_target(op.dom, &d)
							     : GNTST_permission_denied);
	if (op.status == GNTST_okay) {
		grant_dump(d);
		domain_put(d);
	}
	return copy_to_guest(arg, &op, sizeof(op));
}

/* Giving frames away is not offered: each entry is refused. */
static long op_transfer(struct gnttab_transfer *ops, unsigned int count)
{
	const int16_t status = GNTST_general_error;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (i == 64)
			return i;
		if (copy_to_guest(&ops[i].status, &status, sizeof(status)))
			return -EFAULT;
	}
	return 0;
}

/* An array operation on the next entries: 0 when all are done, how many when not, -EFAULT. */
static long batch(unsigned int cmd, void *arg, unsigned int count)
{
	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		return grant_map(arg, count);
	case GNTTABOP_unmap_grant_ref:
		return grant_unmap(arg, count);
	case GNTTABOP_unmap_and_replace:
		return grant_unmap_and_replace(arg, count);
	case GNTTABOP_copy:
		return grant_copy(arg, count);
	default:
		return op_transfer(arg, count);
	}
}

static const size_t entry_size[] = {
	[GNTTABOP_map_grant_ref] = sizeof(struct gnttab_map_grant_ref),
	[GNTTABOP_unmap_grant_ref] = sizeof(struct gnttab_unmap_grant_ref),
	[GNTTABOP_transfer] = sizeof(struct gnttab_transfer),
	[GNTTABOP_copy] = sizeof(struct gnttab_copy),
	[GNTTABOP_unmap_and_replace] = sizeof(struct gnttab_unmap_and_replace),
};

static long op_array(unsigned int cmd, void *arg, unsigned int count)
{
	for (;;) {
		long done = batch(cmd, arg, count);

		if (done <= 0)
			return done;
		arg = (char *)arg + (size_t)done * entry_size[cmd];
		count -= (unsigned int)done;
		if (hypercall_preempt_check())
			return hypercall_continue(__HYPERVISOR_grant_table_op, 3,
						  (unsigned long)cmd, (unsigned long)arg,
						  (unsigned long)count);
	}
}

long do_grant_table_op(unsigned int cmd, void *arg, unsigned int count)
{
	if (cmd < ARRAY_SIZE(entry_size) && entry_size[cmd])
		return op_array(cmd, arg, count);
	if (count != 1)
		return cmd <= GNTTABOP_get_version ? -EINVAL : -ENOSYS;
	switch (cmd) {
	case GNTTABOP_setup_table:
		return op_setup_table(arg);
	case GNTTABOP_query_size:
		return op_query_size(arg);
	case GNTTABOP_set_version:
		return op_set_version(arg);
	case GNTTABOP_get_version:
		return op_get_version(arg);
	case GNTTABOP_dump_table:
		return op_dump_table(arg);
	default:
		return -ENOSYS;
	}
}
