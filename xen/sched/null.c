/* SPDX-License-Identifier: MIT */
/*
 * The null policy: each vCPU has a CPU of its own in the pool, as long as there are enough. There
 * is no queue to look through, no preemption and no timer. vCPUs beyond the CPUs wait until one
 * gets free, because a vCPU goes down, ends or leaves, or a CPU comes to the pool.
 *
 * Lock: null_lock (RANK_SCHED_NULL) guards who has which CPU, and the list of those without one. A
 * vCPU's sched.cpus, the CPU that it has or nothing, is under its run queue's lock too.
 */
#include <public/domctl.h>

#include "core/domain.h"
#include "sched/cpupool.h"
#include "sched/run_queue.h"

static spinlock_t null_lock = SPINLOCK_INIT(RANK_SCHED_NULL);
static struct list_head unplaced = LIST_HEAD_INIT(unplaced);

/* ---- who has which CPU; null_lock is held ---- */

static void release(struct vcpu *v)
{
	unsigned int cpu = v->sched.assigned;

	if (cpu == NR_CPUS)
		return;
	per_cpu(run_queue, cpu).assigned = NULL;
	v->sched.assigned = NR_CPUS;
	v->sched.cpus = (cpumask_t){ 0 };
	if (!list_empty(&unplaced))
		softirq_raise_cpu(cpu, SOFTIRQ_TASKLET);
}

/* A CPU that nobody has, rather one that v prefers, rather the one where it was. */
static unsigned int find_free(const struct vcpu *v)
{
	unsigned int cpu, best = NR_CPUS, best_score = 0;

	for_each_cpu(cpu, &v->sched.allowed)
	{
		unsigned int score =
			1 + 2 * cpumask_test(cpu, &v->sched.soft_affinity) + (cpu == v->processor);

		if (per_cpu(run_queue, cpu).assigned || score <= best_score)
			continue;
		best = cpu;
		best_score = score;
	}
	return best;
}

static void assign(struct vcpu *v)
{
	unsigned int cpu = find_free(v);

	if (cpu == NR_CPUS) {
		if (list_empty(&v->sched.unplaced))
			list_add_tail(&v->sched.unplaced, &unplaced);
		return;
	}
	list_del(&v->sched.unplaced);
	per_cpu(run_queue, cpu).assigned = v;
	v->sched.assigned = cpu;
	cpumask_set(cpu, &v->sched.cpus);
}

/* ---- policy ---- */

static void null_set_allowed(struct vcpu *v)
{
	unsigned int cpu;

	spin_lock(&null_lock);
	cpu = v->sched.assigned;
	v->sched.cpus = (cpumask_t){ 0 };
	if (cpu != NR_CPUS && !cpumask_test(cpu, &v->sched.allowed))
		release(v);
	else if (cpu != NR_CPUS)
		cpumask_set(cpu, &v->sched.cpus);
	spin_unlock(&null_lock);
}

static unsigned int null_choose_cpu(struct vcpu *v)
{
	unsigned int cpu;

	spin_lock(&null_lock);
	if (v->sched.assigned == NR_CPUS)
		assign(v);
	cpu = v->sched.assigned;
	spin_unlock(&null_lock);
	return cpu;
}

static void null_migrate(const struct run_queue *from, const struct run_queue *to, struct vcpu *v)
{
	(void)from, (void)to, (void)v;
}

static void null_enqueue(struct run_queue *rq, struct vcpu *v, s_time_t t)
{
	(void)t;
	rq->waiting = v;
	v->sched.queued = true;
	softirq_raise_cpu(rq->cpu, SOFTIRQ_SCHEDULE);
}

static void null_dequeue(struct run_queue *rq, struct vcpu *v)
{
	rq->waiting = NULL;
	v->sched.queued = false;
}

static void forget(struct vcpu *v)
{
	unsigned long flags = spin_lock_irqsave(&null_lock);

	release(v);
	list_del(&v->sched.unplaced);
	spin_unlock_irqrestore(&null_lock, flags);
}

/* Pausing and blocking leave it its CPU, going down does not. */
static void null_sleep(struct vcpu *v)
{
	if (test_bit(VPF_DOWN, &v->pause_flags))
		forget(v);
}

static struct vcpu *null_pick(struct run_queue *rq, struct vcpu *prev, bool stays, s_time_t t)
{
	struct vcpu *next = rq->waiting;

	(void)t;
	if (!next)
		return stays ? prev : rq->idle;
	null_dequeue(rq, next);
	return next;
}

static void null_slice_expired(struct run_queue *rq, s_time_t t)
{
	(void)rq, (void)t;
}

static void null_cpu_added(unsigned int cpu)
{
	softirq_raise_cpu(cpu, SOFTIRQ_TASKLET);
}

/* Somebody without a CPU who may have this one, referenced; NULL if it is taken or nobody wants it.
 */
static struct vcpu *find_unplaced(unsigned int cpu)
{
	unsigned long flags = spin_lock_irqsave(&null_lock);
	struct vcpu *v, *found = NULL;

	if (!per_cpu(run_queue, cpu).assigned) {
		list_for_each_entry(v, &unplaced, sched.unplaced) {
			if (vcpu_runnable(v) && cpumask_test(cpu, &v->sched.allowed) &&
			    domain_hold_alive(v->domain)) {
				found = v;
				break;
			}
		}
	}
	spin_unlock_irqrestore(&null_lock, flags);
	return found;
}

/* Whoever is found may get another CPU that is free as well. */
void null_fill(void)
{
	const struct vcpu *last = NULL;
	struct vcpu *v;

	while ((v = find_unplaced(smp_processor_id())) != NULL) {
		bool again = v != last;

		if (again)
			vcpu_wake(v);
		last = v;
		domain_put(v->domain);
		if (!again)
			break;
	}
}

const struct sched_policy sched_policy_null = {
	.id = XEN_SCHEDULER_NULL,
	.name = "null",
	.set_allowed = null_set_allowed,
	.choose_cpu = null_choose_cpu,
	.migrate = null_migrate,
	.enqueue = null_enqueue,
	.dequeue = null_dequeue,
	.sleep = null_sleep,
	.remove = forget,
	.pick = null_pick,
	.slice_expired = null_slice_expired,
	.cpu_added = null_cpu_added,
};
