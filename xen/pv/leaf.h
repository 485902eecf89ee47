/* SPDX-License-Identifier: MIT */
/*
 * The references of a leaf entry that maps an ordinary frame, taken and given back in line: for the
 * paths that change one entry, and for those that go over whole tables. What is not simple is left
 * to get_page_from_l1e() (pv/page_type.h).
 */
#ifndef PV_LEAF_H
#define PV_LEAF_H

#include "core/domain.h"
#include "mm/pte.h"
#include "pv/page_ref.h"

/* Bits of an L1 entry that may stand there only as the hypervisor wants them. */
static inline pte_t leaf_adjusted(pte_t l1e)
{
	return (l1e | PTE_USER) & ~PTE_GLOBAL;
}

/* References for present l1e on a frame of the ordinary domain owner; false: not the simple case.
 */
static inline bool leaf_get(pte_t l1e, uint16_t owner)
{
	mfn_t mfn = pte_mfn(l1e);
	struct page_info *page = mfn_to_page(mfn);

	if (unlikely((l1e & PTE_CACHE_MASK) || !mfn_valid(mfn)))
		return false;
	return l1e & PTE_RW ? page_ref_get_writable(page, owner) : page_ref_get(page, owner);
}

/*
 * A writable mapping of another domain's frame goes. When that domain turns the frame into a table,
 * only its own CPUs will be flushed, so the mapping one's must be now. Domains that may map
 * whatever they like need no such care.
 */
static inline void leaf_flush_foreign(const struct domain *d)
{
	if (!d->is_privileged)
		tlb_flush_mask(&d->dirty_cpus);
}

/* Gives back what present l1e in a table of d holds. */
static inline void leaf_put(pte_t l1e, const struct domain *d)
{
	mfn_t mfn = pte_mfn(l1e);
	struct page_info *page = mfn_to_page(mfn);

	if (unlikely(!mfn_valid(mfn) || page_owner(page) == DOMID_IO))
		return;
	if (!(l1e & PTE_RW)) {
		page_ref_put(page);
		return;
	}
	if (unlikely(page_owner(page) != d->domain_id))
		leaf_flush_foreign(d);
	page_ref_put_writable(page);
}

#endif
