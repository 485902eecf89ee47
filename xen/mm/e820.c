/* SPDX-License-Identifier: MIT */
/* Making a firmware's memory map sorted and free of overlaps. */
#include "mm/e820.h"

struct e820_map e820;

/* Of overlapping claims the one that allows least wins: types rank by number, RAM lowest. */
static uint32_t strongest(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t type_at(const struct e820_map *map, uint64_t addr)
{
	uint32_t type = 0;

	for (unsigned int i = 0; i < map->count; i++) {
		const struct e820_entry *e = &map->entry[i];

		if (addr >= e->addr && addr - e->addr < e->size)
			type = strongest(type, e->type);
	}
	return type;
}

/* The lowest boundary of any entry above addr; ~0 when there is none. */
static uint64_t next_boundary(const struct e820_map *map, uint64_t addr)
{
	uint64_t next = ~0ul;

	for (unsigned int i = 0; i < map->count; i++) {
		const struct e820_entry *e = &map->entry[i];
		uint64_t end = e->addr + e->size;

		if (e->addr > addr && e->addr < next)
			next = e->addr;
		if (end > addr && end < next)
			next = end;
	}
	return next;
}

void e820_sanitize(struct e820_map *map)
{
	static struct e820_map out;
	uint64_t addr = 0, next;

	for (unsigned int i = 0; i < map->count; i++)
		if (map->entry[i].addr + map->entry[i].size < map->entry[i].addr)
			map->entry[i].size = ~0ul - map->entry[i].addr;

	out.count = 0;
	for (; addr != ~0ul; addr = next) {
		uint32_t type = type_at(map, addr);
		struct e820_entry *last = out.count ? &out.entry[out.count - 1] : NULL;

		next = next_boundary(map, addr);
		if (type == 0)
			continue;
		if (last && last->type == type && last->addr + last->size == addr)
			last->size += next - addr;
		else if (out.count < E820_MAX)
			out.entry[out.count++] = (struct e820_entry){ addr, next - addr, type };
	}
	*map = out;
}

bool e820_all(const struct e820_map *map, uint64_t start, uint64_t end, uint32_t type)
{
	for (unsigned int i = 0; i < map->count && start < end; i++) {
		const struct e820_entry *e = &map->entry[i];

		if (e->type == type && start >= e->addr && start - e->addr < e->size)
			start = e->addr + e->size;
	}
	return start >= end;
}
