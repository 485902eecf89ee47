/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest finds when it starts, as data: the start_info page and vCPU 0's registers. Pure.
 */
#ifndef BUILDER_BOOT_STATE_H
#define BUILDER_BOOT_STATE_H

#include <stdint.h>

#include <public/xen.h>

#include "dom0-tools/builder/builder.h"
#include "dom0-tools/builder/layout.h"

/* info must be zeroed; shared_info_mfn is the frame of the guest's shared_info. */
void boot_state_start_info(struct start_info *info, const struct build_params *params,
			   const struct pv_layout *layout, const uint64_t *p2m,
			   uint64_t shared_info_mfn);

/* context is set completely. */
void boot_state_vcpu(struct vcpu_guest_context *context, const struct pv_kernel *kernel,
		     const struct pv_layout *layout, const uint64_t *p2m);

#endif
