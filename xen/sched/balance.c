/* SPDX-License-Identifier: MIT */
/*
 * Weighted fair scheduling on several CPUs: where a vCPU goes when it wakes up, what an idle CPU
 * takes from others, and what a CPU with waiting vCPUs gives to others.
 *
 * Virtual runtimes of different queues are made comparable by adding the queue's base. While more
 * vCPUs are runnable than there are CPUs, some queues are longer than others, and their vCPUs fall
 * behind. So at the end of a turn the first one that waits is compared with what runs on CPUs that
 * have less to do: if it is MARGIN behind one of those, it goes there and, being behind, runs next.
 * In that way vCPUs take turns at sharing a CPU, and all get on equally fast.
 *
 * Queues also drift apart without unfairness: affinities separate them, or one has a single vCPU
 * with a great weight, which cannot use more than a CPU. A queue that has more to do and yet is
 * further on than others by DRIFT_MAX owes them nothing: its base goes down to where they are.
 *
 * Which CPUs idle, how long queues are, and how far they have got is looked up without their
 * locks; moving a vCPU takes both locks and checks again.
 */
#include "core/domain.h"
#include "cpu/asm.h"
#include "sched/run_queue.h"
#include "time/time.h"

#define PERIOD     MILLISECS(5)
#define MARGIN     MILLISECS(10)
#define DRIFT_MAX  MILLISECS(500)
/* Who waits for less is about to run, as one that has just woken up. */
#define LONG_WAIT  MILLISECS(4)
/* Of the vCPUs that wait in a queue and may go elsewhere, so many are looked at. */
#define CANDIDATES 4u

cpumask_t idle_cpus;

static unsigned int load_of(const struct run_queue *rq)
{
	return READ_ONCE(rq->weight) + READ_ONCE(rq->curr_weight);
}

/* ---- waking up ---- */

/* The CPU in mask with the least to do; NR_CPUS if mask is empty. */
static unsigned int least_loaded(const cpumask_t *mask)
{
	unsigned int cpu, best = NR_CPUS, best_load = ~0u;

	for_each_cpu(cpu, mask)
	{
		unsigned int load = load_of(&per_cpu(run_queue, cpu));

		if (best == NR_CPUS || load < best_load) {
			best = cpu;
			best_load = load;
		}
	}
	return best;
}

/* For one that prefers some of its CPUs, and whose last one is not an idle one of these. */
static unsigned int choose_preferred(const struct vcpu *v)
{
	unsigned int cpu = v->processor, idle;
	cpumask_t preferred;

	cpumask_and(&preferred, &v->sched.cpus, &v->sched.soft_affinity);
	idle = cpumask_first_and(&idle_cpus, &preferred);
	if (idle == NR_CPUS && may_run_on(v, cpu) && cpumask_test(cpu, &idle_cpus))
		idle = cpu;
	if (idle == NR_CPUS)
		idle = cpumask_first_and(&idle_cpus, &v->sched.cpus);
	if (idle != NR_CPUS)
		return idle;
	if (cpumask_test(cpu, &preferred))
		return cpu;
	idle = least_loaded(&preferred);
	return idle != NR_CPUS ? idle : least_loaded(&v->sched.cpus);
}

unsigned int fair_choose_cpu(struct vcpu *v)
{
	unsigned int cpu = v->processor, idle;

	if (likely(may_run_on(v, cpu)) && cpumask_test(cpu, &idle_cpus) &&
	    (!v->sched.has_soft || cpumask_test(cpu, &v->sched.soft_affinity)))
		return cpu;
	if (v->sched.has_soft)
		return choose_preferred(v);
	idle = cpumask_first_and(&idle_cpus, &v->sched.cpus);
	if (idle != NR_CPUS)
		return idle;
	return may_run_on(v, cpu) ? cpu : least_loaded(&v->sched.cpus);
}

