/* SPDX-License-Identifier: MIT */
/*
 * Changing one entry of a page table in use.
 *
 * No lock: whoever exchanges an entry owns the references of the value that he took out. The
 * processor sets accessed and dirty bits meanwhile.
 */
#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "pv/leaf.h"
#include "pv/mmu.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"

#define PTE_AD (PTE_ACCESSED | PTE_DIRTY)

static bool entry_cas(pte_t *entry, pte_t *seen, pte_t val)
{
	return __atomic_compare_exchange_n(entry, seen, val, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* Returns the old value. */
static pte_t entry_exchange(pte_t *entry, pte_t val, bool preserve_ad)
{
	pte_t old;

	if (!preserve_ad)
		return __atomic_exchange_n(entry, val, __ATOMIC_SEQ_CST);
	old = READ_ONCE(*entry);
	while (!entry_cas(entry, &old, val | (old & PTE_AD)))
		;
	return old;
}

static bool owned_by(mfn_t mfn, uint16_t owner)
{
	return owner < DOMID_FIRST_RESERVED && mfn_valid(mfn) &&
	       page_owner(mfn_to_page(mfn)) == owner;
}

/*
 * The case in which no new reference is needed: both values map the same frame, and the new one
 * gives no more access. Less access only to the domain's own frames: the access of a grant's
 * mapping is the grant's. True if the entry is changed.
 */
static bool update_same_frame(pte_t *entry, pte_t val, uint16_t owner, bool preserve_ad)
{
	pte_t old = READ_ONCE(*entry);

	do {
		if (((old ^ val) & (PTE_ADDR_MASK | PTE_PRESENT)) || (val & ~old & PTE_RW))
			return false;
		if ((old & ~val & PTE_RW) && !owned_by(pte_mfn(old), owner))
			return false;
	} while (!entry_cas(entry, &old, preserve_ad ? val | (old & PTE_AD) : val));

	/* The mapping keeps its general reference. */
	if (old & ~val & PTE_RW)
		put_page_type(mfn_to_page(pte_mfn(old)));
	return true;
}

static __attribute__((__noinline__)) int update_l1e(pte_t *entry, pte_t val, const struct domain *d,
						    uint16_t page_owner, bool preserve_ad)
{
	pte_t old;
	int rc;

	if (val & PTE_PRESENT) {
		val = leaf_adjusted(val);
		if (!l1e_flags_ok(val, d)) {
			guest_log(current->domain, LOG_DEBUG,
				  "L1 entry %#lx: cache attributes need a device", val);
			return -EINVAL;
		}
		if (update_same_frame(entry, val, page_owner, preserve_ad))
			return 0;
		rc = get_page_from_l1e(val, d, page_owner);
		if (rc)
			return rc;
		old = entry_exchange(entry, val, preserve_ad);
	} else {
		old = entry_exchange(entry, val, false);
	}
	if (old & PTE_PRESENT)
		put_page_from_l1e(old, d);
	return 0;
}

/* To nothing, or to an own, ordinary frame that the entry does not map yet: most are of that kind.
 */
int pv_update_l1e(pte_t *entry, pte_t val, const struct domain *d, uint16_t page_owner,
		  bool preserve_ad)
{
	pte_t old;

	if (unlikely(page_owner != d->domain_id))
		return update_l1e(entry, val, d, page_owner, preserve_ad);
	if (val & PTE_PRESENT) {
		old = READ_ONCE(*entry);
		if (((old & PTE_PRESENT) && (preserve_ad || !((old ^ val) & PTE_ADDR_MASK))) ||
		    !leaf_get(val, page_owner))
			return update_l1e(entry, val, d, page_owner, preserve_ad);
		val = leaf_adjusted(val);
	}
	old = __atomic_exchange_n(entry, val, __ATOMIC_SEQ_CST);
	if (old & PTE_PRESENT)
		leaf_put(old, d);
	return 0;
}

int pv_cmpxchg_l1e(pte_t *entry, pte_t old, pte_t val, const struct domain *d)
{
	int rc;

	if (val & PTE_PRESENT) {
		val = leaf_adjusted(val);
		/* The same frame with the same access, as when the accessed bit is cleared. */
		if (!((old ^ val) & (PTE_ADDR_MASK | PTE_PRESENT | PTE_RW | PTE_CACHE_MASK)))
			return entry_cas(entry, &old, val) ? 0 : -EAGAIN;
		if (unlikely(!leaf_get(val, d->domain_id))) {
			rc = get_page_from_l1e(val, d, d->domain_id);
			if (rc)
				return rc;
		}
	}
	if (unlikely(!entry_cas(entry, &old, val))) {
		if (val & PTE_PRESENT)
			put_page_from_l1e(val, d);
		return -EAGAIN;
	}
	if (old & PTE_PRESENT)
		leaf_put(old, d);
	return 0;
}

int pv_update_table_entry(pte_t *entry, pte_t val, unsigned int level, const struct domain *d,
			  bool preserve_ad)
{
	pte_t old = READ_ONCE(*entry);
	int rc;

	if (val & PTE_PRESENT) {
		if (!table_entry_flags_ok(val))
			return -EINVAL;
		val |= PTE_USER;
		while (!((old ^ val) & (PTE_ADDR_MASK | PTE_PRESENT)))
			if (entry_cas(entry, &old, preserve_ad ? val | (old & PTE_AD) : val))
				return 0;
		rc = get_page_from_table_entry(val, level, d);
		if (rc)
			return rc;
		old = entry_exchange(entry, val, preserve_ad);
	} else {
		old = entry_exchange(entry, val, false);
	}
	if ((old & PTE_PRESENT) && put_page_from_table_entry(old, level))
		pv_note_partial(pte_mfn(old));
	return 0;
}
