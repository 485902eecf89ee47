/* SPDX-License-Identifier: MIT */
/* sysctl's handlers: each gets a copy of the caller's structure; 0 or a negative errno. */
#ifndef OPS_SYSCTL_H
#define OPS_SYSCTL_H

#include <public/sysctl.h>

/* ops/sysctl_cpu.c */
int sysctl_physinfo(struct xen_sysctl *op);
int sysctl_getcpuinfo(struct xen_sysctl *op);
int sysctl_cputopoinfo(struct xen_sysctl *op);
int sysctl_numainfo(struct xen_sysctl *op);
int sysctl_pcitopoinfo(struct xen_sysctl *op);

/* ops/sysctl_sched.c */
int sysctl_sched_id(struct xen_sysctl *op);
int sysctl_cpu_hotplug(struct xen_sysctl *op);
int sysctl_cpupool_op(struct xen_sysctl *op);
int sysctl_scheduler_op(struct xen_sysctl *op);

/* ops/cpu_policy.c */
int sysctl_get_cpu_policy(struct xen_sysctl *op);
int sysctl_get_cpu_featureset(struct xen_sysctl *op);
/* The host's first count words of a featureset (CPUID words in the order that tools expect). */
void cpu_featureset_raw(uint32_t *words, unsigned int count);

#endif
