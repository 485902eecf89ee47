/* SPDX-License-Identifier: MIT */
/* dom0's memory while it is built: pseudo-physical frames as a short list of machine extents. */
#ifndef BOOT_DOM0_MEMORY_H
#define BOOT_DOM0_MEMORY_H

#include "lib/types.h"

struct domain;

/* How many frames dom0 gets by the command line, and what may be free for it. */
uint64_t dom0_memory_pages(void);
/* Allocates pages frames for d in as large blocks as there are, and writes the M2P table. */
void dom0_memory_alloc(struct domain *d, uint64_t pages);
/* Done with the list. */
void dom0_memory_free_list(void);

/* pfn must be below the number of pages. */
mfn_t dom0_pfn_to_mfn(uint64_t pfn);
/* The frame in the direct map. */
void *dom0_pfn_ptr(uint64_t pfn);
/* len bytes at pseudo-physical address gpa; data NULL: zeroes. */
void dom0_write(uint64_t gpa, const void *data, uint64_t len);
/* Writes the pfn-to-mfn array into the frames from first_pfn on. */
void dom0_write_p2m(uint64_t first_pfn);

#endif
