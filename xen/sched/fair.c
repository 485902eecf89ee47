/* SPDX-License-Identifier: MIT */
/*
 * Weighted fair scheduling, one CPU's part; sched/balance.c has what concerns several.
 *
 * A vCPU's virtual runtime grows with the CPU time it uses, slower the greater its weight. The CPU
 * goes to the runnable vCPU with the least. A turn lasts SLICE while others wait, without a limit
 * and without a timer while nobody does. A vCPU that wakes up starts at most BOOST behind the
 * queue's least virtual runtime: so one that sleeps a lot gets the CPU at once, but cannot save up
 * for later more than one BOOST; one that a cap holds back comes back with what it has missed
 * meanwhile. It preempts only one that is WAKE_MARGIN ahead of it and has had its pool's ratelimit.
 * Who yields lets the first in the queue pass and pays for it with its share.
 *
 * Lock: the run queue's.
 */
#include <public/domctl.h>

#include "core/domain.h"
#include "lib/string.h"
#include "sched/cpupool.h"
#include "sched/run_queue.h"
#include "time/time.h"

#define SLICE       MILLISECS(5)
#define BOOST       MILLISECS(5)
#define CAP_BOOST   (4 * CAP_PERIOD)
#define WAKE_MARGIN MILLISECS(1)
/* More than a vCPU can be behind or ahead by turns alone: what exceeds it is not carried along. */
#define LAG_MAX     MILLISECS(500)
/* Who comes from another queue starts that much ahead at most, less than one that wakes up. */
#define LEAD        MILLISECS(2)
#define NEVER       INT64_MAX

static struct vcpu *queue_first(const struct run_queue *rq)
{
	struct tree_node *first = tree_first(&rq->queue);

	return first ? container_of(first, struct vcpu, sched.node) : NULL;
}

/* Who wakes up looks for another idle CPU from now on. */
static void has_work(const struct run_queue *rq)
{
	if (cpumask_test(rq->cpu, &idle_cpus))
		cpumask_clear(rq->cpu, &idle_cpus);
}

static void insert(struct run_queue *rq, struct vcpu *v)
{
	v->sched.node.key = v->sched.vruntime;
	v->sched.queued = true;
	tree_insert(&rq->queue, &v->sched.node);
	rq->length++;
	rq->weight += v->sched.weight;
}

static void fair_dequeue(struct run_queue *rq, struct vcpu *v)
{
	tree_remove(&rq->queue, &v->sched.node);
	v->sched.queued = false;
	rq->length--;
	rq->weight -= v->sched.weight;
}

/* The virtual runtime for a time on the CPU. What the vCPU is owed comes first. */
static s_time_t growth(struct vcpu *v, s_time_t time)
{
	unsigned __int128 product = (unsigned __int128)time * v->sched.charge_rate;
	s_time_t weighted = (s_time_t)(product >> SCHED_RATE_SHIFT), paid;

	if (likely(!v->sched.owed))
		return weighted;
	paid = min(v->sched.owed, weighted);
	v->sched.owed -= paid;
	return weighted - paid;
}

s_time_t run_queue_charge(struct run_queue *rq, s_time_t t)
{
	const struct vcpu *first = queue_first(rq);
	s_time_t least = NEVER, spent = t - rq->charged;
	struct vcpu *curr = rq->curr;

	if (curr != rq->idle) {
		if (spent > 0) {
			rq->charged = t;
			curr->sched.vruntime += growth(curr, spent);
			if (unlikely(curr->sched.cap))
				cap_charge(curr, spent);
		}
		least = curr->sched.vruntime;
	}
	if (first)
		least = min(least, first->sched.vruntime);
	if (least == NEVER)
		return rq->min_vruntime;
	rq->min_vruntime = max(rq->min_vruntime, least);
	return least;
}

/* ---- preemption ---- */

/* The slice timer expires at t or before; who sets it too early sets it again. */
static void arm(struct run_queue *rq, s_time_t t)
{
	if (!rq->slice.active || rq->slice.expires > t)
		timer_set(&rq->slice, t);
}

void fair_check_preempt(struct run_queue *rq, const struct vcpu *v, s_time_t t)
{
	const struct vcpu *curr = rq->curr;
	s_time_t end = rq->turn + SLICE;

	if (curr == rq->idle) {
		has_work(rq);
		softirq_raise_cpu(rq->cpu, SOFTIRQ_SCHEDULE);
		return;
	}
	if (curr->sched.vruntime > v->sched.vruntime + WAKE_MARGIN)
		end = rq->turn + rq->pool->ratelimit;
	if (t >= end) {
		softirq_raise_cpu(rq->cpu, SOFTIRQ_SCHEDULE);
	} else if (end < rq->turn_end) {
		rq->turn_end = end;
		arm(rq, end);
	}
	fair_wake_idle_cpu(v);
}

static void fair_slice_expired(struct run_queue *rq, s_time_t t)
{
	if (rq->curr == rq->idle || rq->turn_end == NEVER)
		return;
	if (t >= rq->turn_end)
		softirq_raise_cpu(rq->cpu, SOFTIRQ_SCHEDULE);
	else
		arm(rq, rq->turn_end);
}

static void fair_enqueue(struct run_queue *rq, struct vcpu *v, s_time_t t)
{
	s_time_t boost = unlikely(v->sched.cap) ? CAP_BOOST : BOOST;

	v->sched.vruntime = max(v->sched.vruntime, run_queue_charge(rq, t) - boost);
	insert(rq, v);
	fair_check_preempt(rq, v, t);
}

/* ---- the next one ---- */

