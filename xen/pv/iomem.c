/* SPDX-License-Identifier: MIT */
/*
 * Device memory: frames that are not RAM may be mapped by the hardware domain, but for those that
 * the hypervisor drives itself.
 *
 * The list of the latter grows only at boot, on one CPU; after that it is read-only.
 */
#include "pv/iomem.h"

#include "core/domain.h"
#include "core/panic.h"
#include "cpu/cpu.h"
#include "mm/layout.h"

#define IOMEM_DENIED_MAX 32

struct frame_range {
	mfn_t first, last;
};

/* From the start: the interrupt window, local APIC and MSI addresses. */
static struct frame_range denied[IOMEM_DENIED_MAX] = { { 0xfee00, 0xfeeff } };
static unsigned int denied_count = 1;

void iomem_deny(mfn_t first, mfn_t last)
{
	BUG_ON(denied_count == IOMEM_DENIED_MAX);
	denied[denied_count].first = first;
	denied[denied_count].last = last;
	denied_count++;
}

bool iomem_permitted(const struct domain *d, mfn_t mfn)
{
	unsigned int i;

	if (!d->is_hardware || mfn >> (cpu_features.phys_addr_bits - PAGE_SHIFT))
		return false;
	for (i = 0; i < denied_count; i++)
		if (mfn >= denied[i].first && mfn <= denied[i].last)
			return false;
	return true;
}
