/* SPDX-License-Identifier: MIT */
/*
 * A new guest's memory: given to it in large extents, then written from here through foreign
 * mappings of bounded size. Nothing stays mapped between two calls.
 */
#ifndef BUILDER_GUEST_MEMORY_H
#define BUILDER_GUEST_MEMORY_H

#include <stdint.h>

#include "dom0-tools/builder/layout.h"
#include "dom0-tools/builder/message.h"

struct guest_memory {
	int fd; /* of privcmd */
	uint32_t domid;
	uint64_t pages;
	uint64_t *p2m; /* machine frame of each page, malloc'ed */
};

/* Gives the domain pages pages. 0, or a negative errno with msg set; free in either case. */
int guest_memory_populate(struct guest_memory *memory, int fd, uint32_t domid, uint64_t pages,
			  struct build_message *msg);
/* Frees what is kept here; the guest keeps its memory. */
void guest_memory_free(struct guest_memory *memory);

/* Maps pages of the guest for reading and writing, or NULL with msg set. foreign_unmap() undoes it.
 */
void *guest_memory_map(const struct guest_memory *memory, const struct pv_region *region,
		       struct build_message *msg);

/*
 * Fills a region piece by piece: fill is called with consecutive pieces, at is how many bytes of
 * the region lie before the piece. A negative result ends it and is returned, fill having set msg.
 */
typedef int (*guest_fill_fn)(void *piece, uint64_t at, uint64_t bytes, void *data,
			     struct build_message *msg);
int guest_memory_fill(const struct guest_memory *memory, const struct pv_region *region,
		      guest_fill_fn fill, void *data, struct build_message *msg);
/* The same with zeroes. */
int guest_memory_zero(const struct guest_memory *memory, const struct pv_region *region,
		      struct build_message *msg);

#endif
