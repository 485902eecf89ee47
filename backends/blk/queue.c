/* SPDX-License-Identifier: MIT */
/*
 * The ring's side of a virtual disk: taking requests, moving data between the guest's pages and
 * ours, answering. Everything is done in batches: one grant copy call, one io_submit(), one event
 * to the guest for all that a turn found. See vbd.h for a request's way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backends/blk/vbd.h"

#include <public/grant_table.h>

/* Turns in one call: a busy guest's other disks get theirs in between. */
#define TURNS 4

static void answer(struct vbd *vbd, struct blk_slot *slot)
{
	struct blkif_response rsp;

	memset(&rsp, 0, sizeof(rsp)); /* padding goes to the guest too */
	rsp.id = slot->req.id;
	rsp.operation = slot->req.operation;
	rsp.status = slot->status;
	journal_answer(vbd->journal, slot->index, vbd->ring.rsp_prod);
	ring_respond(&vbd->ring, &rsp, sizeof(rsp));
	vbd_release_pages(vbd, slot);
	if (vbd->barrier == slot)
		vbd->barrier = NULL;
}

void vbd_release_pages(struct vbd *vbd, struct blk_slot *slot)
{
	for (unsigned int i = 0; i < slot->req.nr_segments; i++) {
		if (slot->bounce[i])
			page_pool_give(&vbd->bounce, slot->bounce[i]);
		slot->bounce[i] = NULL;
	}
	slot->req.nr_segments = 0;
}

/* Performs the copies collected so far; a failed one fails its request. */
static void copy_flush(struct vbd *vbd)
{
	int ret;

	if (!vbd->nr_copies)
		return;
	ret = gntdev_copy(vbd->dev->gntdev, vbd->dev->domid, vbd->copies, vbd->nr_copies);
	for (unsigned int i = 0; i < vbd->nr_copies; i++) {
		if (ret < 0 || vbd->copies[i].status != GNTST_okay)
			vbd->copy_owner[i]->status = BLKIF_RSP_ERROR;
	}
	vbd->nr_copies = 0;
}

/* Collects the copies between a request's bounce pages and the guest's. */
static void copy_segments(struct vbd *vbd, struct blk_slot *slot, bool to_guest)
{
	for (unsigned int i = 0; i < slot->req.nr_segments; i++) {
		const struct blk_segment *seg = &slot->req.segments[i];

		if (!slot->bounce[i])
			continue;
		if (vbd->nr_copies == COPY_BATCH)
			copy_flush(vbd);
		vbd->copies[vbd->nr_copies] = (struct gntdev_copy){
			.local = (uint8_t *)slot->bounce[i] + seg->offset,
			.ref = seg->ref,
			.offset = seg->offset,
			.len = seg->len,
			.to_grant = to_guest,
		};
		vbd->copy_owner[vbd->nr_copies++] = slot;
	}
}

/* Maps those of a request's pages that are to stay mapped and are not yet. */
static void map_persistent(struct vbd *vbd, const struct blk_request *req)
{
	uint32_t refs[GRANT_CACHE_BATCH];
	unsigned int count = 0;

	_Static_assert(GRANT_CACHE_BATCH >= BLK_SEGMENTS_MAX, "one call maps a request");
	if (!vbd->grants.max_pages)
		return;
	for (unsigned int i = 0; i < req->nr_segments; i++) {
		if (!grant_cache_find(&vbd->grants, req->segments[i].ref))
			refs[count++] = req->segments[i].ref;
	}
	/* What cannot be mapped is copied, which also finds out about bad references. */
	if (count)
		grant_cache_map(&vbd->grants, refs, count);
}

