/* SPDX-License-Identifier: MIT */
/*
 * Clocks: calibration against a PIT and a CMOS clock that are models here, the guest's formula
 * against ours, what is published, and the vCPU's timers.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/tlb.h"
#include "irq/lapic.h"
#include "lib/errno.h"
#include "sched/sched.h"
#include "time/guest_area.h"
#include "time/time.h"

#define PIT_HZ 1193182.0

/* ---- the machine ---- */

static double tsc_hz, elapsed; /* seconds since power-on */
static double pit_started;
static unsigned int pit_latched, pit_bytes;
static uint8_t cmos_index, cmos[128];
static s_time_t apic_deadline;
static unsigned int timer_events;

uint64_t host_rdtsc(void)
{
	elapsed += 5e-9;
	return 123456789 + (uint64_t)(elapsed * tsc_hz);
}

uint8_t host_inb(uint16_t port)
{
	elapsed += 1e-6;
	switch (port) {
	case 0x42:
		return (uint8_t)(pit_latched >> 8 * (pit_bytes++ & 1));
	case 0x71:
		return cmos[cmos_index];
	default:
		return 0;
	}
}

void host_outb(uint8_t v, uint16_t port)
{
	elapsed += 1e-6;
	if (port == 0x42) {
		pit_started = elapsed;
	} else if (port == 0x43 && v == 0x80) {
		pit_latched = 0xffff - (unsigned int)((elapsed - pit_started) * PIT_HZ);
		pit_bytes = 0;
	} else if (port == 0x70) {
		cmos_index = v & 127;
	}
}

void lapic_timer_set(s_time_t deadline)
{
	apic_deadline = deadline;
}

void cpu_send_ipi(unsigned int cpu, uint8_t vector)
{
	(void)cpu, (void)vector;
	fail();
}

void send_vcpu_virq(struct vcpu *v, unsigned int virq)
{
	assert_int_equal(virq, VIRQ_TIMER);
	(void)v;
	timer_events++;
}

bool guest_area_write(struct vcpu *v, void *va, const void *src, size_t len)
{
	assert_ptr_equal(v, current);
	memcpy(va, src, len);
	return true;
}

void vcpu_runstate_publish(struct vcpu *v)
{
	assert_ptr_equal(v, current);
}

/* ---- fixture ---- */

static struct domain *d;

static void set_cmos(bool bcd, bool hours24, const uint8_t time[6])
{
	static const uint8_t registers[6] = { 9, 8, 7, 4, 2, 0 }; /* year ... second */

	memset(cmos, 0, sizeof(cmos));
	for (int i = 0; i < 6; i++) {
		uint8_t t = time[i], pm = 0;

		if (i == 3 && !hours24) {
			pm = t >= 12 ? 0x80 : 0;
			t = t % 12 ? t % 12 : 12;
		}
		cmos[registers[i]] = (uint8_t)(pm | (bcd ? t / 10 << 4 | t % 10 : t));
	}
	cmos[0x0b] = (uint8_t)((bcd ? 0 : 4) | (hours24 ? 2 : 0));
}

static const uint8_t some_time[6] = { 26, 11, 21, 20, 12, 27 }; /* 2026-11-21 20:12:27 */
#define SOME_SECONDS 1795291947ull

