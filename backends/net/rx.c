/* SPDX-License-Identifier: MIT */
/*
 * From the TAP to the guest. A turn reads frames as long as the guest has posted buffers, copies
 * all of them with one grant copy call and sends at most one event. A frame for which there are not
 * enough buffers is held, and the TAP is not read until the guest has posted more.
 *
 * Each response stands in the slot of the request whose buffer it fills; an extra slot takes the
 * place of a request too, and uses up its buffer.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "backends/net/vif.h"

#include <public/grant_table.h>

/* A frame's place in the arena begins with the TAP's header. */
#define PLACE_MAX   (sizeof(tap_header) + PACKET_MAX)
#define PLACE_ALIGN 16u

static const tap_header *header_of(const uint8_t *place)
{
	return (const tap_header *)(const void *)place;
}

static bool is_gso(const tap_header *hdr)
{
	return hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE;
}

/* Slots that a frame of len bytes (without header) needs. */
static unsigned int slots_needed(const tap_header *hdr, size_t len)
{
	return (unsigned int)((len + NET_PAGE_SIZE - 1) / NET_PAGE_SIZE) + is_gso(hdr);
}

/* Whether this guest completes the checksum of such a frame itself. */
static bool guest_completes(const struct vif_features *f, const uint8_t *frame, size_t len)
{
	struct packet_layout layout;

	if (f->csum_v4 == f->csum_v6)
		return f->csum_v4;
	if (packet_parse(frame, len, &layout) < 0)
		return false;
	return layout.ipv6 ? f->csum_v6 : f->csum_v4;
}

/* The flags for the first slot; completes a checksum that this guest cannot. -EINVAL: drop it. */
static int checksum_flags(const struct vif *vif, uint8_t *frame, size_t len, const tap_header *hdr)
{
	if (hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID)
		return NETRXF_data_validated;
	if (!(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return 0;
	if (guest_completes(&vif->features, frame, len))
		return NETRXF_csum_blank | NETRXF_data_validated;
	if (packet_finish_checksum(frame, len, hdr->csum_start, hdr->csum_offset) < 0)
		return -EINVAL;
	return NETRXF_data_validated;
}

static void put_extra(struct vif *vif, const tap_header *hdr)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = {
			.size = hdr->gso_size,
			.type = (hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) ==
						VIRTIO_NET_HDR_GSO_TCPV6 ?
					XEN_NETIF_GSO_TYPE_TCPV6 :
					XEN_NETIF_GSO_TYPE_TCPV4,
		},
	};
	struct netif_rx_request unused;

	ring_take(&vif->rx.ring, &unused, sizeof(unused));
	_Static_assert(sizeof(extra) == sizeof(struct netif_rx_response), "takes a slot's place");
	outbox_add(&vif->state->rx, &extra, sizeof(extra));
}

/* Fills the slots of one frame; there are enough requests. */
static void put_frame(struct vif *vif, uint8_t *frame, size_t len, const tap_header *hdr,
		      uint16_t flags)
{
	struct vif_rx *rx = &vif->rx;
	bool gso = is_gso(hdr);

	if (gso)
		flags |= NETRXF_extra_info;
	for (size_t at = 0; at < len; at += NET_PAGE_SIZE) {
		size_t piece = len - at < NET_PAGE_SIZE ? len - at : NET_PAGE_SIZE;
		struct netif_rx_response rsp;
		struct netif_rx_request req;

		ring_take(&rx->ring, &req, sizeof(req));
		rx->copies[rx->nr_copies] = (struct gntdev_copy){
			.local = frame + at,
			.ref = req.gref,
			.len = (uint16_t)piece,
			.to_grant = 1,
		};
		rsp = (struct netif_rx_response){
			.id = req.id,
			.flags = (uint16_t)(flags | (at + piece < len ? NETRXF_more_data : 0)),
			.status = (int16_t)piece,
		};
		rx->copy_rsp[rx->nr_copies++] = outbox_add(&vif->state->rx, &rsp, sizeof(rsp));
		if (at == 0 && gso)
			put_extra(vif, hdr);
		flags = 0;
	}
}

