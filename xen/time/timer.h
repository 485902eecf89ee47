/* SPDX-License-Identifier: MIT */
/*
 * Timers: one function, once, at or after a time on now()'s clock, from the timer softirq of the
 * CPU they are on. Each CPU keeps its own in a pairing heap, whose links are in the timers
 * themselves, and programs the earliest into its local APIC; there is no periodic tick.
 *
 * Lock: the CPU's timer lock (RANK_TIMER). A handler runs without it, interrupts on.
 */
#ifndef TIME_TIMER_H
#define TIME_TIMER_H

#include "lib/types.h"

struct timer {
	s_time_t expires;
	void (*function)(void *data);
	void *data;
	unsigned int cpu;
	bool active; /* in cpu's heap */
	bool killed; /* for good: timer_set() does nothing */
	/* Heap: first child; next sibling; previous sibling, or the parent of a first child. */
	struct timer *child, *next, *prev;
};

void timer_subsys_init(void);
/* Before a CPU comes online; timer_subsys_init() does it for the boot CPU. */
void timer_init_cpu(unsigned int cpu);
void timer_init(struct timer *t, void (*function)(void *data), void *data, unsigned int cpu);
void timer_set(struct timer *t, s_time_t expires); /* (re)arms; soon if expires is past */
void timer_stop(struct timer *t);
/*
 * Stops it for good and waits until its handler is not running (unless called from the handler
 * itself). The caller holds no lock that the handler takes.
 */
void timer_kill(struct timer *t);
void timer_migrate(struct timer *t, unsigned int cpu);
/* Hardware says time is up on this CPU (vector handler). */
void timer_interrupt(void);

#endif
