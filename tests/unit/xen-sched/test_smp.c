/* SPDX-License-Identifier: MIT */
/* The fair policy on several CPUs: shares by weight, caps, affinity, latency, ticks. */
#include "sim.h"

#include "lib/bitops.h"

#define LONG_TIME SECONDS(30)

static int two_cpus(void **state)
{
	(void)state;
	sim_start(2, "fair");
	return 0;
}

static int four_cpus(void **state)
{
	(void)state;
	sim_start(4, "fair");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_end();
	return 0;
}

/* ---- weights ---- */

static void test_three_equal_on_two(void **state)
{
	struct actor *a = sim_hog(256), *b = sim_hog(256), *c = sim_hog(256);

	(void)state;
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME * 2 / 3, 1);
	assert_near(b->ran, LONG_TIME * 2 / 3, 1);
	assert_near(c->ran, LONG_TIME * 2 / 3, 1);
	assert_in_range(sim_switches, 1000, 20000);
}

static void test_weights_on_two(void **state)
{
	struct actor *a = sim_hog(256), *b = sim_hog(512), *c = sim_hog(256);

	(void)state;
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME / 2, 2);
	assert_near(b->ran, LONG_TIME, 2);
	assert_near(c->ran, LONG_TIME / 2, 2);
}

static void test_uneven_weights_on_two(void **state)
{
	struct actor *a = sim_hog(256), *b = sim_hog(512), *c = sim_hog(512);

	(void)state;
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME * 2 / 5, 2);
	assert_near(b->ran, LONG_TIME * 4 / 5, 2);
	assert_near(c->ran, LONG_TIME * 4 / 5, 2);
}

static void test_weights_on_four(void **state)
{
	static const unsigned int weights[] = { 128, 256, 256, 256, 512, 512, 128 };
	struct actor *a[7];

	(void)state;
	for (unsigned int i = 0; i < 7; i++)
		a[i] = sim_hog(weights[i]);
	sim_run(LONG_TIME);
	for (unsigned int i = 0; i < 7; i++)
		assert_near(a[i]->ran, LONG_TIME * 4 * weights[i] / 2048, 3);
}

/* A domain's share is its vCPUs' together. */
static void test_many_vcpus(void **state)
{
	struct domain *d = sim_domain(24, 0);
	s_time_t least = INT64_MAX, most = 0;

	(void)state;
	for (unsigned int i = 0; i < 24; i++)
		sim_actor(d->vcpu[i], 0, 0);
	sim_run(LONG_TIME);
	for (unsigned int i = 0; i < 24; i++) {
		least = min(least, actors[i].ran);
		most = max(most, actors[i].ran);
	}
	assert_near(least, LONG_TIME * 4 / 24, 2);
	assert_near(most, LONG_TIME * 4 / 24, 2);
}

/* One with a weight beyond its CPU's share does not slow down, and owes nothing afterwards. */
static void test_great_weight(void **state)
{
	struct actor *a = sim_hog(10000), *b = sim_hog(256), *c = sim_hog(256);

	(void)state;
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME, 1);
	assert_near(b->ran, LONG_TIME / 2, 2);
	assert_near(c->ran, LONG_TIME / 2, 2);
	assert_int_equal(sched_set_params(a->v->domain, 256, 0), 0);
	sim_run(SECONDS(1));
	sim_reset_counts();
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME * 2 / 3, 2);
	assert_near(b->ran, LONG_TIME * 2 / 3, 2);
}

static void test_weight_changes(void **state)
{
	struct actor *a = sim_hog(256), *b = sim_hog(256), *c = sim_hog(256);

	(void)state;
	sim_run(SECONDS(5));
	assert_int_equal(sched_set_params(b->v->domain, 512, 0), 0);
	sim_run(SECONDS(1));
	sim_reset_counts();
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME / 2, 2);
	assert_near(b->ran, LONG_TIME, 2);
	assert_near(c->ran, LONG_TIME / 2, 2);
}

/* ---- affinity ---- */