static int setup(void **state)
{
	(void)state;
	tsc_hz = 2.1e9;
	elapsed = 0.5;
	tsc_khz = 0;
	timer_events = 0;
	set_cmos(true, true, some_time);
	time_init();
	timer_subsys_init();
	d = host_domain_new(0, 1, true);
	host_run(d);
	vcpu_time_init(d->vcpu[0]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vcpu_time_destroy(d->vcpu[0]);
	host_domain_free(d);
	return 0;
}

/* The guest's clock, as public/xen.h has it. */
static uint64_t guest_clock(const struct vcpu_time_info *t, uint64_t tsc)
{
	uint64_t delta = tsc - t->tsc_timestamp;

	delta = t->tsc_shift >= 0 ? delta << t->tsc_shift : delta >> -t->tsc_shift;
	return t->system_time + (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >> 32);
}

/* ---- the host's clock ---- */

static void test_calibration(void **state)
{
	static const double rates[] = { 0.4e9, 1e9, 1.999e9, 2.1e9, 3.7e9, 5.2e9 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rates); i++) {
		double start, ns;

		tsc_hz = rates[i];
		time_init();
		assert_in_range(tsc_khz, (uint64_t)(rates[i] / 1000 * 0.9999),
				(uint64_t)(rates[i] / 1000 * 1.0001));
		start = elapsed;
		ns = (double)now();
		elapsed += 1000;
		ns = (double)now() - ns;
		assert_in_range((uint64_t)ns, (uint64_t)((elapsed - start) * 0.9999e9),
				(uint64_t)((elapsed - start) * 1.0001e9));
	}
}

static void test_tsc_of_a_time(void **state)
{
	(void)state;
	srand(2);
	for (int i = 0; i < 10000; i++) {
		s_time_t ns = (s_time_t)rand() * rand() % SECONDS(86400 * 365);
		s_time_t back = tsc_to_ns(ns_to_tsc(ns));

		assert_in_range(back - ns + 10, 10, 20);
	}
}

static void test_cmos_formats(void **state)
{
	static const uint8_t leap_day[6] = { 28, 2, 29, 0, 0, 0 };
	static const uint8_t new_year[6] = { 0, 1, 1, 12, 0, 1 };
	uint64_t sec;
	uint32_t nsec;

	(void)state;
	for (unsigned int format = 0; format < 4; format++) {
		set_cmos(format & 1, format & 2, some_time);
		wallclock_init();
		wallclock_now(&sec, &nsec);
		assert_int_equal(sec, SOME_SECONDS);
		set_cmos(format & 1, format & 2, leap_day);
		wallclock_init();
		wallclock_now(&sec, &nsec);
		assert_int_equal(sec, 1835395200);
		set_cmos(format & 1, format & 2, new_year);
		wallclock_init();
		wallclock_now(&sec, &nsec);
		assert_int_equal(sec, 946728001);
	}
}

static void test_setting_the_wallclock(void **state)
{
	const struct shared_info *s = d->shared_info;
	uint64_t sec;
	uint32_t nsec;

	(void)state;
	elapsed += 100;
	wallclock_set(1000000, 999999999, now());
	assert_int_equal(s->wc_version & 1, 0);
	assert_true(s->wc_version > 0);
	wallclock_now(&sec, &nsec);
	assert_in_range(sec, 1000000, 1000001);
	/* What the guest computes from its copy. */
	sec = ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec) +
	      (s->wc_nsec + (uint64_t)now()) / 1000000000;
	assert_in_range(sec, 1000000, 1000001);
	d->time_offset_seconds = -3600;
	domain_publish_wallclock(d);
	sec = ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec) +
	      (s->wc_nsec + (uint64_t)now()) / 1000000000;
	assert_in_range(sec, 1000000 - 3600, 1000001 - 3600);
}

/* ---- the guest's clock ---- */

static void test_guest_clock_is_ours(void **state)
{
	struct vcpu_time_info registered = { 0 };
	struct vcpu *v = d->vcpu[0];

	(void)state;
	v->time_info_guest = &registered;
	vcpu_publish_time(v);
	assert_int_equal(v->vcpu_info->time.version & 1, 0);
	assert_int_equal(registered.version & 1, 0);
	for (int i = 0; i < 100; i++) {
		uint64_t tsc = host_rdtsc();

		assert_int_equal(guest_clock(&v->vcpu_info->time, tsc), tsc_to_ns(tsc));
		assert_int_equal(guest_clock(&registered, tsc), tsc_to_ns(tsc));
		elapsed += 12345.678;
	}
}

