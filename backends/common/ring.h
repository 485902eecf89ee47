/* SPDX-License-Identifier: MIT */
/*
 * The backend's end of a shared request/response ring (public/io/ring.h describes the layout):
 * safe by construction against a frontend that writes anything at any time.
 *
 * The indexes that decide what we do (req_cons, rsp_prod) live here, in our own memory; of the
 * shared page only req_prod and rsp_event are read, each once per decision, and a request is
 * copied out before anybody looks at it. A frontend that claims more requests than the ring can
 * hold gets -EPROTO, and its ring is left alone from then on.
 *
 * Indexes are free-running; slot = index & (slots - 1). Invariant: req_cons - rsp_prod <= slots.
 */
#ifndef BACKENDS_COMMON_RING_H
#define BACKENDS_COMMON_RING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RING_PAGE_SIZE   4096u
#define RING_HEADER_SIZE 64u

/* The first bytes of every shared ring. */
struct ring_header {
	uint32_t req_prod, req_event;
	uint32_t rsp_prod, rsp_event;
};

struct back_ring {
	volatile struct ring_header *shared;
	uint8_t *slot_base;
	uint32_t slot_size; /* bytes of the larger of request and response */
	uint32_t slots;     /* a power of two */
	uint32_t req_cons;  /* next request to take */
	uint32_t rsp_prod;  /* next response to write, not necessarily visible yet */
};

/* How many slots of slot_size bytes a ring of this many pages has. */
static inline uint32_t ring_slots(unsigned int pages, uint32_t slot_size)
{
	uint32_t fit = (pages * RING_PAGE_SIZE - RING_HEADER_SIZE) / slot_size;

	return fit ? 1u << (31 - __builtin_clz(fit)) : 0;
}

/*
 * Takes up the ring at addr, of this many mapped pages. For a fresh connection both indexes come
 * from the response index that the last backend left there: 0 in a new ring.
 */
static inline void ring_attach(struct back_ring *ring, void *addr, unsigned int pages,
			       uint32_t slot_size)
{
	*ring = (struct back_ring){
		.shared = addr,
		.slot_base = (uint8_t *)addr + RING_HEADER_SIZE,
		.slot_size = slot_size,
		.slots = ring_slots(pages, slot_size),
	};
	ring->rsp_prod = ring->shared->rsp_prod;
	ring->req_cons = ring->rsp_prod;
}

static inline void *ring_slot(const struct back_ring *ring, uint32_t index)
{
	return ring->slot_base + (size_t)(index & (ring->slots - 1)) * ring->slot_size;
}

/* Requests that wait to be taken, 0..slots, or -EPROTO when the frontend's index is impossible. */
static inline int ring_pending(const struct back_ring *ring)
{
	uint32_t prod = ring->shared->req_prod;

	if (prod - ring->rsp_prod > ring->slots || prod - ring->req_cons > ring->slots)
		return -EPROTO;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (int)(prod - ring->req_cons);
}

/* Copies request number index out of the ring, whatever it holds. */
static inline void ring_peek(const struct back_ring *ring, uint32_t index, void *req, size_t size)
{
	memcpy(req, ring_slot(ring, index), size);
	/* The copy is what is checked and used: the compiler may not read the slot again. */
	__asm__ volatile("" : : "r"(req) : "memory");
}

/* Takes the next request; the caller has seen ring_pending() > 0. */
static inline void ring_take(struct back_ring *ring, void *req, size_t size)
{
	ring_peek(ring, ring->req_cons, req, size);
	ring->req_cons++;
}

/* Writes the next response; the frontend sees it after ring_push(). */
static inline void ring_respond(struct back_ring *ring, const void *rsp, size_t size)
{
	memcpy(ring_slot(ring, ring->rsp_prod), rsp, size);
	ring->rsp_prod++;
}

/* Makes all responses visible; true if the frontend wants an event for them. */
static inline bool ring_push(struct back_ring *ring)
{
	uint32_t old = ring->shared->rsp_prod;
	uint32_t prod = ring->rsp_prod;

	if (old == prod)
		return false;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	ring->shared->rsp_prod = prod;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return prod - ring->shared->rsp_event < prod - old;
}

/*
 * Before sleeping: asks for an event on the next request and looks once more. As ring_pending():
 * a result > 0 means that there is work after all.
 */
static inline int ring_final_check(struct back_ring *ring)
{
	int pending = ring_pending(ring);

	if (pending != 0)
		return pending;
	ring->shared->req_event = ring->req_cons + 1;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring_pending(ring);
}

/* As ring_final_check(), but asks for an event only when count requests are there. */
static inline int ring_final_check_many(struct back_ring *ring, uint32_t count)
{
	int pending = ring_pending(ring);

	if (pending < 0 || (uint32_t)pending >= count)
		return pending;
	ring->shared->req_event = ring->req_cons + count;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring_pending(ring);
}

#endif
