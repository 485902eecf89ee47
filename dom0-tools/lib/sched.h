/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's scheduling operations for the toolstack: weights and caps, CPU pools, which
 * CPUs there are. As in domain.h: fd is from privcmd_open(), 0 (or the value named) or a negative
 * errno comes back, nothing is printed, any thread may call.
 */
#ifndef DOM0_LIB_SCHED_H
#define DOM0_LIB_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/domctl.h>
#include <public/sysctl.h>

/* "credit2" and so on for XEN_SCHEDULER_*; "unknown" for other numbers. */
const char *sched_name(uint32_t sched_id);
/* Whether the scheduler has weights and caps. */
bool sched_has_shares(uint32_t sched_id);
/* The number of a name, or -EINVAL. */
int sched_by_name(const char *name);

#define CPU_MAP_CPUS  4096u /* more than any host has */
#define CPU_MAP_BYTES (CPU_MAP_CPUS / 8)

/*
 * Weight and cap of a domain whose pool has scheduler sched_id (XEN_SCHEDULER_CREDIT or _CREDIT2,
 * whose parameters are alike). -EINVAL when that is not the pool's scheduler.
 */
int dom_get_sched(int fd, uint32_t domid, uint32_t sched_id,
		  struct xen_domctl_sched_credit2 *params);
/* Sets both; a weight of 0 leaves the weight as it is, a cap of 0 takes the cap away. */
int dom_set_sched(int fd, uint32_t domid, uint32_t sched_id,
		  const struct xen_domctl_sched_credit2 *params);

struct cpupool_info {
	uint32_t id;
	uint32_t sched_id; /* XEN_SCHEDULER_* */
	uint32_t n_dom;
	uint8_t cpus[CPU_MAP_BYTES]; /* as dom_set_vcpu_affinity() has maps */
};

/* The first pool with an id >= first. -ENOENT when there is none. */
int cpupool_info(int fd, uint32_t first, struct cpupool_info *info);
/* A pool without CPUs. Returns its id. -EEXIST or -ENOMEM when there can be no more. */
int cpupool_create(int fd, uint32_t sched_id);
/* -EBUSY while it has CPUs or domains. */
int cpupool_destroy(int fd, uint32_t id);
/* -ENODEV when the CPU is not free. */
int cpupool_add_cpu(int fd, uint32_t id, uint32_t cpu);
/*
 * Makes a CPU of the pool free. -EBUSY for the last one of a pool with domains; -EAGAIN when a vCPU
 * does not leave it: the CPU is in no pool then, and can be added to this one again.
 */
int cpupool_remove_cpu(int fd, uint32_t id, uint32_t cpu);
int cpupool_move_domain(int fd, uint32_t id, uint32_t domid);
/* The CPUs that are in no pool; CPU_MAP_BYTES. */
int cpupool_free_cpus(int fd, uint8_t *cpus);

/* credit2's smallest time slice in a pool, us. -EINVAL when the pool has another scheduler. */
int cpupool_get_ratelimit(int fd, uint32_t id, uint32_t *us);
int cpupool_set_ratelimit(int fd, uint32_t id, uint32_t us);

/* Core, socket and node of CPUs 0.., XEN_INVALID_* for those offline. Returns how many. */
int host_cpu_topology(int fd, struct xen_sysctl_cputopo *cpus, size_t max);

#endif
