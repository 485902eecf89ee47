/* SPDX-License-Identifier: MIT */
/*
 * Weighted fair scheduling.
 *
 * A vCPU's virtual runtime grows with the CPU time it uses, slower the greater its weight. The CPU
 * goes to the runnable vCPU with the least. A turn lasts SLICE while others wait, without a limit
 * and without a timer while nobody does. A vCPU that wakes up starts at most BOOST behind the
 * queue's least virtual runtime: so one that sleeps a lot gets the CPU at once, but cannot save up
 * for later more than one BOOST. It preempts only one that is WAKE_MARGIN ahead of it.
 *
 * A vCPU is either queued on one CPU's queue, or that CPU's curr, or neither. What changes that is
 * done under the queue's lock, before context_switch(), which does not come back; sched.running
 * goes false only when the vCPU's registers are saved.
 */
#include "core/domain.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/tlb.h"
#include "irq/lapic.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "sched/run_queue.h"
#include "time/time.h"

#define SLICE       MILLISECS(5)
#define BOOST       MILLISECS(5)
#define WAKE_MARGIN MILLISECS(1)

DEFINE_PER_CPU(struct run_queue, run_queue);

/* CPUs that run their idle vCPU. A hint: read and written without a lock. */
static cpumask_t idle_cpus;

struct vcpu *sched_idle_vcpu(unsigned int cpu)
{
	return per_cpu(run_queue, cpu).idle;
}

struct run_queue *run_queue_lock(const struct vcpu *v, unsigned long *flags)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(v->processor);
		struct run_queue *rq = &per_cpu(run_queue, cpu);

		*flags = spin_lock_irqsave(&rq->lock);
		if (likely(v->processor == cpu))
			return rq;
		spin_unlock_irqrestore(&rq->lock, *flags);
	}
}

bool vcpu_runnable(const struct vcpu *v)
{
	return !(READ_ONCE(v->pause_flags) | READ_ONCE(v->pause_count) |
		 READ_ONCE(v->domain->pause_count));
}

/* ---- the queue; its lock is held ---- */

static struct vcpu *queue_first(const struct run_queue *rq)
{
	return list_empty(&rq->queue) ? NULL
				      : list_first_entry(&rq->queue, struct vcpu, sched.queue);
}

/* Behind those with the same virtual runtime. */
static void enqueue(struct run_queue *rq, struct vcpu *v)
{
	struct vcpu *pos;

	list_for_each_entry(pos, &rq->queue, sched.queue) {
		if (pos->sched.vruntime > v->sched.vruntime)
			break;
	}
	list_add_tail(&v->sched.queue, &pos->sched.queue);
	rq->length++;
}

static void dequeue(struct run_queue *rq, struct vcpu *v)
{
	list_del(&v->sched.queue);
	rq->length--;
}

/* Charges curr for its time up to t and moves the queue's least virtual runtime on. */
void run_queue_charge(struct run_queue *rq, s_time_t t)
{
	struct vcpu *curr = rq->curr, *first = queue_first(rq);
	s_time_t least, spent = t - curr->sched.start;

	if (is_idle_vcpu(curr))
		return;
	if (spent > 0) {
		curr->sched.start = t;
		curr->sched.vruntime += spent * SCHED_WEIGHT_DEFAULT / curr->sched.weight;
		if (unlikely(curr->sched.cap))
			cap_charge(curr, spent);
	}
	least = curr->sched.vruntime;
	if (first)
		least = min(least, first->sched.vruntime);
	rq->min_vruntime = max(rq->min_vruntime, least);
}

/* v was queued: does the CPU's present owner have to make room, at once or when its turn ends? */
static void check_preempt(struct run_queue *rq, const struct vcpu *v, s_time_t t)
{
	struct vcpu *curr = rq->curr;

	if (is_idle_vcpu(curr) || curr->sched.vruntime > v->sched.vruntime + WAKE_MARGIN ||
	    t >= curr->sched.turn + SLICE)
		softirq_raise_cpu(v->processor, SOFTIRQ_SCHEDULE);
	else if (rq->length == 1)
		timer_set(&rq->slice, curr->sched.turn + SLICE);
}

static void slice_expired(void *data)
{
	struct run_queue *rq = data;

	if (rq->length || rq->curr->sched.cap)
		softirq_raise(SOFTIRQ_SCHEDULE);
}

/* ---- where to run ---- */

