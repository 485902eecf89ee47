/* SPDX-License-Identifier: MIT */
/*
 * From the guest to the TAP. A turn decodes a batch of frames, gets all their data with one grant
 * copy call, writes them out, answers all slots and sends at most one event.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backends/net/vif.h"

#include <public/grant_table.h>

#define TURNS    4
/* Each frame's place in the arena: after room for the TAP's header. */
#define HEADROOM 16u

static void peek(const struct back_ring *ring, unsigned int offset, struct netif_tx_request *req)
{
	ring_peek(ring, ring->req_cons + offset, req, sizeof(*req));
}

/* Decodes the extra slots behind the first. The number of slots so far; 0: not all there. */
static unsigned int decode_extras(const struct back_ring *ring, unsigned int pending,
				  struct tx_frame *frame)
{
	unsigned int slot = 1;
	struct netif_extra_info extra;

	do {
		if (slot >= pending)
			return 0;
		/* More than one of each kind makes no sense, and this must end. */
		if (slot > XEN_NETIF_EXTRA_TYPE_MAX) {
			frame->bad = true;
			break;
		}
		ring_peek(ring, ring->req_cons + slot, &extra, sizeof(extra));
		frame->extra[slot++] = true;
		if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
			frame->gso_type = extra.u.gso.type;
			frame->gso_size = extra.u.gso.size;
			frame->bad |= !extra.u.gso.size ||
				      (extra.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
				       extra.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6);
		} else if (extra.type == XEN_NETIF_EXTRA_TYPE_NONE ||
			   extra.type >= XEN_NETIF_EXTRA_TYPE_MAX) {
			frame->bad = true;
		}
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return slot;
}

static void add_frag(struct tx_frame *frame, const struct netif_tx_request *req, uint32_t len)
{
	if (!len || len > NET_PAGE_SIZE || req->offset > NET_PAGE_SIZE - len) {
		frame->bad = true;
		return;
	}
	frame->frags[frame->nr_frags].ref = req->gref;
	frame->frags[frame->nr_frags].offset = req->offset;
	frame->frags[frame->nr_frags].len = (uint16_t)len;
	frame->nr_frags++;
}

unsigned int tx_decode(const struct back_ring *ring, unsigned int pending, struct tx_frame *frame)
{
	struct netif_tx_request first, req;
	unsigned int slot = 1, rest = 0, data = 1;
	uint16_t flags;

	memset(frame, 0, offsetof(struct tx_frame, frags));
	frame->gso_type = XEN_NETIF_GSO_TYPE_NONE;
	frame->gso_size = 0;
	peek(ring, 0, &first);
	frame->ids[0] = first.id;
	frame->len = first.size;
	frame->csum_blank = first.flags & NETTXF_csum_blank;
	if (first.flags & NETTXF_extra_info)
		slot = decode_extras(ring, pending, frame);
	if (!slot)
		return 0;

	/* The first fragment's length shows when the others' are known: it keeps a place. */
	frame->nr_frags = 1;
	for (flags = first.flags; flags & NETTXF_more_data; flags = req.flags) {
		if (data == XEN_NETIF_NR_SLOTS_MIN) {
			frame->bad = true;
			frame->more = true;
			break;
		}
		if (slot >= pending)
			return 0;
		peek(ring, slot, &req);
		frame->ids[slot++] = req.id;
		data++;
		rest += req.size;
		add_frag(frame, &req, req.size);
	}
	frame->nr_slots = slot;
	if (rest >= frame->len || frame->len < PACKET_MIN) {
		frame->bad = true;
	} else {
		unsigned int nr_frags = frame->nr_frags;

		frame->nr_frags = 0;
		add_frag(frame, &first, frame->len - rest);
		frame->nr_frags = nr_frags;
	}
	return slot;
}

/* The rest of a chain that was too long to be decoded: answered, not looked at. */
static unsigned int decode_skipped(const struct back_ring *ring, struct tx_frame *frame)
{
	struct netif_tx_request req;

	memset(frame, 0, offsetof(struct tx_frame, frags));
	peek(ring, 0, &req);
	frame->ids[0] = req.id;
	frame->nr_slots = 1;
	frame->bad = true;
	frame->more = req.flags & NETTXF_more_data;
	return 1;
}

int tx_header(struct tx_frame *frame, tap_header *hdr)
{
	struct packet_layout layout;

	*hdr = (tap_header){ .gso_type = VIRTIO_NET_HDR_GSO_NONE };
	if (!frame->csum_blank && frame->gso_type == XEN_NETIF_GSO_TYPE_NONE)
		return 0;
	if (packet_parse(frame->data, frame->len, &layout) < 0)
		return -EINVAL;
	packet_prepare_checksum(frame->data, &layout);
	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = layout.l4_offset;
	hdr->csum_offset = layout.csum_offset;
	if (frame->gso_type == XEN_NETIF_GSO_TYPE_NONE)
		return 0;
	if (layout.csum_offset != 16 ||
	    layout.ipv6 != (frame->gso_type == XEN_NETIF_GSO_TYPE_TCPV6))
		return -EINVAL;
	hdr->gso_type = layout.ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	hdr->gso_size = frame->gso_size;
	hdr->hdr_len = layout.header_len;
	return 0;
}

