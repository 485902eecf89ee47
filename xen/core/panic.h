/* SPDX-License-Identifier: MIT */
/* Failure of the hypervisor itself. Nothing a guest does may lead here. */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include "lib/types.h"

struct cpu_user_regs;

/* Prints the message, registers if given, and a symbolized backtrace; then reboots or halts. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;
void panic_regs(const struct cpu_user_regs *regs, const char *fmt, ...) __printf(2, 3) __noreturn;
/* Prints regs, and the code and stack they point to. */
void show_registers(const struct cpu_user_regs *regs);
void show_backtrace(uint64_t rip, uint64_t rbp);
/* Symbol containing addr, offset in *offset; NULL if none. */
const char *symbol_lookup(uint64_t addr, uint64_t *offset);

/* States an invariant; checked in every build. Never for values that come from a guest. */
#define BUG_ON(cond)                                                            \
	do {                                                                    \
		if (unlikely(cond))                                             \
			panic("BUG: %s at %s:%d\n", #cond, __FILE__, __LINE__); \
	} while (0)
#ifdef DEBUG
#define ASSERT(cond) BUG_ON(!(cond))
#else
#define ASSERT(cond) ((void)sizeof(cond))
#endif

#endif
