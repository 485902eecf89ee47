/* SPDX-License-Identifier: MIT */
/*
 * The exception table: instructions of ours that may fault on a guest's behalf, and where to go on.
 *
 * In assembly: EXTABLE 1b, 2b (in C, a string: EXTABLE("1b", "2b")) after the code, for the
 * instruction at 1 with its fixup at 2.
 */
#ifndef CPU_EXTABLE_H
#define CPU_EXTABLE_H

#ifdef __ASSEMBLY__
/* clang-format off */
.macro EXTABLE insn, fixup
	.pushsection .ex_table, "a"
	.balign 4
	.long \insn - ., \fixup - .
	.popsection
.endm
/* clang-format on */
#else
#include "lib/types.h"

#define EXTABLE(insn, fixup)                    \
	".pushsection .ex_table, \"a\"\n\t"     \
	".balign 4\n\t"                         \
	".long " insn " - ., " fixup " - .\n\t" \
	".popsection\n\t"

/* Where to continue after a fault at rip; 0 if it is not in the table. */
uint64_t extable_fixup(uint64_t rip);
#endif
#endif
