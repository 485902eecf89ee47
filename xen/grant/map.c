/* SPDX-License-Identifier: MIT */
/*
 * Mapping grants and unmapping them.
 *
 * Each mapping has a handle in the mapping domain's map-track list, which holds a pin on the entry,
 * a reference on the granting domain and, for a device mapping, references on the frame. A host
 * mapping's references on the frame belong to the page table entry: if the guest drops that by
 * other means the handle remains, harmless, until it is unmapped or the domain dies.
 *
 * Unmapping goes in three steps: the page table entry goes, the TLBs are flushed once for a batch,
 * then frame and pin are given back, so that the granting domain never sees a page as unused that
 * somebody could still write.
 *
 * Lock: the mapping domain's maptrack_lock.
 */
#include "console/console.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "grant/table.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "pv/mmu.h"

#define MAP_BATCH   32u
#define UNMAP_BATCH 32u
#define MAP_KINDS   (GNTMAP_host_map | GNTMAP_device_map)

/* ---- handles ---- */

static struct maptrack *maptrack_entry(const struct grant_table *t, uint32_t handle)
{
	return &t->maptrack[handle / HANDLES_PER_FRAME][handle % HANDLES_PER_FRAME];
}

/* One more frame of handles; the lock is held. */
static bool maptrack_grow(struct grant_table *t)
{
	struct maptrack *frame;
	uint32_t first = t->maptrack_frames * HANDLES_PER_FRAME, i;
	size_t limit = t->max_maptrack_frames;

	if (t->maptrack_frames >= limit)
		return false;
	if (!t->maptrack)
		t->maptrack = xzalloc_array(struct maptrack *, limit);
	frame = t->maptrack ? xzalloc_array(struct maptrack, HANDLES_PER_FRAME) : NULL;
	if (!frame)
		return false;
	for (i = 0; i < HANDLES_PER_FRAME; i++)
		frame[i].next_free = i + 1 < HANDLES_PER_FRAME ? first + i + 1 : t->free_handle;
	t->free_handle = first;
	t->maptrack[t->maptrack_frames++] = frame;
	return true;
}

/* A handle for the mapping; the reference on its granter becomes the handle's. HANDLE_NONE. */
static uint32_t handle_alloc(struct grant_table *t, const struct maptrack *mapping)
{
	uint32_t handle = HANDLE_NONE;

	spin_lock(&t->maptrack_lock);
	if (t->free_handle != HANDLE_NONE || maptrack_grow(t)) {
		struct maptrack *m;

		handle = t->free_handle;
		m = maptrack_entry(t, handle);
		t->free_handle = m->next_free;
		*m = *mapping;
	}
	spin_unlock(&t->maptrack_lock);
	return handle;
}

static void handle_free(struct grant_table *t, uint32_t handle)
{
	struct maptrack *m;

	spin_lock(&t->maptrack_lock);
	m = maptrack_entry(t, handle);
	*m = (struct maptrack){ .next_free = t->free_handle };
	t->free_handle = handle;
	spin_unlock(&t->maptrack_lock);
}

/* Claims a handle for one unmap at a time; *out is what it stands for. */
static bool handle_claim(struct grant_table *t, uint32_t handle, struct maptrack *out)
{
	uint32_t handles;
	bool claimed = false;

	spin_lock(&t->maptrack_lock);
	handles = t->maptrack_frames * HANDLES_PER_FRAME;
	if (handle < handles) {
		struct maptrack *m = maptrack_entry(t, index_clamp(handle, handles));

		claimed = m->granter && !m->busy;
		if (claimed) {
			*out = *m;
			m->busy = true;
		}
	}
	spin_unlock(&t->maptrack_lock);
	return claimed;
}

/* Ends the claim; flags are what still stands of the mapping. */
static void handle_unclaim(struct grant_table *t, uint32_t handle, uint16_t flags)
{
	struct maptrack *m;

	spin_lock(&t->maptrack_lock);
	m = maptrack_entry(t, handle);
	m->flags = flags;
	m->busy = false;
	spin_unlock(&t->maptrack_lock);
}

/* ---- mapping ---- */

