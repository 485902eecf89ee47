/* SPDX-License-Identifier: MIT */
/*
 * A domain's grant table: the frames that it shares with the hypervisor, and their growth. The
 * entries in them are the guest's to write at any time; the hypervisor trusts only its active
 * entries.
 */
#include "grant/table.h"

#include "console/console.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/page.h"

/* One more frame; the lock is held. */
static int add_frame(struct domain *d, struct grant_table *t)
{
	struct active *active = xzalloc_array(struct active, ENTRIES_PER_FRAME);
	struct page_info *page;

	if (!active)
		return -ENOMEM;
	page = alloc_frames(0, ALLOC_ZERO);
	if (!page) {
		xfree(active);
		return -ENOMEM;
	}
	m2p_set(page_to_mfn(page), M2P_INVALID);
	share_frame(page, d, false);
	t->active[t->frames] = active;
	t->shared[t->frames] = page_to_virt(page);
	t->frames++;
	return 0;
}

int grant_table_grow(struct domain *d, unsigned int frames)
{
	struct grant_table *t = d->grant_table;
	int rc = 0;

	if (frames > t->max_frames || t->dead)
		return -EINVAL;
	while (t->frames < frames && !rc)
		rc = add_frame(d, t);
	return rc;
}

int grant_table_create(struct domain *d, unsigned int max_frames, unsigned int max_maptrack_frames)
{
	size_t frames = max_frames;
	struct grant_table *t;

	if (!max_frames || max_frames > GRANT_FRAMES_MAX ||
	    max_maptrack_frames > MAPTRACK_FRAMES_MAX)
		return -EINVAL;
	t = xzalloc(struct grant_table);
	if (!t)
		return -ENOMEM;
	spin_lock_init(&t->lock, RANK_GRANT);
	spin_lock_init(&t->maptrack_lock, RANK_MAPTRACK);
	t->max_frames = max_frames;
	t->max_maptrack_frames = max_maptrack_frames;
	t->free_handle = HANDLE_NONE;
	t->shared = xzalloc_array(struct grant_entry_v1 *, frames);
	t->active = xzalloc_array(struct active *, frames);
	d->grant_table = t;
	if (!t->shared || !t->active) {
		grant_table_free(d);
		return -ENOMEM;
	}
	return 0;
}

void grant_table_destroy(struct domain *d)
{
	struct grant_table *t = d->grant_table;
	unsigned int i;

	if (!t)
		return;
	spin_lock(&t->lock);
	t->dead = true;
	for (i = 0; i < t->frames && t->shared[i]; i++) {
		struct page_info *page = virt_to_page(t->shared[i]);

		t->shared[i] = NULL;
		unshare_frame(page);
	}
	spin_unlock(&t->lock);
}

void grant_table_free(struct domain *d)
{
	struct grant_table *t = d->grant_table;
	unsigned int i;

	if (!t)
		return;
	for (i = 0; i < t->frames; i++)
		xfree(t->active[i]);
	for (i = 0; i < t->maptrack_frames; i++)
		xfree(t->maptrack[i]);
	xfree(t->maptrack);
	xfree(t->active);
	xfree(t->shared);
	d->grant_table = NULL;
	xfree(t);
}

int grant_shared_frame(struct domain *d, unsigned int idx, mfn_t *mfn)
{
	struct grant_table *t = d->grant_table;
	int rc;

	if (idx >= t->max_frames)
		return -EINVAL;
	spin_lock(&t->lock);
	rc = grant_table_grow(d, idx + 1);
	if (!rc)
		*mfn = virt_to_mfn(t->shared[index_clamp(idx, t->frames)]);
	spin_unlock(&t->lock);
	return rc;
}

int grant_seed(struct domain *d, unsigned int ref, domid_t domid, mfn_t frame)
{
	struct grant_table *t = d->grant_table;
	struct grant_entry_v1 *entry;
	int rc;

	if (ref >= ENTRIES_PER_FRAME || frame > UINT32_MAX)
		return -EINVAL;
	spin_lock(&t->lock);
	rc = grant_table_grow(d, 1);
	if (!rc) {
		entry = &t->shared[0][ref];
		entry->frame = (uint32_t)frame;
		entry->domid = domid;
		__atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
	}
	spin_unlock(&t->lock);
	return rc;
}

void grant_dump(struct domain *d)
{
	struct grant_table *t = d->grant_table;
	unsigned int i, n;

	spin_lock(&t->lock);
	pr_info("d%u grant table: version 1, %u of %u frames\n", d->domain_id, t->frames,
		t->max_frames);
	for (i = 0; i < t->frames; i++) {
		for (n = 0; n < ENTRIES_PER_FRAME; n++) {
			const struct active *a = &t->active[i][n];

			if (a->readers || a->writers)
				pr_info("d%u ref %u: frame %#lx used by d%u, %u read-only, %u "
					"writable\n",
					d->domain_id, i * ENTRIES_PER_FRAME + n, a->mfn, a->domid,
					a->readers, a->writers);
		}
	}
	spin_unlock(&t->lock);
}
