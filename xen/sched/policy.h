/* SPDX-License-Identifier: MIT */
/*
 * Scheduling policies. The core (sched/schedule.c) knows which vCPUs are runnable, switches between
 * them and keeps their accounts; a policy decides where and when each of them runs. Every CPU pool
 * has one, and so has each CPU of the pool.
 *
 * rq is the queue of the CPU in question and locked, v is one that is not running unless it says
 * so, t is now().
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include "lib/types.h"

struct run_queue;
struct vcpu;

struct sched_policy {
	uint32_t id; /* XEN_SCHEDULER_* */
	const char *name;

	/* v->sched.allowed has changed: sets v->sched.cpus. v may be running. */
	void (*set_allowed)(struct vcpu *v);
	/*
	 * Where v, which is runnable, is to be queued: one of v->sched.cpus; NR_CPUS if it has to
	 * wait for a CPU. rq is v->processor's.
	 */
	unsigned int (*choose_cpu)(struct vcpu *v);
	/* v, not queued, changes from one CPU to another, whose queue is not locked. */
	void (*migrate)(const struct run_queue *from, const struct run_queue *to, struct vcpu *v);
	/* v has become runnable. Asks the CPU to schedule if that is called for. */
	void (*enqueue)(struct run_queue *rq, struct vcpu *v, s_time_t t);
	void (*dequeue)(struct run_queue *rq, struct vcpu *v);
	/* v, queued, running or neither, is no longer runnable. NULL: no matter. */
	void (*sleep)(struct vcpu *v);
	/* v has left its pool or ends. NULL: no matter. */
	void (*remove)(struct vcpu *v);
	/* This CPU is about to schedule; not locked. NULL: no matter. */
	void (*prepare)(struct run_queue *rq, const struct vcpu *prev);
	/*
	 * The vCPU to run next, not queued any more, or rq->idle. stays: prev may go on; if it is
	 * not the result and may still run here, it is left queued.
	 */
	struct vcpu *(*pick)(struct run_queue *rq, struct vcpu *prev, bool stays, s_time_t t);
	/* rq->slice has expired. */
	void (*slice_expired)(struct run_queue *rq, s_time_t t);
	/* A CPU has come to a pool; not locked. NULL: no matter. */
	void (*cpu_added)(unsigned int cpu);
};

extern const struct sched_policy sched_policy_fair, sched_policy_null;
/* Of CPUs that are in no pool: they idle. */
extern const struct sched_policy sched_policy_none;

#endif
