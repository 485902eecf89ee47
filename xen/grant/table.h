/* SPDX-License-Identifier: MIT */
/* The inside of a grant table, for the files of grant/ only. */
#ifndef GRANT_TABLE_H
#define GRANT_TABLE_H

#include <public/grant_table.h>

#include "core/domain.h"
#include "grant/grant.h"
#include "lib/spinlock.h"
#include "mm/layout.h"
#include "mm/page.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"

#define ENTRIES_PER_FRAME ((unsigned int)(PAGE_SIZE / sizeof(struct grant_entry_v1)))
#define HANDLES_PER_FRAME ((unsigned int)(PAGE_SIZE / sizeof(struct maptrack)))
#define HANDLE_NONE       (~0u)

/* The hypervisor's side of a table entry in use; mfn and domid hold while it is. */
struct active {
	uint16_t readers, writers; /* pins: mappings and running copies */
	domid_t domid;             /* who uses it */
	mfn_t mfn;
};

/*
 * A mapping that a domain made: what its handle names. Whoever changes busy from false to true has
 * it to himself; a handle that is free, or whose mapping is being made, is busy, too.
 */
struct maptrack {
	struct domain *granter; /* referenced; NULL: nothing is mapped */
	union {
		grant_ref_t ref;
		uint32_t next_free; /* HANDLE_NONE at the end */
	};
	uint16_t flags; /* GNTMAP_*: host_map and device_map as far as they still stand */
	bool busy;
};
_Static_assert(sizeof(struct maptrack) == 16, "what a handle costs");

struct grant_table {
	spinlock_t lock; /* up to the next lock */
	unsigned int frames, max_frames;
	bool dead;                      /* destroyed: no new pins, shared[] are gone */
	struct grant_entry_v1 **shared; /* per frame, in the direct map */
	struct active **active;         /* per frame */

	spinlock_t maptrack_lock;   /* the list of free handles, and growth */
	struct maptrack **maptrack; /* per maptrack frame; made at the first mapping */
	unsigned int maptrack_frames, max_maptrack_frames; /* the first is read without the lock */
	uint32_t free_handle;
	uint32_t release_next; /* where grant_release_mappings() goes on */
};

/* i below size also under speculation; the caller has checked it. */
static inline unsigned int index_clamp(unsigned int i, unsigned int size)
{
	unsigned int mask;

	__asm__("cmp %2, %1\n\tsbb %0, %0" : "=r"(mask) : "r"(i), "g"(size) : "cc");
	return i & mask;
}

/* table.c: at least `frames` shared frames; -EINVAL beyond the limit, -ENOMEM. The lock is held. */
int grant_table_grow(struct domain *d, unsigned int frames);

/* pin.c */

/*
 * User takes entry ref of d into use and is told its frame (which may be any number: d wrote it).
 * Returns GNTST_*.
 */
int grant_pin(struct domain *d, grant_ref_t ref, domid_t user, bool readonly, mfn_t *mfn);
void grant_unpin(struct domain *d, grant_ref_t ref, bool readonly);
/* The frame of an entry that the caller has pinned: it does not change until then. */
static inline mfn_t grant_pinned_frame(const struct domain *d, grant_ref_t ref)
{
	return d->grant_table->active[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME].mfn;
}

/* References on mfn of d, a PGT_WRITABLE one too unless readonly. GNTST_*. */
static inline int grant_get_frame(const struct domain *d, mfn_t mfn, bool readonly)
{
	struct page_info *page = mfn_to_page(mfn);

	if (unlikely(!mfn_valid(mfn)))
		return GNTST_general_error;
	if (readonly ? page_ref_get(page, d->domain_id)
		     : page_ref_get_writable(page, d->domain_id) ||
			       get_page_and_type(page, d->domain_id, PGT_WRITABLE) == 0)
		return GNTST_okay;
	return GNTST_general_error;
}

static inline void grant_put_frame(mfn_t mfn, bool readonly)
{
	if (readonly)
		page_ref_put(mfn_to_page(mfn));
	else
		page_ref_put_writable(mfn_to_page(mfn));
}

/* map.c and copy.c: one batch of the hypercall each. 0, -EFAULT, or how many were done: go on. */
long grant_map(struct gnttab_map_grant_ref *ops, unsigned int count);
long grant_unmap(struct gnttab_unmap_grant_ref *ops, unsigned int count);
long grant_unmap_and_replace(struct gnttab_unmap_and_replace *ops, unsigned int count);
long grant_copy(struct gnttab_copy *ops, unsigned int count);

#endif
