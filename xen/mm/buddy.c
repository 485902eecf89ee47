/* SPDX-License-Identifier: MIT */
/*
 * Buddy allocator. Free blocks of 1 << order frames, naturally aligned, hang on lists by zone and
 * order; a zone is the frames whose number has the same highest bit, so a limit on address width is
 * a limit on zones, and the low memory that narrow devices need is taken last.
 *
 * Lock: buddy_lock (RANK_BUDDY) for lists and totals; d->page_alloc_lock around a domain's totals.
 */
#include "core/domain.h"
#include "core/panic.h"
#include "cpu/tlb.h"
#include "lib/bitops.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/layout.h"
#include "mm/page.h"

#define ZONES       41u
#define NO_FRAME    0xffffffffu
#define CHUNK_SHIFT 9 /* owned_chunks: a bit for 512 frames */

static spinlock_t buddy_lock = SPINLOCK_INIT(RANK_BUDDY);
static uint32_t heads[ZONES][MAX_ORDER + 1]; /* frame number + 1; 0: empty */
static uint64_t free_total, frame_total;

static unsigned int zone_of(mfn_t mfn)
{
	return mfn == 0 ? 0 : BITS_PER_LONG - (unsigned int)__builtin_clzl(mfn);
}

static void list_push(mfn_t mfn, unsigned int order)
{
	struct page_info *page = mfn_to_page(mfn);
	uint32_t *head = &heads[zone_of(mfn)][order];

	page->count = (page->count & PGC_DIRTY) | PGC_FREE;
	page->extra = (uint16_t)order;
	page->prev = NO_FRAME;
	page->next = *head ? *head - 1 : NO_FRAME;
	if (*head)
		mfn_to_page(*head - 1)->prev = (uint32_t)mfn;
	*head = (uint32_t)mfn + 1;
}

static void list_remove(mfn_t mfn, unsigned int order)
{
	struct page_info *page = mfn_to_page(mfn);

	if (page->prev == NO_FRAME)
		heads[zone_of(mfn)][order] = page->next == NO_FRAME ? 0 : page->next + 1;
	else
		mfn_to_page(page->prev)->next = page->next;
	if (page->next != NO_FRAME)
		mfn_to_page(page->next)->prev = page->prev;
	page->count &= PGC_DIRTY;
}

/* Caller holds buddy_lock; the frames are no one's. */
static void free_block(mfn_t mfn, unsigned int order)
{
	free_total += 1ul << order;
	while (order < MAX_ORDER) {
		mfn_t buddy = mfn ^ (1ul << order);
		struct page_info *page;

		if (!mfn_valid(buddy) || zone_of(buddy) != zone_of(mfn))
			break;
		page = mfn_to_page(buddy);
		if (!(page->count & PGC_FREE) || page->extra != order)
			break;
		list_remove(buddy, order);
		mfn = min(mfn, buddy);
		order++;
	}
	list_push(mfn, order);
}

void buddy_add_range(mfn_t start, mfn_t end)
{
	unsigned long flags = spin_lock_irqsave(&buddy_lock);

	end = min(end, max_mfn);
	for (mfn_t mfn = start; mfn < end; mfn++) {
		mfn_to_page(mfn)->count = PGC_DIRTY;
		mfn_to_page(mfn)->owner = DOMID_XEN;
	}
	while (start < end) {
		unsigned int order = start == 0 ? 0 : (unsigned int)__builtin_ctzl(start);

		order = min(order, (unsigned int)MAX_ORDER);
		while ((1ul << order) > end - start)
			order--;
		frame_total += 1ul << order;
		free_block(start, order);
		start += 1ul << order;
	}
	spin_unlock_irqrestore(&buddy_lock, flags);
}

/*
 * A guest may have mapped a frame that it gives up, if only to read, and its TLB entries need not
 * be flushed before the frame changes hands again: so the time of the latest such frame is kept,
 * and who gets any frame flushes the CPUs that have not been flushed since.
 */
