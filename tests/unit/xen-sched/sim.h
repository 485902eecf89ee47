/* SPDX-License-Identifier: MIT */
/*
 * A machine of HOST_CPUS CPUs in simulated time, on which the hypervisor's scheduler and timers
 * run: what vCPUs do in between is said by struct actor. Switching is as lazy as the real one's.
 */
#ifndef TESTS_XEN_SCHED_SIM_H
#define TESTS_XEN_SCHED_SIM_H

#include "tests/unit/xen-core/host.h"

#include <public/domctl.h>

#include "lib/errno.h"
#include "sched/cpupool.h"
#include "sched/run_queue.h"
#include "time/time.h"

/* Runs for burst ns, then sleeps for pause ns; yields instead if pause is 0. burst 0: a hog. */
struct actor {
	struct vcpu *v;
	s_time_t burst, pause;
	s_time_t left;    /* of the burst */
	s_time_t wake_at; /* while it sleeps */
	s_time_t ran;     /* time on CPUs, as the simulation counts it */
	s_time_t ran_on[HOST_CPUS];
	s_time_t waited; /* longest time from being woken up to running */
	s_time_t woken;  /* when it was, until it runs */
};

#define SIM_ACTORS 64
extern struct actor actors[SIM_ACTORS];
extern unsigned int actor_count;
extern unsigned int sim_switches; /* vCPU states loaded */

/* cmocka setup and teardown: cpus of them, Pool-0 with the policy; all domains end. */
void sim_start(unsigned int cpus, const char *policy);
void sim_end(void);

/* A domain in a pool, its vCPUs down; ids from 1. */
struct domain *sim_domain(unsigned int vcpus, uint32_t pool);
void sim_domain_end(struct domain *d);
/* Brings v up with a behaviour. */
struct actor *sim_actor(struct vcpu *v, s_time_t burst, s_time_t pause);
/* A domain of one hog with this weight. */
struct actor *sim_hog(unsigned int weight);

void sim_run(s_time_t duration);
/* Sets ran, ran_on and waited of all actors to 0. */
void sim_reset_counts(void);
/* Softirqs of all CPUs until none is pending, then checks every invariant. */
void sim_settle(void);
/* The vCPU that runs on cpu, or its idle one. */
struct vcpu *sim_current(unsigned int cpu);
/* Goes on as this CPU. */
void sim_on_cpu(unsigned int cpu);
/* When cpu's timer fires; 0: not at all. */
s_time_t sim_timer(unsigned int cpu);

void sim_pin(struct vcpu *v, unsigned long hard, unsigned long soft);

#define assert_near(value, wanted, percent)                                       \
	assert_in_range(value, (uint64_t)((wanted) - (wanted) * (percent) / 100), \
			(uint64_t)((wanted) + (wanted) * (percent) / 100))

#endif
