/* SPDX-License-Identifier: MIT */
/* Looking up the exception table; it is short, and a hit is already a slow path. */
#include "cpu/extable.h"

struct extable_entry {
	int32_t insn, fixup; /* each relative to its own address */
};

extern const struct extable_entry extable_start[], extable_end[];

uint64_t extable_fixup(uint64_t rip)
{
	size_t count = ((uint64_t)extable_end - (uint64_t)extable_start) / sizeof(*extable_start);

	for (const struct extable_entry *e = extable_start; count > 0; e++, count--)
		if ((uint64_t)&e->insn + (uint64_t)(int64_t)e->insn == rip)
			return (uint64_t)&e->fixup + (uint64_t)(int64_t)e->fixup;
	return 0;
}
