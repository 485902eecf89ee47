/* SPDX-License-Identifier: MIT */
/* Responses on their way: see outbox.h. */
#include "backends/net/outbox.h"

#include <string.h>

/* Death comes between two instructions of one process: only the compiler must not reorder. */
static void in_order(void)
{
	__asm__ volatile("" : : : "memory");
}

void outbox_reset(struct outbox *box)
{
	box->committed = 0;
	in_order();
	box->count = 0;
}

unsigned int outbox_add(struct outbox *box, const void *rsp, size_t size)
{
	memcpy(box->responses[box->count], rsp, size);
	return box->count++;
}

void *outbox_get(struct outbox *box, unsigned int number)
{
	return box->responses[number];
}

static bool write_out(struct outbox *box, struct back_ring *ring, size_t size)
{
	bool notify;

	for (uint32_t i = 0; i < box->count; i++)
		ring_respond(ring, box->responses[i], size);
	notify = ring_push(ring);
	in_order();
	outbox_reset(box);
	return notify;
}

bool outbox_publish(struct outbox *box, struct back_ring *ring, size_t size)
{
	box->first = ring->rsp_prod;
	in_order();
	box->committed = 1;
	in_order();
	return write_out(box, ring, size);
}

bool outbox_recover(struct outbox *box, struct back_ring *ring, size_t size)
{
	bool notify = false;

	/* If the ring has gone on from there, they have been shown already. */
	if (box->committed && box->count <= ring->slots && box->first == ring->rsp_prod) {
		notify = write_out(box, ring, size);
		ring->req_cons = ring->rsp_prod;
	}
	outbox_reset(box);
	return notify;
}
