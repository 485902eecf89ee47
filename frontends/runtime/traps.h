/* SPDX-License-Identifier: MIT */
/* Exceptions of the guest: handlers by vector, and code that expects to fault. */
#ifndef RUNTIME_TRAPS_H
#define RUNTIME_TRAPS_H

#include "lib/types.h"

/* As entry.S leaves it. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define TRAP_VECTORS  20u
#define TRAP_FAILSAFE 0x101u

void traps_init(void);
/*
 * handler returns true if it has dealt with the trap (having changed the frame perhaps); else, and
 * without a handler, the registers are printed and the domain crashes.
 */
void trap_handler_set(unsigned int vector, bool (*handler)(struct trap_frame *frame));
/* Address of the last page fault. */
uint64_t page_fault_address(void);

/* One access to anywhere: 0, or 1 + vector of the trap that it caused. */
unsigned int probe_read(const void *addr, uint64_t *value);
unsigned int probe_write(void *addr, uint64_t value);
/* Runs fn(arg), which may fault: 0, or 1 + vector of the trap that ended it. Not nested. */
unsigned int trap_catch(void (*fn)(void *arg), void *arg);

#endif
