/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data. A CPU finds its own through the top of its stack: the stacks are STACK_SIZE
 * aligned, and struct cpu_info lies at their upper end with the guest's registers in it.
 *
 *	DEFINE_PER_CPU(struct run_queue, run_queue);	in one .c file
 *	DECLARE_PER_CPU(struct run_queue, run_queue);	in its header
 *	this_cpu(run_queue).length, per_cpu(run_queue, cpu).length
 */
#ifndef CPU_PERCPU_H
#define CPU_PERCPU_H

#include <public/xen.h>

#include "lib/types.h"
#include "mm/layout.h"

struct vcpu;

#define STACK_SIZE 0x8000

/*
 * In the window at PERCPU_ENTRY_DATA, for the system call trampolines (cpu/entry.S knows the
 * offsets).
 */
struct entry_data {
	uint64_t scratch;   /* 0: the guest's rsp, for a moment */
	uint64_t stack;     /* 8: what TSS.rsp0 holds */
	uint64_t target[3]; /* 16: where syscall, compat syscall and sysenter go on */
};

/* The upper end of each CPU's main stack. */
struct cpu_info {
	struct cpu_user_regs guest_regs; /* TSS.rsp0 points behind ss in here */
	struct vcpu *current;
	unsigned long percpu_offset;
	unsigned int cpu;
	unsigned int irq_depth;
	uint64_t pad;
};
/* Hardware aligns the stack to 16 bytes before it pushes a frame: rsp0 must be aligned already. */
_Static_assert((sizeof(struct cpu_info) - offsetof(struct cpu_info, guest_regs.es)) % 16 == 0,
	       "rsp0 is 16-byte aligned");

#ifdef SHOJI_HOST_TEST
extern struct cpu_info host_cpu_info;
#define cpu_info() (&host_cpu_info)
#else
static inline struct cpu_info *cpu_info(void)
{
	unsigned long sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu_info *)((sp | (STACK_SIZE - 1)) + 1) - 1;
}
#endif

#ifdef SHOJI_HOST_TEST
#define HOST_CPUS                   4
#define DEFINE_PER_CPU(type, name)  type percpu_##name[HOST_CPUS]
#define DECLARE_PER_CPU(type, name) extern type percpu_##name[HOST_CPUS]
#define per_cpu(name, cpu)          (percpu_##name[cpu])
#define this_cpu(name)              per_cpu(name, smp_processor_id())
#else
extern unsigned long percpu_offsets[NR_CPUS];

#define DEFINE_PER_CPU(type, name)  __attribute__((__section__(".bss..percpu"))) type percpu_##name
#define DECLARE_PER_CPU(type, name) extern type percpu_##name
#define per_cpu(name, cpu) \
	(*(__typeof__(percpu_##name) *)((char *)&percpu_##name + percpu_offsets[cpu]))
#define this_cpu(name) \
	(*(__typeof__(percpu_##name) *)((char *)&percpu_##name + cpu_info()->percpu_offset))
#endif

#define smp_processor_id() (cpu_info()->cpu)
/* The vCPU that runs here, an idle one included. Never NULL once the scheduler is up. */
#define current            (cpu_info()->current)
/* The guest's registers at its entry into the hypervisor. */
#define guest_regs()       (&cpu_info()->guest_regs)

#endif
