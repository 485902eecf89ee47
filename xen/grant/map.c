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
 * Lock: the mapping domain's maptrack_lock for free handles; one in use belongs to who claims it.
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
#define CHUNK       8u /* entries that are copied from the guest at once; divides the others */
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
	unsigned int frames = t->maptrack_frames;
	uint32_t first = frames * HANDLES_PER_FRAME, i;
	size_t limit = t->max_maptrack_frames;

	if (frames >= limit)
		return false;
	if (!t->maptrack)
		t->maptrack = xzalloc_array(struct maptrack *, limit);
	frame = t->maptrack ? xzalloc_array(struct maptrack, HANDLES_PER_FRAME) : NULL;
	if (!frame)
		return false;
	for (i = 0; i < HANDLES_PER_FRAME; i++) {
		frame[i].next_free = i + 1 < HANDLES_PER_FRAME ? first + i + 1 : t->free_handle;
		frame[i].busy = true;
	}
	t->free_handle = first;
	t->maptrack[frames] = frame;
	__atomic_store_n(&t->maptrack_frames, frames + 1, __ATOMIC_RELEASE);
	return true;
}

/* A handle for a mapping to be made, or HANDLE_NONE. */
static uint32_t handle_alloc(struct grant_table *t)
{
	uint32_t handle;

	spin_lock(&t->maptrack_lock);
	handle = t->free_handle;
	if (unlikely(handle == HANDLE_NONE) && maptrack_grow(t))
		handle = t->free_handle;
	if (handle != HANDLE_NONE)
		t->free_handle = maptrack_entry(t, handle)->next_free;
	spin_unlock(&t->maptrack_lock);
	return handle;
}

static void handle_free(struct grant_table *t, uint32_t handle)
{
	struct maptrack *m = maptrack_entry(t, handle);

	m->granter = NULL;
	spin_lock(&t->maptrack_lock);
	m->next_free = t->free_handle;
	t->free_handle = handle;
	spin_unlock(&t->maptrack_lock);
}

/* Claims what handle stands for, for one unmap at a time; NULL: it stands for nothing. */
static struct maptrack *handle_claim(const struct grant_table *t, uint32_t handle)
{
	uint32_t handles =
		__atomic_load_n(&t->maptrack_frames, __ATOMIC_ACQUIRE) * HANDLES_PER_FRAME;
	struct maptrack *m;

	if (handle >= handles)
		return NULL;
	m = maptrack_entry(t, index_clamp(handle, handles));
	return __atomic_exchange_n(&m->busy, true, __ATOMIC_ACQUIRE) ? NULL : m;
}

/* The mapping stands, or what is left of it. */
static void handle_unclaim(struct maptrack *m)
{
	__atomic_store_n(&m->busy, false, __ATOMIC_RELEASE);
}

/* ---- mapping ---- */

/* Puts the pinned frame where op says; each kind of mapping takes its own references. */
static int establish(const struct gnttab_map_grant_ref *op, const struct domain *granter, mfn_t mfn,
		     struct grant_cursor *cursor)
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
			rc = pv_create_grant_mapping(cursor, op->host_addr, mfn, op->flags);
			if (rc)
				grant_put_frame(mfn, readonly);
		}
		if (rc && (op->flags & GNTMAP_device_map))
			grant_put_frame(mfn, readonly);
	}
	return rc;
}

/* What one mapping of a batch leaves for the next. */
struct map_batch {
	struct domain *granter; /* referenced; NULL at the start */
	struct grant_cursor cursor;
};

static bool find_granter(struct map_batch *b, domid_t domid)
{
	if (likely(b->granter && b->granter->domain_id == domid))
		return true;
	if (b->granter)
		domain_put(b->granter);
	b->granter = domain_get(domid);
	return b->granter;
}

static void map_one(struct gnttab_map_grant_ref *op, struct map_batch *b)
{
	struct domain *d = current->domain, *granter;
	bool readonly = op->flags & GNTMAP_readonly;
	struct maptrack *m;
	uint32_t handle;
	mfn_t mfn;

	op->status = GNTST_bad_gntref;
	if (!(op->flags & MAP_KINDS))
		return;
	op->status = GNTST_bad_domain;
	if (!find_granter(b, op->dom))
		return;
	granter = b->granter;
	op->status = GNTST_no_device_space;
	handle = handle_alloc(d->grant_table);
	if (handle == HANDLE_NONE)
		return;
	op->status = (int16_t)grant_pin(granter, op->ref, d->domain_id, readonly, &mfn);
	if (op->status)
		goto free;
	op->status = (int16_t)establish(op, granter, mfn, &b->cursor);
	if (op->status)
		goto unpin;
	op->handle = handle;
	op->dev_bus_addr = mfn << PAGE_SHIFT;
	domain_hold(granter);
	m = maptrack_entry(d->grant_table, handle);
	m->granter = granter;
	m->ref = op->ref;
	m->flags = (uint16_t)op->flags;
	handle_unclaim(m);
	return;

unpin:
	grant_unpin(granter, op->ref, readonly);
free:
	handle_free(d->grant_table, handle);
}

