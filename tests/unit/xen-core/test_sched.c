/* SPDX-License-Identifier: MIT */
/*
 * The scheduler with timers and event channels, on one simulated CPU: shares by weight, sleepers
 * among hogs, blocking, polling, pausing, watchdogs, accounting.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/tlb.h"
#include "evtchn/port.h"
#include "irq/acpi.h"
#include "irq/pirq.h"
#include "lib/bitops.h"
#include "lib/errno.h"
#include "sched/cpupool.h"
#include "sched/run_queue.h"
#include "time/guest_area.h"
#include "time/time.h"

struct boot_options boot_options;

static struct domain *d0, *d1;
static unsigned int switches;
static unsigned int shutdown_reason;
static struct vcpu_runstate_info area; /* what the guest of d1's vCPU 0 sees of its runstate */

/* A vCPU that runs for `burst` and then sleeps for `pause`; burst 0: it never sleeps. */
static struct behaviour {
	struct vcpu *v;
	s_time_t burst, pause;
	s_time_t left;    /* of the burst */
	s_time_t wake_at; /* while it sleeps */
	s_time_t waited;  /* longest time from waking up to running */
} behaviours[8];
static unsigned int actors;

/* ---- mocks ---- */

/* Returns, unlike the real one, but leaves everything as that does. */
void context_switch(struct vcpu *prev, struct vcpu *next)
{
	assert_false(host_irqs_on);
	assert_ptr_equal(prev, current);
	assert_ptr_not_equal(prev, next);
	assert_true(next->sched.running);
	current = next;
	if (!is_idle_vcpu(prev))
		sched_context_saved(prev);
	host_irqs_on = true;
	switches++;
	if (!is_idle_vcpu(next))
		vcpu_runstate_publish(next);
}

void context_unload_wanted(void)
{
}

void domain_pause(struct domain *d)
{
	(void)d;
	fail();
}

void domain_unpause(struct domain *d)
{
	(void)d;
	fail();
}

bool guest_area_write(struct vcpu *v, void *va, const void *src, size_t len)
{
	assert_ptr_equal(v, current);
	memcpy(va, src, len);
	return true;
}

void cpu_send_ipi(unsigned int cpu, uint8_t vector)
{
	(void)cpu;
	(void)vector;
	fail();
}

int pirq_bind(struct domain *d, unsigned int pirq, unsigned int port, bool will_share)
{
	(void)d, (void)pirq, (void)port, (void)will_share;
	return -EINVAL;
}

void pirq_unbind(struct domain *d, unsigned int pirq)
{
	(void)d, (void)pirq;
}

void domain_shutdown(struct domain *d, unsigned int reason)
{
	assert_ptr_equal(d, d1);
	shutdown_reason = reason;
}

void machine_power_off(void)
{
	abort();
}

void machine_restart(void)
{
	abort();
}

/* ---- fixture ---- */

static int setup(void **state)
{
	struct vcpu *v;

	(void)state;
	host_now = SECONDS(1);
	host_apic_deadline = 0;
	idle_domain = NULL;
	actors = switches = 0;
	shutdown_reason = ~0u;
	timer_subsys_init();
	sched_init();
	d0 = host_domain_new(0, 2, true);
	d1 = host_domain_new(1, 2, false);
	assert_int_equal(cpupool_add_domain(d0, 0), 0);
	assert_int_equal(cpupool_add_domain(d1, 0), 0);
	for_each_vcpu(d0, v)
		sched_init_vcpu(v);
	for_each_vcpu(d1, v)
		sched_init_vcpu(v);
	d0->vcpu[0]->pause_flags = d0->vcpu[1]->pause_flags = BIT(VPF_DOWN);
	d1->vcpu[0]->pause_flags = d1->vcpu[1]->pause_flags = BIT(VPF_DOWN);
	evtchn_domain_init(d0, ~0u);
	evtchn_domain_init(d1, ~0u);
	return 0;
}

