/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: per-CPU run queues, weighted fair shares of CPU time, tickless.
 *
 * Lock: each CPU's run queue has one (RANK_SCHED); a vCPU's scheduling state is under the lock of
 * the queue of v->processor.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "cpu/cpumask.h"
#include "lib/list.h"
#include "lib/types.h"

struct domain;
struct vcpu;

#define SCHED_WEIGHT_DEFAULT 256u

struct vcpu_sched {
	struct list_head queue;   /* on a run queue, while runnable and not running */
	bool running;             /* on a CPU (or still leaving it) */
	s_time_t vruntime;        /* weighted time consumed, ns */
	s_time_t start;           /* when it last got its CPU */
	unsigned int weight, cap; /* cap: percent of one CPU, 0 none */
	cpumask_t hard_affinity, soft_affinity;
};

void sched_init(void); /* boot CPU's queue and idle vCPU */
void sched_init_vcpu(struct vcpu *v);
void sched_destroy_vcpu(struct vcpu *v);

/* The vCPU may have become runnable / unrunnable (pause_flags, pause_count changed). */
void vcpu_wake(struct vcpu *v);
void vcpu_sleep_nosync(struct vcpu *v);
/* As above, and waits until it is off its CPU. Not for the running vCPU. */
void vcpu_sleep_sync(struct vcpu *v);
bool vcpu_runnable(const struct vcpu *v);
/* Wakes it from SCHEDOP_block or SCHEDOP_poll. */
void vcpu_unblock(struct vcpu *v);
/* Makes the CPU on which v runs look at its pending events soon. */
void vcpu_kick(struct vcpu *v);

/*
 * Softirqs: work that an interrupt handler leaves for the exit path, or for the idle loop.
 */
enum softirq { SOFTIRQ_TIMER, SOFTIRQ_SCHEDULE, SOFTIRQ_TASKLET, SOFTIRQ_COUNT };
void softirq_register(enum softirq nr, void (*handler)(void));
void softirq_raise(enum softirq nr); /* on this CPU */
void softirq_raise_cpu(unsigned int cpu, enum softirq nr);
bool softirq_pending(unsigned int cpu);
void softirq_run(void); /* until none is pending; interrupts on, no locks held */

/* The SOFTIRQ_SCHEDULE handler: picks the next vCPU and calls context_switch(). */
void schedule(void);
/* cpu/switch.c: leaves prev, enters next; returns only when they are the same. */
void context_switch(struct vcpu *prev, struct vcpu *next);
/* Called by context_switch() once prev's state is saved and it may run elsewhere. */
void sched_context_saved(struct vcpu *prev);
/* What an idle vCPU runs, for ever. */
void idle_loop(void) __attribute__((__noreturn__));

/* Accounting, for domctl and VCPUOP_get_runstate_info; up to date at the call. */
struct vcpu_runstate_info;
void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);
s_time_t domain_cpu_time(struct domain *d); /* ns over all vCPUs */
s_time_t cpu_idle_time(unsigned int cpu);   /* ns */
/* domctl scheduler_op under credit2's numbers; 1..65535, 0..100*vcpus. 0 or -EINVAL. */
int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap);
void sched_get_params(struct domain *d, unsigned int *weight, unsigned int *cap);
int sched_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft);

#endif
