/* SPDX-License-Identifier: MIT */
/* The machine's memory map as the boot loader gave it, sorted and without overlaps. */
#ifndef MM_E820_H
#define MM_E820_H

#include "lib/types.h"

#define E820_MAX      128
#define E820_RAM      1
#define E820_RESERVED 2
#define E820_ACPI     3
#define E820_NVS      4
#define E820_UNUSABLE 5

/* The layout of XENMEM_(machine_)memory_map's entries (public/memory.h). */
struct e820_entry {
	uint64_t addr, size;
	uint32_t type;
} __packed;

struct e820_map {
	unsigned int count;
	struct e820_entry entry[E820_MAX];
};

extern struct e820_map e820;

/* Sorts, merges, and cuts overlaps (the more restrictive type wins). */
void e820_sanitize(struct e820_map *map);
/* True if [start, end) lies in entries of this type alone. */
bool e820_all(const struct e820_map *map, uint64_t start, uint64_t end, uint32_t type);

#endif
