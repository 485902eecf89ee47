/* SPDX-License-Identifier: MIT */
/* What CPUID and MSRs say to a guest. */
#ifndef PV_CPUID_H
#define PV_CPUID_H

#include "lib/types.h"

struct domain;
struct vcpu;

#define CPU_POLICY_LEAVES 64u

struct cpuid_leaf_policy {
	uint32_t leaf, subleaf; /* subleaf ~0u: every one */
	uint32_t a, b, c, d;
};

/* Leaves that differ from the default policy, as the toolstack set them. */
struct cpu_policy {
	unsigned int count;
	struct cpuid_leaf_policy leaf[CPU_POLICY_LEAVES];
};

/* Boot: derives the default PV policy from the host. */
void cpuid_init(void);
/* CPUID as v sees it: out[] = eax, ebx, ecx, edx; includes the hypervisor leaves at 0x40000000. */
void cpuid_guest(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
int cpuid_set_leaf(struct domain *d, const struct cpuid_leaf_policy *leaf);
/* False: the access faults (#GP in the guest). */
bool msr_guest_read(struct vcpu *v, uint32_t msr, uint64_t *value);
bool msr_guest_write(struct vcpu *v, uint32_t msr, uint64_t value);

#endif
