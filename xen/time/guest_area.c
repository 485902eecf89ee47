/* SPDX-License-Identifier: MIT */
/*
 * Writing to what a guest registered by virtual address. In guest kernel mode that is a plain copy;
 * in guest user mode the kernel's tables are walked by hand and the frame is reached through the
 * direct map, under a writable type reference.
 */
#include "time/guest_area.h"

#include "core/domain.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "mm/page.h"
#include "pv/mmu.h"
#include "pv/page_type.h"

/* Within one page. */
static bool write_by_walk(struct vcpu *v, uint64_t va, const void *src, size_t len)
{
	struct page_info *page = NULL;
	mfn_t l1_mfn, mfn;
	pte_t *entry, pte;

	entry = pv_get_l1e(v, va, &l1_mfn);
	if (!entry)
		return false;
	pte = READ_ONCE(*entry);
	mfn = pte_mfn(pte);
	if ((pte & (PTE_PRESENT | PTE_RW)) == (PTE_PRESENT | PTE_RW) && mfn_valid(mfn) &&
	    get_page_and_type(mfn_to_page(mfn), v->domain->domain_id, PGT_WRITABLE) == 0)
		page = mfn_to_page(mfn);
	pv_put_l1e(l1_mfn);
	if (!page)
		return false;
	memcpy((uint8_t *)page_to_virt(page) + (va & (PAGE_SIZE - 1)), src, len);
	put_page_and_type(page);
	return true;
}

bool guest_area_write(struct vcpu *v, void *va, const void *src, size_t len)
{
	const uint8_t *from = src;
	uint64_t to = (uint64_t)va;

	if (!guest_range_ok(va, len))
		return false;
	if (v->pv.kernel_mode)
		return copy_to_guest(va, src, len) == 0;
	while (len) {
		size_t n = min(len, (size_t)(PAGE_SIZE - (to & (PAGE_SIZE - 1))));

		if (!write_by_walk(v, to, from, n))
			return false;
		to += n;
		from += n;
		len -= n;
	}
	return true;
}
