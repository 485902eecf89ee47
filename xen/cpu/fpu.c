/* SPDX-License-Identifier: MIT */
/*
 * FPU state: saved when a vCPU leaves, loaded when one comes, so that no guest can see another's by
 * any means. CR0.TS is that of the running guest (fpu_taskswitch), which is in ctrlreg[0] too.
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/heap.h"

#define FXSAVE_SIZE       512u
#define XSAVE_HEADER      64u
#define XCR0_X87_SSE      0x3ul
#define XCR0_AVX          0x4ul
#define FCW_DEFAULT       0x37f
#define MXCSR_DEFAULT     0x1f80
#define FXSAVE_MXCSR      24
#define FXSAVE_MXCSR_MASK 0xffbf

uint64_t xfeature_mask;
unsigned int fpu_area_size = FXSAVE_SIZE;

static void clts(void)
{
	__asm__ __volatile__("clts");
}

static void stts(void)
{
	write_cr0(read_cr0() | CR0_TS);
}

void fpu_init(void)
{
	uint32_t r[4];

	if (cpu_features.xsave && cpu_features.max_leaf >= 0xd) {
		cpuid_count(0xd, 0, r);
		xfeature_mask = ((uint64_t)r[3] << 32 | r[0]) & (XCR0_X87_SSE | XCR0_AVX);
		__asm__ __volatile__("xsetbv" ::"c"(0), "a"((uint32_t)xfeature_mask),
				     "d"((uint32_t)(xfeature_mask >> 32)));
		cpuid_count(0xd, 0, r);
		fpu_area_size = r[1];
	}
	stts();
}

/* A fresh area: x87 and SSE in their reset state. */
static void area_init(uint8_t *area)
{
	uint16_t fcw = FCW_DEFAULT;
	uint32_t mxcsr = MXCSR_DEFAULT;

	memset(area, 0, fpu_area_size);
	memcpy(area, &fcw, sizeof(fcw));
	memcpy(area + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	if (xfeature_mask) {
		uint64_t xstate_bv = XCR0_X87_SSE;

		memcpy(area + FXSAVE_SIZE, &xstate_bv, sizeof(xstate_bv));
	}
}

int fpu_vcpu_init(struct vcpu *v)
{
	v->fpu = xmalloc_bytes(max(fpu_area_size, FXSAVE_SIZE + XSAVE_HEADER));
	if (!v->fpu)
		return -ENOMEM;
	area_init(v->fpu);
	return 0;
}

void fpu_vcpu_destroy(struct vcpu *v)
{
	xfree(v->fpu);
	v->fpu = NULL;
}

static void save(void *area)
{
	if (xfeature_mask)
		__asm__ __volatile__("xsave64 (%0)" ::"r"(area), "a"(~0u), "d"(~0u) : "memory");
	else
		__asm__ __volatile__("fxsave64 (%0)" ::"r"(area) : "memory");
}

static void restore(const void *area)
{
	if (xfeature_mask)
		__asm__ __volatile__("xrstor64 (%0)" ::"r"(area), "a"(~0u), "d"(~0u) : "memory");
	else
		__asm__ __volatile__("fxrstor64 (%0)" ::"r"(area) : "memory");
}

void fpu_save(struct vcpu *v)
{
	if (v->pv.ctrlreg[0] & CR0_TS)
		clts();
	save(v->fpu);
}

void fpu_load(struct vcpu *v)
{
	clts();
	restore(v->fpu);
	v->fpu_initialised = true;
	if (v->pv.ctrlreg[0] & CR0_TS)
		stts();
}

bool fpu_handle_nm(struct vcpu *v)
{
	clts();
	if (!(v->pv.ctrlreg[0] & CR0_TS))
		return true;
	/* The guest wants the fault: it gets it with TS clear, as the ABI says. */
	v->pv.ctrlreg[0] &= ~(uint64_t)CR0_TS;
	return false;
}

/* Hypercall: the guest sets or clears its TS. */
long do_fpu_taskswitch(int set)
{
	struct vcpu *v = current;

	if (set) {
		v->pv.ctrlreg[0] |= CR0_TS;
		stts();
	} else {
		v->pv.ctrlreg[0] &= ~(uint64_t)CR0_TS;
		clts();
	}
	return 0;
}

void fpu_set_fxsave(struct vcpu *v, const void *image)
{
	uint8_t *area = v->fpu;
	uint32_t mxcsr;

	area_init(area);
	memcpy(area, image, FXSAVE_SIZE);
	/* Reserved bits would fault in our own restore. */
	memcpy(&mxcsr, area + FXSAVE_MXCSR, sizeof(mxcsr));
	mxcsr &= FXSAVE_MXCSR_MASK;
	memcpy(area + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	v->fpu_initialised = true;
}

void fpu_get_fxsave(struct vcpu *v, void *image)
{
	memcpy(image, v->fpu, FXSAVE_SIZE);
}
