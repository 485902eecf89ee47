/* SPDX-License-Identifier: MIT */
/* Timers: order, stopping, re-arming from a handler, and what the APIC is programmed for. */
#include "host.h"

#include <stdlib.h>

#include "cpu/tlb.h"
#include "lib/spinlock.h"
#include "sched/sched.h"
#include "time/timer.h"

#define TIMERS 300

static struct timer timers[TIMERS];
static s_time_t fired_at[TIMERS];
static s_time_t last_expiry;

void cpu_send_ipi(unsigned int cpu, uint8_t vector)
{
	(void)cpu;
	(void)vector;
	fail();
}

static void fired(void *data)
{
	struct timer *t = data;

	assert_true(host_irqs_on);
	assert_false(t->active);
	assert_true(t->expires >= last_expiry);
	last_expiry = t->expires;
	fired_at[t - timers] = host_now;
}

static int setup(void **state)
{
	(void)state;
	host_now = 1000;
	host_apic_deadline = 0;
	last_expiry = INT64_MIN;
	timer_subsys_init();
	for (int i = 0; i < TIMERS; i++) {
		timer_init(&timers[i], fired, &timers[i], 0);
		fired_at[i] = 0;
	}
	return 0;
}

/* The APIC fires at its deadline. */
static void run_until(s_time_t t)
{
	while (host_apic_deadline && host_apic_deadline <= t) {
		host_now = host_apic_deadline > host_now ? host_apic_deadline : host_now;
		host_apic_deadline = 0;
		timer_interrupt();
		softirq_run();
	}
	host_now = t;
}

static void test_random_order(void **state)
{
	s_time_t expires[TIMERS];

	(void)state;
	srand(1);
	for (int round = 0; round < 20; round++) {
		s_time_t base = host_now;

		last_expiry = INT64_MIN;
		for (int i = 0; i < TIMERS; i++) {
			expires[i] = base + 1 + rand() % 10000;
			fired_at[i] = 0;
			timer_set(&timers[i], expires[i]);
		}
		for (int i = 0; i < TIMERS; i += 3) { /* some earlier, some later */
			expires[i] = base + 1 + rand() % 10000;
			timer_set(&timers[i], expires[i]);
		}
		for (int i = 0; i < TIMERS; i += 7)
			timer_stop(&timers[i]);
		run_until(base + 20000);
		for (int i = 0; i < TIMERS; i++) {
			assert_false(timers[i].active);
			assert_int_equal(fired_at[i], i % 7 ? expires[i] : 0);
		}
	}
}

static void test_apic_is_programmed_for_the_earliest(void **state)
{
	(void)state;
	timer_set(&timers[0], 5000);
	assert_int_equal(host_apic_deadline, 5000);
	timer_set(&timers[1], 3000);
	assert_int_equal(host_apic_deadline, 3000);
	timer_set(&timers[2], 4000);
	assert_int_equal(host_apic_deadline, 3000);
	/* Stopping the earliest leaves one interrupt too many, which then does the right thing. */
	timer_stop(&timers[1]);
	assert_int_equal(host_apic_deadline, 3000);
	run_until(3500);
	assert_int_equal(host_apic_deadline, 4000);
	run_until(6000);
	assert_int_equal(fired_at[1], 0);
	assert_int_equal(fired_at[2], 4000);
	assert_int_equal(fired_at[0], 5000);
}

static void test_past_deadline_fires_at_once(void **state)
{
	(void)state;
	timer_set(&timers[0], -5);
	assert_int_equal(host_apic_deadline, 1);
	run_until(host_now);
	assert_int_equal(fired_at[0], 1000);
}

static void test_killed_timer_stays_dead(void **state)
{
	(void)state;
	timer_set(&timers[0], 2000);
	timer_kill(&timers[0]);
	timer_set(&timers[0], 2000);
	run_until(3000);
	assert_int_equal(fired_at[0], 0);
}

static void periodic(void *data)
{
	struct timer *t = data;

	fired_at[0]++;
	timer_set(t, t->expires + 100);
}

static void test_handler_may_arm_again(void **state)
{
	(void)state;
	timer_init(&timers[0], periodic, &timers[0], 0);
	timer_set(&timers[0], 1100);
	run_until(2000);
	assert_int_equal(fired_at[0], 10);
	timer_stop(&timers[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_random_order, setup),
		cmocka_unit_test_setup(test_apic_is_programmed_for_the_earliest, setup),
		cmocka_unit_test_setup(test_past_deadline_fires_at_once, setup),
		cmocka_unit_test_setup(test_killed_timer_stays_dead, setup),
		cmocka_unit_test_setup(test_handler_may_arm_again, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
