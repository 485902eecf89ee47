/* SPDX-License-Identifier: MIT */
/*
 * Copies bytes out of and into a console ring. Indexes run freely and are taken modulo the size of
 * their array; producer minus consumer, both unsigned, is the fill level.
 */
#include "dom0-tools/consoled/ring.h"

#include <errno.h>
#include <string.h>

static XENCONS_RING_IDX load(const XENCONS_RING_IDX *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(XENCONS_RING_IDX *index, XENCONS_RING_IDX value)
{
	__atomic_store_n(index, value, __ATOMIC_RELEASE);
}

long ring_take_output(struct xencons_interface *ring, char *buffer, size_t size)
{
	XENCONS_RING_IDX cons = load(&ring->out_cons);
	XENCONS_RING_IDX prod = load(&ring->out_prod);
	size_t start = MASK_XENCONS_IDX(cons, ring->out);
	size_t bytes = prod - cons, first;

	if (bytes > sizeof(ring->out)) {
		store(&ring->out_cons, prod);
		return -EPROTO;
	}
	if (bytes > size)
		bytes = size;
	first = sizeof(ring->out) - start < bytes ? sizeof(ring->out) - start : bytes;
	memcpy(buffer, ring->out + start, first);
	memcpy(buffer + first, ring->out, bytes - first);
	store(&ring->out_cons, cons + (XENCONS_RING_IDX)bytes);
	return (long)bytes;
}

/* The room and where it starts; the producer index is ours but lies in the guest's memory too. */
static size_t input_room(const struct xencons_interface *ring, XENCONS_RING_IDX *prod)
{
	XENCONS_RING_IDX cons = load(&ring->in_cons);
	size_t used;

	*prod = load(&ring->in_prod);
	used = *prod - cons;
	return used > sizeof(ring->in) ? 0 : sizeof(ring->in) - used;
}

size_t ring_input_room(const struct xencons_interface *ring)
{
	XENCONS_RING_IDX prod;

	return input_room(ring, &prod);
}

size_t ring_put_input(struct xencons_interface *ring, const char *data, size_t bytes)
{
	XENCONS_RING_IDX prod;
	size_t room = input_room(ring, &prod);
	size_t start = MASK_XENCONS_IDX(prod, ring->in);
	size_t first;

	if (bytes > room)
		bytes = room;
	first = sizeof(ring->in) - start < bytes ? sizeof(ring->in) - start : bytes;
	memcpy(ring->in + start, data, first);
	memcpy(ring->in, data + first, bytes - first);
	store(&ring->in_prod, prod + (XENCONS_RING_IDX)bytes);
	return bytes;
}
