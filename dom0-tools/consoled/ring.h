/* SPDX-License-Identifier: MIT */
/*
 * The console ring of a guest (public/io/console.h) from the daemon's side. The guest may write any
 * indexes and change them at any time: each is read once, checked, then used.
 */
#ifndef CONSOLED_RING_H
#define CONSOLED_RING_H

#include <stddef.h>

#include <public/io/console.h>

/*
 * Takes what the guest has written, at most size bytes. The number of bytes, or -EPROTO when the
 * indexes make no sense; then the ring is emptied, so that the next call can succeed.
 */
long ring_take_output(struct xencons_interface *ring, char *buffer, size_t size);
/* How many bytes of input there is room for; 0 too when the indexes make no sense. */
size_t ring_input_room(const struct xencons_interface *ring);
/* Hands input to the guest, at most the room there is. The number of bytes taken. */
size_t ring_put_input(struct xencons_interface *ring, const char *data, size_t bytes);

#endif
