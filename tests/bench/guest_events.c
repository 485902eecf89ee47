/* SPDX-License-Identifier: MIT */
/* Events, switches between vCPUs and domains, and the timer. */
#include <public/sched.h>
#include <public/vcpu.h>

#include "frontends/runtime/clock.h"
#include "frontends/runtime/events.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/vcpu.h"
#include "tests/bench/guest_bench.h"
#include "tests/bench/guest_peer.h"

#define TIMER_AHEAD_NS 200000ul
#define STACK_SIZE     4096u
#define YIELDS_MAX     100u /* for one change of vCPU */

static volatile unsigned int received;
static int self_port, peer_port;

static void count(evtchn_port_t port, void *data)
{
	(void)port;
	(void)data;
	received++;
}

static int self_setup(void)
{
	self_port = events_bind_ipi(count, NULL);
	return self_port < 0 ? self_port : 0;
}

static uint64_t event_self(unsigned int ops)
{
	unsigned int before = received;

	for (unsigned int i = 0; i < ops; i++)
		BENCH_CHECK("send", events_send((evtchn_port_t)self_port));
	if (received - before != ops)
		bench_fail("events were lost", (long)(ops - (received - before)));
	return 0;
}

static void self_teardown(void)
{
	(void)events_close((evtchn_port_t)self_port);
}

static int pingpong_setup(void)
{
	const struct peer *p = peer_get();

	if (peer_port <= 0)
		peer_port = events_bind_interdomain(p->domid, p->port, count, NULL);
	return peer_port < 0 ? peer_port : 0;
}

static uint64_t event_pingpong(unsigned int ops)
{
	(void)events_disable();
	for (unsigned int i = 0; i < ops; i++) {
		unsigned int before = received;

		BENCH_CHECK("send", events_send((evtchn_port_t)peer_port));
		while (received == before)
			events_wait();
	}
	events_enable();
	return 0;
}

/* vCPU 1: sleeps until its port is pending, then answers or yields as it is told. */
static struct {
	int main_port, second_port;
	volatile unsigned int last; /* which vCPU ran last */
	volatile unsigned int changes;
	volatile bool yield;
	bool started;
} pair;
static char second_stack[STACK_SIZE] __aligned(16);

static void yield_as(unsigned int id)
{
	if (pair.last != id) {
		pair.last = id;
		pair.changes++;
	}
	hypercall(sched_op, SCHEDOP_yield, 0, 0, 0);
}

static void second_main(void)
{
	for (;;) {
		vcpu_poll((evtchn_port_t)pair.second_port);
		if (!pair.yield) {
			events_send((evtchn_port_t)pair.main_port);
			continue;
		}
		while (pair.yield)
			yield_as(1);
	}
}

static int pair_setup(void)
{
	int rc;

	if (pair.started)
		return 0;
	pair.main_port = vcpu_port(0);
	pair.second_port = vcpu_port(1);
	if (pair.main_port < 0 || pair.second_port < 0)
		return -ENOENT;
	rc = vcpu_start(1, second_main, second_stack + sizeof(second_stack));
	pair.started = rc == 0;
	return rc;
}

static uint64_t context_switch(unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++) {
		BENCH_CHECK("send", events_send((evtchn_port_t)pair.second_port));
		vcpu_poll((evtchn_port_t)pair.main_port);
	}
	return 0;
}

static uint64_t yield_switch(unsigned int ops)
{
	unsigned long yields = 0;

	pair.changes = 0;
	pair.yield = true;
	BENCH_CHECK("send", events_send((evtchn_port_t)pair.second_port));
	while (pair.changes < ops && ++yields < (unsigned long)YIELDS_MAX * ops)
		yield_as(0);
	if (pair.changes < ops)
		bench_fail("yields that change nothing", (long)yields);
	pair.yield = false;
	return 0;
}

static volatile uint64_t tick_time;

static void note_tick(void)
{
	tick_time = clock_now();
}

static int timer_setup(void)
{
	clock_on_tick(note_tick);
	/* A PV guest's clock ticks a hundred times a second until told otherwise. */
	return (int)hypercall(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0, 0);
}

static void timer_teardown(void)
{
	clock_on_tick(NULL);
}

/* How long after its deadline the timer's upcall comes: to a vCPU that sleeps, or one that runs. */
static uint64_t timer_latency(unsigned int ops, bool sleep)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < ops; i++) {
		uint64_t deadline = clock_now() + TIMER_AHEAD_NS;

		tick_time = 0;
		if (sleep)
			(void)events_disable();
		BENCH_CHECK("set_timer_op", hypercall(set_timer_op, deadline, 0, 0, 0));
		while (tick_time == 0)
			if (sleep)
				events_wait();
		if (sleep)
			events_enable();
		if (tick_time < deadline)
			bench_fail("the timer is early by", (long)(deadline - tick_time));
		sum += tick_time - deadline;
	}
	return sum;
}

static uint64_t timer_idle(unsigned int ops)
{
	return timer_latency(ops, true);
}

static uint64_t timer_busy(unsigned int ops)
{
	return timer_latency(ops, false);
}

const struct bench bench_events[] = {
	{ .name = "event_self",
	  .ops = 500,
	  .units = 1,
	  .setup = self_setup,
	  .run = event_self,
	  .teardown = self_teardown },
	{ .name = "event_pingpong",
	  .ops = 100,
	  .units = 1,
	  .needs_peer = true,
	  .setup = pingpong_setup,
	  .run = event_pingpong },
	{ .name = "context_switch",
	  .ops = 100,
	  .units = 2,
	  .setup = pair_setup,
	  .run = context_switch },
	{ .name = "yield_switch",
	  .ops = 100,
	  .units = 1,
	  .setup = pair_setup,
	  .run = yield_switch },
	{ .name = "timer_idle",
	  .ops = 10,
	  .units = 1,
	  .setup = timer_setup,
	  .run = timer_idle,
	  .teardown = timer_teardown },
	{ .name = "timer_busy",
	  .ops = 10,
	  .units = 1,
	  .setup = timer_setup,
	  .run = timer_busy,
	  .teardown = timer_teardown },
	{ .name = NULL },
};
