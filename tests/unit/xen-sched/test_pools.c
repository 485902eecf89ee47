/* SPDX-License-Identifier: MIT */
/* CPU pools and the null policy. */
#include "sim.h"

#include "lib/bitops.h"

#define FAIR        XEN_SCHEDULER_CREDIT2
#define NULL_POLICY XEN_SCHEDULER_NULL

static int four_cpus(void **state)
{
	(void)state;
	sim_start(4, "fair");
	return 0;
}

static int four_null_cpus(void **state)
{
	(void)state;
	sim_start(4, "null");
	return 0;
}

/* Pools other than Pool-0 vanish with their domains and CPUs. */
static int teardown(void **state)
{
	(void)state;
	for (uint32_t id = 1; id < 8; id++) {
		while (cpupool_remove_cpu(id, CPUPOOL_ANY) == -EBUSY)
			for (unsigned int i = 0; i < actor_count; i++)
				if (cpupool_of_domain(actors[i].v->domain) == id)
					assert_int_equal(
						cpupool_move_domain(actors[i].v->domain, 0), 0);
		while (!cpupool_remove_cpu(id, CPUPOOL_ANY))
			;
		(void)cpupool_destroy(id);
	}
	sim_end();
	return 0;
}

static uint32_t new_pool(uint32_t policy)
{
	uint32_t id = CPUPOOL_ANY;

	assert_int_equal(cpupool_create(&id, policy), 0);
	return id;
}

static void move_cpu(uint32_t from, uint32_t to, unsigned int cpu)
{
	assert_int_equal(cpupool_remove_cpu(from, cpu), 0);
	assert_int_equal(cpupool_add_cpu(to, cpu), 0);
}

/* ---- pools ---- */

static void test_operations(void **state)
{
	struct actor *a = sim_hog(256);
	uint32_t id = CPUPOOL_ANY;
	struct domain none = { .domain_id = 5 };

	(void)state;
	assert_int_equal(cpupool_create(&id, 77), -ENOENT);
	id = 0;
	assert_int_equal(cpupool_create(&id, FAIR), -EEXIST);
	id = 5;
	assert_int_equal(cpupool_create(&id, FAIR), 0);
	assert_int_equal(new_pool(FAIR), 1);
	assert_int_equal(new_pool(NULL_POLICY), 2);
	assert_int_equal(cpupool_destroy(9), -ENOENT);
	assert_int_equal(cpupool_destroy(0), -EBUSY);
	assert_int_equal(cpupool_destroy(1), 0);

	assert_int_equal(cpupool_remove_cpu(9, 0), -ENOENT);
	assert_int_equal(cpupool_remove_cpu(0, 0), -EINVAL);
	assert_int_equal(cpupool_remove_cpu(0, 4), -EINVAL);
	assert_int_equal(cpupool_remove_cpu(5, 1), -EADDRNOTAVAIL);
	assert_int_equal(cpupool_remove_cpu(5, CPUPOOL_ANY), -EINVAL);
	assert_int_equal(cpupool_add_cpu(9, 1), -ENOENT);
	assert_int_equal(cpupool_add_cpu(5, 1), -ENODEV);
	assert_int_equal(cpupool_add_cpu(5, 4), -EINVAL);
	assert_int_equal(cpupool_add_cpu(5, CPUPOOL_ANY), -ENODEV);

	assert_int_equal(cpupool_move_domain(a->v->domain, 5), -ENOENT); /* no CPU */
	assert_int_equal(cpupool_add_domain(&none, 5), -ENODEV);
	assert_int_equal(cpupool_add_domain(&none, 9), -ESRCH);
	assert_int_equal(cpupool_remove_cpu(0, CPUPOOL_ANY), 0); /* the last one */
	assert_int_equal(cpupool_add_cpu(5, CPUPOOL_ANY), 0);
	assert_int_equal(cpupool_add_cpu(5, 3), -ENODEV);
	assert_int_equal(cpupool_destroy(5), -EBUSY);
	assert_int_equal(cpupool_move_domain(a->v->domain, 5), 0);
	assert_int_equal(cpupool_of_domain(a->v->domain), 5);
	sim_settle();
	assert_ptr_equal(sim_current(3), a->v);
	assert_int_equal(cpupool_remove_cpu(5, 3), -EBUSY);

	/* What is dying does not keep the pool's last CPU. */
	a->v->domain->dying = DOMDYING_DYING;
	assert_int_equal(cpupool_remove_cpu(5, 3), 0);
	assert_int_equal(cpupool_of_domain(a->v->domain), 0);
	assert_int_equal(cpupool_destroy(5), 0);
	assert_int_equal(cpupool_add_cpu(0, 3), 0);
}

