/* SPDX-License-Identifier: MIT */
/*
 * The hot half of page references: a frame's count and type lie in one 64-bit word, so a general
 * and a type reference are taken or dropped in one atomic operation. What is not simple (first use
 * as a type, last use of a table, the last reference) is left to the functions of
 * pv/page_type.h.
 */
#ifndef PV_PAGE_REF_H
#define PV_PAGE_REF_H

#include "cpu/tlb.h"
#include "lib/types.h"
#include "pv/page_type.h"

#define REF_COUNT_ONE 1ul
#define REF_TYPE_ONE  (1ul << 32)

static inline uint64_t page_word(const struct page_info *page)
{
	return READ_ONCE(*(const uint64_t *)page);
}

static inline bool page_word_cas(struct page_info *page, uint64_t *seen, uint64_t new)
{
	return __atomic_compare_exchange_n((uint64_t *)page, seen, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* The frame is allocated and its count can go up by one. */
static inline bool page_count_has_room(uint64_t word)
{
	return ((uint32_t)word & PGC_COUNT_MASK) - 1u < PGC_COUNT_MASK - 1u;
}

static inline bool page_type_has_room(uint32_t type)
{
	return (type & PGT_COUNT_MASK) != PGT_COUNT_MASK;
}

/* In use as type, pinned or not, and the count can go up by one. */
static inline bool page_type_in_use(uint32_t t, uint32_t type)
{
	return (t & ~PGT_PINNED) - (type | PGT_VALIDATED | 1) < PGT_COUNT_MASK - 1u;
}

/* As get_page(). */
static inline bool page_ref_get(struct page_info *page, uint16_t domid)
{
	uint64_t x = page_word(page);

	do {
		if (unlikely(page_owner(page) != domid || !page_count_has_room(x)))
			return false;
	} while (unlikely(!page_word_cas(page, &x, x + REF_COUNT_ONE)));

	if (likely(page_owner(page) == domid))
		return true;
	put_page(page);
	return false;
}

/* A general and a PGT_WRITABLE reference; false: not the simple case, ask get_page_and_type(). */
static inline bool page_ref_get_writable(struct page_info *page, uint16_t domid)
{
	uint64_t x = page_word(page), add;

	do {
		uint32_t type = (uint32_t)(x >> 32);

		if (unlikely(page_owner(page) != domid || !page_count_has_room(x)))
			return false;
		if (likely(page_type_in_use(type, PGT_WRITABLE)))
			add = REF_COUNT_ONE + REF_TYPE_ONE;
		else if (type == PGT_NONE || type == PGT_WRITABLE)
			add = (PGT_WRITABLE | PGT_VALIDATED | 1) * REF_TYPE_ONE -
			      type * REF_TYPE_ONE + REF_COUNT_ONE;
		else
			return false;
	} while (unlikely(!page_word_cas(page, &x, x + add)));

	if (likely(page_owner(page) == domid))
		return true;
	put_page_and_type(page);
	return false;
}

/* A general and a type reference on a table in use; false: not the simple case. */
static inline bool page_ref_get_table(struct page_info *page, uint16_t domid, uint32_t type)
{
	uint64_t x = page_word(page);

	do {
		if (unlikely(page_owner(page) != domid || !page_count_has_room(x) ||
			     !page_type_in_use((uint32_t)(x >> 32), type)))
			return false;
	} while (unlikely(!page_word_cas(page, &x, x + REF_COUNT_ONE + REF_TYPE_ONE)));

	/* A page in use cannot have changed hands. */
	return true;
}

static inline void page_ref_put(struct page_info *page)
{
	uint64_t x = page_word(page);

	do {
		if (unlikely(((uint32_t)x & PGC_COUNT_MASK) == 1)) {
			put_page(page);
			return;
		}
	} while (unlikely(!page_word_cas(page, &x, x - REF_COUNT_ONE)));
}

/* Drops a general and a type reference of which others remain; false: they may be the last ones. */
static inline bool page_ref_put_shared(struct page_info *page)
{
	uint64_t x = page_word(page);

	do {
		if (((x >> 32) & PGT_COUNT_MASK) == 1 || ((uint32_t)x & PGC_COUNT_MASK) == 1)
			return false;
	} while (unlikely(!page_word_cas(page, &x, x - REF_COUNT_ONE - REF_TYPE_ONE)));
	return true;
}

/*
 * Drops what page_ref_get_writable() took. The last type reference: see put_type() in
 * pv/page_type.c for why it takes two steps.
 */
static inline void page_ref_put_writable(struct page_info *page)
{
	uint32_t x = PGT_WRITABLE | PGT_VALIDATED | 1;

	if (page_ref_put_shared(page))
		return;
	if (unlikely(!__atomic_compare_exchange_n(&page->type, &x, PGT_WRITABLE | 1, false,
						  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))) {
		put_page_and_type(page);
		return;
	}
	page->tlbflush_time = tlb_clock();
	__atomic_store_n(&page->type, PGT_WRITABLE, __ATOMIC_RELEASE);
	page_ref_put(page);
}

#endif