static bool may_run_on(const struct vcpu *v, unsigned int cpu)
{
	return cpumask_test(cpu, &cpu_online_map) && cpumask_test(cpu, &v->sched.hard_affinity);
}

/* The best CPU for a vCPU that is to be queued: the old one unless that is busy and another idle.
 */
static unsigned int choose_cpu(const struct vcpu *v)
{
	unsigned int cpu, best = NR_CPUS, best_cost = ~0u;

	if (may_run_on(v, v->processor) && cpumask_test(v->processor, &v->sched.soft_affinity) &&
	    cpumask_test(v->processor, &idle_cpus))
		return v->processor;
	for_each_online_cpu(cpu) {
		unsigned int cost;

		if (!cpumask_test(cpu, &v->sched.hard_affinity))
			continue;
		cost = cpumask_test(cpu, &idle_cpus) ? 0 : 2 + 2 * per_cpu(run_queue, cpu).length;
		cost += !cpumask_test(cpu, &v->sched.soft_affinity);
		if (cost < best_cost || (cost == best_cost && cpu == v->processor)) {
			best = cpu;
			best_cost = cost;
		}
	}
	return best < NR_CPUS ? best : v->processor;
}

/* v is not queued and does not run; its virtual runtime keeps its distance to the queue's least. */
static void set_processor(struct run_queue *from, struct vcpu *v, unsigned int cpu)
{
	v->sched.vruntime += per_cpu(run_queue, cpu).min_vruntime - from->min_vruntime;
	WRITE_ONCE(v->processor, cpu);
}

/*
 * Queues v, if it is runnable and neither queued nor curr, where choose_cpu() says. While it is
 * still leaving a CPU it can only be queued there; if it may not, sched_context_saved() does it.
 */