static void test_cpus_move_under_load(void **state)
{
	uint32_t pool = new_pool(FAIR);

	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		sim_hog(256);
	sim_run(MILLISECS(50));
	for (unsigned int cpu = 3; cpu > 0; cpu--) {
		assert_int_equal(cpupool_remove_cpu(0, cpu), 0);
		sim_run(MILLISECS(50));
		assert_ptr_equal(sim_current(cpu), sched_idle_vcpu(cpu));
		assert_int_equal(cpupool_add_cpu(pool, cpu), 0);
	}
	sim_run(MILLISECS(50));
	sim_reset_counts();
	sim_run(SECONDS(6));
	for (unsigned int i = 0; i < 6; i++)
		assert_near(actors[i].ran_on[0], SECONDS(1), 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(cpupool_move_domain(actors[i].v->domain, pool), 0);
	sim_run(MILLISECS(50));
	sim_reset_counts();
	sim_run(SECONDS(3));
	for (unsigned int i = 0; i < 6; i++)
		assert_near(actors[i].ran, i < 3 ? SECONDS(3) : SECONDS(1), 3);
	for (unsigned int cpu = 1; cpu < 3; cpu++)
		move_cpu(pool, 0, cpu);
	sim_run(MILLISECS(50));
	sim_reset_counts();
	sim_run(SECONDS(3));
	for (unsigned int i = 0; i < 6; i++)
		assert_near(actors[i].ran, i < 3 ? SECONDS(1) : SECONDS(3), 3);
}

/* An affinity to CPUs that have all left the pool is given up. */
static void test_affinity_and_pools(void **state)
{
	struct actor *a = sim_hog(256), *b = sim_hog(256);
	uint32_t pool = new_pool(FAIR);
	cpumask_t three = { { 8 } };

	(void)state;
	sim_pin(a->v, 8, 0);
	sim_pin(b->v, 12, 0);
	sim_run(MILLISECS(10));
	move_cpu(0, pool, 3);
	sim_run(MILLISECS(10));
	assert_int_equal(a->v->sched.hard_affinity.bits[0], ~0ul);
	assert_int_equal(b->v->sched.hard_affinity.bits[0], 12);
	assert_ptr_equal(sim_current(2), b->v);
	assert_ptr_equal(sim_current(3), sched_idle_vcpu(3));
	assert_int_equal(sched_set_affinity(a->v, &three, NULL), -EINVAL);
	assert_int_equal(cpupool_move_domain(a->v->domain, pool), 0);
	assert_int_equal(sched_set_affinity(a->v, &three, NULL), 0);
	assert_int_equal(cpupool_move_domain(a->v->domain, 0), 0);
	assert_int_equal(a->v->sched.hard_affinity.bits[0], ~0ul);
}

/* ---- null ---- */

static void test_null_assigns(void **state)
{
	struct domain *d = sim_domain(6, 0);
	struct actor *a[6];

	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		a[i] = sim_actor(d->vcpu[i], 0, 0);
	sim_run(SECONDS(1));
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(a[i]->ran, i < 4 ? SECONDS(1) : 0);
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		assert_int_equal(sim_timer(cpu), 0);

	/* A vCPU goes down, and up again: now it waits. */
	set_bit(VPF_DOWN, &d->vcpu[1]->pause_flags);
	vcpu_sleep_nosync(d->vcpu[1]);
	sim_run(SECONDS(1));
	assert_int_equal(a[1]->ran, SECONDS(1));
	assert_int_equal(a[4]->ran, SECONDS(1));
	clear_bit(VPF_DOWN, &d->vcpu[1]->pause_flags);
	vcpu_wake(d->vcpu[1]);
	sim_run(SECONDS(1));
	assert_int_equal(a[1]->ran, SECONDS(1));
	set_bit(VPF_DOWN, &d->vcpu[0]->pause_flags);
	vcpu_sleep_nosync(d->vcpu[0]);
	sim_run(SECONDS(1));
	assert_int_equal(a[1]->ran + a[5]->ran, SECONDS(2));
}

/* A blocked or paused vCPU keeps its CPU. */
static void test_null_keeps(void **state)
{
	struct domain *d = sim_domain(4, 0), *late;
	struct actor *io, *a;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		sim_actor(d->vcpu[i], 0, 0);
	io = sim_actor(d->vcpu[3], MILLISECS(1), MILLISECS(9));
	late = sim_domain(1, 0);
	a = sim_actor(late->vcpu[0], 0, 0);
	sim_run(SECONDS(1));
	assert_near(io->ran, SECONDS(1) / 10, 1);
	assert_int_equal(io->waited, 0);
	assert_int_equal(a->ran, 0);
	domain_pause(d);
	sim_run(SECONDS(1));
	assert_int_equal(a->ran, 0);
	domain_unpause(d);
	sim_domain_end(d);
	a = &actors[0];
	sim_run(SECONDS(1));
	assert_int_equal(a->ran, SECONDS(1));
}

static void test_null_affinity(void **state)
{
	struct domain *d = sim_domain(2, 0);
	struct actor *a, *b;

	(void)state;
	sim_pin(d->vcpu[0], 4, 0);
	sim_pin(d->vcpu[1], 4, 0);
	a = sim_actor(d->vcpu[0], 0, 0);
	b = sim_actor(d->vcpu[1], 0, 0);
	sim_run(SECONDS(1));
	assert_int_equal(a->ran_on[2], SECONDS(1));
	assert_int_equal(b->ran, 0);
	sim_pin(d->vcpu[0], 1, 0);
	sim_run(SECONDS(1));
	assert_int_equal(a->ran_on[0], SECONDS(1));
	assert_int_equal(b->ran_on[2], SECONDS(1));
}

static void test_null_pool(void **state)
{
	uint32_t pool = new_pool(NULL_POLICY);
	struct domain *d = sim_domain(3, 0);
	struct actor *a[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		a[i] = sim_actor(d->vcpu[i], 0, 0);
	sim_run(MILLISECS(10));
	move_cpu(0, pool, 3);
	assert_int_equal(cpupool_move_domain(d, pool), 0);
	sim_run(MILLISECS(10));
	sim_reset_counts();
	sim_run(SECONDS(1));
	assert_int_equal(a[0]->ran + a[1]->ran + a[2]->ran, SECONDS(1));
	move_cpu(0, pool, 2);
	move_cpu(0, pool, 1);
	sim_run(SECONDS(1));
	assert_int_equal(a[0]->ran + a[1]->ran + a[2]->ran, SECONDS(4));
	move_cpu(pool, 0, 3);
	sim_run(SECONDS(1));
	assert_int_equal(a[0]->ran + a[1]->ran + a[2]->ran, SECONDS(6));
	assert_int_equal(cpupool_move_domain(d, 0), 0);
	sim_run(SECONDS(1));
	assert_near(a[0]->ran + a[1]->ran + a[2]->ran, SECONDS(8), 1);
}

#define TEST(f)      cmocka_unit_test_setup_teardown(f, four_cpus, teardown)
#define TEST_NULL(f) cmocka_unit_test_setup_teardown(f, four_null_cpus, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_operations),         TEST(test_cpus_move_under_load),
		TEST(test_affinity_and_pools), TEST(test_null_pool),
		TEST_NULL(test_null_assigns),  TEST_NULL(test_null_keeps),
		TEST_NULL(test_null_affinity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