static void stop_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		set_bit(VPF_DOWN, &v->pause_flags);
		vcpu_sleep_nosync(v);
	}
	softirq_run();
	for_each_vcpu(d, v)
		sched_destroy_vcpu(v);
}

static int teardown(void **state)
{
	struct vcpu *idle = sched_idle_vcpu(0);

	(void)state;
	stop_vcpus(d0);
	stop_vcpus(d1);
	assert_ptr_equal(current, idle);
	evtchn_domain_close_all(d0);
	evtchn_domain_close_all(d1);
	evtchn_domain_free(d0);
	evtchn_domain_free(d1);
	assert_int_equal(d0->refcount, 1);
	assert_int_equal(d1->refcount, 1);
	host_domain_free(d0);
	host_domain_free(d1);
	free(idle);
	free(idle_domain);
	return 0;
}

static struct behaviour *actor(struct vcpu *v, s_time_t burst, s_time_t pause)
{
	struct behaviour *b = &behaviours[actors++];

	*b = (struct behaviour){ .v = v, .burst = burst, .pause = pause, .left = burst };
	v->pause_flags = 0;
	vcpu_wake(v);
	return b;
}

static struct behaviour *behaviour_of(const struct vcpu *v)
{
	for (unsigned int i = 0; i < actors; i++)
		if (behaviours[i].v == v)
			return &behaviours[i];
	return NULL;
}

/* When something happens next, at the latest at end. */
static s_time_t next_event(s_time_t end)
{
	struct behaviour *running = behaviour_of(current);

	if (host_apic_deadline)
		end = min(end, host_apic_deadline);
	if (running && running->burst)
		end = min(end, host_now + running->left);
	for (unsigned int i = 0; i < actors; i++)
		if (behaviours[i].wake_at)
			end = min(end, behaviours[i].wake_at);
	return max(end, host_now);
}

static void simulate(s_time_t duration)
{
	s_time_t end = host_now + duration;

	softirq_run();
	while (host_now < end) {
		struct behaviour *running = behaviour_of(current);
		s_time_t t = next_event(end);

		if (running)
			running->left -= t - host_now;
		host_now = t;
		if (host_apic_deadline && host_apic_deadline <= t) {
			host_apic_deadline = 0;
			timer_interrupt();
		}
		for (unsigned int i = 0; i < actors; i++) {
			struct behaviour *b = &behaviours[i];

			if (b->wake_at && b->wake_at <= t) {
				b->wake_at = 0;
				b->left = b->burst;
				vcpu_unblock(b->v);
			}
		}
		if (running && running->burst && running->left <= 0) {
			set_bit(VPF_BLOCKED, &running->v->pause_flags);
			running->wake_at = t + running->pause;
			softirq_raise(SOFTIRQ_SCHEDULE);
		}
		softirq_run();
		for (unsigned int i = 0; i < actors; i++) {
			struct behaviour *b = &behaviours[i];

			if (b->v->runstate.state == RUNSTATE_runnable)
				b->waited =
					max(b->waited,
					    host_now - (s_time_t)b->v->runstate.state_entry_time);
		}
	}
}

static s_time_t time_in(struct vcpu *v, int state)
{
	struct vcpu_runstate_info r;

	vcpu_runstate_get(v, &r);
	return (s_time_t)r.time[state];
}

#define assert_about(value, wanted, tolerance) \
	assert_in_range(value, (wanted) - (tolerance), (wanted) + (tolerance))

/* ---- sharing ---- */

static void test_alone_without_ticks(void **state)
{
	(void)state;
	actor(d1->vcpu[0], 0, 0);
	simulate(SECONDS(1));
	assert_ptr_equal(current, d1->vcpu[0]);
	assert_int_equal(switches, 1);
	assert_int_equal(host_apic_deadline, 0);
	assert_int_equal(time_in(d1->vcpu[0], RUNSTATE_running), SECONDS(1));
	assert_int_equal(cpu_idle_time(0), 0);
}

