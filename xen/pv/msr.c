/* SPDX-License-Identifier: MIT */
/*
 * MSRs for guests: the few that are virtual, or harmless to read. Anything else faults in the
 * guest, whose kernel is prepared for that.
 */
#include "console/console.h"
#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "mm/addr.h"
#include "pv/cpuid.h"

#define MSR_TSC           0x010
#define MSR_UCODE_REV     0x08b
#define MSR_PLATFORM_INFO 0x0ce
#define MSR_MCG_CAP       0x179
#define MSR_MCG_CTL       0x17b
#define MSR_MC0_CTL2      0x280
#define MSR_MC31_CTL2     0x29f
#define MSR_MC0_CTL       0x400
#define MSR_MC31_MISC     0x47f
#define MSR_K8_SYSCFG     0xc0010010
#define MSR_K8_HWCR       0xc0010015

/*
 * There are no machine checks, but a guest that comes from another host may have begun its life
 * with some, and takes a fault on these for a broken machine: they read as 0 and swallow writes.
 */
static bool is_machine_check(uint32_t msr)
{
	return (msr >= MSR_MCG_CAP && msr <= MSR_MCG_CTL) ||
	       (msr >= MSR_MC0_CTL2 && msr <= MSR_MC31_CTL2) ||
	       (msr >= MSR_MC0_CTL && msr <= MSR_MC31_MISC);
}

bool msr_guest_read(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case MSR_FS_BASE:
		*value = rdmsr(MSR_FS_BASE);
		return true;
	case MSR_GS_BASE: /* the guest kernel runs, so its own is active */
		*value = rdmsr(MSR_GS_BASE);
		return true;
	case MSR_SHADOW_GS_BASE:
		*value = rdmsr(MSR_SHADOW_GS_BASE);
		return true;
	case MSR_EFER:
		*value = rdmsr(MSR_EFER) & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
		return true;
	case MSR_PAT:
		*value = rdmsr(MSR_PAT);
		return true;
	case MSR_TSC:
		*value = rdtsc();
		return true;
	case MSR_MISC_ENABLE: /* fast strings */
		*value = 1;
		return true;
	case MSR_APIC_BASE:
		*value = v->vcpu_id == 0 ? 0xfee00900 : 0xfee00800;
		return true;
	case MSR_UCODE_REV:
	case MSR_PLATFORM_INFO:
	case MSR_K8_HWCR:
	case MSR_K8_SYSCFG:
		*value = 0;
		return true;
	default:
		if (is_machine_check(msr)) {
			*value = 0;
			return true;
		}
		guest_log(v->domain, LOG_DEBUG, "read of MSR %#x refused", msr);
		return false;
	}
}

bool msr_guest_write(struct vcpu *v, uint32_t msr, uint64_t value)
{
	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_SHADOW_GS_BASE:
		if (!is_canonical(value))
			return false;
		wrmsr(msr, value);
		return true;
	case MSR_EFER: /* as read, or not at all */
		return (value & ~(uint64_t)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)) == 0;
	case MSR_PAT:
		return value == rdmsr(MSR_PAT);
	case MSR_MISC_ENABLE:
	case MSR_UCODE_REV:
		return true; /* without effect */
	default:
		if (is_machine_check(msr))
			return true;
		guest_log(v->domain, LOG_DEBUG, "write of %#lx to MSR %#x refused", value, msr);
		return false;
	}
}
