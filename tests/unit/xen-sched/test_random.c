/* SPDX-License-Identifier: MIT */
/* Random operations on four CPUs, two pools and both policies; sim_settle() checks after each. */
#include "sim.h"

#include <stdlib.h>

#include "lib/bitops.h"

#define STEPS   12000
#define DOMAINS 5
#define VCPUS   4

static struct domain *domains[DOMAINS];
static bool paused[DOMAINS];

static unsigned int any(unsigned int n)
{
	return (unsigned int)rand() % n;
}

static struct vcpu *any_vcpu(void)
{
	return domains[any(DOMAINS)]->vcpu[any(VCPUS)];
}

static void make_domain(unsigned int i)
{
	struct domain *d = sim_domain(VCPUS, 0);

	domains[i] = d;
	paused[i] = false;
	for (unsigned int j = 0; j < VCPUS; j++)
		sim_actor(d->vcpu[j], any(3) ? MICROSECS(10 + any(8000)) : 0,
			  any(4) ? MICROSECS(10 + any(8000)) : 0);
}

static void replace_domain(unsigned int i)
{
	if (paused[i])
		domain_unpause(domains[i]);
	sim_domain_end(domains[i]);
	make_domain(i);
}

static void pause_or_unpause(unsigned int i)
{
	if (paused[i])
		domain_unpause(domains[i]);
	else
		domain_pause(domains[i]);
	paused[i] = !paused[i];
}

static void down_or_up(struct vcpu *v)
{
	if (test_and_clear_bit(VPF_DOWN, &v->pause_flags)) {
		vcpu_wake(v);
	} else {
		set_bit(VPF_DOWN, &v->pause_flags);
		vcpu_sleep_nosync(v);
	}
}

static void change_affinity(struct vcpu *v)
{
	cpumask_t hard = { { any(16) } }, soft = { { any(16) } };

	(void)sched_set_affinity(v, any(3) ? &hard : NULL, any(2) ? &soft : NULL);
}

static void change_pools(void)
{
	switch (any(4)) {
	case 0:
		(void)cpupool_remove_cpu(any(3), any(5));
		break;
	case 1:
		(void)cpupool_add_cpu(any(3), any(2) ? any(4) : CPUPOOL_ANY);
		break;
	default:
		(void)cpupool_move_domain(domains[any(DOMAINS)], any(4));
	}
}

static void one_step(void)
{
	sim_on_cpu(any(4));
	switch (any(12)) {
	case 0:
		pause_or_unpause(any(DOMAINS));
		break;
	case 1:
	case 2:
		down_or_up(any_vcpu());
		break;
	case 3:
	case 4:
		change_affinity(any_vcpu());
		break;
	case 5:
		(void)sched_set_params(domains[any(DOMAINS)], 1 + any(2000), any(2) ? 0 : any(400));
		break;
	case 6:
		if (!any(10))
			replace_domain(any(DOMAINS));
		break;
	case 7:
	case 8:
		change_pools();
		break;
	case 9:
		(void)sched_pin_override(any_vcpu(), (int)any(8) - 4);
		break;
	case 10:
		vcpu_sleep_nosync(any_vcpu());
		break;
	default:
		vcpu_unblock(any_vcpu());
		break;
	}
	if (any(2))
		sim_settle();
	if (any(2))
		sim_run(MICROSECS(any(3000)));
}

static void test_random(void **state)
{
	uint32_t pools[2] = { CPUPOOL_ANY, CPUPOOL_ANY };

	(void)state;
	for (unsigned int seed = 0; seed < 4; seed++) {
		srand(seed);
		sim_start(4, seed % 2 ? "null" : "fair");
		pools[0] = pools[1] = CPUPOOL_ANY;
		assert_int_equal(cpupool_create(&pools[0], XEN_SCHEDULER_CREDIT2), 0);
		assert_int_equal(cpupool_create(&pools[1], XEN_SCHEDULER_NULL), 0);
		for (unsigned int i = 0; i < DOMAINS; i++)
			make_domain(i);
		for (unsigned int step = 0; step < STEPS; step++)
			one_step();
		for (unsigned int i = 0; i < DOMAINS; i++) {
			if (paused[i])
				domain_unpause(domains[i]);
			assert_int_equal(cpupool_move_domain(domains[i], 0), 0);
		}
		for (unsigned int i = 0; i < 2; i++) {
			while (!cpupool_remove_cpu(pools[i], CPUPOOL_ANY))
				;
			assert_int_equal(cpupool_destroy(pools[i]), 0);
		}
		sim_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