static void test_equal_shares(void **state)
{
	(void)state;
	actor(d0->vcpu[0], 0, 0);
	actor(d1->vcpu[0], 0, 0);
	actor(d1->vcpu[1], 0, 0);
	simulate(SECONDS(3));
	assert_about(time_in(d0->vcpu[0], RUNSTATE_running), SECONDS(1), MILLISECS(10));
	assert_about(time_in(d1->vcpu[0], RUNSTATE_running), SECONDS(1), MILLISECS(10));
	assert_about(domain_cpu_time(d1), SECONDS(2), MILLISECS(10));
	assert_about(time_in(d0->vcpu[0], RUNSTATE_runnable), SECONDS(2), MILLISECS(10));
	assert_in_range(switches, 100, 1000);
}

static void test_shares_by_weight(void **state)
{
	unsigned int weight, cap;

	(void)state;
	assert_int_equal(sched_set_params(d0, 0, 0), -EINVAL);
	assert_int_equal(sched_set_params(d0, 65536, 0), -EINVAL);
	assert_int_equal(sched_set_params(d0, 256, 201), -EINVAL);
	assert_int_equal(sched_set_params(d0, 768, 0), 0);
	sched_get_params(d0, &weight, &cap);
	assert_int_equal(weight, 768);
	actor(d0->vcpu[0], 0, 0);
	actor(d1->vcpu[0], 0, 0);
	simulate(SECONDS(4));
	assert_about(time_in(d0->vcpu[0], RUNSTATE_running), SECONDS(3), MILLISECS(20));
	assert_about(time_in(d1->vcpu[0], RUNSTATE_running), SECONDS(1), MILLISECS(20));
}

static void test_sleeper_is_served_at_once(void **state)
{
	struct behaviour *io;

	(void)state;
	actor(d0->vcpu[0], 0, 0);
	actor(d0->vcpu[1], 0, 0);
	io = actor(d1->vcpu[0], MICROSECS(100), MILLISECS(2));
	simulate(MILLISECS(20));
	io->waited = 0;
	simulate(SECONDS(2));
	assert_in_range(io->waited, 0, MICROSECS(1));
	assert_about(time_in(d1->vcpu[0], RUNSTATE_running), MILLISECS(96), MILLISECS(5));
	assert_about(time_in(d1->vcpu[0], RUNSTATE_blocked), MILLISECS(1920), MILLISECS(25));
}

static void test_sleeping_saves_up_nothing(void **state)
{
	s_time_t before;

	(void)state;
	actor(d0->vcpu[0], 0, 0);
	actor(d1->vcpu[0], MILLISECS(1), SECONDS(10));
	simulate(SECONDS(9));
	/* From now on it is a hog: it gets its half, not the nine seconds. */
	behaviours[1].burst = 0;
	simulate(SECONDS(2));
	before = time_in(d0->vcpu[0], RUNSTATE_running);
	simulate(SECONDS(2));
	assert_about(time_in(d0->vcpu[0], RUNSTATE_running) - before, SECONDS(1), MILLISECS(20));
}

/* A guest cannot get more than its share by waking up all the time. */
static void test_waking_often_does_not_pay(void **state)
{
	(void)state;
	actor(d0->vcpu[0], 0, 0);
	actor(d1->vcpu[0], MILLISECS(4), MICROSECS(1));
	simulate(SECONDS(4));
	assert_about(time_in(d0->vcpu[0], RUNSTATE_running), SECONDS(2), MILLISECS(50));
}

static void test_yield_lets_others_pass(void **state)
{
	s_time_t before;

	(void)state;
	actor(d0->vcpu[0], 0, 0);
	actor(d1->vcpu[0], 0, 0);
	simulate(MILLISECS(103));
	before = (s_time_t)switches;
	assert_int_equal(do_sched_op(SCHEDOP_yield, NULL), 0);
	softirq_run();
	assert_int_equal(switches, before + 1);
}

