/* SPDX-License-Identifier: MIT */
/* FPU, SSE and AVX state of vCPUs. */
#ifndef CPU_FPU_H
#define CPU_FPU_H

#include "lib/types.h"

struct vcpu;

extern uint64_t xfeature_mask; /* XCR0 bits in use; 0 without XSAVE */
extern unsigned int fpu_area_size;

void fpu_init(void);
int fpu_vcpu_init(struct vcpu *v);
void fpu_vcpu_destroy(struct vcpu *v);
/* Leaving v, or about to run it here, interrupts off. */
void fpu_save(struct vcpu *v);
void fpu_load(struct vcpu *v);
/* #NM with v running. False if the guest asked for it by its TS, and is to get it. */
bool fpu_handle_nm(struct vcpu *v);
/* vcpu_guest_context's 512-byte FXSAVE image. */
void fpu_set_fxsave(struct vcpu *v, const void *image);
void fpu_get_fxsave(struct vcpu *v, void *image);

#endif