/* Two hogs share CPU 0 by weight, CPU 1 is another's. Freed, they share with that. */
static void test_confined(void **state)
{
	struct actor *a = sim_hog(256), *b = sim_hog(512), *c = sim_hog(256);

	(void)state;
	sim_pin(a->v, 1, 0);
	sim_pin(b->v, 1, 0);
	sim_pin(c->v, 2, 0);
	sim_run(LONG_TIME);
	assert_near(a->ran_on[0], LONG_TIME / 3, 2);
	assert_near(b->ran_on[0], LONG_TIME * 2 / 3, 2);
	assert_near(c->ran_on[1], LONG_TIME, 1);
	assert_int_equal(a->ran, a->ran_on[0]);

	sim_pin(a->v, 3, 0);
	sim_pin(b->v, 3, 0);
	sim_pin(c->v, 3, 0);
	sim_run(SECONDS(1));
	sim_reset_counts();
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME / 2, 2);
	assert_near(b->ran, LONG_TIME, 2);
	assert_near(c->ran, LONG_TIME / 2, 2);
}

/* Some may run on CPUs 0 and 1, others on 2 and 3: each group shares its own. */
static void test_two_groups(void **state)
{
	struct actor *a[3], *b[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		a[i] = sim_hog(256);
		sim_pin(a[i]->v, 3, 0);
	}
	for (unsigned int i = 0; i < 3; i++) {
		b[i] = sim_hog(i ? 256 : 512);
		sim_pin(b[i]->v, 12, 0);
	}
	sim_run(LONG_TIME);
	for (unsigned int i = 0; i < 3; i++) {
		assert_near(a[i]->ran, LONG_TIME * 2 / 3, 2);
		assert_near(b[i]->ran, i ? LONG_TIME / 2 : LONG_TIME, 2);
		assert_int_equal(a[i]->ran, a[i]->ran_on[0] + a[i]->ran_on[1]);
		assert_int_equal(b[i]->ran, b[i]->ran_on[2] + b[i]->ran_on[3]);
	}
}

/* A confined hog among free ones gets its weight as they do. */
static void test_one_confined(void **state)
{
	struct actor *a = sim_hog(256), *b = sim_hog(256), *c = sim_hog(256);

	(void)state;
	sim_pin(a->v, 1, 0);
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME * 2 / 3, 2);
	assert_near(b->ran, LONG_TIME * 2 / 3, 2);
	assert_near(c->ran, LONG_TIME * 2 / 3, 2);
	assert_int_equal(a->ran, a->ran_on[0]);
}

/* Queues that have drifted apart for long share fairly soon after. */
static void test_after_drift(void **state)
{
	struct actor *a[5];

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		a[i] = sim_hog(256);
		sim_pin(a[i]->v, i < 3 ? 1 : 2, 0);
	}
	sim_run(SECONDS(1000));
	for (unsigned int i = 0; i < 5; i++)
		sim_pin(a[i]->v, 3, 0);
	sim_run(SECONDS(1));
	sim_reset_counts();
	sim_run(LONG_TIME);
	for (unsigned int i = 0; i < 5; i++)
		assert_near(a[i]->ran, LONG_TIME * 2 / 5, 2);
}

static void test_soft_affinity(void **state)
{
	struct actor *a = sim_hog(256), *b;

	(void)state;
	sim_pin(a->v, 0, 2);
	sim_run(SECONDS(1));
	sim_reset_counts();
	sim_run(SECONDS(1));
	assert_int_equal(a->ran_on[1], SECONDS(1));

	/* Taken by another: not waited for. */
	b = sim_hog(256);
	sim_pin(b->v, 2, 0);
	sim_run(SECONDS(1));
	sim_reset_counts();
	sim_run(SECONDS(1));
	assert_near(a->ran_on[0], SECONDS(1), 2);
	assert_near(b->ran, SECONDS(1), 2);

	/* Free again: back to it. */
	sim_pin(b->v, 1, 0);
	sim_run(MILLISECS(100));
	sim_reset_counts();
	sim_run(SECONDS(1));
	assert_near(a->ran_on[1], SECONDS(1), 2);
	assert_near(b->ran_on[0], SECONDS(1), 2);
}