static void test_cap_holds_on_an_idle_machine(void **state)
{
	struct vcpu *v = d1->vcpu[0];
	s_time_t before;

	(void)state;
	actor(v, 0, 0);
	simulate(MILLISECS(100)); /* in the middle of a turn without end */
	before = time_in(v, RUNSTATE_running);
	assert_int_equal(sched_set_params(d1, 256, 25), 0);
	simulate(SECONDS(4));
	assert_about(time_in(v, RUNSTATE_running) - before, SECONDS(1), MILLISECS(20));
	assert_about(time_in(v, RUNSTATE_runnable), SECONDS(3), MILLISECS(20));
	assert_int_equal(v->runstate.time[RUNSTATE_offline], 0);

	assert_int_equal(sched_set_params(d1, 256, 0), 0);
	before = time_in(v, RUNSTATE_running);
	simulate(SECONDS(1));
	assert_int_equal(time_in(v, RUNSTATE_running) - before, SECONDS(1));
	assert_int_equal(host_apic_deadline, 0); /* tickless again */
}

static void test_cap_is_the_domains(void **state)
{
	(void)state;
	assert_int_equal(sched_set_params(d1, 256, 50), 0);
	actor(d0->vcpu[0], 0, 0);
	actor(d1->vcpu[0], 0, 0);
	actor(d1->vcpu[1], 0, 0);
	simulate(SECONDS(4));
	assert_about(domain_cpu_time(d1), SECONDS(2), MILLISECS(40));
	assert_about(domain_cpu_time(d0), SECONDS(2), MILLISECS(40));
}

static void test_cap_above_the_share_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(sched_set_params(d1, 256, 80), 0);
	actor(d0->vcpu[0], 0, 0);
	actor(d1->vcpu[0], 0, 0);
	simulate(SECONDS(4));
	assert_about(domain_cpu_time(d1), SECONDS(2), MILLISECS(40));
}

static void test_parked_and_paused(void **state)
{
	struct vcpu *v = d1->vcpu[0];

	(void)state;
	assert_int_equal(sched_set_params(d1, 256, 10), 0);
	actor(v, 0, 0);
	simulate(MILLISECS(10));
	assert_true(test_bit(VPF_PARKED, &v->pause_flags));
	v->pause_count = 1;
	vcpu_sleep_sync(v);
	simulate(SECONDS(1));
	assert_true(is_idle_vcpu(current));
	assert_int_equal(v->pause_flags, 0);
	v->pause_count = 0;
	vcpu_wake(v);
	/* With what it has saved meanwhile: eight allowances at most. */
	simulate(SECONDS(1));
	assert_about(time_in(v, RUNSTATE_running), MILLISECS(124), MILLISECS(5));
}

/* ---- sleeping and waking ---- */

static void test_pause_and_unpause(void **state)
{
	struct vcpu *v = d1->vcpu[0];

	(void)state;
	actor(v, 0, 0);
	simulate(MILLISECS(10));
	v->pause_count = 1;
	vcpu_sleep_nosync(v);
	simulate(MILLISECS(10));
	assert_true(is_idle_vcpu(current));
	assert_false(v->sched.running);
	vcpu_sleep_sync(v);
	assert_int_equal(v->runstate.state, RUNSTATE_offline);
	v->pause_count = 0;
	vcpu_wake(v);
	simulate(MILLISECS(10));
	assert_ptr_equal(current, v);
	assert_int_equal(time_in(v, RUNSTATE_running), MILLISECS(20));
	assert_int_equal(time_in(v, RUNSTATE_offline), MILLISECS(10));
	assert_int_equal(cpu_idle_time(0), MILLISECS(10));
}

static void test_paused_while_queued(void **state)
{
	struct vcpu *v = d1->vcpu[0];

	(void)state;
	actor(d0->vcpu[0], 0, 0);
	actor(v, 0, 0);
	simulate(MILLISECS(1));
	if (current == v)
		v = d0->vcpu[0];
	assert_true(v->sched.queued);
	v->pause_count = 1;
	vcpu_sleep_sync(v);
	assert_false(v->sched.queued);
	simulate(SECONDS(1));
	assert_ptr_not_equal(current, v);
	v->pause_count = 0;
	vcpu_wake(v);
}

