/* SPDX-License-Identifier: MIT */
/*
 * One virtual interface in its guest's process. vif.c negotiates and connects, tx.c carries frames
 * from the guest to the TAP, rx.c the other way. A queue is a pair of rings; there is one.
 *
 * Bounds: frames are copied into one arena per direction, at most BATCH_FRAMES of them in a turn;
 * the guest that posts no buffers is not read for (its frames wait, and are dropped, in dom0's
 * interface queue), the guest that sends without end gets its turns like any other descriptor.
 * One thread, no locks.
 */
#ifndef BACKENDS_NET_VIF_H
#define BACKENDS_NET_VIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/netif.h>

#include "backends/common/device.h"
#include "backends/common/ring.h"
#include "backends/net/credit.h"
#include "backends/net/outbox.h"
#include "backends/net/packet.h"
#include "backends/net/source.h"
#include "dom0-tools/lib/gntdev.h"
#include "dom0-tools/lib/log.h"

#define NET_PAGE_SIZE   4096u
#define BATCH_FRAMES    64u
#define ARENA_BYTES     (512u * 1024u)
/* Slots of data of the largest frame; one more holds its segmentation. */
#define FRAME_SLOTS_MAX ((PACKET_MAX + NET_PAGE_SIZE - 1) / NET_PAGE_SIZE)
/* Grant copies in one call. */
#define NET_COPY_BATCH  512u

/* What a frontend can take, from its nodes. */
struct vif_features {
	bool sg; /* frames in several slots */
	bool gso_v4, gso_v6;
	bool csum_v4, csum_v6; /* blank checksums */
};

/* A frame of the guest's, decoded from its slots and checked. */
struct tx_frame {
	unsigned int nr_slots; /* of the ring, all kinds */
	uint16_t ids[XEN_NETIF_NR_SLOTS_MIN + XEN_NETIF_EXTRA_TYPE_MAX];
	bool extra[XEN_NETIF_NR_SLOTS_MIN + XEN_NETIF_EXTRA_TYPE_MAX]; /* not data */
	bool bad;  /* answer with an error, send nothing */
	bool more; /* bad, and its next slots belong to it */

	unsigned int nr_frags;
	struct {
		uint32_t ref;
		uint16_t offset, len; /* offset + len <= 4096 */
	} frags[XEN_NETIF_NR_SLOTS_MIN];
	uint32_t len; /* of all fragments, PACKET_MIN..65535 */
	bool csum_blank;
	uint8_t gso_type; /* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;
	uint8_t *data; /* once copied; the TAP's header goes in front */
};

struct vif_tx {
	struct back_ring ring;
	void *ring_addr;
	struct port port;
	struct loop_work work;
	struct loop_timer refill; /* while out of credit */
	struct credit credit;
	bool skipping; /* the rest of an overlong chain */
	uint8_t *arena;
	struct tx_frame frames[BATCH_FRAMES];
	unsigned int nr_frames;
	struct gntdev_copy copies[NET_COPY_BATCH];
	struct tx_frame *copy_owner[NET_COPY_BATCH];
	unsigned int nr_copies;
};

struct vif_rx {
	struct back_ring ring;
	void *ring_addr;
	struct port port; /* not bound when tx's serves both */
	uint8_t *arena;
	uint8_t *held; /* a frame that waits for buffers, in the arena; NULL: none */
	size_t held_len;
	struct gntdev_copy copies[NET_COPY_BATCH];
	unsigned int copy_rsp[NET_COPY_BATCH]; /* its response in the outbox */
	unsigned int nr_copies;
};

struct vif {
	struct device *dev;
	struct vif_info info;
	struct loop_fd tap;
	struct vif_state *state; /* the responses of this turn: outlives us */
	bool resume;             /* the next connect carries on with a dead process's rings */
	struct vif_features features;
	struct vif_tx tx;
	struct vif_rx rx;
	struct rate_limit log_limit; /* for messages that the guest can provoke */
};

extern const struct device_ops vif_ops;

/*
 * Decodes the frame that begins at the next request of a ring with pending requests: fills *frame,
 * takes nothing. The number of slots it has (> 0); 0 if it is not all there yet. A frame that
 * breaks the rules comes back with bad set.
 */
unsigned int tx_decode(const struct back_ring *ring, unsigned int pending, struct tx_frame *frame);
/* Makes the TAP's header for a frame whose data has been copied; completes the data for it.
 * 0 or -EINVAL: not to be sent. */
int tx_header(struct tx_frame *frame, tap_header *hdr);

/* One turn in each direction. They fail the device if the guest broke the ring. */
void vif_tx_service(struct vif *vif);
void vif_rx_service(struct vif *vif);

#endif
