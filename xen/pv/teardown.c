/* SPDX-License-Identifier: MIT */
/*
 * Taking back a dying domain's memory. With its pins, bases and partial tables gone, nothing holds
 * type references but entries of tables, and those go with their tables; as tables never refer to
 * their own level, one pass in any order is enough.
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "pv/mmu.h"
#include "pv/page_type.h"

#define FRAMES_AT_ONCE 64

/* -ERESTART: ask again for the same frame. */
static int relinquish_frame(struct page_info *page)
{
	int rc = 0;

	if (__atomic_fetch_and(&page->type, ~PGT_PINNED, __ATOMIC_SEQ_CST) & PGT_PINNED)
		rc = put_page_and_type_preemptible(page);
	if (!rc)
		rc = undo_partial_type(page);
	if (!rc)
		put_page_alloc_ref(page);
	return rc;
}

int pv_relinquish_memory(struct domain *d)
{
	mfn_t mfn = d->relinquish_frame;
	unsigned int n = 0;
	int rc = 0;

	for (;; mfn++) {
		struct page_info *page;

		mfn = domain_next_frame(d, mfn);
		if (mfn == INVALID_MFN) {
			d->relinquish_frame = 0;
			return 0;
		}
		d->relinquish_frame = mfn;
		page = get_page_from_mfn(mfn, d->domain_id);
		if (page) {
			rc = relinquish_frame(page);
			put_page(page);
		}
		if (rc)
			return rc;
		if (++n % FRAMES_AT_ONCE == 0 && hypercall_preempt_check()) {
			d->relinquish_frame = mfn + 1;
			return -ERESTART;
		}
	}
}