static uint32_t last_given_up;

static void note_given_up(void)
{
	uint32_t clock = tlb_clock(), seen = READ_ONCE(last_given_up);

	while ((int32_t)(clock - seen) > 0 &&
	       !__atomic_compare_exchange_n(&last_given_up, &seen, clock, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST))
		;
}

static void flush_given_up(void)
{
	if (tlb_needs_flush(&cpu_online_map, READ_ONCE(last_given_up)))
		tlb_flush_mask(&cpu_online_map);
}

/* A block whose frames all lie below 1 << top_zone; INVALID_MFN when there is none. */
static mfn_t take_block(unsigned int order, unsigned int top_zone)
{
	unsigned long flags = spin_lock_irqsave(&buddy_lock);
	mfn_t mfn = INVALID_MFN;

	for (unsigned int zone = min(top_zone, ZONES - 1); zone > 0; zone--) {
		unsigned int o = order;

		while (o <= MAX_ORDER && !heads[zone][o])
			o++;
		if (o > MAX_ORDER)
			continue;
		mfn = heads[zone][o] - 1;
		list_remove(mfn, o);
		while (o > order) {
			o--;
			list_push(mfn + (1ul << o), o);
		}
		free_total -= 1ul << order;
		break;
	}
	spin_unlock_irqrestore(&buddy_lock, flags);
	flush_given_up();
	return mfn;
}

struct page_info *alloc_frames(unsigned int order, unsigned int flags)
{
	mfn_t mfn;

	if (order > MAX_ORDER)
		return NULL;
	mfn = take_block(order, flags & ALLOC_DMA32 ? 32 - PAGE_SHIFT : ZONES);
	if (mfn == INVALID_MFN)
		return NULL;
	for (mfn_t i = mfn; i < mfn + (1ul << order); i++) {
		struct page_info *page = mfn_to_page(i);

		page->count = PGC_ALLOCATED | 1;
		page->type = PGT_NONE;
		page->owner = DOMID_XEN;
		page->extra = 0;
	}
	if (flags & ALLOC_ZERO)
		memset(mfn_to_virt(mfn), 0, (size_t)PAGE_SIZE << order);
	return mfn_to_page(mfn);
}

void free_frames(struct page_info *page, unsigned int order)
{
	mfn_t mfn = page_to_mfn(page);
	unsigned long flags;

	for (mfn_t i = mfn; i < mfn + (1ul << order); i++) {
		mfn_to_page(i)->count = PGC_DIRTY;
		mfn_to_page(i)->owner = DOMID_XEN;
	}
	flags = spin_lock_irqsave(&buddy_lock);
	free_block(mfn, order);
	spin_unlock_irqrestore(&buddy_lock, flags);
}

void *alloc_pages_virt(unsigned int order, unsigned int flags)
{
	struct page_info *page = alloc_frames(order, flags);

	return page ? page_to_virt(page) : NULL;
}

void free_pages_virt(void *va, unsigned int order)
{
	if (va)
		free_frames(virt_to_page(va), order);
}

/* Counts n more frames for d, which must be allowed them. */
static bool account(struct domain *d, uint64_t n)
{
	unsigned long flags = spin_lock_irqsave(&d->page_alloc_lock);
	bool ok = d->tot_pages + n <= d->max_pages && d->dying == DOMDYING_ALIVE;

	if (ok) {
		if (d->tot_pages == 0)
			domain_hold(d);
		d->tot_pages += n;
	}
	spin_unlock_irqrestore(&d->page_alloc_lock, flags);
	return ok;
}

static void unaccount(struct domain *d, uint64_t n)
{
	unsigned long flags = spin_lock_irqsave(&d->page_alloc_lock);
	bool last;

	d->tot_pages -= n;
	last = d->tot_pages == 0;
	spin_unlock_irqrestore(&d->page_alloc_lock, flags);
	if (last)
		domain_put(d);
}