/* Puts the pinned frame where op says; each kind of mapping takes its own references. */
static int establish(const struct gnttab_map_grant_ref *op, const struct domain *granter, mfn_t mfn)
{
	bool readonly = op->flags & GNTMAP_readonly;
	int rc = GNTST_okay;

	if (op->flags & GNTMAP_device_map) {
		rc = grant_get_frame(granter, mfn, readonly);
		if (rc)
			return rc;
	}
	if (op->flags & GNTMAP_host_map) {
		rc = grant_get_frame(granter, mfn, readonly);
		if (!rc) {
			rc = pv_create_grant_mapping(op->host_addr, mfn, op->flags);
			if (rc)
				grant_put_frame(mfn, readonly);
		}
		if (rc && (op->flags & GNTMAP_device_map))
			grant_put_frame(mfn, readonly);
	}
	return rc;
}

static void map_one(struct gnttab_map_grant_ref *op)
{
	struct domain *d = current->domain, *granter;
	bool readonly = op->flags & GNTMAP_readonly;
	struct maptrack mapping = { .ref = op->ref, .flags = (uint16_t)op->flags };
	uint32_t handle;
	mfn_t mfn;

	op->status = GNTST_bad_gntref;
	if (!(op->flags & MAP_KINDS))
		return;
	op->status = GNTST_bad_domain;
	mapping.granter = granter = domain_get(op->dom);
	if (!granter)
		return;
	mapping.busy = true; /* until it stands */
	op->status = GNTST_no_device_space;
	handle = handle_alloc(d->grant_table, &mapping);
	if (handle == HANDLE_NONE)
		goto put;
	op->status = (int16_t)grant_pin(granter, op->ref, d->domain_id, readonly, &mfn);
	if (op->status)
		goto free;
	op->status = (int16_t)establish(op, granter, mfn);
	if (op->status)
		goto unpin;
	op->handle = handle;
	op->dev_bus_addr = mfn << PAGE_SHIFT;
	handle_unclaim(d->grant_table, handle, mapping.flags);
	return;

unpin:
	grant_unpin(granter, op->ref, readonly);
free:
	handle_free(d->grant_table, handle);
put:
	domain_put(granter);
}

long grant_map(struct gnttab_map_grant_ref *ops, unsigned int count)
{
	struct gnttab_map_grant_ref op;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (i == MAP_BATCH)
			return i;
		if (copy_from_guest_offset(&op, ops, i, 1))
			return -EFAULT;
		map_one(&op);
		if (copy_to_guest_offset(ops, i, &op, 1))
			return -EFAULT;
	}
	return 0;
}

/* ---- unmapping ---- */

/* A mapping on its way out: what is left to do after the TLB flush. */
struct unmapped {
	struct maptrack mapping;
	mfn_t mfn;
	uint32_t handle;
	uint16_t gone; /* GNTMAP_* kinds that were undone; 0: the rest means nothing */
};

static mfn_t pinned_mfn(const struct maptrack *m)
{
	struct grant_table *t = m->granter->grant_table;
	mfn_t mfn;

	spin_lock(&t->lock);
	mfn = t->active[m->ref / ENTRIES_PER_FRAME][m->ref % ENTRIES_PER_FRAME].mfn;
	spin_unlock(&t->lock);
	return mfn;
}

/* First step. What u is to be completed with; GNTST_*. */
static int unmap_begin(uint32_t handle, uint64_t host_addr, uint64_t new_addr,
		       uint64_t dev_bus_addr, struct unmapped *u)
{
	struct grant_table *t = current->domain->grant_table;
	struct maptrack *m = &u->mapping;
	int rc = GNTST_okay;

	*u = (struct unmapped){ .handle = handle };
	if (!handle_claim(t, handle, m))
		return GNTST_bad_handle;
	u->mfn = pinned_mfn(m);

	if (dev_bus_addr && dev_bus_addr >> PAGE_SHIFT != u->mfn)
		rc = GNTST_general_error;
	else if (dev_bus_addr)
		u->gone |= m->flags & GNTMAP_device_map;
	if (!rc && host_addr && (m->flags & GNTMAP_host_map)) {
		rc = pv_replace_grant_mapping(host_addr, u->mfn, new_addr, m->flags);
		if (!rc)
			u->gone |= GNTMAP_host_map;
	}
	if (rc) {
		handle_unclaim(t, handle, m->flags);
		u->gone = 0;
	} else if (!u->gone) {
		handle_unclaim(t, handle, m->flags);
	}
	return rc;
}

