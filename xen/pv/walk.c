/* SPDX-License-Identifier: MIT */
/*
 * Walking a guest's page tables in software, through the direct map.
 *
 * No lock. Another vCPU may take tables out of the tree and free them during a walk; then what is
 * read is not an entry. Therefore each step checks that the frame is memory of the vCPU's own
 * domain, nothing is written on the way, and the L1 table that is found counts only once a type
 * reference on it could be taken.
 */
#include "core/domain.h"
#include "pv/mmu.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"

/* The frame that entry i of table mfn of domain domid leads to; INVALID_MFN if it does not. */
static inline mfn_t step(mfn_t table, unsigned int i, uint16_t domid)
{
	pte_t e = READ_ONCE(((const pte_t *)mfn_to_virt(table))[i]);
	mfn_t mfn = pte_mfn(e);

	if (unlikely((e & (PTE_PRESENT | PTE_PSE)) != PTE_PRESENT || !mfn_valid(mfn) ||
		     page_owner(mfn_to_page(mfn)) != domid))
		return INVALID_MFN;
	return mfn;
}

/* The frame of the L1 table that maps va; INVALID_MFN if there is none. */
static inline mfn_t find_l1(const struct vcpu *v, uint64_t va)
{
	uint16_t domid = v->domain->domain_id;
	mfn_t mfn = v->pv.guest_table;

	if (unlikely(!is_canonical(va) || (va >= HV_VIRT_START && va < HV_VIRT_END) || !mfn))
		return INVALID_MFN;
	mfn = step(mfn, PT_INDEX(va, 4), domid);
	if (likely(mfn != INVALID_MFN))
		mfn = step(mfn, PT_INDEX(va, 3), domid);
	if (likely(mfn != INVALID_MFN))
		mfn = step(mfn, PT_INDEX(va, 2), domid);
	return mfn;
}

pte_t *pv_get_l1e(struct vcpu *v, uint64_t va, mfn_t *l1_mfn)
{
	mfn_t mfn = find_l1(v, va);

	if (mfn == INVALID_MFN ||
	    !page_ref_get_table(mfn_to_page(mfn), v->domain->domain_id, PGT_L1))
		return NULL;
	*l1_mfn = mfn;
	return (pte_t *)mfn_to_virt(mfn) + PT_INDEX(va, 1);
}

void pv_put_l1e(mfn_t l1_mfn)
{
	struct page_info *page = mfn_to_page(l1_mfn);

	if (!page_ref_put_shared(page))
		put_page_and_type(page);
}

pte_t pv_peek_l1e(const struct vcpu *v, uint64_t va)
{
	mfn_t mfn = find_l1(v, va);

	if (mfn == INVALID_MFN)
		return 0;
	return READ_ONCE(((const pte_t *)mfn_to_virt(mfn))[PT_INDEX(va, 1)]);
}