static void test_affinity_errors(void **state)
{
	struct actor *a = sim_hog(256);
	cpumask_t absent = { { 4 } }, none = { { 0 } };

	(void)state;
	assert_int_equal(sched_set_affinity(a->v, &absent, NULL), -EINVAL);
	assert_int_equal(sched_set_affinity(a->v, &none, NULL), -EINVAL);
	assert_int_equal(sched_set_affinity(a->v, NULL, &absent), 0);
	assert_int_equal(sched_pin_override(a->v, -1), -EINVAL);
	assert_int_equal(sched_pin_override(a->v, 2), -EINVAL);
	assert_int_equal(sched_pin_override(a->v, 1), 0);
	assert_int_equal(sched_pin_override(a->v, 0), -EBUSY);
	assert_int_equal(sched_set_affinity(a->v, &cpu_online_map, NULL), -EBUSY);
	sim_settle();
	assert_ptr_equal(sim_current(1), a->v);
	assert_int_equal(cpupool_remove_cpu(0, 1), -EADDRINUSE);
	assert_int_equal(sched_pin_override(a->v, -1), 0);
	assert_int_equal(a->v->sched.hard_affinity.bits[3], ~0ul);
}

/* ---- caps ---- */

static void test_caps(void **state)
{
	static const unsigned int caps[] = { 10, 33, 50, 100, 150, 170 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(caps); i++) {
		struct domain *d = sim_domain(4, 0);
		s_time_t ran = 0;

		for (unsigned int j = 0; j < 4; j++)
			sim_actor(d->vcpu[j], 0, 0);
		assert_int_equal(sched_set_params(d, 256, caps[i]), 0);
		sim_run(SECONDS(1));
		sim_reset_counts();
		sim_run(SECONDS(10));
		for (unsigned int j = 0; j < 4; j++)
			ran += actors[j].ran;
		assert_in_range(ran * 100 / SECONDS(10), caps[i] - 2, caps[i] + 2);
		sim_domain_end(d);
	}
}

/* What a capped domain leaves is the others', by weight. */
static void test_cap_beside_hogs(void **state)
{
	struct actor *a = sim_hog(512), *b = sim_hog(256), *c = sim_hog(256);

	(void)state;
	assert_int_equal(sched_set_params(a->v->domain, 512, 40), 0);
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME * 40 / 100, 5);
	assert_near(b->ran, LONG_TIME * 80 / 100, 3);
	assert_near(c->ran, LONG_TIME * 80 / 100, 3);
}

/* The cap is just below its share, and it competes for that. */
static void test_cap_below_the_share(void **state)
{
	struct actor *a = sim_hog(256), *b = sim_hog(512), *c = sim_hog(256);

	(void)state;
	assert_int_equal(sched_set_params(a->v->domain, 256, 40), 0);
	sim_run(LONG_TIME);
	assert_near(a->ran, LONG_TIME * 40 / 100, 5);
	assert_near(b->ran, LONG_TIME, 3);
	assert_near(c->ran, LONG_TIME * 60 / 100, 5);
}

/* ---- sleepers ---- */

/* Guests that do I/O beside as many hogs as there are CPUs, and more. */
static void test_latency_beside_hogs(void **state)
{
	struct domain *d = sim_domain(3, 0);

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		sim_hog(256);
	for (unsigned int i = 0; i < 3; i++)
		sim_actor(d->vcpu[i], MICROSECS(80 + i * 10), MICROSECS(1900 + i * 100));
	sim_run(MILLISECS(100));
	sim_reset_counts();
	sim_run(SECONDS(10));
	for (unsigned int i = 3; i < 6; i++) {
		assert_in_range(actors[i].waited, 0, MICROSECS(300));
		assert_near(actors[i].ran,
			    SECONDS(10) * actors[i].burst / (actors[i].burst + actors[i].pause), 2);
	}
}

/* It goes to a CPU that idles rather than preempting somebody. */
static void test_wakes_on_idle_cpu(void **state)
{
	struct domain *d = sim_domain(1, 0);
	struct actor *hog = sim_hog(256), *io;

	(void)state;
	sim_pin(hog->v, 1, 0);
	io = sim_actor(d->vcpu[0], MICROSECS(100), MILLISECS(1));
	sim_run(MILLISECS(10));
	sim_reset_counts();
	sim_run(SECONDS(1));
	assert_int_equal(hog->ran, SECONDS(1));
	assert_int_equal(io->waited, 0);
	assert_int_equal(io->ran_on[0], 0);
}