static void test_copies_are_written_only_when_they_differ(void **state)
{
	struct vcpu *v = d->vcpu[0];
	struct vcpu_time_info *t = &v->vcpu_info->time;
	uint32_t version;

	(void)state;
	vcpu_time_restore(v);
	version = t->version;
	assert_true(version > 0 && !(version & 1));
	vcpu_time_restore(v);
	assert_int_equal(t->version, version);
	t->tsc_timestamp = 7; /* a restored image of another host */
	vcpu_time_restore(v);
	assert_true(t->version > version && !(t->version & 1));
	assert_int_equal(t->tsc_timestamp, tsc_clock.base);
	t->version |= 1; /* stopped in the middle */
	vcpu_time_restore(v);
	assert_int_equal(t->version & 1, 0);
}

/* ---- timers ---- */

static void run_for(s_time_t ns)
{
	s_time_t end = now() + ns;

	while (now() < end) {
		s_time_t next = end;

		if (apic_deadline && apic_deadline < next)
			next = apic_deadline;
		if (next > now())
			elapsed += (double)(next - now()) / 1e9 + 1e-7;
		if (apic_deadline && apic_deadline <= now()) {
			apic_deadline = 0;
			timer_interrupt();
		}
		softirq_run();
	}
}

static void test_singleshot(void **state)
{
	struct vcpu *v = d->vcpu[0];

	(void)state;
	assert_int_equal(vcpu_set_periodic_timer(v, 0), 0);
	assert_int_equal(do_set_timer_op(now() + MILLISECS(5)), 0);
	run_for(MILLISECS(4));
	assert_int_equal(timer_events, 0);
	run_for(MILLISECS(2));
	assert_int_equal(timer_events, 1);

	assert_int_equal(do_set_timer_op(now() - SECONDS(1) > 0 ? now() - SECONDS(1) : 1), 0);
	run_for(MICROSECS(10));
	assert_int_equal(timer_events, 2);

	assert_int_equal(do_set_timer_op(now() + MILLISECS(1)), 0);
	assert_int_equal(do_set_timer_op(0), 0);
	run_for(MILLISECS(3));
	assert_int_equal(timer_events, 2);

	assert_int_equal(vcpu_set_singleshot_timer(v, now() - 1, true), -ETIME);
	assert_int_equal(vcpu_set_singleshot_timer(v, now() + MILLISECS(1), true), 0);
	vcpu_stop_singleshot_timer(v);
	run_for(MILLISECS(3));
	assert_int_equal(timer_events, 2);
}

static void test_periodic_runs_with_its_vcpu(void **state)
{
	struct vcpu *v = d->vcpu[0];

	(void)state;
	v->runstate.state = RUNSTATE_runnable;
	assert_int_equal(vcpu_set_periodic_timer(v, 999999), -EINVAL);
	assert_int_equal(vcpu_set_periodic_timer(v, INT64_MAX), -EINVAL);
	assert_int_equal(vcpu_set_periodic_timer(v, MILLISECS(10)), 0);
	run_for(MILLISECS(50));
	assert_int_equal(timer_events, 0); /* it has no CPU */

	v->runstate.state = RUNSTATE_running;
	vcpu_time_restore(v);
	assert_int_equal(timer_events, 1); /* one for all that was missed */
	run_for(MILLISECS(105));
	assert_in_range(timer_events, 10, 12);
	timer_events = 0;
	vcpu_time_save(v);
	v->runstate.state = RUNSTATE_runnable;
	run_for(MILLISECS(100));
	assert_int_equal(timer_events, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calibration),         TEST(test_tsc_of_a_time),
		TEST(test_cmos_formats),        TEST(test_setting_the_wallclock),
		TEST(test_guest_clock_is_ours), TEST(test_copies_are_written_only_when_they_differ),
		TEST(test_singleshot),          TEST(test_periodic_runs_with_its_vcpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