/* Finds a page for each segment. The pool holds enough for a request: take() has seen to it. */
static void assign_pages(struct vbd *vbd, struct blk_slot *slot)
{
	void *pages[BLK_SEGMENTS_MAX];

	map_persistent(vbd, &slot->req);
	for (unsigned int i = 0; i < slot->req.nr_segments; i++) {
		slot->bounce[i] = NULL;
		pages[i] = grant_cache_find(&vbd->grants, slot->req.segments[i].ref);
		if (!pages[i])
			pages[i] = slot->bounce[i] = page_pool_take(&vbd->bounce);
	}
	vbd_build_iov(slot, pages);
}

/* Gets the segments of an indirect request, a copy of our own. 0 or BLKIF_RSP_*. */
static int fetch_segments(struct vbd *vbd, struct blk_request *req)
{
	struct blkif_request_segment segments[BLK_INDIRECT_PAGES_MAX * BLK_SEGMENTS_PER_PAGE];
	struct gntdev_copy ops[BLK_INDIRECT_PAGES_MAX];
	size_t left = req->nr_segments * sizeof(segments[0]);

	for (unsigned int i = 0; i < req->nr_indirect; i++) {
		size_t len = left < BLK_PAGE_SIZE ? left : BLK_PAGE_SIZE;

		ops[i] = (struct gntdev_copy){
			.local = (uint8_t *)segments + (size_t)i * BLK_PAGE_SIZE,
			.ref = req->indirect_refs[i],
			.len = (uint16_t)len,
		};
		left -= len;
	}
	if (gntdev_copy(vbd->dev->gntdev, vbd->dev->domid, ops, req->nr_indirect) < 0)
		return BLKIF_RSP_ERROR;
	for (unsigned int i = 0; i < req->nr_indirect; i++) {
		if (ops[i].status != GNTST_okay)
			return BLKIF_RSP_ERROR;
	}
	return blk_request_segments(&vbd->disk, segments, req);
}

/* Decodes what the journal holds for this slot and sends it on its way. */
static void start(struct vbd *vbd, struct blk_slot *slot)
{
	const union blk_wire *wire = &vbd->journal->entries[slot->index].wire;
	struct blk_request *req = &slot->req;
	int status = blk_request_decode(&vbd->disk, wire, req);

	slot->step = STEP_TRANSFER;
	if (status == 0 && req->nr_indirect)
		status = fetch_segments(vbd, req);
	slot->status = (int16_t)status;
	if (status) {
		req->nr_segments = 0;
		if (rate_limit_take(&vbd->log_limit, 1))
			log_warn("%s: refused request: operation %u, sector %llu, status %d",
				 vbd->dev->backend, wire->rw.operation,
				 (unsigned long long)wire->rw.sector_number, status);
		slot_list_add(&vbd->done, slot);
		return;
	}
	if (req->action == BLK_BARRIER) {
		vbd->barrier = slot;
		slot->step = STEP_FLUSH_BEFORE;
	} else if (req->action == BLK_FLUSH) {
		slot->step = STEP_FLUSH_AFTER;
	}
	assign_pages(vbd, slot);
	slot_list_add(&vbd->staged, slot);
}

/*
 * Takes what the ring offers and there is room for; sets vbd->blocked if it must wait with some.
 * The number of requests that were there, taken or not, or -EPROTO.
 */
static int take(struct vbd *vbd)
{
	int pending = ring_pending(&vbd->ring);

	vbd->blocked = false;
	for (int i = 0; i < pending; i++) {
		union blk_wire wire;
		struct blk_slot *slot;

		vbd->blocked = !vbd->free.count || vbd->barrier ||
			       vbd->bounce.count < BLK_SEGMENTS_MAX;
		if (vbd->blocked)
			break;
		ring_peek(&vbd->ring, vbd->ring.req_cons, &wire, sizeof(wire));
		/* A barrier waits for all that was taken before it. */
		vbd->blocked = wire.rw.operation == BLKIF_OP_WRITE_BARRIER &&
			       vbd->free.count < vbd->ring.slots;
		if (vbd->blocked)
			break;
		slot = vbd->free.slots[--vbd->free.count];
		journal_take(vbd->journal, slot->index, vbd->ring.req_cons, &wire);
		vbd->ring.req_cons++;
		start(vbd, slot);
	}
	return pending;
}

