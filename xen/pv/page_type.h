/* SPDX-License-Identifier: MIT */
/*
 * Page types: the heart of memory safety.
 *
 * A frame has one type at a time, with a count of uses. It can change type only while that count is
 * zero and, if it may still be in some CPU's TLB as writable (or as table), only after those TLBs
 * are flushed. Becoming L1-L4 means validating every entry: each present entry takes the references
 * its target needs (data: one reference, a writable one also a PGT_WRITABLE type reference; a
 * table: a type reference one level down). Invalidation, when the count drops to zero, gives them
 * back.
 *
 * So no page is ever both writable by a guest and in use as page or descriptor table, and no guest
 * maps a frame that it neither owns nor was granted.
 *
 * States of a frame's type (there is no lock; changes are by compare and exchange):
 *
 *	count 0				idle; the type only says what TLBs may hold, up to
 *					page.tlbflush_time
 *	count n, PGT_VALIDATED		in use, n references
 *	count 1, neither flag		one CPU is changing it: flushes the old type's TLB entries,
 *					validates, invalidates; others wait
 *	count 1, PGT_PARTIAL		work on a table was interrupted: entries below page.extra
 *hold their references. Nobody holds a type reference; the state itself holds a general one.
 *Whoever wants the type takes the work over, whoever does not may undo it.
 *
 * Waiting always goes from a higher level to a lower one (tables never refer to their own level),
 * so it ends.
 */
#ifndef PV_PAGE_TYPE_H
#define PV_PAGE_TYPE_H

#include "lib/types.h"
#include "mm/page.h"
#include "mm/pte.h"

struct domain;
struct vcpu;

/*
 * A type reference: PGT_WRITABLE, PGT_L1 or PGT_SEG_DESC; the caller holds a general reference.
 * 0, or -EINVAL: in use as another type, or contents not allowed (logged).
 */
int __must_check get_page_type(struct page_info *page, uint32_t type);
/* For references of the types that get_page_type() gives. */
void put_page_type(struct page_info *page);

/* General and type reference together, on a frame that must belong to domid. */
int __must_check get_page_and_type(struct page_info *page, uint16_t domid, uint32_t type);
/* For all types, from hypercalls: also -ERESTART, when the caller must ask again later. */
int __must_check get_page_and_type_preemptible(struct page_info *page, uint16_t domid,
					       uint32_t type);
void put_page_and_type(struct page_info *page);
/*
 * Both references are gone in any case. -ERESTART: the frame is left PGT_PARTIAL, and
 * pv_undo_partial() on it should follow.
 */
int __must_check put_page_and_type_preemptible(struct page_info *page);

/*
 * Undoes what a PGT_PARTIAL frame still holds; 0 when it is (or was) not partial, -ERESTART when
 * preempted. The caller holds a general reference.
 */
int __must_check undo_partial_type(struct page_info *page);

/*
 * Remembers that the running vCPU's operation left mfn partial; each mmu hypercall starts and ends
 * with pv_undo_partial(), which finishes the work. -ERESTART when preempted.
 */
void pv_note_partial(mfn_t mfn);
int __must_check pv_undo_partial(void);

/* The domain that owns the frame, which the caller keeps from being freed; NULL if none does. */
struct domain *page_owner_domain(const struct page_info *page);

/* ---- validation of contents (pv/validate.c) ---- */

/*
 * Takes what leaf entry l1e of a table of l1_owner refers to, from the frames of page_owner (a
 * domid; DOMID_IO: device memory). -EINVAL, logged.
 */
int __must_check get_page_from_l1e(pte_t l1e, const struct domain *l1_owner, uint16_t page_owner);
void put_page_from_l1e(pte_t l1e, const struct domain *l1_owner);
/* The same for an entry of level 2..4, whose table and target belong to d. */
int __must_check get_page_from_table_entry(pte_t entry, unsigned int level, const struct domain *d);
int __must_check put_page_from_table_entry(pte_t entry, unsigned int level);
/* Are the flags of a present entry of a table of d allowed at this level? */
bool l1e_flags_ok(pte_t l1e, const struct domain *d);
bool table_entry_flags_ok(pte_t entry);

/*
 * All entries of a table of level 1..4 from page->extra on. On failure or -ERESTART page->extra
 * tells how many hold references; level 1 undoes a failure itself and is never preempted.
 */
int __must_check validate_table(struct page_info *page, unsigned int level);
/* All entries below page->extra, downwards. */
int __must_check invalidate_table(struct page_info *page, unsigned int level);
/* pv/descriptor.c: each of 512 descriptors of a GDT or LDT page is checked; its DPL is raised. */
int __must_check validate_descriptors(struct page_info *page);
/* pv/descriptor.c: is this 8-byte descriptor one a guest may load? May adjust DPL; true if fine. */
bool check_descriptor(struct domain *d, uint64_t *desc);

static inline bool is_table_type(uint32_t type)
{
	type &= PGT_TYPE_MASK;
	return type >= PGT_L1 && type <= PGT_L4;
}

/* 1..4 for the table types. */
static inline unsigned int table_level(uint32_t type)
{
	return (type & PGT_TYPE_MASK) / PGT_L1;
}

static inline uint32_t table_type(unsigned int level)
{
	return level * PGT_L1;
}

#endif
