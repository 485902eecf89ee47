/* SPDX-License-Identifier: MIT */
/*
 * The responses of one turn, collected before any of them touches the ring, in memory that survives
 * us (common/state_file.h).
 *
 * A response overwrites its request. If a process died between writing responses and making them
 * visible, its successor would take them for requests, and write frames over whatever the numbers
 * in them happen to grant. So they are complete here, and marked so, before the first goes into the
 * ring, and a successor writes them again.
 */
#ifndef BACKENDS_NET_OUTBOX_H
#define BACKENDS_NET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/common/ring.h"

#define OUTBOX_SLOTS 256u /* of the largest ring */
#define OUTBOX_BYTES 8u   /* of the largest response */

struct outbox {
	uint32_t committed; /* all below is complete, the ring may be half written */
	uint32_t first;     /* response index */
	uint32_t count;
	uint32_t pad;
	uint8_t responses[OUTBOX_SLOTS][OUTBOX_BYTES];
};

/* The state file of a virtual interface. */
struct vif_state {
	struct outbox tx, rx;
};

/* A new connection: nothing in it. */
void outbox_reset(struct outbox *box);
/* Adds a response, at most one for each request taken. Its number in the box. */
unsigned int outbox_add(struct outbox *box, const void *rsp, size_t size);
/* The response of that number, to change it. */
void *outbox_get(struct outbox *box, unsigned int number);
/* Writes them all (size bytes each) into the ring and shows them; as ring_push(). */
bool outbox_publish(struct outbox *box, struct back_ring *ring, size_t size);
/* After ring_attach() by a successor: finishes what was begun; as ring_push(). */
bool outbox_recover(struct outbox *box, struct back_ring *ring, size_t size);

#endif