static void test_block_until_an_event(void **state)
{
	struct vcpu *v = d1->vcpu[0];
	int port;

	(void)state;
	v->vcpu_info->evtchn_upcall_mask = 1;
	actor(v, 0, 0);
	simulate(MILLISECS(1));
	port = evtchn_bind_virq(d1, VIRQ_TIMER, 0);
	assert_true(port > 0);
	assert_int_equal(do_sched_op(SCHEDOP_block, NULL), 0);
	assert_int_equal(v->vcpu_info->evtchn_upcall_mask, 0);
	simulate(MILLISECS(1));
	assert_true(is_idle_vcpu(current));
	send_vcpu_virq(v, VIRQ_TIMER);
	softirq_run();
	assert_ptr_equal(current, v);

	/* The event is still pending: blocking returns at once. */
	v->vcpu_info->evtchn_upcall_mask = 1;
	assert_int_equal(do_sched_op_compat(SCHEDOP_block, 0), 0);
	assert_false(test_bit(VPF_BLOCKED, &v->pause_flags));
}

static void test_poll(void **state)
{
	struct vcpu *v = d1->vcpu[0];
	evtchn_port_t ports[2];
	struct sched_poll poll = { .ports = ports, .nr_ports = 2 };

	(void)state;
	v->vcpu_info->evtchn_upcall_mask = 1;
	actor(v, 0, 0);
	simulate(MILLISECS(1));
	ports[0] = (evtchn_port_t)evtchn_bind_ipi(d1, 0);
	ports[1] = (evtchn_port_t)evtchn_bind_ipi(d1, 1);

	/* Until the time is up. */
	poll.timeout = (uint64_t)host_now + MILLISECS(3);
	assert_int_equal(do_sched_op(SCHEDOP_poll, &poll), 0);
	simulate(MILLISECS(2));
	assert_true(is_idle_vcpu(current));
	assert_int_equal(v->runstate.state, RUNSTATE_blocked);
	simulate(MILLISECS(2));
	assert_ptr_equal(current, v);

	/* Until one of the ports is pending, whoever it notifies. */
	poll.timeout = 0;
	assert_int_equal(do_sched_op(SCHEDOP_poll, &poll), 0);
	simulate(MILLISECS(1));
	assert_true(is_idle_vcpu(current));
	assert_int_equal(evtchn_send(d1, ports[1]), 0);
	softirq_run();
	assert_ptr_equal(current, v);

	/* It still is: no sleep. */
	assert_int_equal(do_sched_op(SCHEDOP_poll, &poll), 0);
	assert_false(test_bit(VPF_POLL, &v->pause_flags));
	assert_int_equal(d1->evtchn.pollers, 0);

	poll.nr_ports = 129;
	assert_int_equal(do_sched_op(SCHEDOP_poll, &poll), -EINVAL);
	poll.nr_ports = 1;
	ports[0] = 5000;
	assert_int_equal(do_sched_op(SCHEDOP_poll, &poll), -EINVAL);
	poll.ports = NULL;
	assert_int_equal(do_sched_op(SCHEDOP_poll, &poll), -EFAULT);
	assert_int_equal(d1->evtchn.pollers, 0);
	assert_int_equal(v->pause_flags, 0);
}

/* ---- ends ---- */

static void test_shutdown(void **state)
{
	struct sched_shutdown op = { .reason = SHUTDOWN_suspend };
	struct sched_remote_shutdown remote = { .domain_id = 0, .reason = SHUTDOWN_crash };

	(void)state;
	actor(d1->vcpu[0], 0, 0);
	simulate(MILLISECS(1));
	assert_int_equal(do_sched_op(SCHEDOP_remote_shutdown, &remote), -EPERM);
	assert_int_equal(shutdown_reason, ~0u);
	assert_int_equal(do_sched_op(SCHEDOP_shutdown, &op), 0);
	assert_int_equal(shutdown_reason, SHUTDOWN_suspend);
	assert_int_equal(do_sched_op_compat(SCHEDOP_shutdown, SHUTDOWN_reboot), 0);
	assert_int_equal(shutdown_reason, SHUTDOWN_reboot);
	assert_int_equal(do_sched_op(SCHEDOP_shutdown_code, &op), 0);
	assert_int_equal(d1->shutdown_code, SHUTDOWN_suspend);
	assert_int_equal(do_sched_op(SCHEDOP_shutdown, NULL), -EFAULT);
	assert_int_equal(do_sched_op(99, NULL), -ENOSYS);
	remote.domain_id = 7;
	assert_int_equal(do_sched_op(SCHEDOP_remote_shutdown, &remote), -ESRCH);
}

