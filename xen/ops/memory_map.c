/* SPDX-License-Identifier: MIT */
/* Memory maps: of the machine for dom0, of a guest as its builder set it, and of the M2P table. */
#include <public/memory.h>

#include "ops/memory_op.h"

#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "mm/e820.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "mm/map.h"
#include "mm/page.h"

#define M2P_EXTENT_FRAMES 512ul /* extents of the M2P table are 2 MiB */
#define M2P_PER_FRAME     (PAGE_SIZE / sizeof(machine_to_phys[0]))

/* Writes map to the guest's buffer; its count tells how many entries there were room for. */
static long put_map(void *arg, const struct e820_map *map)
{
	struct xen_memory_map out;

	if (copy_from_guest(&out, arg, sizeof(out)))
		return -EFAULT;
	out.nr_entries = min(out.nr_entries, map->count);
	if (copy_to_guest(out.buffer, map->entry, out.nr_entries * sizeof(map->entry[0])))
		return -EFAULT;
	return copy_to_guest(arg, &out, sizeof(out));
}

long memory_get_machine_map(void *arg)
{
	return current->domain->is_privileged ? put_map(arg, &e820) : -EPERM;
}

long memory_get_map(void *arg)
{
	struct domain *d = current->domain;
	struct e820_map *copy;
	long rc;

	copy = xzalloc(struct e820_map);
	if (!copy)
		return -ENOMEM;
	spin_lock(&d->lock);
	if (d->memory_map)
		*copy = *d->memory_map;
	spin_unlock(&d->lock);
	/* None set: the kernel assumes what start_info says. */
	rc = copy->count ? put_map(arg, copy) : -ENOSYS;
	xfree(copy);
	return rc;
}

long memory_set_map(void *arg)
{
	struct xen_foreign_memory_map set;
	struct e820_map *map, *old;
	struct domain *d;
	long rc;

	if (copy_from_guest(&set, arg, sizeof(set)))
		return -EFAULT;
	if (!current->domain->is_privileged)
		return -EPERM;
	if (set.map.nr_entries == 0 || set.map.nr_entries > E820_MAX)
		return -EINVAL;
	d = memory_op_domain(set.domid, &rc);
	if (!d)
		return rc;
	map = xzalloc(struct e820_map);
	if (!map) {
		rc = -ENOMEM;
		goto out;
	}
	map->count = set.map.nr_entries;
	if (copy_from_guest(map->entry, set.map.buffer, map->count * sizeof(map->entry[0]))) {
		xfree(map);
		rc = -EFAULT;
		goto out;
	}
	spin_lock(&d->lock);
	old = d->memory_map;
	d->memory_map = map;
	spin_unlock(&d->lock);
	xfree(old);
	rc = 0;
out:
	domain_put(d);
	return rc;
}

long memory_machphys_mapping(void *arg)
{
	struct xen_machphys_mapping mapping = {
		.v_start = MACH2PHYS_VIRT_START,
		.v_end = MACH2PHYS_VIRT_END,
		.max_mfn = max_mfn - 1,
	};

	return copy_to_guest(arg, &mapping, sizeof(mapping));
}

/*
 * From the first request on, the table's frames count as shared by the hypervisor, so that a
 * privileged domain can map them; the type reference keeps those mappings read-only.
 */
static void share_m2p(unsigned int extents)
{
	static bool shared;

	if (__atomic_exchange_n(&shared, true, __ATOMIC_ACQ_REL))
		return;
	for (unsigned int i = 0; i < extents; i++) {
		mfn_t first = map_m2p_part(i), mfn;

		if (first == INVALID_MFN)
			continue;
		for (mfn = first; mfn < first + M2P_EXTENT_FRAMES; mfn++) {
			struct page_info *page = mfn_to_page(mfn);

			page->owner = DOMID_XEN;
			page->type = PGT_NONE | 1;
			__atomic_store_n(&page->count, PGC_ALLOCATED | PGC_XEN_HEAP | 1,
					 __ATOMIC_RELEASE);
		}
	}
}

/* The first frame of each 2 MiB of the table; of those without RAM, the one before once more. */
long memory_machphys_list(void *arg)
{
	unsigned int extents =
		(unsigned int)DIV_ROUND_UP(max_mfn, M2P_PER_FRAME * M2P_EXTENT_FRAMES);
	struct xen_machphys_mfn_list list;
	xen_pfn_t mfn = map_m2p_part(0);
	unsigned int i;

	if (copy_from_guest(&list, arg, sizeof(list)))
		return -EFAULT;
	if (!current->domain->is_privileged)
		return -EPERM;
	share_m2p(extents);
	for (i = 0; i < list.max_extents && i < extents; i++) {
		if (map_m2p_part(i) != INVALID_MFN)
			mfn = map_m2p_part(i);
		if (copy_to_guest_offset(list.extent_start, i, &mfn, 1))
			return -EFAULT;
	}
	list.nr_extents = i;
	return copy_to_guest(arg, &list, sizeof(list));
}