/* A CPU that prev would rather run on is free, and this one is not such a CPU. */
static bool better_is_idle(const struct run_queue *rq, const struct vcpu *prev)
{
	cpumask_t better;

	if (likely(!prev->sched.has_soft) || cpumask_test(rq->cpu, &prev->sched.soft_affinity))
		return false;
	cpumask_and(&better, &prev->sched.cpus, &prev->sched.soft_affinity);
	return cpumask_intersects(&idle_cpus, &better);
}

/* prev, if it goes on, or who has been taken from the queue. Who has used up its cap is parked. */
static struct vcpu *least_served(struct run_queue *rq, struct vcpu *prev, bool stays)
{
	struct vcpu *first = queue_first(rq);

	if (stays && unlikely(prev->sched.cap))
		stays = !cap_park(prev);
	if (stays) {
		if (prev->sched.yielded && first)
			prev->sched.vruntime = max(prev->sched.vruntime, first->sched.vruntime);
		if (!first || prev->sched.vruntime < first->sched.vruntime)
			return prev;
		insert(rq, prev);
		/* Whoever could take it at once has to wait until it is saved. */
		if (unlikely(cpumask_intersects(&idle_cpus, &prev->sched.cpus)))
			prev->sched.running = RUN_WANTED;
	}
	while ((first = queue_first(rq)) != NULL) {
		fair_dequeue(rq, first);
		if (likely(!first->sched.cap) || !cap_park(first))
			return first;
	}
	return rq->idle;
}

static void begin_turn(struct run_queue *rq, const struct vcpu *v, s_time_t t)
{
	rq->curr_weight = v->sched.weight;
	rq->misplaced = v->sched.has_soft && !cpumask_test(rq->cpu, &v->sched.soft_affinity);
	if (rq->length || v->sched.cap)
		rq->turn_end = t + SLICE;
	if (unlikely(v->sched.cap))
		rq->turn_end = min(rq->turn_end, t + cap_left(v));
	if (rq->turn_end != NEVER)
		arm(rq, rq->turn_end);
}

/* This CPU has become idle. Who runs where it would rather not may move here; who waits, too. */
static void look_around(const struct run_queue *rq)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		const struct run_queue *other = &per_cpu(run_queue, cpu);

		if (other == rq || READ_ONCE(other->pool) != rq->pool)
			continue;
		if (READ_ONCE(other->misplaced))
			softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
		if (READ_ONCE(other->length))
			softirq_raise_cpu(rq->cpu, SOFTIRQ_SCHEDULE);
	}
}

/* Several have come to this CPU while it was idle: others that idle may have those that wait. */
static void share_backlog(const struct run_queue *rq)
{
	const struct tree_node *node;

	for (node = tree_first(&rq->queue); node; node = tree_next(node))
		fair_wake_idle_cpu(container_of(node, struct vcpu, sched.node));
}

static struct vcpu *fair_pick(struct run_queue *rq, struct vcpu *prev, bool stays, s_time_t t)
{
	struct vcpu *next;

	(void)run_queue_charge(rq, t);
	next = least_served(rq, prev, stays && !better_is_idle(rq, prev));
	rq->turn = rq->charged = t;
	rq->turn_end = NEVER;
	if (next == rq->idle) {
		rq->curr_weight = 0;
		rq->misplaced = false;
		if (!cpumask_test(rq->cpu, &idle_cpus)) {
			cpumask_set(rq->cpu, &idle_cpus);
			if (nr_cpu_ids > 1)
				look_around(rq);
		}
		return next;
	}
	has_work(rq);
	if (unlikely(prev == rq->idle && rq->length))
		share_backlog(rq);
	begin_turn(rq, next, t);
	if (unlikely(rq->misplaced) && better_is_idle(rq, next))
		softirq_raise(SOFTIRQ_SCHEDULE);
	return next;
}

/* ---- several queues ---- */

static s_time_t limited(s_time_t lag, s_time_t least)
{
	return min(max(lag, least), LAG_MAX);
}

/* It keeps its distance to the queue's least virtual runtime. */
static void fair_migrate(const struct run_queue *from, const struct run_queue *to, struct vcpu *v)
{
	s_time_t lag = v->sched.vruntime - from->min_vruntime;

	v->sched.vruntime = READ_ONCE(to->min_vruntime) + limited(lag, -BOOST);
}

void fair_move(struct run_queue *from, struct run_queue *to, struct vcpu *v)
{
	const struct vcpu *curr = to->curr;
	s_time_t lag;

	fair_dequeue(from, v);
	/* Who comes to an empty queue makes it comparable to the one that it comes from. */
	if (!to->length && (curr == to->idle || !vcpu_runnable(curr)))
		to->base = from->min_vruntime + from->base - to->min_vruntime;
	lag = v->sched.vruntime - v->sched.owed + from->base - to->base - to->min_vruntime;
	lag = limited(lag, -LAG_MAX);
	v->sched.owed = max(-LEAD - lag, (s_time_t)0);
	v->sched.vruntime = to->min_vruntime + max(lag, -LEAD);
	WRITE_ONCE(v->processor, to->cpu);
	insert(to, v);
	has_work(to);
}

static void fair_set_allowed(struct vcpu *v)
{
	v->sched.cpus = v->sched.allowed;
	v->sched.pinned = cpumask_weight(&v->sched.cpus) <= 1;
}

static void fair_cpu_added(unsigned int cpu)
{
	softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
}

const struct sched_policy sched_policy_fair = {
	.id = XEN_SCHEDULER_CREDIT2,
	.name = "fair",
	.set_allowed = fair_set_allowed,
	.choose_cpu = fair_choose_cpu,
	.migrate = fair_migrate,
	.enqueue = fair_enqueue,
	.dequeue = fair_dequeue,
	.prepare = fair_prepare,
	.pick = fair_pick,
	.slice_expired = fair_slice_expired,
	.cpu_added = fair_cpu_added,
};