static void queue_vcpu(struct vcpu *v)
{
	unsigned long flags;
	struct run_queue *rq = run_queue_lock(v, &flags);
	unsigned int cpu;
	s_time_t t;

	if (!v->sched.running && list_empty(&v->sched.queue)) {
		cpu = choose_cpu(v);
		if (cpu != v->processor) {
			set_processor(rq, v, cpu);
			spin_unlock_irqrestore(&rq->lock, flags);
			rq = run_queue_lock(v, &flags);
		}
	}
	if (vcpu_runnable(v) && rq->curr != v && list_empty(&v->sched.queue) &&
	    (!v->sched.running || may_run_on(v, v->processor))) {
		t = now();
		runstate_change(v, RUNSTATE_runnable, t);
		run_queue_charge(rq, t);
		v->sched.vruntime = max(v->sched.vruntime, rq->min_vruntime - BOOST);
		enqueue(rq, v);
		check_preempt(rq, v, t);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* An idle CPU takes a waiting vCPU from the longest queue of another. */
static void steal_work(void)
{
	unsigned int cpu, self = smp_processor_id(), busiest = NR_CPUS, longest = 0;
	struct run_queue *rq;
	struct vcpu *v, *found = NULL;
	unsigned long flags;

	for_each_online_cpu(cpu) {
		unsigned int length = READ_ONCE(per_cpu(run_queue, cpu).length);

		if (cpu != self && length > longest) {
			longest = length;
			busiest = cpu;
		}
	}
	if (busiest == NR_CPUS)
		return;
	rq = &per_cpu(run_queue, busiest);
	flags = spin_lock_irqsave(&rq->lock);
	list_for_each_entry(v, &rq->queue, sched.queue) {
		if (!v->sched.running && cpumask_test(self, &v->sched.hard_affinity)) {
			found = v;
			break;
		}
	}
	if (found) {
		dequeue(rq, found);
		set_processor(rq, found, self);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	if (found)
		queue_vcpu(found);
}

/* ---- sleeping and waking ---- */

void vcpu_wake(struct vcpu *v)
{
	unsigned long flags;
	struct run_queue *rq;

	if (vcpu_runnable(v)) {
		queue_vcpu(v);
		return;
	}
	/* No longer blocked, but paused or down: it waits for something else now. */
	rq = run_queue_lock(v, &flags);
	if (!(READ_ONCE(v->pause_flags) & (BIT(VPF_BLOCKED) | BIT(VPF_POLL))) &&
	    v->runstate.state == RUNSTATE_blocked)
		runstate_change(v, RUNSTATE_offline, now());
	spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_sleep_nosync(struct vcpu *v)
{
	unsigned long flags;
	struct run_queue *rq = run_queue_lock(v, &flags);

	if (!vcpu_runnable(v)) {
		if (!list_empty(&v->sched.queue)) {
			dequeue(rq, v);
			runstate_change(v, RUNSTATE_offline, now());
		} else if (rq->curr == v) {
			softirq_raise_cpu(v->processor, SOFTIRQ_SCHEDULE);
		}
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_sleep_sync(struct vcpu *v)
{
	vcpu_sleep_nosync(v);
	while (!vcpu_runnable(v) && READ_ONCE(v->sched.running))
		cpu_relax();
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

void vcpu_unblock(struct vcpu *v)
{
	bool polled = evtchn_poll_end(v);

	if (test_and_clear_bit(VPF_BLOCKED, &v->pause_flags) || polled)
		vcpu_wake(v);
}

void vcpu_kick(struct vcpu *v)
{
	unsigned int cpu = READ_ONCE(v->processor);

	/* The interrupt alone is enough: the exit path looks at pending events. */
	if (READ_ONCE(v->sched.running) && cpu != smp_processor_id())
		cpu_send_ipi(cpu, VECTOR_RESCHEDULE);
}

/* ---- switching ---- */

static int idle_runstate(const struct vcpu *v)
{
	unsigned long flags = READ_ONCE(v->pause_flags);

	if (flags & (BIT(VPF_BLOCKED) | BIT(VPF_POLL)))
		return RUNSTATE_blocked;
	return flags == BIT(VPF_PARKED) ? RUNSTATE_runnable : RUNSTATE_offline;
}

/* A vCPU that may not use the CPU now, though it could: cap.c wakes it up. */
static bool park_if_used_up(struct vcpu *v)
{
	if (likely(!v->sched.cap) || cap_left(v) > 0)
		return false;
	set_bit(VPF_PARKED, &v->pause_flags);
	return true;
}

/* Takes the first vCPU out of the queue that may run, or the idle one. */
static struct vcpu *dequeue_first(struct run_queue *rq)
{
	struct vcpu *first;

	while ((first = queue_first(rq)) != NULL) {
		dequeue(rq, first);
		if (!park_if_used_up(first))
			return first;
	}
	return rq->idle;
}

/* Puts prev where it belongs and makes the next one rq->curr. The lock is held. */
static struct vcpu *pick_next(struct run_queue *rq, struct vcpu *prev, s_time_t t)
{
	struct vcpu *next, *first;

	run_queue_charge(rq, t);
	first = queue_first(rq);
	if (!is_idle_vcpu(prev) && vcpu_runnable(prev) && may_run_on(prev, prev->processor)) {
		if (prev->sched.yielded && first)
			prev->sched.vruntime = max(prev->sched.vruntime, first->sched.vruntime);
		enqueue(rq, prev);
	}
	prev->sched.yielded = false;
	next = dequeue_first(rq);
	if (unlikely(next->sched.cap))
		timer_set(&rq->slice, t + min(SLICE, cap_left(next)));
	else if (rq->length)
		timer_set(&rq->slice, t + SLICE);

	if (next != prev) {
		bool waits = is_idle_vcpu(prev) || vcpu_runnable(prev);

		runstate_change(prev, waits ? RUNSTATE_runnable : idle_runstate(prev), t);
		runstate_change(next, RUNSTATE_running, t);
	}
	next->sched.turn = next->sched.start = t;
	next->sched.running = true;
	rq->curr = next;
	return next;
}

void schedule(void)
{
	struct run_queue *rq = &this_cpu(run_queue);
	unsigned int cpu = smp_processor_id();
	struct vcpu *prev = current, *next;
	unsigned long flags;

	if (!READ_ONCE(rq->length) && (is_idle_vcpu(prev) || !vcpu_runnable(prev)))
		steal_work();

	flags = spin_lock_irqsave(&rq->lock);
	next = pick_next(rq, prev, now());
	spin_unlock_irqrestore(&rq->lock, flags);
	if (next == prev)
		return;

	if (is_idle_vcpu(next))
		cpumask_set(cpu, &idle_cpus);
	else if (is_idle_vcpu(prev))
		cpumask_clear(cpu, &idle_cpus);
	if (!is_idle_vcpu(prev))
		vcpu_runstate_publish(prev);
	irq_disable();
	context_switch(prev, next);
}

void sched_context_saved(struct vcpu *prev)
{
	struct domain *d = prev->domain;
	struct run_queue *rq;
	unsigned long flags;
	bool left_over;

	if (is_idle_vcpu(prev)) {
		WRITE_ONCE(prev->sched.running, false);
		return;
	}
	rq = run_queue_lock(prev, &flags);
	left_over = vcpu_runnable(prev) && list_empty(&prev->sched.queue);
	if (left_over)
		domain_hold(d); /* from the next line on prev may be destroyed */
	__atomic_store_n(&prev->sched.running, false, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&rq->lock, flags);
	if (left_over) {
		queue_vcpu(prev);
		domain_put(d);
	}
}

void idle_loop(void)
{
	for (;;) {
		softirq_run();
		irq_disable();
		if (softirq_pending(smp_processor_id()))
			irq_enable();
		else
			__asm__ __volatile__("sti; hlt" ::: "memory");
	}
}

/* ---- vCPUs and CPUs come and go ---- */

void sched_init_vcpu(struct vcpu *v)
{
	struct vcpu_sched *s = &v->sched;
	const struct vcpu *first = v->domain->vcpu[0];

	list_init(&s->queue);
	s->weight = first && first != v ? first->sched.weight : SCHED_WEIGHT_DEFAULT;
	s->cap = first && first != v ? first->sched.cap : 0;
	memset(&s->hard_affinity, 0xff, sizeof(s->hard_affinity));
	memset(&s->soft_affinity, 0xff, sizeof(s->soft_affinity));
	v->processor = smp_processor_id();
	v->runstate.state = is_idle_vcpu(v) ? RUNSTATE_running : RUNSTATE_offline;
	v->runstate.state_entry_time = (uint64_t)now();
	if (is_idle_vcpu(v))
		return;
	v->processor = choose_cpu(v);
	s->vruntime = READ_ONCE(per_cpu(run_queue, v->processor).min_vruntime);
	timer_init(&v->poll_timer, vcpu_poll_expired, v, v->processor);
}

void sched_destroy_vcpu(struct vcpu *v)
{
	ASSERT(!v->sched.running && list_empty(&v->sched.queue));
	timer_kill(&v->poll_timer);
	watchdog_destroy(v);
	cap_destroy(v);
}

int sched_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft)
{
	struct run_queue *rq;
	unsigned long flags;
	unsigned int cpu;
	bool possible = !hard;

	for_each_online_cpu(cpu)
		possible = possible || cpumask_test(cpu, hard);
	if (!possible)
		return -EINVAL;

	rq = run_queue_lock(v, &flags);
	if (hard)
		v->sched.hard_affinity = *hard;
	if (soft)
		v->sched.soft_affinity = *soft;
	if (!list_empty(&v->sched.queue))
		dequeue(rq, v); /* and again below, on another CPU if need be */
	else if (rq->curr == v && !may_run_on(v, v->processor))
		softirq_raise_cpu(v->processor, SOFTIRQ_SCHEDULE);
	spin_unlock_irqrestore(&rq->lock, flags);
	if (vcpu_runnable(v))
		queue_vcpu(v);
	return 0;
}

int sched_init_cpu(unsigned int cpu)
{
	struct run_queue *rq = &per_cpu(run_queue, cpu);
	struct vcpu *idle = xzalloc(struct vcpu);

	if (!idle)
		return -ENOMEM;
	idle->vcpu_id = cpu;
	idle->domain = idle_domain;
	idle->is_initialised = true;
	sched_init_vcpu(idle);
	idle->processor = cpu;
	idle->sched.running = true;
	spin_lock_init(&rq->lock, RANK_SCHED);
	list_init(&rq->queue);
	rq->curr = rq->idle = idle;
	timer_init(&rq->slice, slice_expired, rq, cpu);
	cpumask_set(cpu, &idle_cpus);
	return 0;
}

void sched_init(void)
{
	if (!idle_domain) {
		idle_domain = xzalloc(struct domain);
		if (!idle_domain)
			panic("No memory for the idle domain\n");
		idle_domain->domain_id = DOMID_IDLE;
		idle_domain->refcount = 1;
	}
	if (sched_init_cpu(smp_processor_id()))
		panic("No memory for an idle vCPU\n");
	current = this_cpu(run_queue).idle;
	softirq_register(SOFTIRQ_SCHEDULE, schedule);
}
