/* SPDX-License-Identifier: MIT */
/*
 * Mappings of granted frames in the running domain's page tables. They are entries like others, but
 * their frame belongs to another domain, so only these functions make them, and the references that
 * they hold are handed over by and back to the grant table.
 *
 * No lock: entries change by exchange (pv/entry.c).
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "pv/mmu.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"

#include <public/grant_table.h>

#define PTE_AD (PTE_ACCESSED | PTE_DIRTY)

void pv_grant_cursor_end(struct grant_cursor *c)
{
	if (c->l1)
		pv_put_l1e(c->l1);
	c->l1 = 0;
}

/* Makes the table in which host_addr lies the cursor's. */
static bool find_table(struct grant_cursor *c, uint64_t host_addr, bool by_pte)
{
	struct vcpu *v = current;
	mfn_t l1 = host_addr >> PAGE_SHIFT;

	pv_grant_cursor_end(c);
	if (by_pte) {
		if (!mfn_valid(l1) ||
		    !page_ref_get_table(mfn_to_page(l1), v->domain->domain_id, PGT_L1))
			return false;
	} else if (!pv_get_l1e(v, host_addr, &l1)) {
		return false;
	}
	c->l1 = l1;
	return true;
}

/* The L1 entry that a map or unmap names, in the cursor's table; NULL if it is none. */
static pte_t *find_entry(struct grant_cursor *c, uint64_t host_addr, unsigned int flags)
{
	bool by_pte = flags & GNTMAP_contains_pte;
	uint64_t key = (host_addr >> (by_pte ? PAGE_SHIFT : PT_SHIFT(2))) * 2 + by_pte;
	uint64_t index = by_pte ? host_addr % PAGE_SIZE / sizeof(pte_t) : PT_INDEX(host_addr, 1);

	if (by_pte && host_addr % sizeof(pte_t))
		return NULL;
	if (!c->l1 || c->key != key) {
		if (!find_table(c, host_addr, by_pte))
			return NULL;
		c->key = key;
	}
	return (pte_t *)mfn_to_virt(c->l1) + index;
}

static pte_t grant_pte(mfn_t mfn, unsigned int flags)
{
	pte_t pte = pte_make(mfn, PTE_PRESENT | PTE_USER | PTE_AD);

	if (!(flags & GNTMAP_readonly))
		pte |= PTE_RW;
	/* Three bits for the guest's own use. */
	return pte | (((uint64_t)(flags >> _GNTMAP_guest_avail0) << 9) & PTE_AVAIL);
}

int pv_create_grant_mapping(struct grant_cursor *c, uint64_t host_addr, mfn_t mfn,
			    unsigned int flags)
{
	pte_t *entry = find_entry(c, host_addr, flags), old;

	if (!entry)
		return GNTST_general_error;
	old = __atomic_exchange_n(entry, grant_pte(mfn, flags), __ATOMIC_SEQ_CST);
	if (old & PTE_PRESENT)
		put_page_from_l1e(old, current->domain);
	return GNTST_okay;
}

/* Takes the entry that maps addr out of the tables, with its references. */
static bool take_entry(uint64_t addr, pte_t *out)
{
	pte_t *entry;
	mfn_t l1;

	entry = pv_get_l1e(current, addr, &l1);
	if (!entry)
		return false;
	*out = __atomic_exchange_n(entry, 0, __ATOMIC_SEQ_CST);
	pv_put_l1e(l1);
	return true;
}

/* Is this value of an entry the mapping of the grant, with the references that it should hold? */
static bool maps_grant(pte_t pte, mfn_t mfn, unsigned int flags)
{
	pte_t want = pte_make(mfn, PTE_PRESENT | (flags & GNTMAP_readonly ? 0 : PTE_RW));

	return (pte & (PTE_ADDR_MASK | PTE_PRESENT | PTE_RW)) == want;
}

/* Exchanges the grant's entry for val; false if it is not (or no longer) that of the grant. */
static bool replace_entry(pte_t *entry, mfn_t mfn, unsigned int flags, pte_t val)
{
	pte_t old = READ_ONCE(*entry);

	do {
		if (!maps_grant(old, mfn, flags))
			return false;
	} while (!__atomic_compare_exchange_n(entry, &old, val, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	return true;
}

int pv_replace_grant_mapping(struct grant_cursor *c, uint64_t host_addr, mfn_t mfn,
			     uint64_t new_addr, unsigned int flags)
{
	pte_t *entry, val = 0;

	if (new_addr && (flags & GNTMAP_contains_pte))
		return GNTST_general_error;
	entry = find_entry(c, host_addr, flags);
	if (!entry || !maps_grant(READ_ONCE(*entry), mfn, flags) ||
	    (new_addr && !take_entry(new_addr, &val)))
		return GNTST_general_error;
	if (!replace_entry(entry, mfn, flags, val)) {
		/* Another vCPU was faster. It may have used the place of what was taken, too. */
		if (val & PTE_PRESENT)
			put_page_from_l1e(val, current->domain);
		return GNTST_general_error;
	}
	return GNTST_okay;
}