/* Copies in the data of staged writes and moves everything staged on. */
static void stage(struct vbd *vbd)
{
	for (unsigned int i = 0; i < vbd->staged.count; i++) {
		if (blk_request_writes(&vbd->staged.slots[i]->req))
			copy_segments(vbd, vbd->staged.slots[i], false);
	}
	copy_flush(vbd);
	for (unsigned int i = 0; i < vbd->staged.count; i++) {
		struct blk_slot *slot = vbd->staged.slots[i];

		slot_list_add(slot->status == BLKIF_RSP_OKAY ? &vbd->ready : &vbd->done, slot);
	}
	vbd->staged.count = 0;
}

/* Copies out the data of finished reads and answers everything that is done. */
static void finish(struct vbd *vbd)
{
	for (unsigned int i = 0; i < vbd->done.count; i++) {
		struct blk_slot *slot = vbd->done.slots[i];

		if (slot->req.action == BLK_READ && slot->status == BLKIF_RSP_OKAY)
			copy_segments(vbd, slot, true);
	}
	copy_flush(vbd);
	for (unsigned int i = 0; i < vbd->done.count; i++)
		answer(vbd, vbd->done.slots[i]);
	if (ring_push(&vbd->ring))
		ports_notify(vbd->dev->ports, &vbd->port);
	for (unsigned int i = 0; i < vbd->done.count; i++) {
		struct blk_slot *slot = vbd->done.slots[i];

		journal_free(vbd->journal, slot->index);
		slot_list_add(&vbd->free, slot);
	}
	vbd->done.count = 0;
}

void vbd_service(struct vbd *vbd)
{
	for (int turn = 0; turn < TURNS; turn++) {
		bool finished;

		if (take(vbd) < 0) {
			device_fail(vbd->dev, "the frontend's ring index is impossible");
			return;
		}
		stage(vbd);
		if (vbd->ready.count)
			vbd_submit(vbd);
		vbd_reap(vbd, 0);
		finished = vbd->done.count > 0;
		if (finished)
			finish(vbd);
		if (vbd->ready.count)
			continue; /* a barrier's next step */
		/* What taking waits for is in flight: its completion comes back here. */
		if (vbd->blocked && vbd->in_flight && !finished)
			return;
		if (ring_final_check(&vbd->ring) == 0)
			return;
	}
	loop_defer(vbd->dev->loop, &vbd->work);
}

int vbd_replay(struct vbd *vbd)
{
	uint32_t req_cons = 0;
	int count = journal_recover(vbd->journal, vbd->ring.slots, vbd->ring.rsp_prod, &req_cons);

	if (count < 0)
		return count;
	vbd->ring.req_cons = req_cons;
	vbd->free.count = 0;
	for (unsigned int i = 0; i < JOURNAL_ENTRIES; i++) {
		bool taken = vbd->journal->entries[i].state == JOURNAL_TAKEN;

		if (i < vbd->ring.slots && !taken)
			slot_list_add(&vbd->free, &vbd->slots[i]);
		else if (taken && i >= vbd->ring.slots)
			return -EPROTO;
	}
	for (unsigned int i = 0; i < vbd->ring.slots; i++) {
		if (vbd->journal->entries[i].state != JOURNAL_TAKEN)
			continue;
		start(vbd, &vbd->slots[i]);
		/* One by one: the pool holds the pages of a few large requests only. */
		stage(vbd);
		vbd_submit(vbd);
		finish(vbd);
		while (vbd->in_flight && vbd->bounce.count < BLK_SEGMENTS_MAX) {
			vbd_reap(vbd, 1);
			finish(vbd);
		}
	}
	log_info("%s: carrying on, %d requests replayed", vbd->dev->backend, count);
	return count;
}