/* Performs the copies; a buffer that could not be filled is answered with an error. */
static void flush(struct vif *vif)
{
	struct vif_rx *rx = &vif->rx;
	unsigned int bad = 0;
	int ret;

	if (!rx->nr_copies)
		return;
	ret = gntdev_copy(vif->dev->gntdev, vif->dev->domid, rx->copies, rx->nr_copies);
	for (unsigned int i = 0; i < rx->nr_copies; i++) {
		struct netif_rx_response *rsp = outbox_get(&vif->state->rx, rx->copy_rsp[i]);

		if (ret == 0 && rx->copies[i].status == GNTST_okay)
			continue;
		rsp->status = NETIF_RSP_ERROR;
		bad++;
	}
	rx->nr_copies = 0;
	if (outbox_publish(&vif->state->rx, &rx->ring, sizeof(struct netif_rx_response)))
		ports_notify(vif->dev->ports, rx->port.local >= 0 ? &rx->port : &vif->tx.port);
	if (bad && rate_limit_take(&vif->log_limit, 1))
		log_warn("%s: %u receive buffers cannot be written", vif->dev->backend, bad);
}

/*
 * Places the frame that was read to place (len bytes with header) into the guest's buffers. 0;
 * -EAGAIN: not enough buffers; -EINVAL: not for this guest, drop it; -EPROTO.
 */
static int deliver(struct vif *vif, uint8_t *place, size_t len)
{
	const tap_header *hdr = header_of(place);
	unsigned int needed;
	int flags, pending = ring_pending(&vif->rx.ring);

	if (pending < 0)
		return pending;
	if (len < sizeof(*hdr) + PACKET_MIN)
		return -EINVAL;
	len -= sizeof(*hdr);
	needed = slots_needed(hdr, len);
	if (!vif->features.sg && len > NET_PAGE_SIZE)
		return -EINVAL;
	if ((unsigned int)pending < needed)
		return -EAGAIN;
	flags = checksum_flags(vif, place + sizeof(*hdr), len, hdr);
	if (flags < 0)
		return flags;
	put_frame(vif, place + sizeof(*hdr), len, hdr, (uint16_t)flags);
	return 0;
}

/*
 * Waits with reading until the guest has posted as many buffers as the held frame needs, or one.
 * True if it has by now.
 */
static bool wait_for_buffers(struct vif *vif)
{
	struct vif_rx *rx = &vif->rx;
	unsigned int needed = 1;
	int pending;

	if (rx->held)
		needed = slots_needed(header_of(rx->held), rx->held_len - sizeof(tap_header));
	pending = ring_final_check_many(&rx->ring, needed);
	if (pending >= (int)needed)
		return true;
	loop_modify(vif->dev->loop, &vif->tap, 0);
	return false;
}

/* Delivers the held frame first. True if the TAP may be read. */
static bool deliver_held(struct vif *vif)
{
	struct vif_rx *rx = &vif->rx;

	if (!rx->held)
		return ring_pending(&rx->ring) > 0 || wait_for_buffers(vif);
	while (deliver(vif, rx->held, rx->held_len) == -EAGAIN) {
		if (!wait_for_buffers(vif))
			return false;
	}
	/* Its data must leave the arena before others are read into it. */
	flush(vif);
	rx->held = NULL;
	return true;
}

void vif_rx_service(struct vif *vif)
{
	struct vif_rx *rx = &vif->rx;
	size_t used = 0;

	if (ring_pending(&rx->ring) < 0) {
		device_fail(vif->dev, "the frontend's rx ring index is impossible");
		return;
	}
	if (!deliver_held(vif))
		return;
	for (unsigned int i = 0; i < BATCH_FRAMES && used + PLACE_MAX <= ARENA_BYTES &&
				 rx->nr_copies + FRAME_SLOTS_MAX <= NET_COPY_BATCH;
	     i++) {
		uint8_t *place = rx->arena + used;
		ssize_t got;
		int ret;

		if (ring_pending(&rx->ring) == 0)
			break;
		got = read(vif->tap.fd, place, PLACE_MAX);
		if (got < 0)
			break; /* none there; an error shows up as EPOLLERR */
		ret = deliver(vif, place, (size_t)got);
		if (ret == -EAGAIN) {
			rx->held = place;
			rx->held_len = (size_t)got;
			break;
		}
		if (ret == 0)
			used += ((size_t)got + PLACE_ALIGN - 1) & ~(size_t)(PLACE_ALIGN - 1);
	}
	flush(vif);
	/* Level-triggered: with frames left in the TAP, the loop comes back. */
	if ((!rx->held && ring_pending(&rx->ring) > 0) || wait_for_buffers(vif))
		loop_modify(vif->dev->loop, &vif->tap, EPOLLIN);
}