/* Last step: no CPU can reach the frame through this mapping any more. */
static void unmap_complete(struct unmapped *u)
{
	struct grant_table *t = current->domain->grant_table;
	struct maptrack *m = &u->mapping;
	bool readonly = m->flags & GNTMAP_readonly;

	if (!u->gone)
		return;
	if (u->gone & GNTMAP_host_map)
		grant_put_frame(u->mfn, readonly);
	if (u->gone & GNTMAP_device_map)
		grant_put_frame(u->mfn, readonly);
	m->flags &= (uint16_t)~u->gone;
	if (m->flags & MAP_KINDS) {
		handle_unclaim(t, u->handle, m->flags);
		return;
	}
	grant_unpin(m->granter, m->ref, readonly);
	handle_free(t, u->handle);
	domain_put(m->granter);
}

static void unmap_finish(struct unmapped *u, unsigned int count)
{
	bool flush = false;
	unsigned int i;

	for (i = 0; i < count; i++)
		flush = flush || (u[i].gone & GNTMAP_host_map);
	if (flush)
		tlb_flush_mask(&current->domain->dirty_cpus);
	for (i = 0; i < count; i++)
		unmap_complete(&u[i]);
}

long grant_unmap(struct gnttab_unmap_grant_ref *ops, unsigned int count)
{
	struct unmapped u[UNMAP_BATCH];
	struct gnttab_unmap_grant_ref op;
	unsigned int i;
	long rc = 0;

	for (i = 0; i < count && i < UNMAP_BATCH && !rc; i++) {
		u[i].gone = 0;
		if (copy_from_guest_offset(&op, ops, i, 1)) {
			rc = -EFAULT;
			break;
		}
		op.status =
			(int16_t)unmap_begin(op.handle, op.host_addr, 0, op.dev_bus_addr, &u[i]);
		if (copy_to_guest_offset(ops, i, &op, 1))
			rc = -EFAULT;
	}
	unmap_finish(u, i);
	return rc ? rc : i < count ? (long)i : 0;
}

long grant_unmap_and_replace(struct gnttab_unmap_and_replace *ops, unsigned int count)
{
	struct unmapped u[UNMAP_BATCH];
	struct gnttab_unmap_and_replace op;
	unsigned int i;
	long rc = 0;

	for (i = 0; i < count && i < UNMAP_BATCH && !rc; i++) {
		u[i].gone = 0;
		if (copy_from_guest_offset(&op, ops, i, 1)) {
			rc = -EFAULT;
			break;
		}
		op.status = (int16_t)unmap_begin(op.handle, op.host_addr, op.new_addr, 0, &u[i]);
		if (copy_to_guest_offset(ops, i, &op, 1))
			rc = -EFAULT;
	}
	unmap_finish(u, i);
	return rc ? rc : i < count ? (long)i : 0;
}

/*
 * The domain will not run again, so host mappings can be forgotten here: their page table entries,
 * and the references those hold, go with the page tables.
 */
int grant_release_mappings(struct domain *d)
{
	struct grant_table *t = d->grant_table;
	unsigned int done = 0;

	for (; t->release_next < t->maptrack_frames * HANDLES_PER_FRAME; t->release_next++) {
		struct maptrack m = *maptrack_entry(t, t->release_next);
		bool readonly = m.flags & GNTMAP_readonly;

		if (!m.granter)
			continue;
		if (++done % 64 == 0 && hypercall_preempt_check())
			return -ERESTART;
		if (m.flags & GNTMAP_device_map)
			grant_put_frame(pinned_mfn(&m), readonly);
		grant_unpin(m.granter, m.ref, readonly);
		handle_free(t, t->release_next);
		domain_put(m.granter);
	}
	return 0;
}
