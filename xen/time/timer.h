/* SPDX-License-Identifier: MIT */
/*
 * Timers: one function, once, at or after a time on now()'s clock, from the timer softirq of the
 * CPU they are on. Per-CPU heaps, programmed into the local APIC, no periodic tick.
 *
 * Lock: the CPU's timer lock (RANK_TIMER). A handler runs without it.
 */
#ifndef TIME_TIMER_H
#define TIME_TIMER_H

#include "lib/types.h"

struct timer {
	s_time_t expires;
	void (*function)(void *data);
	void *data;
	unsigned int cpu;
	unsigned int heap_index; /* 0: inactive */
	bool running;            /* handler is running now */
	bool killed;
};

void timer_subsys_init(void);
void timer_init(struct timer *t, void (*function)(void *data), void *data, unsigned int cpu);
void timer_set(struct timer *t, s_time_t expires); /* (re)arms */
void timer_stop(struct timer *t);
/* Stops it for good and waits until its handler is not running. */
void timer_kill(struct timer *t);
void timer_migrate(struct timer *t, unsigned int cpu);
/* Hardware says time is up on this CPU (vector handler). */
void timer_interrupt(void);

#endif
