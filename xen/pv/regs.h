/* SPDX-License-Identifier: MIT */
/* The general registers of a frame by their numbers in instructions. */
#ifndef PV_REGS_H
#define PV_REGS_H

#include <public/xen.h>

#include "lib/types.h"

/* number: rax rcx rdx rbx rsp rbp rsi rdi r8...; its low 4 bits count. */
static inline uint64_t *pv_register(struct cpu_user_regs *regs, unsigned int number)
{
#define AT(name) offsetof(struct cpu_user_regs, name)
	static const uint8_t at[16] = { AT(rax), AT(rcx), AT(rdx), AT(rbx), AT(rsp), AT(rbp),
					AT(rsi), AT(rdi), AT(r8),  AT(r9),  AT(r10), AT(r11),
					AT(r12), AT(r13), AT(r14), AT(r15) };
#undef AT

	return (uint64_t *)((char *)regs + at[number & 15]);
}

#endif
