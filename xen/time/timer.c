/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU timer queues. The heap is a pairing heap, so arming costs a comparison, removal is
 * logarithmic on average, and nothing is ever allocated.
 *
 * The APIC is programmed for `programmed` at the latest; when the earliest timer is stopped or
 * moved to later it stays programmed, and the interrupt that comes too early only programs the next
 * one.
 *
 * Lock: timer_queue.lock (RANK_TIMER); a timer's fields are under the lock of its CPU's queue.
 */
#include "time/timer.h"

#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/cpumask.h"
#include "cpu/percpu.h"
#include "cpu/remote.h"
#include "irq/lapic.h"
#include "lib/spinlock.h"
#include "sched/sched.h"
#include "time/time.h"

#define NEVER INT64_MAX

struct timer_queue {
	spinlock_t lock;
	struct timer *root;    /* earliest, NULL if there is none */
	struct timer *running; /* whose handler runs now; only compared, it may be gone already */
	s_time_t programmed;   /* when the APIC will fire; NEVER: it is stopped */
};

static DEFINE_PER_CPU(struct timer_queue, timer_queue);

/* ---- pairing heap ---- */

/* Both are roots; the later one becomes the first child of the earlier one. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
	struct timer *top, *sub;

	if (!a || !b)
		return a ? a : b;
	top = b->expires < a->expires ? b : a;
	sub = top == a ? b : a;
	sub->prev = top;
	sub->next = top->child;
	if (sub->next)
		sub->next->prev = sub;
	top->child = sub;
	return top;
}

/* Melds a list of siblings into one heap: in pairs from the left, then all pairs together. */
static struct timer *heap_meld_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first) {
		struct timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = heap_meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *rest = pairs->next;

		pairs->next = NULL;
		root = heap_meld(root, pairs);
		pairs = rest;
	}
	return root;
}

static void heap_insert(struct timer_queue *tq, struct timer *t)
{
	t->child = t->next = t->prev = NULL;
	tq->root = heap_meld(tq->root, t);
	t->active = true;
}

static void heap_remove(struct timer_queue *tq, struct timer *t)
{
	struct timer *children = heap_meld_siblings(t->child);

	if (tq->root == t) {
		tq->root = children;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		tq->root = heap_meld(tq->root, children);
	}
	t->child = t->next = t->prev = NULL;
	t->active = false;
}

/* ---- queues ---- */

/* Locks the queue of t's CPU, which may change until the lock is held. */
static struct timer_queue *timer_lock(const struct timer *t, unsigned long *flags)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(t->cpu);
		struct timer_queue *tq = &per_cpu(timer_queue, cpu);

		*flags = spin_lock_irqsave(&tq->lock);
		if (likely(t->cpu == cpu))
			return tq;
		spin_unlock_irqrestore(&tq->lock, *flags);
	}
}

/* This CPU's queue, locked: the APIC fires no later than the earliest timer. */
static void timer_program(struct timer_queue *tq)
{
	if (!tq->root || tq->root->expires >= tq->programmed)
		return;
	tq->programmed = tq->root->expires;
	lapic_timer_set(max(tq->programmed, (s_time_t)1));
}

/* t has been put into tq, locked. */
static void timer_inserted(struct timer_queue *tq, struct timer *t)
{
	if (tq->root != t)
		return;
	if (t->cpu == smp_processor_id())
		timer_program(tq);
	else
		softirq_raise_cpu(t->cpu, SOFTIRQ_TIMER);
}

void timer_init(struct timer *t, void (*function)(void *data), void *data, unsigned int cpu)
{
	*t = (struct timer){ .function = function, .data = data, .cpu = cpu };
}

void timer_set(struct timer *t, s_time_t expires)
{
	unsigned long flags;
	struct timer_queue *tq = timer_lock(t, &flags);

	if (t->active)
		heap_remove(tq, t);
	if (!t->killed) {
		t->expires = expires;
		heap_insert(tq, t);
		timer_inserted(tq, t);
	}
	spin_unlock_irqrestore(&tq->lock, flags);
}

void timer_stop(struct timer *t)
{
	unsigned long flags;
	struct timer_queue *tq = timer_lock(t, &flags);

	if (t->active)
		heap_remove(tq, t);
	spin_unlock_irqrestore(&tq->lock, flags);
}

void timer_kill(struct timer *t)
{
	unsigned long flags;
	struct timer_queue *tq = timer_lock(t, &flags);
	unsigned int cpu;

	if (t->active)
		heap_remove(tq, t);
	t->killed = true;
	spin_unlock_irqrestore(&tq->lock, flags);

	for_each_online_cpu(cpu) {
		if (cpu == smp_processor_id())
			continue;
		while (READ_ONCE(per_cpu(timer_queue, cpu).running) == t)
			cpu_wait();
	}
}

void timer_migrate(struct timer *t, unsigned int cpu)
{
	struct timer_queue *to = &per_cpu(timer_queue, cpu);
	unsigned long flags;

	for (;;) {
		unsigned int old = READ_ONCE(t->cpu);
		struct timer_queue *from = &per_cpu(timer_queue, old);

		if (old == cpu)
			return;
		flags = irq_save();
		spin_lock_pair(&from->lock, &to->lock);
		if (t->cpu == old) {
			bool active = t->active;

			if (active)
				heap_remove(from, t);
			WRITE_ONCE(t->cpu, cpu);
			if (active) {
				heap_insert(to, t);
				timer_inserted(to, t);
			}
		}
		spin_unlock_pair(&from->lock, &to->lock);
		irq_restore(flags);
	}
}

void timer_interrupt(void)
{
	this_cpu(timer_queue).programmed = NEVER;
	softirq_raise(SOFTIRQ_TIMER);
}

/* Runs what has expired by now. Handlers that arm their timer again do so for later than this. */
static void timer_softirq(void)
{
	struct timer_queue *tq = &this_cpu(timer_queue);
	unsigned long flags = spin_lock_irqsave(&tq->lock);
	s_time_t limit = now();

	while (tq->root && tq->root->expires <= limit) {
		struct timer *t = tq->root;
		void (*function)(void *data) = t->function;
		void *data = t->data;

		heap_remove(tq, t);
		WRITE_ONCE(tq->running, t);
		spin_unlock_irqrestore(&tq->lock, flags);
		function(data);
		flags = spin_lock_irqsave(&tq->lock);
		WRITE_ONCE(tq->running, NULL);
	}
	timer_program(tq);
	spin_unlock_irqrestore(&tq->lock, flags);
}

void timer_init_cpu(unsigned int cpu)
{
	struct timer_queue *tq = &per_cpu(timer_queue, cpu);

	*tq = (struct timer_queue){ .programmed = NEVER };
	spin_lock_init(&tq->lock, RANK_TIMER);
}

void timer_subsys_init(void)
{
	timer_init_cpu(smp_processor_id());
	softirq_register(SOFTIRQ_TIMER, timer_softirq);
}
