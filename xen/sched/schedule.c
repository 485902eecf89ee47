/* SPDX-License-Identifier: MIT */
/*
 * The core of scheduling: which vCPUs are runnable, and switching between them. Where and when each
 * of them runs is up to its pool's policy (sched/policy.h).
 *
 * A vCPU is either queued on the CPU v->processor, or that CPU's curr, or neither. What changes
 * that is done under the queue's lock, before context_switch(), which does not come back. Apart
 * from that, sched.running says that its state is in the registers of v->processor: then it cannot
 * run on another one, nor can its state be looked at. An idle CPU keeps the state of the vCPU it
 * ran last, because most often that is the next one to run; who wants it, asks (want_state()).
 */
#include "core/domain.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/remote.h"
#include "cpu/tlb.h"
#include "irq/lapic.h"
#include "lib/errno.h"
#include "mm/heap.h"
#include "sched/cpupool.h"
#include "sched/run_queue.h"
#include "time/time.h"

DEFINE_PER_CPU(struct run_queue, run_queue);

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

/* ---- queueing ---- */

static bool needs_queue(const struct run_queue *rq, const struct vcpu *v)
{
	return vcpu_runnable(v) && !v->sched.queued && rq->curr != v;
}

/* Has v's CPU save its state. The queue is locked; false if it has been saved already. */
static bool want_state(struct vcpu *v)
{
	uint8_t loaded = RUN_LOADED;

	if (!__atomic_compare_exchange_n(&v->sched.running, &loaded, RUN_WANTED, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
	    loaded == RUN_NOT)
		return false;
	softirq_raise_cpu(v->processor, SOFTIRQ_SCHEDULE);
	return true;
}

/* The locked queue into which v is to go; NULL, unlocked, if it cannot or need not be queued now.
 */
static struct run_queue *lock_target(struct vcpu *v, unsigned long *flags)
{
	struct run_queue *rq = run_queue_lock(v, flags);
	unsigned int cpu;

	while (needs_queue(rq, v)) {
		const struct sched_policy *policy = v->domain->cpupool->policy;

		if (READ_ONCE(v->sched.running)) {
			if (likely(may_run_on(v, v->processor)))
				return rq;
			if (want_state(v))
				break; /* sched_context_saved() goes on */
			continue;
		}
		cpu = policy->choose_cpu(v);
		if (cpu == v->processor)
			return rq;
		if (cpu == NR_CPUS) {
			runstate_change(v, RUNSTATE_runnable, now());
			break;
		}
		policy->migrate(rq, &per_cpu(run_queue, cpu), v);
		WRITE_ONCE(v->processor, cpu);
		spin_unlock_irqrestore(&rq->lock, *flags);
		rq = run_queue_lock(v, flags);
		if (likely(needs_queue(rq, v) && may_run_on(v, v->processor)))
			return rq;
	}
	spin_unlock_irqrestore(&rq->lock, *flags);
	return NULL;
}

void queue_vcpu(struct vcpu *v)
{
	unsigned long flags;
	struct run_queue *rq = lock_target(v, &flags);
	s_time_t t;

	if (!rq)
		return;
	t = now();
	runstate_change(v, RUNSTATE_runnable, t);
	rq->policy->enqueue(rq, v, t);
	spin_unlock_irqrestore(&rq->lock, flags);
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

/* The queue is locked. */
static void put_to_sleep(struct run_queue *rq, struct vcpu *v)
{
	if (v->sched.queued) {
		rq->policy->dequeue(rq, v);
		runstate_change(v, RUNSTATE_offline, now());
	} else if (rq->curr == v) {
		softirq_raise_cpu(v->processor, SOFTIRQ_SCHEDULE);
	}
	if (v->domain->cpupool->policy->sleep)
		v->domain->cpupool->policy->sleep(v);
}

void vcpu_sleep_nosync(struct vcpu *v)
{
	unsigned long flags;
	struct run_queue *rq = run_queue_lock(v, &flags);

	if (!vcpu_runnable(v))
		put_to_sleep(rq, v);
	spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_sleep_sync(struct vcpu *v)
{
	unsigned long flags;
	struct run_queue *rq = run_queue_lock(v, &flags);

	if (!vcpu_runnable(v)) {
		put_to_sleep(rq, v);
		want_state(v);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	if (is_idle_vcpu(current) && v->processor == smp_processor_id()) {
		flags = irq_save();
		context_unload_wanted();
		irq_restore(flags);
	}
	while (!vcpu_runnable(v) && READ_ONCE(v->sched.running)) {
		remote_serve();
		cpu_relax();
	}
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
	if (vcpu_is_running(v) && cpu != smp_processor_id())
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

/* The CPU changes hands; the lock is held. Who is to run elsewhere is queued when it is saved. */
static void hand_over(struct run_queue *rq, struct vcpu *prev, struct vcpu *next, s_time_t t)
{
	int state = RUNSTATE_runnable;

	if (prev != rq->idle) {
		if (!vcpu_runnable(prev))
			state = idle_runstate(prev);
		else if (!prev->sched.queued)
			prev->sched.running = RUN_WANTED;
	}
	runstate_change(prev, state, t);
	runstate_change(next, RUNSTATE_running, t);
	if (next->sched.running == RUN_NOT)
		next->sched.running = RUN_LOADED;
	/* A barrier, too: who finds it not yet running has set its event before it looks. */
	__atomic_store_n(&rq->curr, next, __ATOMIC_SEQ_CST);
}

void schedule(void)
{
	struct run_queue *rq = &this_cpu(run_queue);
	const struct sched_policy *policy = READ_ONCE(rq->policy);
	struct vcpu *prev = current, *next;
	unsigned long flags;
	bool stays;
	s_time_t t;

	if (policy->prepare)
		policy->prepare(rq, prev);

	flags = spin_lock_irqsave(&rq->lock);
	t = now();
	stays = prev != rq->idle && vcpu_runnable(prev) && may_run_on(prev, rq->cpu);
	next = rq->policy->pick(rq, prev, stays, t);
	prev->sched.yielded = false;
	if (next != prev)
		hand_over(rq, prev, next, t);
	spin_unlock_irqrestore(&rq->lock, flags);

	if (next == prev) {
		if (prev == rq->idle) {
			flags = irq_save();
			context_unload_wanted();
			irq_restore(flags);
		}
		return;
	}
	if (prev != rq->idle)
		vcpu_runstate_publish(prev);
	irq_disable();
	context_switch(prev, next);
}

void sched_context_saved(struct vcpu *v)
{
	struct domain *d = v->domain;
	uint8_t loaded = RUN_LOADED;

	if (likely(__atomic_compare_exchange_n(&v->sched.running, &loaded, RUN_NOT, false,
					       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)))
		return;
	domain_hold(d); /* from the next line on v may be destroyed */
	__atomic_store_n(&v->sched.running, RUN_NOT, __ATOMIC_SEQ_CST);
	if (READ_ONCE(v->sched.queued))
		fair_wake_idle_cpu(v);
	else if (vcpu_runnable(v))
		queue_vcpu(v);
	irq_enable(); /* the last reference may be this one */
	domain_put(d);
	irq_disable();
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

static void slice_expired(void *data)
{
	struct run_queue *rq = data;
	unsigned long flags = spin_lock_irqsave(&rq->lock);

	rq->policy->slice_expired(rq, now());
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* ---- CPUs that are in no pool ---- */

static struct vcpu *none_pick(struct run_queue *rq, struct vcpu *prev, bool stays, s_time_t t)
{
	(void)prev, (void)stays, (void)t;
	return rq->idle;
}

static void none_slice_expired(struct run_queue *rq, s_time_t t)
{
	(void)rq, (void)t;
}

const struct sched_policy sched_policy_none = {
	.name = "none",
	.pick = none_pick,
	.slice_expired = none_slice_expired,
};

/* ---- vCPUs and CPUs come and go ---- */

void sched_init_vcpu(struct vcpu *v)
{
	struct vcpu_sched *s = &v->sched;
	const struct vcpu *first = v->domain->vcpu[0];
	bool inherits = first && first != v;

	sched_set_weight(v, inherits ? first->sched.weight : SCHED_WEIGHT_DEFAULT);
	s->cap = inherits ? first->sched.cap : 0;
	s->assigned = NR_CPUS;
	list_init(&s->unplaced);
	v->runstate.state = is_idle_vcpu(v) ? RUNSTATE_running : RUNSTATE_offline;
	v->runstate.state_entry_time = (uint64_t)now();
	if (is_idle_vcpu(v))
		return;
	sched_place_new(v);
	timer_init(&v->poll_timer, vcpu_poll_expired, v, v->processor);
}

void sched_destroy_vcpu(struct vcpu *v)
{
	const struct sched_policy *policy = v->domain->cpupool->policy;

	ASSERT(!v->sched.running && !v->sched.queued);
	timer_kill(&v->poll_timer);
	if (policy->remove)
		policy->remove(v);
	sched_pin_override_end(v);
	watchdog_destroy(v);
	cap_destroy(v);
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
	idle->processor = cpu;
	idle->sched.running = RUN_LOADED;
	sched_init_vcpu(idle);
	*rq = (struct run_queue){
		.cpu = cpu,
		.curr = idle,
		.idle = idle,
		.policy = &sched_policy_none,
		.queue = { .random = cpu },
		.turn_end = INT64_MAX,
	};
	spin_lock_init(&rq->lock, RANK_SCHED);
	timer_init(&rq->slice, slice_expired, rq, cpu);
	return 0;
}

void sched_init(void)
{
	unsigned int cpu = smp_processor_id();

	if (!idle_domain) {
		idle_domain = xzalloc(struct domain);
		if (!idle_domain)
			panic("No memory for the idle domain\n");
		idle_domain->domain_id = DOMID_IDLE;
		idle_domain->refcount = 1;
	}
	if (sched_init_cpu(cpu))
		panic("No memory for an idle vCPU\n");
	current = this_cpu(run_queue).idle;
	softirq_register(SOFTIRQ_SCHEDULE, schedule);
	softirq_register(SOFTIRQ_TASKLET, null_fill);
	cpupool_init();
	sched_cpu_online(cpu);
}
