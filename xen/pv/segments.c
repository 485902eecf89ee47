/* SPDX-License-Identifier: MIT */
/*
 * Segment selectors, bases and debug registers of a vCPU, in and out of the CPU. Between an entry
 * and an exit they stay the guest's: 64-bit code of ours does not use them.
 */
#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/extable.h"
#include "cpu/msr.h"
#include "pv/traps.h"

#define DR7_ENABLE_MASK 0xfful

/* A selector that the tables no longer allow is loaded as null. */
#define DEFINE_LOAD_SEGMENT(seg)                                       \
	static bool load_##seg(uint16_t selector)                      \
	{                                                              \
		uint32_t sel = selector;                               \
		bool ok = true;                                        \
                                                                       \
		__asm__ __volatile__("1:	movl %0, %%" #seg "\n" \
				     "	jmp 3f\n"                       \
				     "2:	xorl %0, %0\n"                \
				     "	movl %0, %%" #seg "\n"         \
				     "	movb $0, %1\n"                  \
				     "3:\n" EXTABLE("1b", "2b")        \
				     : "+r"(sel), "+q"(ok)::"memory"); \
		return ok;                                             \
	}
DEFINE_LOAD_SEGMENT(ds)
DEFINE_LOAD_SEGMENT(es)
DEFINE_LOAD_SEGMENT(fs)
DEFINE_LOAD_SEGMENT(gs)

static void swapgs(void)
{
	__asm__ __volatile__("swapgs");
}

bool pv_load_user_gs(uint16_t selector)
{
	unsigned long flags = irq_save();
	bool ok;

	/* The kernel runs: the user's base is the hidden one, until the exchange. */
	swapgs();
	ok = load_gs(selector);
	swapgs();
	irq_restore(flags);
	return ok;
}

static void write_dr(const uint64_t dr[8])
{
	__asm__ __volatile__("mov %0, %%db0\n\tmov %1, %%db1\n\tmov %2, %%db2\n\tmov %3, %%db3\n\t"
			     "mov %4, %%db7"
			     :
			     : "r"(dr[0]), "r"(dr[1]), "r"(dr[2]), "r"(dr[3]), "r"(dr[7]));
}

void pv_load_debug_registers(const struct vcpu *v)
{
	if (v->pv.debugreg[7] & DR7_ENABLE_MASK)
		write_dr(v->pv.debugreg);
	else
		__asm__ __volatile__("mov %0, %%db7" : : "r"(0ul));
}

void pv_load_segments(struct vcpu *v)
{
	const struct pv_vcpu *pv = &v->pv;

	load_ds(pv->ds);
	load_es(pv->es);
	load_fs(pv->fs);
	load_gs(pv->gs);
	wrmsr(MSR_FS_BASE, pv->fs_base);
	wrmsr(MSR_GS_BASE, pv->kernel_mode ? pv->gs_base_kernel : pv->gs_base_user);
	wrmsr(MSR_SHADOW_GS_BASE, pv->kernel_mode ? pv->gs_base_user : pv->gs_base_kernel);
	if (pv->debugreg[7] & DR7_ENABLE_MASK)
		pv_load_debug_registers(v);
}

void pv_save_segments(struct vcpu *v)
{
	struct pv_vcpu *pv = &v->pv;
	uint64_t active = rdmsr(MSR_GS_BASE), hidden = rdmsr(MSR_SHADOW_GS_BASE);

	__asm__ __volatile__("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3"
			     : "=r"(pv->ds), "=r"(pv->es), "=r"(pv->fs), "=r"(pv->gs));
	pv->fs_base = rdmsr(MSR_FS_BASE);
	pv->gs_base_kernel = pv->kernel_mode ? active : hidden;
	pv->gs_base_user = pv->kernel_mode ? hidden : active;
	if (pv->debugreg[7] & DR7_ENABLE_MASK)
		__asm__ __volatile__("mov %0, %%db7" : : "r"(0ul));
}
