/* SPDX-License-Identifier: MIT */
/*
 * CPUID for PV guests: the host's leaves with what ring 3 without its own MMU or devices cannot
 * have taken out, what the toolstack set per domain, and the hypervisor's leaves at 0x40000000
 * (public/arch-x86.h).
 */
#include <public/version.h>

#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "cpu/msr.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "pv/cpuid.h"
#include "time/time.h"

#define ANY_SUBLEAF (~0u)

/* Bits a guest may see, by leaf and register; a leaf not listed reads as zero. */
#define L1_EDX_ALLOWED                                                                       \
	((1u << 0) | (1u << 2) | (1u << 4) | (1u << 5) | (1u << 6) | (1u << 8) | (1u << 9) | \
	 (1u << 11) | (1u << 15) | (1u << 16) | (1u << 19) | (1u << 23) | (1u << 24) |       \
	 (1u << 25) | (1u << 26) | (1u << 28))
/* sse3 pclmul ssse3 fma cx16 pcid- sse4.1 sse4.2 movbe popcnt aes xsave avx f16c rdrand */
#define L1_ECX_ALLOWED                                                                           \
	((1u << 0) | (1u << 1) | (1u << 9) | (1u << 12) | (1u << 13) | (1u << 19) | (1u << 20) | \
	 (1u << 22) | (1u << 23) | (1u << 25) | (1u << 26) | (1u << 28) | (1u << 29) | (1u << 30))
#define L1_ECX_AVX        ((1u << 28) | (1u << 12) | (1u << 29))
#define L1_ECX_OSXSAVE    (1u << 27)
#define L1_ECX_HYPERVISOR (1u << 31)
/* bmi1 avx2 bmi2 erms adx rdseed clflushopt clwb sha */
#define L7_EBX_ALLOWED                                                                          \
	((1u << 3) | (1u << 5) | (1u << 8) | (1u << 9) | (1u << 18) | (1u << 19) | (1u << 23) | \
	 (1u << 24) | (1u << 29))
#define L7_EBX_AVX2     (1u << 5)
#define LD1_EAX_ALLOWED 0x1u /* xsaveopt */
/* syscall mmxext nx lm 3dnowext 3dnow, and the AMD copies of leaf 1's */
#define E1_EDX_ALLOWED \
	((1u << 11) | (1u << 20) | (1u << 22) | (1u << 25) | (1u << 29) | (1u << 30) | (1u << 31))
#define E1_EDX_COMMON 0x0183f3ffu
/* lahf abm sse4a misalignsse 3dnowprefetch xop fma4 tbm, cmp_legacy */
#define E1_ECX_ALLOWED                                                                        \
	((1u << 0) | (1u << 1) | (1u << 5) | (1u << 6) | (1u << 7) | (1u << 8) | (1u << 11) | \
	 (1u << 16) | (1u << 21))
#define E7_EDX_INVARIANT_TSC (1u << 8)

static uint32_t max_basic, max_extended;

void cpuid_init(void)
{
	max_basic = min(cpu_features.max_leaf, 0xdu);
	max_extended = min(cpu_features.max_ext_leaf, 0x80000008u);
}

static void leaf_1(uint32_t r[4])
{
	r[1] &= 0x0000ffff; /* no APIC id, no processor count */
	r[2] &= L1_ECX_ALLOWED;
	r[3] &= L1_EDX_ALLOWED;
	if (!(xfeature_mask & 4))
		r[2] &= ~L1_ECX_AVX;
	if (!xfeature_mask)
		r[2] &= ~(1u << 26);
	else
		r[2] |= L1_ECX_OSXSAVE; /* CR4.OSXSAVE is always on */
	r[2] |= L1_ECX_HYPERVISOR;
}

static void leaf_7(uint32_t subleaf, uint32_t r[4])
{
	uint32_t ebx = r[1];

	memset(r, 0, 4 * sizeof(r[0]));
	if (subleaf == 0)
		r[1] = ebx & L7_EBX_ALLOWED & ~(xfeature_mask & 4 ? 0 : L7_EBX_AVX2);
}

static void leaf_xsave(uint32_t subleaf, uint32_t r[4])
{
	if (!xfeature_mask || (subleaf >= 2 && (subleaf > 62 || !(xfeature_mask & BIT(subleaf))))) {
		memset(r, 0, 4 * sizeof(r[0]));
	} else if (subleaf == 0) {
		r[0] = (uint32_t)xfeature_mask;
		r[1] = r[2] = fpu_area_size;
		r[3] = (uint32_t)(xfeature_mask >> 32);
	} else if (subleaf == 1) {
		r[0] &= LD1_EAX_ALLOWED;
		r[1] = r[2] = r[3] = 0;
	}
}

static void basic_leaf(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	cpuid_count(leaf, subleaf, r);
	switch (leaf) {
	case 0x0:
		r[0] = max_basic;
		break;
	case 0x1:
		leaf_1(r);
		break;
	case 0x2:
	case 0x4:
		if (leaf == 0x4)
			r[0] &= ~0xffffc000u; /* no topology */
		break;
	case 0x7:
		leaf_7(subleaf, r);
		break;
	case 0xd:
		leaf_xsave(subleaf, r);
		break;
	default:
		memset(r, 0, 4 * sizeof(r[0]));
		break;
	}
}

