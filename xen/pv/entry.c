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
#include "pv/mmu.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"

#define PTE_AD (PTE_ACCESSED | PTE_DIRTY)

static bool entry_cas(pte_t *entry, pte_t *seen, pte_t new)
{
	return __atomic_compare_exchange_n(entry, seen, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* Returns the old value. */
static pte_t entry_exchange(pte_t *entry, pte_t new, bool preserve_ad)
{
	pte_t old;

	if (!preserve_ad)
		return __atomic_exchange_n(entry, new, __ATOMIC_SEQ_CST);
	old = READ_ONCE(*entry);
	while (!entry_cas(entry, &old, new | (old & PTE_AD)))
		;
	return old;
}

/*
 * The case in which no new reference is needed: both values map the same frame, and the new one
 * gives no more access. True if the entry is changed.
 */
static bool update_same_frame(pte_t *entry, pte_t new, bool preserve_ad)
{
	pte_t old = READ_ONCE(*entry);

	do {
		if (((old ^ new) & (PTE_ADDR_MASK | PTE_PRESENT)) || (new & ~old &PTE_RW))
			return false;
	} while (!entry_cas(entry, &old, preserve_ad ? new | (old & PTE_AD) : new));

	if (old & ~new &PTE_RW) {
		/* The mapping keeps its general reference. */
		struct page_info *page = mfn_to_page(pte_mfn(old));

		if (mfn_valid(pte_mfn(old)) && page_owner(page) != DOMID_IO)
			put_page_type(page);
	}
	return true;
}

int pv_update_l1e(pte_t *entry, pte_t new, const struct domain *d, uint16_t page_owner,
		  bool preserve_ad)
{
	pte_t old;
	int rc;

	if (new &PTE_PRESENT) {
		new = (new | PTE_USER) & ~PTE_GLOBAL;
		if (!l1e_flags_ok(new, d)) {
			guest_log(current->domain, LOG_DEBUG,
				  "L1 entry %#lx: cache attributes need a device", new);
			return -EINVAL;
		}
		if (update_same_frame(entry, new, preserve_ad))
			return 0;
		rc = get_page_from_l1e(new, d, page_owner);
		if (rc)
			return rc;
		old = entry_exchange(entry, new, preserve_ad);
	} else {
		old = entry_exchange(entry, new, false);
	}
	if (old & PTE_PRESENT)
		put_page_from_l1e(old);
	return 0;
}

int pv_cmpxchg_l1e(pte_t *entry, pte_t old, pte_t new, const struct domain *d)
{
	int rc;

	if (new &PTE_PRESENT) {
		new = (new | PTE_USER) & ~PTE_GLOBAL;
		rc = get_page_from_l1e(new, d, d->domain_id);
		if (rc)
			return rc;
	}
	if (!entry_cas(entry, &old, new)) {
		if (new &PTE_PRESENT)
			put_page_from_l1e(new);
		return -EAGAIN;
	}
	if (old & PTE_PRESENT)
		put_page_from_l1e(old);
	return 0;
}

int pv_update_table_entry(pte_t *entry, pte_t new, unsigned int level, const struct domain *d,
			  bool preserve_ad)
{
	pte_t old = READ_ONCE(*entry);
	int rc;

	if (new &PTE_PRESENT) {
		if (!table_entry_flags_ok(new))
			return -EINVAL;
		new |= PTE_USER;
		while (!((old ^ new) & (PTE_ADDR_MASK | PTE_PRESENT)))
			if (entry_cas(entry, &old, preserve_ad ? new | (old & PTE_AD) : new))
				return 0;
		rc = get_page_from_table_entry(new, level, d);
		if (rc)
			return rc;
		old = entry_exchange(entry, new, preserve_ad);
	} else {
		old = entry_exchange(entry, new, false);
	}
	if ((old & PTE_PRESENT) && put_page_from_table_entry(old, level))
		pv_note_partial(pte_mfn(old));
	return 0;
}