void fair_wake_idle_cpu(const struct vcpu *v)
{
	unsigned int cpu;

	if (nr_cpu_ids == 1)
		return;
	/* v is queued first; a CPU says first that it idles, then it looks at the queues. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	cpu = cpumask_first_and(&idle_cpus, &v->sched.cpus);
	if (unlikely(cpu != NR_CPUS))
		softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
}

/* ---- an idle CPU ---- */

/* v's state is still in its CPU, which looks for an idle one for it when it has saved that. */
static bool is_leaving(struct vcpu *v)
{
	uint8_t seen = RUN_LOADED;

	if (READ_ONCE(v->sched.running) == RUN_NOT)
		return false;
	return __atomic_compare_exchange_n(&v->sched.running, &seen, RUN_WANTED, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
	       seen != RUN_NOT;
}

/* Who waits in the locked queue and may run on cpu, the first that would like to if there is one.
 */
static struct vcpu *find_waiting(const struct run_queue *rq, unsigned int cpu)
{
	struct tree_node *node;
	struct vcpu *any = NULL;

	for (node = tree_first(&rq->queue); node; node = tree_next(node)) {
		struct vcpu *v = container_of(node, struct vcpu, sched.node);

		if (!may_run_on(v, cpu) || is_leaving(v))
			continue;
		if (!v->sched.has_soft || cpumask_test(cpu, &v->sched.soft_affinity))
			return v;
		any = any ? any : v;
	}
	return any;
}

/* True if there is something to run now. */
static bool take_from(struct run_queue *self, struct run_queue *other)
{
	unsigned long flags = irq_save();
	struct vcpu *v = NULL;
	bool found;

	spin_lock_pair(&self->lock, &other->lock);
	if (!self->length)
		v = find_waiting(other, self->cpu);
	if (v)
		fair_move(other, self, v);
	found = self->length != 0;
	spin_unlock_pair(&self->lock, &other->lock);
	irq_restore(flags);
	return found;
}

/* How many wait there; not who is about to run, as its CPU is idle. */
static unsigned int waiting_in(const struct run_queue *rq)
{
	unsigned int length = READ_ONCE(rq->length);

	return length && READ_ONCE(rq->curr) == rq->idle ? length - 1 : length;
}

/* From the longest queue that has something for us. */
static void steal_work(struct run_queue *self)
{
	cpumask_t left = cpu_online_map;

	cpumask_clear(self->cpu, &left);
	for (;;) {
		struct run_queue *busiest = NULL;
		unsigned int cpu, longest = 0;

		for_each_cpu(cpu, &left)
		{
			struct run_queue *rq = &per_cpu(run_queue, cpu);
			unsigned int length = waiting_in(rq);

			if (length > longest && READ_ONCE(rq->pool) == READ_ONCE(self->pool)) {
				longest = length;
				busiest = rq;
			}
		}
		if (!busiest || take_from(self, busiest))
			return;
		cpumask_clear(busiest->cpu, &left);
	}
}

/* ---- a CPU with waiting vCPUs ---- */

/* How far a queue has got at t, on the common scale. */
static s_time_t position(const struct run_queue *rq, s_time_t t)
{
	s_time_t running = max(t - READ_ONCE(rq->charged), (s_time_t)0);
	unsigned int weight = READ_ONCE(rq->curr_weight);

	return READ_ONCE(rq->min_vruntime) + READ_ONCE(rq->base) +
	       (weight ? running * SCHED_WEIGHT_DEFAULT / weight : 0);
}

struct target {
	struct run_queue *rq;
	s_time_t ahead; /* of the vCPU that looks for one */
};

/* Among the CPUs that have less to do than from: the one furthest ahead of v, which waits there. */
static struct target find_target(const struct run_queue *from, const struct vcpu *v, s_time_t t)
{
	struct target best = { .ahead = INT64_MIN };
	unsigned int cpu, load = load_of(from);

	for_each_cpu(cpu, &v->sched.cpus)
	{
		struct run_queue *rq = &per_cpu(run_queue, cpu);
		s_time_t ahead;

		if (rq == from || load_of(rq) >= load)
			continue;
		ahead = position(rq, t) - v->sched.vruntime + v->sched.owed - from->base;
		if (!READ_ONCE(rq->curr_weight))
			ahead = INT64_MAX; /* idle */
		else if (v->sched.has_soft && !cpumask_test(cpu, &v->sched.soft_affinity))
			ahead -= MARGIN;
		if (!best.rq || ahead > best.ahead)
			best = (struct target){ rq, ahead };
	}
	return best;
}

/* The queue is locked. True if v has gone to another one. */
static bool offer(struct run_queue *rq, struct vcpu *v, s_time_t t)
{
	struct target target = find_target(rq, v, t);

	if (!target.rq)
		return false;
	if (target.ahead < -DRIFT_MAX)
		rq->base += target.ahead + DRIFT_MAX;
	/* Not in the order of locks: so without waiting. */
	if (target.ahead < MARGIN || !spin_trylock(&target.rq->lock))
		return false;
	(void)run_queue_charge(target.rq, t);
	fair_move(rq, target.rq, v);
	fair_check_preempt(target.rq, v, t);
	spin_unlock(&target.rq->lock);
	return true;
}

static void offer_work(struct run_queue *rq)
{
	unsigned long flags = spin_lock_irqsave(&rq->lock);
	unsigned int candidates = 0;
	struct tree_node *node;
	s_time_t t = now();

	rq->offer_at = t + PERIOD;
	(void)run_queue_charge(rq, t);
	for (node = tree_first(&rq->queue); node && candidates < CANDIDATES;
	     node = tree_next(node)) {
		struct vcpu *v = container_of(node, struct vcpu, sched.node);

		if (v->sched.pinned || READ_ONCE(v->sched.running) ||
		    t - (s_time_t)v->runstate.state_entry_time < LONG_WAIT)
			continue;
		candidates++;
		if (offer(rq, v, t))
			break;
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

void fair_prepare(struct run_queue *rq, const struct vcpu *prev)
{
	if (nr_cpu_ids == 1)
		return;
	if (READ_ONCE(rq->length) && READ_ONCE(rq->turn) >= READ_ONCE(rq->offer_at))
		offer_work(rq);
	else if (!READ_ONCE(rq->length) && (is_idle_vcpu(prev) || !vcpu_runnable(prev)))
		steal_work(rq);
}
