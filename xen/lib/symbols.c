/* SPDX-License-Identifier: MIT */
/* Names for code addresses, from the table that lib/mksyms.py makes at link time. */
#include "core/panic.h"
#include "lib/string.h"

extern const uint32_t symbol_count;
extern const uint64_t symbol_base;
extern const uint32_t symbol_offsets[];
extern const char symbol_names[];

const char *symbol_lookup(uint64_t addr, uint64_t *offset)
{
	uint32_t lo = 0, hi, i;
	const char *name;

	if (symbol_count == 0 || addr < symbol_base)
		return NULL;
	hi = symbol_count;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (symbol_base + symbol_offsets[mid] <= addr)
			lo = mid;
		else
			hi = mid;
	}
	if (lo == symbol_count - 1 && addr - symbol_base - symbol_offsets[lo] > 0x1000)
		return NULL;
	for (name = symbol_names, i = 0; i < lo; i++)
		name += strlen(name) + 1;
	*offset = addr - symbol_base - symbol_offsets[lo];
	return name;
}