long grant_map(struct gnttab_map_grant_ref *ops, unsigned int count)
{
	struct gnttab_map_grant_ref op[CHUNK];
	struct map_batch b = { .granter = NULL };
	unsigned int done, n, i;
	long rc = 0;

	for (done = 0; done < min(count, MAP_BATCH) && !rc; done += n) {
		n = min(count - done, CHUNK);
		if (copy_from_guest_offset(op, ops, done, n)) {
			rc = -EFAULT;
			break;
		}
		for (i = 0; i < n; i++)
			map_one(&op[i], &b);
		if (copy_to_guest_offset(ops, done, op, n))
			rc = -EFAULT;
	}
	pv_grant_cursor_end(&b.cursor);
	if (b.granter)
		domain_put(b.granter);
	return rc ? rc : done < count ? (long)done : 0;
}

/* ---- unmapping ---- */

/* A mapping on its way out: what is left to do after the TLB flush. */
struct unmapped {
	struct maptrack *m; /* claimed */
	mfn_t mfn;
	uint32_t handle;
	uint16_t gone; /* GNTMAP_* kinds that were undone; 0: the rest means nothing */
};

/* What an unmap of either kind asks for. */
struct unmap_request {
	uint32_t handle;
	uint64_t host_addr, new_addr, dev_bus_addr;
};

/* First step. What u is to be completed with; GNTST_*. */
static int unmap_begin(const struct unmap_request *r, struct unmapped *u,
		       struct grant_cursor *cursor)
{
	struct maptrack *m = handle_claim(current->domain->grant_table, r->handle);
	int rc = GNTST_okay;

	u->gone = 0;
	if (!m)
		return GNTST_bad_handle;
	u->m = m;
	u->handle = r->handle;
	u->mfn = grant_pinned_frame(m->granter, m->ref);

	if (r->dev_bus_addr && r->dev_bus_addr >> PAGE_SHIFT != u->mfn)
		rc = GNTST_general_error;
	else if (r->dev_bus_addr)
		u->gone |= m->flags & GNTMAP_device_map;
	if (!rc && r->host_addr && (m->flags & GNTMAP_host_map)) {
		rc = pv_replace_grant_mapping(cursor, r->host_addr, u->mfn, r->new_addr, m->flags);
		if (!rc)
			u->gone |= GNTMAP_host_map;
	}
	if (rc)
		u->gone = 0;
	if (!u->gone)
		handle_unclaim(m);
	return rc;
}

/* Last step: no CPU can reach the frame through this mapping any more. */
static void unmap_complete(const struct unmapped *u)
{
	struct maptrack *m = u->m;
	struct domain *granter = m->granter;
	bool readonly = m->flags & GNTMAP_readonly;

	if (u->gone & GNTMAP_host_map)
		grant_put_frame(u->mfn, readonly);
	if (u->gone & GNTMAP_device_map)
		grant_put_frame(u->mfn, readonly);
	m->flags &= (uint16_t)~u->gone;
	if (m->flags & MAP_KINDS) {
		handle_unclaim(m);
		return;
	}
	grant_unpin(granter, m->ref, readonly);
	handle_free(current->domain->grant_table, u->handle);
	domain_put(granter);
}

static void unmap_finish(struct unmapped *u, unsigned int count)
{
	uint16_t gone = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		gone |= u[i].gone;
	if (gone & GNTMAP_host_map)
		tlb_flush_mask(&current->domain->dirty_cpus);
	for (i = 0; i < count; i++)
		if (u[i].gone)
			unmap_complete(&u[i]);
}

long grant_unmap(struct gnttab_unmap_grant_ref *ops, unsigned int count)
{
	struct unmapped u[UNMAP_BATCH];
	struct gnttab_unmap_grant_ref op[CHUNK];
	struct grant_cursor cursor = { .l1 = 0 };
	unsigned int done, n, i;
	long rc = 0;

	for (done = 0; done < min(count, UNMAP_BATCH) && !rc; done += n) {
		n = min(count - done, CHUNK);
		if (copy_from_guest_offset(op, ops, done, n)) {
			rc = -EFAULT;
			break;
		}
		for (i = 0; i < n; i++)
			op[i].status = (int16_t)unmap_begin(
				&(struct unmap_request){ .handle = op[i].handle,
							 .host_addr = op[i].host_addr,
							 .dev_bus_addr = op[i].dev_bus_addr },
				&u[done + i], &cursor);
		if (copy_to_guest_offset(ops, done, op, n))
			rc = -EFAULT;
	}
	pv_grant_cursor_end(&cursor);
	unmap_finish(u, done);
	return rc ? rc : done < count ? (long)done : 0;
}

long grant_unmap_and_replace(struct gnttab_unmap_and_replace *ops, unsigned int count)
{
	struct unmapped u[UNMAP_BATCH];
	struct gnttab_unmap_and_replace op;
	struct grant_cursor cursor = { .l1 = 0 };
	unsigned int i;
	long rc = 0;

	for (i = 0; i < min(count, UNMAP_BATCH) && !rc; i++) {
		if (copy_from_guest_offset(&op, ops, i, 1)) {
			rc = -EFAULT;
			break;
		}
		op.status = (int16_t)unmap_begin(&(struct unmap_request){ .handle = op.handle,
									  .host_addr = op.host_addr,
									  .new_addr = op.new_addr },
						 &u[i], &cursor);
		if (copy_to_guest_offset(ops, i, &op, 1))
			rc = -EFAULT;
	}
	pv_grant_cursor_end(&cursor);
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
			grant_put_frame(grant_pinned_frame(m.granter, m.ref), readonly);
		grant_unpin(m.granter, m.ref, readonly);
		handle_free(t, t->release_next);
		domain_put(m.granter);
	}
	return 0;
}