static void test_ratelimit(void **state)
{
	struct domain *d = sim_domain(1, 0);
	struct actor *hog = sim_hog(256), *io;

	(void)state;
	cpupool_lock();
	cpupool_find(0)->ratelimit = MICROSECS(700);
	cpupool_unlock();
	sim_pin(hog->v, 1, 0);
	io = sim_actor(d->vcpu[0], MICROSECS(50), MICROSECS(100));
	sim_pin(io->v, 1, 0);
	sim_run(MILLISECS(100));
	sim_reset_counts();
	sim_run(SECONDS(1));
	assert_int_equal(io->waited, MICROSECS(600));
	assert_near(io->ran, SECONDS(1) * 50 / 750, 3);
}

/* Endless yielding costs the yielder's share alone. */
static void test_yielder(void **state)
{
	struct domain *d = sim_domain(1, 0);
	struct actor *a = sim_hog(256), *b = sim_hog(256), *y;

	(void)state;
	y = sim_actor(d->vcpu[0], MICROSECS(20), 0);
	sim_run(MILLISECS(100));
	sim_reset_counts();
	sim_run(SECONDS(3));
	assert_in_range(a->ran, SECONDS(3) * 64 / 100, SECONDS(3));
	assert_in_range(b->ran, SECONDS(3) * 64 / 100, SECONDS(3));
	assert_in_range(y->ran, 1, SECONDS(3) * 68 / 100);
}

/* ---- work and ticks ---- */

static void test_no_ticks(void **state)
{
	unsigned int before;

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		sim_hog(256);
	sim_run(SECONDS(1));
	before = sim_switches;
	sim_run(SECONDS(10));
	assert_int_equal(sim_switches, before);
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		assert_int_equal(sim_timer(cpu), 0);
}

/* An idle CPU keeps the state of who ran there last, until that is wanted. */
static void test_lazy_idle(void **state)
{
	struct domain *d = sim_domain(1, 0);
	struct actor *io = sim_actor(d->vcpu[0], MICROSECS(10), MICROSECS(90));
	unsigned int before;

	(void)state;
	sim_run(MILLISECS(10));
	before = sim_switches;
	sim_run(SECONDS(1));
	assert_int_equal(sim_switches, before);
	assert_near(io->ran, SECONDS(1) / 10, 1);
	domain_pause(d);
	assert_int_equal(sim_switches, before + 1);
	domain_unpause(d);
}

static void test_idle_cpu_takes_work(void **state)
{
	struct domain *d = sim_domain(8, 0);
	s_time_t ran = 0;

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		sim_actor(d->vcpu[i], MILLISECS(3 + i), MILLISECS(8 + i / 2));
	sim_run(SECONDS(5));
	/* They want 8 * 0.4 CPUs; sim_settle() has checked that none idled while one waited. */
	for (unsigned int i = 0; i < 8; i++)
		ran += actors[i].ran;
	assert_in_range(ran, SECONDS(5) * 5 / 2, SECONDS(5) * 4);
}

#define TEST2(f) cmocka_unit_test_setup_teardown(f, two_cpus, teardown)
#define TEST4(f) cmocka_unit_test_setup_teardown(f, four_cpus, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST2(test_three_equal_on_two),
		TEST2(test_weights_on_two),
		TEST2(test_uneven_weights_on_two),
		TEST4(test_weights_on_four),
		TEST4(test_many_vcpus),
		TEST2(test_great_weight),
		TEST2(test_weight_changes),
		TEST2(test_confined),
		TEST4(test_two_groups),
		TEST2(test_one_confined),
		TEST2(test_after_drift),
		TEST2(test_soft_affinity),
		TEST2(test_affinity_errors),
		TEST2(test_caps),
		TEST2(test_cap_beside_hogs),
		TEST2(test_cap_below_the_share),
		TEST2(test_cap_below_the_share),
		TEST2(test_latency_beside_hogs),
		TEST2(test_wakes_on_idle_cpu),
		TEST2(test_ratelimit),
		TEST2(test_yielder),
		TEST4(test_no_ticks),
		TEST4(test_lazy_idle),
		TEST4(test_idle_cpu_takes_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
