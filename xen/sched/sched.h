/* SPDX-License-Identifier: MIT */
/*
 * The scheduler, as the rest of the hypervisor sees it. CPUs are divided into pools
 * (sched/cpupool.h), each with a policy (sched/policy.h).
 *
 * Lock: each CPU's run queue has one (RANK_SCHED); a vCPU's scheduling state is under the lock of
 * the queue of v->processor, which changes only while the vCPU neither runs nor is queued, or
 * with the new queue's lock held as well.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "cpu/cpumask.h"
#include "cpu/percpu.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"

struct domain;
struct vcpu;
struct cap_pool;
struct watchdog;

#define SCHED_WEIGHT_DEFAULT 256u
#define SCHED_WEIGHT_MAX     65535u
#define SCHED_RATE_SHIFT     20

/*
 * vcpu_sched.running: the vCPU's state is in a CPU's registers. That lasts until the CPU has
 * switched to another one; an idle CPU keeps it loaded until somebody wants it (RUN_WANTED).
 */
enum sched_running { RUN_NOT, RUN_LOADED, RUN_WANTED };

struct vcpu_sched {
	struct tree_node node; /* in a run queue's tree; its key is vruntime */
	bool queued;           /* runnable, waits for v->processor */
	bool yielded;          /* lets the next one pass, once */
	bool pinned;           /* cpus is a single one */
	bool has_soft;         /* there are CPUs among cpus that it would rather not use */
	uint8_t running;       /* enum sched_running; RUN_NOT is written without the lock */
	s_time_t vruntime;     /* weighted time consumed, ns, on the scale of its queue */
	s_time_t owed;         /* weighted time that it is behind beyond what vruntime says */
	uint32_t charge_rate;  /* weighted time for a unit of time, << SCHED_RATE_SHIFT */
	unsigned int weight;
	unsigned int cap; /* percent of one CPU, 0 none */
	cpumask_t hard_affinity, soft_affinity;
	cpumask_t allowed;         /* hard_affinity in its pool */
	cpumask_t cpus;            /* of those, where its policy lets it run now */
	cpumask_t *override;       /* hard affinity to come back to after SCHEDOP_pin_override */
	unsigned int assigned;     /* null policy: its CPU, NR_CPUS: none; under null.c's lock */
	struct list_head unplaced; /* null policy: while it waits for a CPU; likewise */

	/* Of a domain's vCPU 0 only. */
	struct watchdog *watchdog; /* under the domain's lock: sched/watchdog.c */
	struct cap_pool *cap_pool; /* stays once it is made: sched/cap.c */
};

void sched_init(void); /* boot CPU's queue and idle vCPU; timers work already */
/* A CPU's queue and idle vCPU, before it comes online. 0 or -ENOMEM. */
int sched_init_cpu(unsigned int cpu);
struct vcpu *sched_idle_vcpu(unsigned int cpu);
/* The CPU is online: it joins Pool-0. */
void sched_cpu_online(unsigned int cpu);
void sched_init_vcpu(struct vcpu *v);
/* It is in its domain's array now; what happened to the domain's pool meanwhile is made up for. */
void sched_vcpu_created(struct vcpu *v);
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
DECLARE_PER_CPU(unsigned long, softirq_bits); /* those pending; cpu/entry.S looks too */
enum softirq { SOFTIRQ_TIMER, SOFTIRQ_TASKLET, SOFTIRQ_SCHEDULE, SOFTIRQ_COUNT };
void softirq_register(enum softirq nr, void (*handler)(void));
void softirq_raise(enum softirq nr); /* on this CPU */
void softirq_raise_cpu(unsigned int cpu, enum softirq nr);
bool softirq_pending(unsigned int cpu);
/* Until none is pending; interrupts are on while handlers run, no locks held. Restores IF. */
void softirq_run(void);

/* The SOFTIRQ_SCHEDULE handler: picks the next vCPU and calls context_switch(). */
void schedule(void);
/*
 * cpu/switch.c: leaves prev, enters next. Called with interrupts off and prev != next; does not
 * return to its caller's frame.
 */
void context_switch(struct vcpu *prev, struct vcpu *next);
/*
 * cpu/switch.c: the idle vCPU runs, interrupts are off. If the state of the vCPU that ran before it
 * is still in the CPU and somebody wants it, saves it.
 */
void context_unload_wanted(void);
/* Called by cpu/switch.c once v's state is saved and it may run elsewhere. */
void sched_context_saved(struct vcpu *v);
/* What an idle vCPU runs, for ever. */
void idle_loop(void) __attribute__((__noreturn__));

/* Accounting, for domctl and VCPUOP_get_runstate_info; up to date at the call. */
struct vcpu_runstate_info;
void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);
/* Writes v's registered runstate area, now; v runs here and its page tables are loaded. */
void vcpu_runstate_publish(struct vcpu *v);
s_time_t domain_cpu_time(struct domain *d); /* ns over all vCPUs */
s_time_t cpu_idle_time(unsigned int cpu);   /* ns */
/*
 * domctl scheduler_op under credit2's numbers: weight 1..65535; cap in percent of one CPU,
 * 0..100 * vCPUs, 0 for none. 0, -EINVAL or -ENOMEM. One toolstack operation at a time.
 */
int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap);
int sched_set_vcpu_weight(struct vcpu *v, unsigned int weight); /* of one; 0 or -EINVAL */
void sched_get_params(struct domain *d, unsigned int *weight, unsigned int *cap);
/*
 * Where v may run, and where it would rather (NULL: unchanged). -EINVAL: no such CPU in its pool.
 * -EBUSY: it is pinned for a while, by sched_pin_override().
 */
int sched_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft);
/*
 * Confines the running vCPU to one CPU until it is called with a negative cpu. -EINVAL: no such CPU
 * in its pool, or nothing to undo; -EBUSY: it is confined already; -ENOMEM.
 */
int sched_pin_override(struct vcpu *v, int cpu);
void sched_pin_override_end(struct vcpu *v);

/* The hardware domain has shut down with reason SHUTDOWN_*: powers off, restarts or halts. */
void hardware_domain_shutdown(unsigned int reason) __attribute__((__noreturn__));

/* SCHEDOP_watchdog for the running domain: a timer's id, 0, or a negative errno. */
long watchdog_set(uint32_t id, uint32_t timeout_seconds);
/* SCHEDOP_poll: v's poll_timer. */
void vcpu_poll_expired(void *v);
void watchdog_destroy(struct vcpu *v);

#endif
