/* SPDX-License-Identifier: MIT */
/* Device memory: which frames that are not RAM a domain may map. */
#ifndef PV_IOMEM_H
#define PV_IOMEM_H

#include "lib/types.h"

struct domain;

/* Boot: frames that are not RAM, and the first MiB, get the owner DOMID_IO. */
void iomem_init(void);
/* Keeps frames first..last, which the hypervisor drives itself, from every domain (boot only). */
void iomem_deny(mfn_t first, mfn_t last);
/* May d map this frame of device memory? Only the hardware domain may, and not all. */
bool iomem_permitted(const struct domain *d, mfn_t mfn);

#endif
