/* SPDX-License-Identifier: MIT */
/*
 * update_va_mapping: the L1 entry of one address, and the TLB flush that goes with it; and the sets
 * of CPUs that guests name for flushes.
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "mm/guest_access.h"
#include "pv/mmu.h"
#include "pv/page_type.h"

int pv_vcpu_bitmap_to_cpus(const void *bitmap, cpumask_t *cpus)
{
	const struct domain *d = current->domain;
	unsigned int i, bytes = DIV_ROUND_UP(d->max_vcpus, 8u);
	uint8_t bits[MAX_VCPUS / 8];

	if (copy_from_guest(bits, bitmap, bytes))
		return -EFAULT;
	*cpus = (cpumask_t){ { 0 } };
	for (i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];
		unsigned int cpu;

		if (!v || !(bits[i / 8] & (1u << (i % 8))))
			continue;
		cpu = READ_ONCE(v->processor);
		if (cpumask_test(cpu, &d->dirty_cpus))
			cpus->bits[cpu / BITS_PER_LONG] |= BIT(cpu % BITS_PER_LONG);
	}
	return 0;
}

static int flush_for(unsigned long va, unsigned long flags)
{
	unsigned long type = flags & UVMF_FLUSHTYPE_MASK;
	const void *bitmap = (const void *)(flags & ~(UVMF_FLUSHTYPE_MASK | UVMF_ALL));
	cpumask_t cpus;

	if (type == UVMF_NONE)
		return 0;
	if (type != UVMF_TLB_FLUSH && type != UVMF_INVLPG)
		return -EINVAL;
	if (flags & UVMF_ALL) {
		cpus = current->domain->dirty_cpus;
	} else if (bitmap) {
		if (pv_vcpu_bitmap_to_cpus(bitmap, &cpus))
			return -EFAULT;
	} else {
		if (type == UVMF_TLB_FLUSH)
			tlb_flush_local();
		else
			tlb_flush_page_local(va);
		return 0;
	}
	if (type == UVMF_TLB_FLUSH)
		tlb_flush_mask(&cpus);
	else
		tlb_flush_page_mask(&cpus, va);
	return 0;
}

static long update_va(unsigned long va, uint64_t pte, unsigned long flags, uint16_t page_owner)
{
	struct vcpu *v = current;
	pte_t *entry;
	mfn_t l1;
	int rc;

	entry = pv_get_l1e(v, va, &l1);
	if (!entry)
		return -EINVAL;
	rc = pv_update_l1e(entry, pte, v->domain, page_owner, false);
	pv_put_l1e(l1);
	return rc ? rc : flush_for(va, flags);
}

long do_update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
{
	return update_va(va, pte, flags, current->domain->domain_id);
}

long do_update_va_mapping_otherdomain(unsigned long va, uint64_t pte, unsigned long flags,
				      domid_t domid)
{
	struct domain *d;
	uint16_t owner;
	long rc;

	rc = pv_get_page_owner(domid, &d, &owner);
	if (rc)
		return rc;
	rc = update_va(va, pte, flags, owner);
	domain_put(d);
	return rc;
}