/* Plans the copies of a frame's data to its place in the arena. */
static void plan_copies(struct vif_tx *tx, struct tx_frame *frame, uint8_t *place)
{
	uint32_t at = 0;

	frame->data = place;
	for (unsigned int i = 0; i < frame->nr_frags; i++) {
		tx->copies[tx->nr_copies] = (struct gntdev_copy){
			.local = place + at,
			.ref = frame->frags[i].ref,
			.offset = frame->frags[i].offset,
			.len = frame->frags[i].len,
		};
		tx->copy_owner[tx->nr_copies++] = frame;
		at += frame->frags[i].len;
	}
}

/* Whether the guest may send now; if not, the timer is set for when it may. */
static bool have_credit(struct vif *vif)
{
	struct vif_tx *tx = &vif->tx;

	if (!tx->credit.bytes || credit_ready(&tx->credit, monotonic_ns()))
		return true;
	loop_timer_set(vif->dev->loop, &tx->refill, credit_wait(&tx->credit));
	return false;
}

/*
 * Takes frames until the batch, the arena, the credit or the ring ends. The number of requests left
 * over, or -EPROTO when the ring is broken.
 */
static int gather(struct vif *vif)
{
	struct vif_tx *tx = &vif->tx;
	int pending = ring_pending(&tx->ring);
	size_t used = 0;

	tx->nr_frames = 0;
	tx->nr_copies = 0;
	while (pending > 0 && tx->nr_frames < BATCH_FRAMES && have_credit(vif)) {
		struct tx_frame *frame = &tx->frames[tx->nr_frames];

		if (tx->skipping)
			decode_skipped(&tx->ring, frame);
		else if (!tx_decode(&tx->ring, (unsigned int)pending, frame))
			break;
		if (!frame->bad) {
			if (used + HEADROOM + frame->len > ARENA_BYTES ||
			    tx->nr_copies + frame->nr_frags > NET_COPY_BATCH)
				break;
			plan_copies(tx, frame, tx->arena + used + HEADROOM);
			used += (HEADROOM + frame->len + HEADROOM - 1) & ~(size_t)(HEADROOM - 1);
			credit_spend(&tx->credit, frame->len);
		}
		tx->skipping = frame->more;
		tx->ring.req_cons += frame->nr_slots;
		pending -= (int)frame->nr_slots;
		tx->nr_frames++;
	}
	return pending;
}

static void send_frame(struct vif *vif, struct tx_frame *frame)
{
	tap_header hdr;
	uint8_t *start = frame->data - sizeof(hdr);

	if (tx_header(frame, &hdr) < 0) {
		frame->bad = true;
		return;
	}
	memcpy(start, &hdr, sizeof(hdr));
	/* What dom0 does not take is lost, as on any network. */
	if (write(vif->tap.fd, start, sizeof(hdr) + frame->len) < 0)
		frame->bad = errno == EINVAL;
}

static void answer(struct vif *vif, const struct tx_frame *frame)
{
	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		struct netif_tx_response rsp = {
			.id = frame->ids[i],
			.status = frame->extra[i] ? NETIF_RSP_NULL
				  : frame->bad    ? NETIF_RSP_ERROR
						  : NETIF_RSP_OKAY,
		};

		outbox_add(&vif->state->tx, &rsp, sizeof(rsp));
	}
}

/* Copies, sends and answers what gather() found. */
static void perform(struct vif *vif)
{
	struct vif_tx *tx = &vif->tx;
	unsigned int bad = 0;
	int ret = 0;

	if (tx->nr_copies)
		ret = gntdev_copy(vif->dev->gntdev, vif->dev->domid, tx->copies, tx->nr_copies);
	for (unsigned int i = 0; i < tx->nr_copies; i++) {
		if (ret < 0 || tx->copies[i].status != GNTST_okay)
			tx->copy_owner[i]->bad = true;
	}
	for (unsigned int i = 0; i < tx->nr_frames; i++) {
		if (!tx->frames[i].bad)
			send_frame(vif, &tx->frames[i]);
		bad += tx->frames[i].bad;
		answer(vif, &tx->frames[i]);
	}
	if (outbox_publish(&vif->state->tx, &tx->ring, sizeof(struct netif_tx_response)))
		ports_notify(vif->dev->ports, &tx->port);
	if (bad && rate_limit_take(&vif->log_limit, 1))
		log_warn("%s: refused %u frames that break the protocol", vif->dev->backend, bad);
}

void vif_tx_service(struct vif *vif)
{
	struct vif_tx *tx = &vif->tx;

	for (int turn = 0; turn < TURNS; turn++) {
		int left, pending;

		if (tx->refill.deadline)
			return; /* the timer comes back here */
		left = gather(vif);
		if (left >= 0 && tx->nr_frames) {
			perform(vif);
			continue;
		}
		if (tx->refill.deadline)
			return;
		/* A frame whose end is not there yet: ask for more than its beginning. */
		pending = left < 0 ? left : ring_final_check_many(&tx->ring, (uint32_t)left + 1);
		if (pending < 0) {
			device_fail(vif->dev, "the frontend's tx ring index is impossible");
			return;
		}
		if (pending <= left)
			return;
	}
	loop_defer(vif->dev->loop, &tx->work);
}
