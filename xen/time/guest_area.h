/* SPDX-License-Identifier: MIT */
/* Small areas that a guest registered by virtual address, written whenever the vCPU runs. */
#ifndef TIME_GUEST_AREA_H
#define TIME_GUEST_AREA_H

#include "lib/types.h"

struct vcpu;

/*
 * Writes len bytes at va as v's guest kernel sees it, also while v is in guest user mode, where the
 * kernel's addresses are not mapped. v runs on this CPU and its page tables are loaded. False if
 * the area is not mapped writable.
 */
bool guest_area_write(struct vcpu *v, void *va, const void *src, size_t len);

#endif
