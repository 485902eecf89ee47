/* SPDX-License-Identifier: MIT */
/*
 * domctl's handlers. Each gets the domain, referenced, and a copy of the caller's structure, and
 * returns 0 or a negative errno; -ERESTART: to be called again. do_domctl() holds domctl_lock.
 */
#ifndef OPS_DOMCTL_H
#define OPS_DOMCTL_H

#include <public/domctl.h>

#include "cpu/cpumask.h"

struct domain;

/* ops/domctl_domain.c */
int domctl_createdomain(struct domain *none, struct xen_domctl *op);
int domctl_destroydomain(struct domain *d, struct xen_domctl *op);
int domctl_pausedomain(struct domain *d, struct xen_domctl *op);
int domctl_unpausedomain(struct domain *d, struct xen_domctl *op);
int domctl_resumedomain(struct domain *d, struct xen_domctl *op);
int domctl_max_vcpus(struct domain *d, struct xen_domctl *op);
int domctl_getdomaininfo(struct domain *d, struct xen_domctl *op);
int domctl_setdomainhandle(struct domain *d, struct xen_domctl *op);
int domctl_settimeoffset(struct domain *d, struct xen_domctl *op);
int domctl_settscinfo(struct domain *d, struct xen_domctl *op);
int domctl_gettscinfo(struct domain *d, struct xen_domctl *op);
int domctl_scheduler_op(struct domain *d, struct xen_domctl *op);
int domctl_set_address_size(struct domain *d, struct xen_domctl *op);
int domctl_get_address_size(struct domain *d, struct xen_domctl *op);

/* ops/domctl_vcpu.c */
int domctl_setvcpucontext(struct domain *d, struct xen_domctl *op);
int domctl_getvcpucontext(struct domain *d, struct xen_domctl *op);
int domctl_set_ext_vcpucontext(struct domain *d, struct xen_domctl *op);
int domctl_get_ext_vcpucontext(struct domain *d, struct xen_domctl *op);
int domctl_getvcpuextstate(struct domain *d, struct xen_domctl *op);
int domctl_get_vcpu_msrs(struct domain *d, struct xen_domctl *op);
int domctl_set_vcpu_msrs(struct domain *d, struct xen_domctl *op);
int domctl_getvcpuinfo(struct domain *d, struct xen_domctl *op);
int domctl_setvcpuaffinity(struct domain *d, struct xen_domctl *op);
int domctl_getvcpuaffinity(struct domain *d, struct xen_domctl *op);

/* ops/domctl_memory.c */
int domctl_max_mem(struct domain *d, struct xen_domctl *op);
int domctl_setnodeaffinity(struct domain *d, struct xen_domctl *op);
int domctl_getnodeaffinity(struct domain *d, struct xen_domctl *op);
int domctl_hypercall_init(struct domain *d, struct xen_domctl *op);
int domctl_shadow_op(struct domain *d, struct xen_domctl *op);
int domctl_getpageframeinfo3(struct domain *d, struct xen_domctl *op);

/* ops/cpu_policy.c */
int domctl_get_cpu_policy(struct domain *d, struct xen_domctl *op);
int domctl_set_cpu_policy(struct domain *d, struct xen_domctl *op);

/* What getdomaininfo and sysctl's list say about d. */
void domain_get_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/*
 * Bitmaps of CPUs from and to a caller's memory. Bits that the caller has no room for, or that are
 * beyond our CPUs, are lost; the caller's superfluous bits are cleared.
 */
int cpumask_from_guest(cpumask_t *mask, const struct xenctl_bitmap *bitmap);
int cpumask_to_guest(const struct xenctl_bitmap *bitmap, const cpumask_t *mask);

#endif