struct page_info *alloc_domain_frames(struct domain *d, unsigned int order, unsigned int maxbits)
{
	unsigned int top = maxbits == 0 || maxbits >= 64 ? ZONES
			   : maxbits <= PAGE_SHIFT       ? 0
							 : maxbits - PAGE_SHIFT;
	mfn_t mfn;

	if (order > MAX_ORDER || !account(d, 1ul << order))
		return NULL;
	mfn = take_block(order, top);
	if (mfn == INVALID_MFN) {
		unaccount(d, 1ul << order);
		return NULL;
	}
	for (mfn_t i = mfn; i < mfn + (1ul << order); i++) {
		struct page_info *page = mfn_to_page(i);

		/* A privileged domain may read any memory anyway. */
		if ((page->count & PGC_DIRTY) && !d->is_privileged)
			memset(mfn_to_virt(i), 0, PAGE_SIZE);
		page->owner = d->domain_id;
		page->type = PGT_NONE;
		page->extra = 0;
		page->tlbflush_time = 0;
		__atomic_store_n(&page->count, PGC_ALLOCATED | 1, __ATOMIC_RELEASE);
		if ((i & ((1ul << CHUNK_SHIFT) - 1)) == 0 || i == mfn)
			set_bit(i >> CHUNK_SHIFT, d->owned_chunks);
	}
	return mfn_to_page(mfn);
}

void free_domain_frame(struct page_info *page)
{
	struct domain *d = domain_peek(page_owner(page));
	bool shared = page->count & PGC_XEN_HEAP;
	unsigned long flags;
	bool last = false;

	note_given_up();
	if (!shared)
		m2p_set(page_to_mfn(page), M2P_INVALID);
	free_frames(page, 0);
	if (!d)
		return;
	if (!shared) {
		unaccount(d, 1);
		return;
	}
	flags = spin_lock_irqsave(&d->page_alloc_lock);
	last = --d->xen_heap_pages == 0;
	spin_unlock_irqrestore(&d->page_alloc_lock, flags);
	if (last)
		domain_put(d);
}

void share_frame(struct page_info *page, struct domain *d, bool read_only)
{
	unsigned long flags = spin_lock_irqsave(&d->page_alloc_lock);

	page->owner = d->domain_id;
	page->type = (read_only ? PGT_NONE : PGT_WRITABLE | PGT_VALIDATED) | 1;
	page->tlbflush_time = 0;
	__atomic_store_n(&page->count, PGC_ALLOCATED | PGC_XEN_HEAP | 1, __ATOMIC_RELEASE);
	if (d->xen_heap_pages++ == 0)
		domain_hold(d);
	spin_unlock_irqrestore(&d->page_alloc_lock, flags);
}

void unshare_frame(struct page_info *page)
{
	BUG_ON(!put_page_alloc_ref(page));
}

uint64_t free_frame_count(void)
{
	return READ_ONCE(free_total);
}

uint64_t total_frame_count(void)
{
	return READ_ONCE(frame_total);
}

mfn_t domain_next_frame(const struct domain *d, mfn_t start)
{
	unsigned long chunks = DIV_ROUND_UP(max_mfn, 1ul << CHUNK_SHIFT);
	unsigned long chunk = start >> CHUNK_SHIFT;

	while ((chunk = find_next_bit(d->owned_chunks, chunks, chunk)) < chunks) {
		mfn_t mfn = max(start, chunk << CHUNK_SHIFT);
		mfn_t end = min((chunk + 1) << CHUNK_SHIFT, max_mfn);

		for (; mfn < end; mfn++) {
			const struct page_info *page = mfn_to_page(mfn);

			if (page_owner(page) == d->domain_id &&
			    !(READ_ONCE(page->count) & (PGC_FREE | PGC_XEN_HEAP)) &&
			    (READ_ONCE(page->count) & PGC_COUNT_MASK))
				return mfn;
		}
		chunk++;
	}
	return INVALID_MFN;
}