static void extended_leaf(uint32_t leaf, uint32_t r[4])
{
	cpuid_count(leaf, 0, r);
	switch (leaf) {
	case 0x80000000:
		r[0] = max_extended;
		break;
	case 0x80000001:
		r[2] &= E1_ECX_ALLOWED;
		r[3] &= E1_EDX_ALLOWED | (L1_EDX_ALLOWED & E1_EDX_COMMON);
		break;
	case 0x80000002:
	case 0x80000003:
	case 0x80000004:
	case 0x80000005:
	case 0x80000006:
		break;
	case 0x80000007:
		r[0] = r[1] = r[2] = 0;
		r[3] &= E7_EDX_INVARIANT_TSC;
		break;
	case 0x80000008:
		r[0] &= 0xffff;
		r[1] = r[2] = r[3] = 0;
		break;
	default:
		memset(r, 0, 4 * sizeof(r[0]));
		break;
	}
}

static void hypervisor_leaf(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	memset(r, 0, 4 * sizeof(r[0]));
	switch (leaf - XEN_CPUID_FIRST_LEAF) {
	case 0:
		r[0] = XEN_CPUID_FIRST_LEAF + XEN_CPUID_MAX_NUM_LEAVES;
		r[1] = XEN_CPUID_SIGNATURE_EBX;
		r[2] = XEN_CPUID_SIGNATURE_ECX;
		r[3] = XEN_CPUID_SIGNATURE_EDX;
		break;
	case 1:
		r[0] = 4u << 16 | 17; /* the version whose ABI this is */
		break;
	case 2:
		r[0] = 1; /* hypercall pages */
		r[1] = 0x40000000;
		r[2] = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
		break;
	case 3:
		if (subleaf == 0) {
			r[1] = v->domain->tsc_mode;
			r[2] = tsc_khz;
		} else if (subleaf == 2) {
			r[0] = tsc_khz;
		}
		break;
	case 5:
		r[1] = cpu_features.phys_addr_bits & XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK;
		break;
	default:
		break;
	}
}

/* Bits that every vCPU must not see or must see, whatever the toolstack asked for. */
static bool policy_leaf(const struct domain *d, uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	const struct cpu_policy *p = d->policy;

	for (unsigned int i = 0; p && i < p->count; i++) {
		const struct cpuid_leaf_policy *l = &p->leaf[i];

		if (l->leaf != leaf || (l->subleaf != ANY_SUBLEAF && l->subleaf != subleaf))
			continue;
		r[0] = l->a;
		r[1] = l->b;
		r[2] = l->c;
		r[3] = l->d;
		return true;
	}
	return false;
}

/* Feature words: the toolstack can only take away. */
static void limit_features(uint32_t leaf, uint32_t subleaf, uint32_t set[4], const uint32_t host[4])
{
	if (leaf == 1) {
		set[2] &= host[2];
		set[2] |= L1_ECX_HYPERVISOR;
		set[3] &= host[3];
	} else if (leaf == 7 && subleaf == 0) {
		for (unsigned int i = 1; i < 4; i++)
			set[i] &= host[i];
	} else if (leaf == 0x80000001) {
		set[2] &= host[2];
		set[3] &= host[3];
	} else if (leaf == 0xd) {
		memcpy(set, host, 4 * sizeof(set[0]));
	}
}

void cpuid_guest(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	uint32_t set[4];

	if (leaf >= XEN_CPUID_FIRST_LEAF &&
	    leaf <= XEN_CPUID_FIRST_LEAF + XEN_CPUID_MAX_NUM_LEAVES) {
		hypervisor_leaf(v, leaf, subleaf, out);
		return;
	}
	if (leaf <= max_basic)
		basic_leaf(leaf, subleaf, out);
	else if (leaf >= 0x80000000 && leaf <= max_extended)
		extended_leaf(leaf, out);
	else
		memset(out, 0, 4 * sizeof(out[0]));
	if (policy_leaf(v->domain, leaf, subleaf, set)) {
		limit_features(leaf, subleaf, set, out);
		memcpy(out, set, sizeof(set));
	}
}

int cpuid_set_leaf(struct domain *d, const struct cpuid_leaf_policy *leaf)
{
	struct cpu_policy *p;

	if (!d->policy)
		d->policy = xzalloc(struct cpu_policy);
	p = d->policy;
	if (!p)
		return -ENOMEM;
	for (unsigned int i = 0; i < p->count; i++) {
		if (p->leaf[i].leaf == leaf->leaf && p->leaf[i].subleaf == leaf->subleaf) {
			p->leaf[i] = *leaf;
			return 0;
		}
	}
	if (p->count == CPU_POLICY_LEAVES)
		return -ENOSPC;
	p->leaf[p->count++] = *leaf;
	return 0;
}
