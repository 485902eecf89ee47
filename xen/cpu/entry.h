/* SPDX-License-Identifier: MIT */
/* What the entry code in assembly shares with C. */
#ifndef CPU_ENTRY_H
#define CPU_ENTRY_H

/* cpu_user_regs.entry_vector of a system call, when rcx and r11 are the guest's to lose. */
#define ENTRY_SYSCALL    0x100
#define SYSCALL_INSN_LEN 2

/* Offsets, checked in cpu/traps.c. */
#define REGS_R11          48
#define REGS_R10          56
#define REGS_R9           64
#define REGS_R8           72
#define REGS_RAX          80
#define REGS_RCX          88
#define REGS_RDX          96
#define REGS_RSI          104
#define REGS_RDI          112
#define REGS_VECTOR       124
#define REGS_RIP          128
#define REGS_CS           136
#define REGS_RFLAGS       144
#define REGS_RSP          152
#define REGS_SS           160
#define CPU_CURRENT       200 /* struct cpu_info; the registers are at its start */
#define CPU_PERCPU_OFFSET 208
#define VCPU_INFO         0
#define VCPU_HYPERCALLS   8
#define VCPU_BOUNCE_FLAGS 30
#define VCPU_KERNEL_MODE  32
#define VCPU_INFO_PENDING 0

#ifdef __ASSEMBLY__
#define ERESTART       85
#define HYPERCALLS     64
#define EFLAGS_MBS     0x00000002
#define EFLAGS_TF      0x00000100
#define EFLAGS_IF      0x00000200
#define EFLAGS_IOPL    0x00003000
#define EFLAGS_NT      0x00004000
#define EFLAGS_RF      0x00010000
#define EFLAGS_VM      0x00020000
#define FLAT_USER_CS32 0xe023
#define FLAT_USER_SS   0xe02b
#define FLAT_USER_CS64 0xe033
#else
#include <public/xen.h>

#include "lib/types.h"

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
struct vcpu;
/* System calls of user mode; interrupts are off. The registers that C preserves stay untouched. */
void bounce_syscall(struct cpu_user_regs *regs, struct vcpu *v);
void handle_syscall32(struct cpu_user_regs *regs);
void handle_sysenter(struct cpu_user_regs *regs);
void handle_irq(struct cpu_user_regs *regs);
void handle_trap(struct cpu_user_regs *regs);
/* A guest's page fault; true if the registers that C preserves are untouched. */
bool handle_page_fault(struct cpu_user_regs *regs);
struct cpu_user_regs *debug_to_main_stack(const struct cpu_user_regs *regs);
void handle_iret_fault(struct cpu_user_regs *regs);
/* Softirqs, pending events and traps, until there are none. Interrupts are off, before and after.
 */
void prepare_exit(void);
#endif

#endif