static void test_watchdog(void **state)
{
	struct sched_watchdog op = { .id = 0, .timeout = 2 };
	long a, b;

	(void)state;
	actor(d1->vcpu[0], 0, 0);
	simulate(MILLISECS(1));
	a = do_sched_op(SCHEDOP_watchdog, &op);
	b = do_sched_op(SCHEDOP_watchdog, &op);
	assert_true(a > 0 && b > 0 && a != b);
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, &op), -ENOSPC);
	op.id = 3;
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, &op), -EINVAL);
	op = (struct sched_watchdog){ .id = (uint32_t)b };
	assert_int_equal(do_sched_op(SCHEDOP_watchdog, &op), 0); /* stopped */

	for (int i = 0; i < 5; i++) { /* kept alive */
		simulate(SECONDS(1));
		op = (struct sched_watchdog){ .id = (uint32_t)a, .timeout = 2 };
		assert_int_equal(do_sched_op(SCHEDOP_watchdog, &op), 0);
	}
	assert_int_equal(shutdown_reason, ~0u);
	simulate(SECONDS(3));
	assert_int_equal(shutdown_reason, SHUTDOWN_watchdog);
}

static void test_runstate_area(void **state)
{
	struct vcpu *v = d1->vcpu[0];

	(void)state;
	v->runstate_guest = &area;
	actor(v, 0, 0);
	simulate(MILLISECS(5));
	assert_int_equal(area.state, RUNSTATE_running);
	actor(d0->vcpu[0], 0, 0);
	do {
		simulate(MILLISECS(1));
	} while (current == v);
	assert_int_equal(area.state, RUNSTATE_runnable);
	assert_int_equal(area.state_entry_time & XEN_RUNSTATE_UPDATE, 0);
	assert_int_equal(area.time[RUNSTATE_running], v->runstate.time[RUNSTATE_running]);
	d1->vm_assist = BIT(VMASST_TYPE_runstate_update_flag);
	do {
		simulate(MILLISECS(1));
	} while (current != v);
	assert_int_equal(area.state, RUNSTATE_running);
	assert_int_equal(area.state_entry_time, v->runstate.state_entry_time);
}

static void test_affinity(void **state)
{
	cpumask_t elsewhere = { { 2 } }, here = { { 1 } };

	(void)state;
	actor(d1->vcpu[0], 0, 0);
	assert_int_equal(sched_set_affinity(d1->vcpu[0], &elsewhere, NULL), -EINVAL);
	assert_int_equal(sched_set_affinity(d1->vcpu[0], &here, &elsewhere), 0);
	simulate(MILLISECS(1));
	assert_ptr_equal(current, d1->vcpu[0]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_alone_without_ticks),
		TEST(test_equal_shares),
		TEST(test_shares_by_weight),
		TEST(test_sleeper_is_served_at_once),
		TEST(test_sleeping_saves_up_nothing),
		TEST(test_waking_often_does_not_pay),
		TEST(test_yield_lets_others_pass),
		TEST(test_cap_holds_on_an_idle_machine),
		TEST(test_cap_is_the_domains),
		TEST(test_cap_above_the_share_changes_nothing),
		TEST(test_parked_and_paused),
		TEST(test_pause_and_unpause),
		TEST(test_paused_while_queued),
		TEST(test_block_until_an_event),
		TEST(test_poll),
		TEST(test_shutdown),
		TEST(test_watchdog),
		TEST(test_runstate_area),
		TEST(test_affinity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
