/* SPDX-License-Identifier: MIT */
/*
 * The exception table: instructions of ours that may fault on a guest's behalf, and where to go on.
 *
 * EXTABLE("1b", "2b") in an asm statement after the code; cpu/entry.S has a macro of its own, for
 * the instruction at 1 with its fixup at 2.
 */
#ifndef CPU_EXTABLE_H
#define CPU_EXTABLE_H

#include "lib/types.h"

#define EXTABLE(insn, fixup)                    \
	".pushsection .ex_table, \"a\"\n\t"     \
	".balign 4\n\t"                         \
	".long " insn " - ., " fixup " - .\n\t" \
	".popsection\n\t"

/* Where to continue after a fault at rip; 0 if it is not in the table. */
uint64_t extable_fixup(uint64_t rip);
#endif
