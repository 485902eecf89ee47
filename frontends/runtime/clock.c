/* SPDX-License-Identifier: MIT */
/* pvclock (public/xen.h): system time = base + scaled TSC difference, consistent while version is
 * even. */
#include "frontends/runtime/clock.h"
#include "frontends/runtime/events.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"

static volatile uint64_t ticks;
static void (*tick_hook)(void);

static void timer_event(evtchn_port_t port, void *data)
{
	(void)port;
	(void)data;
	ticks++;
	if (tick_hook)
		tick_hook();
}

static uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ __volatile__("lfence; rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

uint64_t clock_now(void)
{
	const volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;
	uint32_t version;
	uint64_t ns, delta;

	do {
		version = t->version;
		barrier();
		delta = rdtsc() - t->tsc_timestamp;
		if (t->tsc_shift >= 0)
			delta <<= t->tsc_shift;
		else
			delta >>= -t->tsc_shift;
		ns = t->system_time + (uint64_t)(((__uint128_t)delta * t->tsc_to_system_mul) >> 32);
		barrier();
	} while ((version & 1) || version != t->version);
	return ns;
}

uint64_t clock_wall(void)
{
	const volatile struct shared_info *s = shared_info;
	uint32_t version;
	uint64_t ns;

	do {
		version = s->wc_version;
		barrier();
		ns = s->wc_sec * 1000000000ul + s->wc_nsec;
		barrier();
	} while ((version & 1) || version != s->wc_version);
	return (ns + clock_now()) / 1000000000ul;
}

uint64_t clock_ticks(void)
{
	return ticks;
}

void clock_on_tick(void (*fn)(void))
{
	tick_hook = fn;
}

void clock_sleep(uint64_t ns)
{
	uint64_t until = clock_now() + ns;
	bool were_open = events_disable();

	while (clock_now() < until) {
		hypercall(set_timer_op, until, 0, 0, 0);
		events_wait();
	}
	events_restore(were_open);
}

void clock_init(void)
{
	if (events_bind_virq(VIRQ_TIMER, timer_event, NULL) < 0)
		guest_panic("no timer");
}
