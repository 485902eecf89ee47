/* SPDX-License-Identifier: MIT */
/* memory_op (public/memory.h): dispatch, and the commands that only ask for or check a number. */
#include <public/memory.h>

#include "ops/memory_op.h"

#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "grant/grant.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "mm/page.h"

#define GUEST_ORDER_MAX      9u  /* 2 MiB */
#define PRIVILEGED_ORDER_MAX 12u /* 16 MiB */
#define RESOURCE_FRAMES_MAX  32u /* at once */

struct domain *memory_op_domain(uint16_t domid, long *error)
{
	struct domain *d = domain_get_any(domid);

	if (!d) {
		*error = -ESRCH;
		return NULL;
	}
	if (!may_control(d)) {
		domain_put(d);
		*error = -EPERM;
		return NULL;
	}
	return d;
}

unsigned int memory_op_max_order(void)
{
	return current->domain->is_privileged ? PRIVILEGED_ORDER_MAX : GUEST_ORDER_MAX;
}

/* A domain that says nothing about itself has its last pfn unknown. */
static long maximum_gpfn(const struct domain *d)
{
	unsigned long count = READ_ONCE(d->shared_info->arch.max_pfn);

	return count ? (long)min(count - 1, (unsigned long)INT64_MAX) : 0;
}

static long query_domain(unsigned int op, void *arg)
{
	struct xen_memory_domain query;
	struct domain *d;
	long rc;

	if (copy_from_guest(&query, arg, sizeof(query)))
		return -EFAULT;
	d = memory_op_domain(query.domid, &rc);
	if (!d)
		return rc;
	if (op == XENMEM_current_reservation)
		rc = (long)READ_ONCE(d->tot_pages);
	else if (op == XENMEM_maximum_reservation)
		rc = (long)min(READ_ONCE(d->max_pages), (uint64_t)INT64_MAX);
	else
		rc = maximum_gpfn(d);
	domain_put(d);
	return rc;
}

/*
 * A claim is answered by whether the memory is there now; it reserves nothing, so another domain
 * built at the same time may still take it.
 */
static long claim_pages(void *arg)
{
	struct xen_memory_reservation claim;
	struct domain *d;
	long rc;

	if (copy_from_guest(&claim, arg, sizeof(claim)))
		return -EFAULT;
	if (claim.extent_start || claim.extent_order || claim.mem_flags)
		return -EINVAL;
	if (!current->domain->is_privileged)
		return -EPERM;
	d = memory_op_domain(claim.domid, &rc);
	if (!d)
		return rc;
	rc = 0;
	if (claim.nr_extents > READ_ONCE(d->max_pages))
		rc = -EINVAL;
	else if (claim.nr_extents > READ_ONCE(d->tot_pages) + free_frame_count())
		rc = -ENOMEM;
	domain_put(d);
	return rc;
}

/* PV domains populate nothing on demand: the target is what they have. */
static long pod_target(unsigned int op, void *arg)
{
	struct xen_pod_target target;
	struct domain *d;
	long rc;

	if (copy_from_guest(&target, arg, sizeof(target)))
		return -EFAULT;
	if (!current->domain->is_privileged)
		return -EPERM;
	d = memory_op_domain(target.domid, &rc);
	if (!d)
		return rc;
	rc = 0;
	if (op == XENMEM_set_pod_target && target.target_pages > READ_ONCE(d->max_pages))
		rc = -EINVAL;
	target.tot_pages = READ_ONCE(d->tot_pages);
	target.pod_cache_pages = 0;
	target.pod_entries = 0;
	domain_put(d);
	return rc ? rc : copy_to_guest(arg, &target, sizeof(target));
}

/* The frames of a domain's grant table, for its builder to map. */
static long acquire_grant_frames(struct domain *d, const struct xen_mem_acquire_resource *res)
{
	xen_pfn_t frames[RESOURCE_FRAMES_MAX];
	unsigned int i;

	if (res->id != XENMEM_resource_grant_table_id_shared)
		return -EOPNOTSUPP;
	if (res->nr_frames > RESOURCE_FRAMES_MAX)
		return -E2BIG;
	if (res->frame > UINT32_MAX - RESOURCE_FRAMES_MAX)
		return -EINVAL;
	for (i = 0; i < res->nr_frames; i++) {
		mfn_t mfn;
		int rc = grant_shared_frame(d, (unsigned int)res->frame + i, &mfn);

		if (rc)
			return rc;
		frames[i] = mfn;
	}
	return copy_to_guest(res->frame_list, frames, res->nr_frames * sizeof(frames[0]));
}

static long acquire_resource(void *arg)
{
	struct xen_mem_acquire_resource res;
	struct domain *d;
	long rc;

	if (copy_from_guest(&res, arg, sizeof(res)))
		return -EFAULT;
	if (res.pad)
		return -EINVAL;
	if (!current->domain->is_privileged)
		return -EPERM;
	if (res.type != XENMEM_resource_grant_table)
		return -EOPNOTSUPP;
	d = memory_op_domain(res.domid, &rc);
	if (!d)
		return rc;
	if (res.frame_list) {
		rc = acquire_grant_frames(d, &res);
	} else if (res.nr_frames) {
		rc = -EINVAL;
	} else {
		res.nr_frames = GRANT_FRAMES_DEFAULT;
		rc = copy_to_guest(arg, &res, sizeof(res));
	}
	domain_put(d);
	return rc;
}

long do_memory_op(unsigned long cmd, void *arg)
{
	unsigned int op = cmd & MEMOP_CMD_MASK;
	unsigned long start = cmd >> MEMOP_EXTENT_SHIFT;

	switch (op) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return memory_reservation(op, start, arg);
	case XENMEM_exchange:
		return start ? -EINVAL : memory_exchange(arg);
	case XENMEM_maximum_ram_page:
		return (long)max_mfn;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return query_domain(op, arg);
	case XENMEM_claim_pages:
		return claim_pages(arg);
	case XENMEM_set_pod_target:
	case XENMEM_get_pod_target:
		return pod_target(op, arg);
	case XENMEM_acquire_resource:
		return acquire_resource(arg);
	case XENMEM_memory_map:
		return memory_get_map(arg);
	case XENMEM_machine_memory_map:
		return memory_get_machine_map(arg);
	case XENMEM_set_memory_map:
		return memory_set_map(arg);
	case XENMEM_machphys_mapping:
		return memory_machphys_mapping(arg);
	case XENMEM_machphys_mfn_list:
		return memory_machphys_list(arg);
	case XENMEM_get_vnumainfo:
		return -EOPNOTSUPP; /* no domain has virtual NUMA nodes */
	default:
		return -ENOSYS;
	}
}
