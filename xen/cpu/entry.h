/* SPDX-License-Identifier: MIT */
/* What the entry code in assembly shares with C. */
#ifndef CPU_ENTRY_H
#define CPU_ENTRY_H

/* cpu_user_regs.entry_vector of a system call, when rcx and r11 are the guest's to lose. */
#define ENTRY_SYSCALL 0x100

#ifdef __ASSEMBLY__
#define REGS_VECTOR    124
#define REGS_CS        136
#define FLAT_USER_CS32 0xe023
#define FLAT_USER_SS   0xe02b
#define FLAT_USER_CS64 0xe033
#else
#include <public/xen.h>

#include "lib/types.h"

_Static_assert(offsetof(struct cpu_user_regs, entry_vector) == 124, "REGS_VECTOR");
_Static_assert(offsetof(struct cpu_user_regs, cs) == 136, "REGS_CS");

/* cpu/entry.S */
extern const char trampoline_page[], trampoline_syscall[], trampoline_syscall32[],
	trampoline_sysenter[];
extern const char vector_stubs[]; /* 256, VECTOR_STUB_SIZE bytes apart */
#define VECTOR_STUB_SIZE 16
void entry_syscall(void);
void entry_syscall32(void);
void entry_sysenter(void);
void switch_stack(uint64_t rsp, void (*fn)(void)) __attribute__((__noreturn__));
void resume_guest(struct cpu_user_regs *regs) __attribute__((__noreturn__));

/* Called from cpu/entry.S. */
void handle_syscall(struct cpu_user_regs *regs);
void handle_syscall32(struct cpu_user_regs *regs);
void handle_sysenter(struct cpu_user_regs *regs);
void handle_irq(struct cpu_user_regs *regs);
void handle_trap(struct cpu_user_regs *regs);
struct cpu_user_regs *debug_to_main_stack(const struct cpu_user_regs *regs);
void handle_iret_fault(struct cpu_user_regs *regs);
/* Softirqs and pending events; true if the exit may use sysret. Leaves interrupts off. */
bool prepare_exit(struct cpu_user_regs *regs);
#endif

#endif
