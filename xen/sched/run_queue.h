/* SPDX-License-Identifier: MIT */
/* A CPU's run queue, shared by the files of sched/ only. */
#ifndef SCHED_RUN_QUEUE_H
#define SCHED_RUN_QUEUE_H

#include "core/domain.h"
#include "cpu/percpu.h"
#include "lib/spinlock.h"
#include "lib/tree.h"
#include "sched/policy.h"
#include "sched/sched.h"
#include "time/time.h"
#include "time/timer.h"

struct cpupool;

struct run_queue {
	spinlock_t lock;
	bool misplaced;    /* fair.c: curr would rather run elsewhere; read without the lock */
	struct vcpu *curr; /* has the CPU, or is about to get it */
	struct vcpu *idle; /* runs when nothing else does */
	const struct sched_policy *policy;
	struct cpupool *pool; /* NULL: a free CPU, whose policy is none */
	struct timer slice;   /* armed only while there is somebody to be preempted for */
	unsigned int cpu;

	/* fair.c; others read these without the lock, as hints. */
	unsigned int length;      /* of the queue */
	unsigned int weight;      /* sum over the queue */
	unsigned int curr_weight; /* curr's; 0: idle */
	struct tree queue;        /* runnable vCPUs waiting for this CPU, by vruntime */
	s_time_t min_vruntime;    /* never goes back: where vCPUs that wake up start */
	s_time_t base;            /* vruntime + base compares with other queues */
	s_time_t turn;            /* since when curr has the CPU */
	s_time_t charged;         /* up to when curr's time has been accounted for */
	s_time_t turn_end;        /* when curr has to make room; INT64_MAX: nobody waits */
	s_time_t offer_at;        /* when its waiters are next offered to other CPUs */

	/* null.c */
	struct vcpu *assigned; /* the only one to run here; under null.c's lock */
	struct vcpu *waiting;  /* the same, while it is queued */
};

DECLARE_PER_CPU(struct run_queue, run_queue);

/* The locked queue of v->processor, which cannot change until it is unlocked. */
struct run_queue *run_queue_lock(const struct vcpu *v, unsigned long *flags);

static inline bool may_run_on(const struct vcpu *v, unsigned int cpu)
{
	return cpumask_test(cpu, &v->sched.cpus);
}

/*
 * v is queued where its policy wants it, if it is runnable and neither queued nor on a CPU. If it
 * is still on one that it may not use, this is done once it has left that.
 */
void queue_vcpu(struct vcpu *v);
/*
 * affinity.c, under the lock of the pools: v's affinity or pool has changed; a new vCPU's first
 * place; the affinities of one that comes to a pool.
 */
void sched_update_allowed(struct vcpu *v);
void sched_place_new(struct vcpu *v);
void sched_reset_affinity(struct vcpu *v);
/* params.c: v's queue is locked, or it is new. */
void sched_set_weight(struct vcpu *v, unsigned int weight);

/* Fair policy: charges curr for its time up to t; the lock is held. The least vruntime there is. */
s_time_t run_queue_charge(struct run_queue *rq, s_time_t t);
/* balance.c: where v is to be queued, for the lock's holder. */
unsigned int fair_choose_cpu(struct vcpu *v);
/* balance.c: an idle CPU takes somebody who waits; one with waiters offers them. No lock is held.
 */
void fair_prepare(struct run_queue *rq, const struct vcpu *prev);
/* balance.c: CPUs that have nothing to run. A hint: read and written without a lock. */
extern cpumask_t idle_cpus;
/* balance.c: v waits for a busy CPU: if an idle one may have it, that one looks for work. */
void fair_wake_idle_cpu(const struct vcpu *v);
/* fair.c: v moves from one locked queue, where it waits, to another. */
void fair_move(struct run_queue *from, struct run_queue *to, struct vcpu *v);
/* fair.c: v waits in rq: does the CPU's present owner have to make room, now or later? */
void fair_check_preempt(struct run_queue *rq, const struct vcpu *v, s_time_t t);

/* null.c: softirq handler: a vCPU that waits for a CPU of its own may get this one. */
void null_fill(void);

/* How often the allowances of domains with a cap are renewed. */
#define CAP_PERIOD MILLISECS(30)

/*
 * cap.c, for vCPUs with a cap, under their queue's lock: takes time from the domain's allowance;
 * what is left of it for now, 0 if nothing.
 */
void cap_charge(const struct vcpu *v, s_time_t spent);
s_time_t cap_left(const struct vcpu *v);
/* True if v may not run for now, though it could: it is woken up when it may. */
bool cap_park(struct vcpu *v);
/* The domain may use cap percent of one CPU; 0: as much as it gets. -ENOMEM, -EINVAL: no vCPUs. */
int cap_set(struct domain *d, unsigned int cap);
void cap_destroy(struct vcpu *v);

/* runstate.c: v enters state RUNSTATE_* at time t; caller holds the queue's lock. */
void runstate_change(struct vcpu *v, int state, s_time_t t);

#endif
