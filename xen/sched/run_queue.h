/* SPDX-License-Identifier: MIT */
/* A CPU's run queue, shared by the files of sched/ only. */
#ifndef SCHED_RUN_QUEUE_H
#define SCHED_RUN_QUEUE_H

#include "cpu/percpu.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "time/timer.h"

struct domain;
struct vcpu;

struct run_queue {
	spinlock_t lock;
	struct list_head queue; /* runnable vCPUs waiting for this CPU, by ascending vruntime */
	unsigned int length;    /* of the queue */
	struct vcpu *curr;      /* has the CPU, or is about to get it */
	struct vcpu *idle;      /* runs when nothing else does */
	s_time_t min_vruntime;  /* never goes back: where vCPUs that wake up start */
	struct timer slice;     /* ends curr's turn, armed while others wait */
};

DECLARE_PER_CPU(struct run_queue, run_queue);

/* The locked queue of v->processor, which cannot change until it is unlocked. */
struct run_queue *run_queue_lock(const struct vcpu *v, unsigned long *flags);

/* Charges curr for its time up to t; the lock is held. */
void run_queue_charge(struct run_queue *rq, s_time_t t);

/*
 * cap.c, for vCPUs with a cap, under their queue's lock: takes time from the domain's allowance;
 * what is left of it for now, 0 if nothing.
 */
void cap_charge(const struct vcpu *v, s_time_t spent);
s_time_t cap_left(const struct vcpu *v);
/* The domain may use cap percent of one CPU; 0: as much as it gets. -ENOMEM, -EINVAL: no vCPUs. */
int cap_set(struct domain *d, unsigned int cap);
void cap_destroy(struct vcpu *v);

/* runstate.c: v enters state RUNSTATE_* at time t; caller holds the queue's lock. */
void runstate_change(struct vcpu *v, int state, s_time_t t);

#endif
