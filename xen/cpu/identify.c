/* SPDX-License-Identifier: MIT */
/* What the CPU is and has, from CPUID; and control register bits that follow from it. */
#include "console/console.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/descriptors.h"
#include "cpu/fpu.h"
#include "cpu/msr.h"
#include "lib/string.h"

#define LEAF1_ECX_XSAVE        (1u << 26)
#define LEAF7_EBX_FSGSBASE     (1u << 0)
#define LEAF7_EBX_SMEP         (1u << 7)
#define LEAF7_EBX_SMAP         (1u << 20)
#define LEAF7_ECX_UMIP         (1u << 2)
#define LEAF7_EDX_ARCH_CAPS    (1u << 29)
#define EXT1_EDX_NX            (1u << 20)
#define EXT1_EDX_1G            (1u << 26)
#define EXT1_EDX_RDTSCP        (1u << 27)
#define EXT7_EDX_INVARIANT_TSC (1u << 8)
#define MSR_ARCH_CAPABILITIES  0x10a
#define ARCH_CAP_RDCL_NO       0x1

/* Write-back, -through, uncached-, uncached; write-combining, -protect, uncached-, uncached. */
#define PAT_VALUE 0x0000050100070406ul

struct cpu_features cpu_features;

static void identify_vendor(void)
{
	uint32_t r[4];

	cpuid_count(0, 0, r);
	cpu_features.max_leaf = r[0];
	memcpy(cpu_features.vendor, &r[1], 4);
	memcpy(cpu_features.vendor + 4, &r[3], 4);
	memcpy(cpu_features.vendor + 8, &r[2], 4);
	cpuid_count(0x80000000, 0, r);
	cpu_features.max_ext_leaf = r[0];
	for (uint32_t i = 0; r[0] >= 0x80000004 && i < 3; i++) {
		uint32_t name[4];

		cpuid_count(0x80000002 + i, 0, name);
		memcpy(cpu_features.brand + 16 * i, name, 16);
	}
}

static bool leaks_kernel_mappings(uint32_t leaf7_edx)
{
	if (strcmp(cpu_features.vendor, "GenuineIntel") != 0)
		return false;
	return !(leaf7_edx & LEAF7_EDX_ARCH_CAPS) ||
	       !(rdmsr(MSR_ARCH_CAPABILITIES) & ARCH_CAP_RDCL_NO);
}

void cpu_identify(void)
{
	struct cpu_features *f = &cpu_features;
	uint32_t r[4], leaf7[4] = { 0 };

	identify_vendor();
	cpuid_count(1, 0, r);
	f->stepping = r[0] & 0xf;
	f->model = (uint8_t)(((r[0] >> 4) & 0xf) | ((r[0] >> 12) & 0xf0));
	f->family = (uint8_t)(((r[0] >> 8) & 0xf) + ((r[0] >> 20) & 0xff));
	f->xsave = r[2] & LEAF1_ECX_XSAVE;
	if (f->max_leaf >= 7)
		cpuid_count(7, 0, leaf7);
	f->fsgsbase = leaf7[1] & LEAF7_EBX_FSGSBASE;
	f->smep = leaf7[1] & LEAF7_EBX_SMEP;
	f->smap = leaf7[1] & LEAF7_EBX_SMAP;
	f->umip = leaf7[2] & LEAF7_ECX_UMIP;
	f->meltdown = leaks_kernel_mappings(leaf7[3]);

	cpuid_count(0x80000001, 0, r);
	f->nx = r[3] & EXT1_EDX_NX;
	f->page1gb = r[3] & EXT1_EDX_1G;
	f->rdtscp = r[3] & EXT1_EDX_RDTSCP;
	f->phys_addr_bits = 36;
	if (f->max_ext_leaf >= 0x80000008) {
		cpuid_count(0x80000008, 0, r);
		f->phys_addr_bits = (uint8_t)r[0];
	}
	if (f->max_ext_leaf >= 0x80000007) {
		cpuid_count(0x80000007, 0, r);
		f->invariant_tsc = r[3] & EXT7_EDX_INVARIANT_TSC;
	}
	pr_info("CPU: %s, family 0x%x model 0x%x stepping %u, %s\n", f->vendor, f->family, f->model,
		f->stepping, f->brand);
	if (f->meltdown)
		pr_warn("this CPU leaks kernel mappings to user mode (Meltdown), and guests are "
			"not "
			"yet kept from it: run only guests that you trust\n");
}

void cpu_setup(void)
{
	const struct cpu_features *f = &cpu_features;
	uint64_t cr4 = CR4_PAE | CR4_PGE | CR4_MCE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cr4 |= f->smep ? CR4_SMEP : 0;
	cr4 |= f->smap ? CR4_SMAP : 0;
	cr4 |= f->umip ? CR4_UMIP : 0;
	cr4 |= f->xsave ? CR4_OSXSAVE : 0;
	write_cr4(cr4);
	write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
	wrmsr(MSR_PAT, PAT_VALUE);
	descriptors_load();
}
