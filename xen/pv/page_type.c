/* SPDX-License-Identifier: MIT */
/*
 * Type references: the state machine described in pv/page_type.h.
 *
 * No lock: a frame's type word changes by compare and exchange, and the CPU that moves it to
 * "count 1, neither flag" alone may touch the table's references until it moves it on.
 */
#include "pv/page_type.h"

#include "core/domain.h"
#include "core/hypercall.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/remote.h"
#include "cpu/tlb.h"
#include "pv/page_ref.h"

static bool type_cas(struct page_info *page, uint32_t *seen, uint32_t new)
{
	return __atomic_compare_exchange_n(&page->type, seen, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* Ends the state in which this CPU alone works on the frame. */
static void type_release(struct page_info *page, uint32_t new)
{
	__atomic_store_n(&page->type, new, __ATOMIC_SEQ_CST);
}

struct domain *page_owner_domain(const struct page_info *page)
{
	struct domain *d = current->domain;
	uint16_t owner = page_owner(page);

	return d->domain_id == owner ? d : domain_peek(owner);
}

/*
 * No TLB may know the frame by its old type. This CPU has the frame to itself: were this done
 * before the type word changes, the frame could be used and dropped once more in between.
 */
static void flush_old_type(const struct page_info *page)
{
	const struct domain *d = page_owner_domain(page);
	const cpumask_t *cpus = d ? &d->dirty_cpus : &cpu_online_map;

	if (tlb_needs_flush(cpus, page->tlbflush_time))
		tlb_flush_mask(cpus);
}

/*
 * This CPU has the frame to itself: validate. The caller's general reference stays; resumed says
 * that the frame was partial, which had one of its own.
 */
static int validate_type(struct page_info *page, uint32_t type, bool resumed)
{
	int rc;

	if (type == PGT_WRITABLE) {
		type_release(page, PGT_WRITABLE | PGT_VALIDATED | 1);
		return 0;
	}
	if (type == PGT_SEG_DESC || type == PGT_L1) {
		rc = type == PGT_L1 ? validate_table(page, 1) : validate_descriptors(page);
		type_release(page, rc ? PGT_NONE : type | PGT_VALIDATED | 1);
		return rc;
	}

	if (!resumed) {
		/* What the partial state will hold, should it come to that. */
		if (!get_page(page, page_owner(page))) {
			type_release(page, PGT_NONE);
			return -EINVAL;
		}
		page->extra = 0;
	}
	rc = validate_table(page, table_level(type));
	if (rc) {
		type_release(page, type | PGT_PARTIAL | 1);
		return rc;
	}
	type_release(page, type | PGT_VALIDATED | 1);
	put_page(page);
	return 0;
}

static int get_type(struct page_info *page, uint32_t type, bool preemptible)
{
	uint32_t x = READ_ONCE(page->type), nx;

	do {
		if (unlikely(!page_type_has_room(x)))
			return -EINVAL;
		/* One CPU works on it, as the type we want: wait. */
		while ((x & (PGT_TYPE_MASK | PGT_VALIDATED | PGT_PARTIAL)) == type &&
		       (x & PGT_COUNT_MASK)) {
			if (preemptible && hypercall_preempt_check())
				return -ERESTART;
			cpu_wait();
			x = READ_ONCE(page->type);
		}
		if (!(x & PGT_COUNT_MASK))
			nx = type | 1;
		else if ((x & PGT_TYPE_MASK) != type)
			return -EINVAL;
		else if (x & PGT_VALIDATED)
			nx = x + 1;
		else
			nx = x & ~PGT_PARTIAL;
	} while (!type_cas(page, &x, nx));

	if (nx & PGT_VALIDATED)
		return 0;
	if (!(x & PGT_COUNT_MASK) && (x & PGT_TYPE_MASK) != type && (x & PGT_TYPE_MASK) != PGT_NONE)
		flush_old_type(page);
	return validate_type(page, type, x & PGT_PARTIAL);
}

int get_page_type(struct page_info *page, uint32_t type)
{
	ASSERT(type == PGT_WRITABLE || type == PGT_L1 || type == PGT_SEG_DESC);
	return get_type(page, type, false);
}

int get_page_and_type(struct page_info *page, uint16_t domid, uint32_t type)
{
	int rc;

	if (!get_page(page, domid))
		return -EINVAL;
	rc = get_page_type(page, type);
	if (rc)
		put_page(page);
	return rc;
}

int get_page_and_type_preemptible(struct page_info *page, uint16_t domid, uint32_t type)
{
	int rc;

	if (page_ref_get_table(page, domid, type))
		return 0;
	if (!get_page(page, domid))
		return -EINVAL;
	rc = get_type(page, type, true);
	if (!rc)
		return 0;
	if (rc != -ERESTART && undo_partial_type(page))
		pv_note_partial(page_to_mfn(page));
	put_page(page);
	return rc;
}

/*
 * This CPU has the frame to itself, with page->extra entries to undo. On -ERESTART it is partial
 * and has taken over a general reference.
 */
static int invalidate_type(struct page_info *page, uint32_t type)
{
	int rc = invalidate_table(page, table_level(type));

	if (rc) {
		type_release(page, type | PGT_PARTIAL | 1);
		return rc;
	}
	page->tlbflush_time = tlb_clock();
	type_release(page, type);
	return 0;
}

/*
 * The last reference goes through "one CPU works on it" for every type, so that the stamp is
 * younger than all uses. On -ERESTART the caller's general reference has become the partial
 * state's.
 */
static int put_type(struct page_info *page)
{
	uint32_t x = READ_ONCE(page->type), type, nx;

	do {
		BUG_ON(!(x & PGT_COUNT_MASK) || !(x & PGT_VALIDATED));
		nx = (x & PGT_COUNT_MASK) == 1 ? x & ~PGT_VALIDATED : x - 1;
	} while (!type_cas(page, &x, nx));

	if (nx & PGT_VALIDATED)
		return 0;
	type = x & PGT_TYPE_MASK;
	if (is_table_type(type)) {
		page->extra = PT_ENTRIES;
		return invalidate_type(page, type);
	}
	page->tlbflush_time = tlb_clock();
	type_release(page, type);
	return 0;
}

void put_page_type(struct page_info *page)
{
	int rc = put_type(page);

	BUG_ON(rc);
}

void put_page_and_type(struct page_info *page)
{
	put_page_type(page);
	put_page(page);
}

int put_page_and_type_preemptible(struct page_info *page)
{
	int rc;

	if (page_ref_put_shared(page))
		return 0;
	rc = put_type(page);
	if (!rc)
		put_page(page);
	return rc;
}

int undo_partial_type(struct page_info *page)
{
	uint32_t x = READ_ONCE(page->type);
	int rc;

	do {
		if (!is_table_type(x) || !(x & PGT_PARTIAL))
			return 0;
	} while (!type_cas(page, &x, x & ~PGT_PARTIAL));

	rc = invalidate_type(page, x & PGT_TYPE_MASK);
	if (!rc)
		put_page(page);
	return rc;
}

void pv_note_partial(mfn_t mfn)
{
	current->pv.partial_table = mfn;
}

int pv_undo_partial(void)
{
	mfn_t mfn = current->pv.partial_table;
	struct page_info *page;
	int rc;

	if (likely(!mfn))
		return 0;
	/* The partial state kept it from being freed; if it is gone, so is the work. */
	page = get_page_from_mfn(mfn, page_owner(mfn_to_page(mfn)));
	if (page) {
		rc = undo_partial_type(page);
		put_page(page);
		if (rc)
			return rc;
	}
	current->pv.partial_table = 0;
	return 0;
}
