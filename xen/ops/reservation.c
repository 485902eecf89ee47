/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_{increase,decrease}_reservation and populate_physmap: a domain gets frames and gives
 * frames up. The result is the number of extents done, which the caller compares with what it asked
 * for.
 */
#include <public/memory.h>

#include "ops/memory_op.h"

#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "mm/page.h"

/* Gives back frames that were just allocated and that nobody has seen. */
static void free_extent(struct page_info *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1ul << order; i++)
		(void)put_page_alloc_ref(&page[i]);
}

/* New memory without a place in the pseudo-physical map. */
static bool increase_one(struct domain *d, const struct xen_memory_reservation *res,
			 unsigned long index)
{
	struct page_info *page;
	xen_pfn_t mfn;
	unsigned long i;

	page = alloc_domain_frames(d, res->extent_order, XENMEMF_get_address_bits(res->mem_flags));
	if (!page)
		return false;
	mfn = page_to_mfn(page);
	for (i = 0; i < 1ul << res->extent_order; i++)
		m2p_set(mfn + i, M2P_INVALID);
	if (res->extent_start && copy_to_guest_offset(res->extent_start, index, &mfn, 1)) {
		free_extent(page, res->extent_order);
		return false;
	}
	return true;
}

/* New memory at the pseudo-physical place that the array names, which gets the mfn instead. */
static bool populate_one(struct domain *d, const struct xen_memory_reservation *res,
			 unsigned long index)
{
	struct page_info *page;
	xen_pfn_t pfn, mfn;
	unsigned long i;

	if (copy_from_guest_offset(&pfn, res->extent_start, index, 1))
		return false;
	page = alloc_domain_frames(d, res->extent_order, XENMEMF_get_address_bits(res->mem_flags));
	if (!page)
		return false;
	mfn = page_to_mfn(page);
	if (copy_to_guest_offset(res->extent_start, index, &mfn, 1)) {
		free_extent(page, res->extent_order);
		return false;
	}
	for (i = 0; i < 1ul << res->extent_order; i++)
		m2p_set(mfn + i, pfn + i);
	return true;
}

/*
 * The frame leaves d's reservation. It is freed when its last mapping is gone. Frames of the
 * hypervisor that d merely shares, and pinned page tables, are not d's to give.
 */
static bool release_frame(struct domain *d, xen_pfn_t mfn)
{
	struct page_info *page = get_page_from_mfn(mfn, d->domain_id);
	bool released;

	if (!page) {
		guest_log(d, LOG_INFO, "gives up frame %#lx, which it does not own", mfn);
		return false;
	}
	if (READ_ONCE(page->count) & PGC_XEN_HEAP || READ_ONCE(page->type) & PGT_PINNED)
		released = false;
	else
		released = put_page_alloc_ref(page);
	put_page(page);
	if (!released)
		guest_log(d, LOG_INFO, "gives up frame %#lx, which is in use", mfn);
	return released;
}

static bool decrease_one(struct domain *d, const struct xen_memory_reservation *res,
			 unsigned long index)
{
	xen_pfn_t mfn;
	unsigned long i;

	if (copy_from_guest_offset(&mfn, res->extent_start, index, 1))
		return false;
	for (i = 0; i < 1ul << res->extent_order; i++) {
		if (!release_frame(d, mfn + i))
			return false;
	}
	return true;
}

long memory_reservation(unsigned int op, unsigned long start, void *arg)
{
	bool (*one)(struct domain *, const struct xen_memory_reservation *, unsigned long) =
		op == XENMEM_increase_reservation   ? increase_one
		: op == XENMEM_decrease_reservation ? decrease_one
						    : populate_one;
	struct xen_memory_reservation res;
	unsigned long i;
	struct domain *d;
	long rc;

	/* The result is how many extents were done; whatever is wrong, none were. */
	if (copy_from_guest(&res, arg, sizeof(res)))
		return (long)start;
	/* What the result could not tell, and a continuation could not carry, is not even begun. */
	if (res.nr_extents > SIZE_MAX >> MEMOP_EXTENT_SHIFT || start > res.nr_extents)
		return (long)start;
	if (res.extent_order > memory_op_max_order())
		return (long)start;
	if (res.mem_flags & XENMEMF_populate_on_demand)
		return (long)start;
	d = memory_op_domain(res.domid, &rc);
	if (!d)
		return (long)start; /* for no domain, or another's, no extent is done */

	for (i = start; i < res.nr_extents; i++) {
		if (i != start && hypercall_preempt_check()) {
			domain_put(d);
			return hypercall_continue(__HYPERVISOR_memory_op, 2,
						  op | i << MEMOP_EXTENT_SHIFT, arg);
		}
		if (!one(d, &res, i))
			break;
	}
	domain_put(d);
	return (long)i;
}
