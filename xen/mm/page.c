/* SPDX-License-Identifier: MIT */
/* General references to frames. */
#include <public/xen.h>

#include "core/panic.h"
#include "mm/buddy.h"
#include "mm/page.h"

bool get_page(struct page_info *page, uint16_t domid)
{
	uint32_t count = READ_ONCE(page->count);

	do {
		/* Not allocated, or at the limit. */
		if ((count & PGC_COUNT_MASK) == 0 || (count & PGC_FREE) ||
		    (count & PGC_COUNT_MASK) == PGC_COUNT_MASK)
			return false;
	} while (!__atomic_compare_exchange_n(&page->count, &count, count + 1, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));

	/* With a reference held the owner cannot change. */
	if (page_owner(page) == domid)
		return true;
	put_page(page);
	return false;
}

struct page_info *get_page_from_mfn(mfn_t mfn, uint16_t domid)
{
	struct page_info *page;

	if (!mfn_valid(mfn))
		return NULL;
	page = mfn_to_page(mfn);
	return get_page(page, domid) ? page : NULL;
}

void put_page(struct page_info *page)
{
	uint32_t count = __atomic_sub_fetch(&page->count, 1, __ATOMIC_ACQ_REL);

	BUG_ON((count & PGC_COUNT_MASK) == PGC_COUNT_MASK);
	if ((count & PGC_COUNT_MASK) == 0)
		free_domain_frame(page);
}

bool put_page_alloc_ref(struct page_info *page)
{
	uint32_t old = __atomic_fetch_and(&page->count, ~PGC_ALLOCATED, __ATOMIC_ACQ_REL);

	if (!(old & PGC_ALLOCATED))
		return false;
	put_page(page);
	return true;
}
