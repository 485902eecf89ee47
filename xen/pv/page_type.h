/* SPDX-License-Identifier: MIT */
/*
 * Page types: the heart of memory safety.
 *
 * A frame has one type at a time, with a count of uses. It can change type only while that count is
 * zero and, if it may still be in some CPU's TLB as writable (or as table), only after those TLBs
 * are flushed. Becoming L1-L4 means validating every entry: each present entry takes the references
 * its target needs (data: one reference, a writable one also a PGT_WRITABLE type reference; a
 * table: a type reference one level down). Invalidation, when the count drops to zero, gives them
 * back. Both are preemptible: an interrupted frame is PGT_PARTIAL and page.extra holds the entries
 * done.
 *
 * So no page is ever both writable by a guest and in use as page or descriptor table, and no guest
 * maps a frame that it neither owns nor was granted.
 */
#ifndef PV_PAGE_TYPE_H
#define PV_PAGE_TYPE_H

#include "lib/types.h"
#include "mm/page.h"
#include "mm/pte.h"

struct domain;
struct vcpu;

/*
 * A type reference; the caller holds a general reference. 0, -EINVAL (in use as another type, or
 * contents not allowed, logged), -ERESTART (preempted: for preemptible callers, who keep a
 * continuation).
 */
int __must_check get_page_type(struct page_info *page, uint32_t type);
int __must_check get_page_type_preemptible(struct page_info *page, uint32_t type);
void put_page_type(struct page_info *page);
/* -ERESTART: not finished, the caller must call again. */
int put_page_type_preemptible(struct page_info *page);

/* General and type reference together, on a frame that must belong to domid. */
int __must_check get_page_and_type(struct page_info *page, uint16_t domid, uint32_t type);
void put_page_and_type(struct page_info *page);

/* pv/validate.c: takes / drops what a leaf entry (L1) refers to, for domain d whose table it is. */
int __must_check get_page_from_l1e(pte_t l1e, struct domain *l1_owner, struct domain *page_owner);
void put_page_from_l1e(pte_t l1e, struct domain *l1_owner);

/* Validation of a whole table of level 1..4, from page->extra on; -ERESTART when preempted. */
int validate_table(struct page_info *page, unsigned int level, bool preemptible);
int invalidate_table(struct page_info *page, unsigned int level, bool preemptible);
/* Descriptor tables: each of 512 descriptors is checked (and may be fixed up: RPL). */
int validate_descriptors(struct page_info *page);
/* pv/descriptor.c: is this 8-byte descriptor one a guest may load? May adjust DPL; true if fine. */
bool check_descriptor(struct domain *d, uint64_t *desc);

#endif
