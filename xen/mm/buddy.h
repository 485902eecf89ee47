/* SPDX-License-Identifier: MIT */
/*
 * The buddy allocator over all free memory, and the accounting of frames to domains.
 *
 * Lock: buddy_lock (RANK_BUDDY) for the free lists; d->page_alloc_lock for a domain's totals.
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include "lib/types.h"

struct domain;
struct page_info;

#define MAX_ORDER 18 /* 1 GiB blocks */

#define ALLOC_ZERO     0x1u /* zeroed */
#define ALLOC_DMA32    0x2u /* below 4 GiB */
#define ALLOC_NO_SCRUB 0x4u /* contents are about to be overwritten whole by the hypervisor */

/*
 * Gives [start, end) frames, known to be memory, to the allocator (boot only). They hold whatever
 * the machine left there, and are zeroed before an unprivileged domain gets them.
 */
void buddy_add_range(mfn_t start, mfn_t end);

/* 1 << order frames for the hypervisor itself, owner DOMID_XEN; NULL when there are none. */
struct page_info *alloc_frames(unsigned int order, unsigned int flags);
void free_frames(struct page_info *page, unsigned int order);
/* The same by direct-map address. */
void *alloc_pages_virt(unsigned int order, unsigned int flags);
void free_pages_virt(void *va, unsigned int order);

/*
 * 1 << order frames for domain d, each with the allocation's reference (count 1, PGC_ALLOCATED) and
 * no type, counted against d->max_pages; zero-filled if they held anything of another owner.
 * maxbits: highest address width in bits, 0 for any. NULL when d may have no more or none is free.
 */
struct page_info *alloc_domain_frames(struct domain *d, unsigned int order, unsigned int maxbits);
/*
 * A frame whose count has dropped to zero goes back: domain's or shared hypervisor frame. Called by
 * put_page() only.
 */
void free_domain_frame(struct page_info *page);
/*
 * Gives a frame from alloc_frames(0) to d as memory that d may map but that is not its RAM
 * (shared_info, grant table): PGC_XEN_HEAP, writable or (read_only) not; count 1 for the
 * hypervisor's own use. unshare_frame() ends that: the frame is freed when d's last mapping goes.
 */
void share_frame(struct page_info *page, struct domain *d, bool read_only);
void unshare_frame(struct page_info *page);

uint64_t free_frame_count(void);  /* free, all of memory */
uint64_t total_frame_count(void); /* all memory that the allocator has ever had */

/*
 * The frames d owns, by ascending number: first owned frame at or after start, INVALID_MFN at the
 * end. A frame may come and go meanwhile; take a reference before use. Bounded work per call is not
 * guaranteed: a caller over a whole domain checks for preemption between calls.
 */
mfn_t domain_next_frame(const struct domain *d, mfn_t start);

#endif
