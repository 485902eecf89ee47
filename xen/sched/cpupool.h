/* SPDX-License-Identifier: MIT */
/*
 * CPU pools: disjoint sets of CPUs, each with a scheduling policy of its own. A domain is in one
 * pool, and its vCPUs run on that pool's CPUs. Pool-0 is there from the start and keeps the boot
 * CPU; all CPUs start in it. CPUs in no pool are free, and idle.
 *
 * Lock: cpupool_lock() (RANK_CPUPOOL) guards the pools, and affinities; a domain's pool changes
 * under it, with the domain paused. The number of domains is atomic: it only rises under the lock.
 */
#ifndef SCHED_CPUPOOL_H
#define SCHED_CPUPOOL_H

#include "cpu/cpumask.h"
#include "lib/types.h"

struct domain;
struct sched_policy;

struct cpupool {
	uint32_t id;
	const struct sched_policy *policy;
	cpumask_t cpus;
	unsigned int domains;
	s_time_t ratelimit; /* how long a vCPU runs at least before another that wakes up takes over
			     */
	struct cpupool *next; /* in ascending order of ids */
};

/* Makes Pool-0, without CPUs, with the policy that the command line names. */
void cpupool_init(void);
void cpupool_lock(void);
void cpupool_unlock(void);
/* With the lock held: the pool with this id; the first with this or a higher one. NULL if none. */
struct cpupool *cpupool_find(uint32_t id);
struct cpupool *cpupool_find_next(uint32_t id);

/*
 * A new domain joins a pool: -ESRCH if there is none with this id, -ENODEV if it has no CPUs. And
 * leaves it, when it has no vCPU any more.
 */
int cpupool_add_domain(struct domain *d, uint32_t id);
void cpupool_remove_domain(struct domain *d);
uint32_t cpupool_of_domain(const struct domain *d);

/*
 * The operations of XEN_SYSCTL_cpupool_op (public/sysctl.h), with Xen's error numbers: -ENOENT, no
 * such pool.
 */
#define CPUPOOL_ANY (~0u)
/* id may be CPUPOOL_ANY, and is set. -EEXIST; -ENOENT: no such policy; -ENOMEM. */
int cpupool_create(uint32_t *id, uint32_t policy_id);
/* -EBUSY: it has domains or CPUs. */
int cpupool_destroy(uint32_t id);
/* cpu may be CPUPOOL_ANY. -EINVAL: no such CPU; -ENODEV: it is not free. */
int cpupool_add_cpu(uint32_t id, uint32_t cpu);
/*
 * -EINVAL: no such CPU, or the boot CPU and Pool-0; -EADDRNOTAVAIL: it is not in the pool;
 * -EBUSY: the last CPU of a pool with domains; -EADDRINUSE: a vCPU is confined to it.
 * vCPUs with an affinity to no other CPU of the pool may run on all of them afterwards.
 */
int cpupool_remove_cpu(uint32_t id, uint32_t cpu);
/* Not for the running domain. Its affinities are forgotten. -ENOENT also if the pool has no CPUs.
 */
int cpupool_move_domain(struct domain *d, uint32_t id);
/* CPUs in no pool; with the lock held. */
void cpupool_free_cpus(cpumask_t *out);

#endif
