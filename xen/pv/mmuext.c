/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: pinning tables, new bases, TLB and cache flushes, the LDT, clearing and copying pages.
 *
 * A pin (PGT_PINNED) is one general and one type reference that the guest holds on a table.
 */
#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/remote.h"
#include "cpu/tlb.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "pv/mmu.h"
#include "pv/mmu_batch.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"
#include "pv/traps.h"

#define LDT_ENTRIES_MAX 8192

#define ext_log(...) guest_log(current->domain, LOG_DEBUG, __VA_ARGS__)

static int put_pin(struct page_info *page)
{
	if (put_page_and_type_preemptible(page))
		pv_note_partial(page_to_mfn(page));
	return 0;
}

static bool clear_pinned(struct page_info *page)
{
	return __atomic_fetch_and(&page->type, ~PGT_PINNED, __ATOMIC_SEQ_CST) & PGT_PINNED;
}

static int pin_table(const struct mmuext_op *op, struct domain *owner)
{
	uint32_t type = table_type(op->cmd - MMUEXT_PIN_L1_TABLE + 1);
	mfn_t mfn = op->arg1.mfn;
	struct page_info *page;
	int rc;

	if (!mfn_valid(mfn))
		return -EINVAL;
	page = mfn_to_page(mfn);
	rc = type == PGT_L1 ? get_page_and_type(page, owner->domain_id, type)
			    : get_page_and_type_preemptible(page, owner->domain_id, type);
	if (rc) {
		if (rc != -ERESTART)
			ext_log("pin of frame %#lx as %#x: d%u, count %#x, type %#x", mfn, type,
				page_owner(page), page->count, page->type);
		return rc;
	}
	if (__atomic_fetch_or(&page->type, PGT_PINNED, __ATOMIC_SEQ_CST) & PGT_PINNED) {
		ext_log("frame %#lx is pinned already", mfn);
		put_pin(page);
		return -EINVAL;
	}
	/* Its teardown may have passed this frame by. */
	if (unlikely(READ_ONCE(owner->dying) != DOMDYING_ALIVE) && clear_pinned(page))
		put_pin(page);
	return 0;
}

static int unpin_table(const struct mmuext_op *op, struct domain *owner)
{
	struct page_info *page = get_page_from_mfn(op->arg1.mfn, owner->domain_id);

	if (!page)
		return -EINVAL;
	if (!clear_pinned(page)) {
		put_page(page);
		ext_log("frame %#lx is not pinned", (mfn_t)op->arg1.mfn);
		return -EINVAL;
	}
	put_pin(page);
	put_page(page);
	return 0;
}

static int new_kernel_base(const struct mmuext_op *op, struct domain *owner)
{
	return owner == current->domain ? pv_set_kernel_base(current, op->arg1.mfn) : -EPERM;
}

static int new_user_base(const struct mmuext_op *op, struct domain *owner)
{
	return owner == current->domain ? pv_set_user_base(current, op->arg1.mfn) : -EPERM;
}

static int flush_tlb(const struct mmuext_op *op, struct domain *owner)
{
	cpumask_t cpus;

	if (owner != current->domain)
		return -EPERM;
	switch (op->cmd) {
	case MMUEXT_TLB_FLUSH_LOCAL:
		tlb_flush_local();
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		tlb_flush_page_local(op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_ALL:
		tlb_flush_mask(&owner->dirty_cpus);
		return 0;
	case MMUEXT_INVLPG_ALL:
		tlb_flush_page_mask(&owner->dirty_cpus, op->arg1.linear_addr);
		return 0;
	}
	if (pv_vcpu_bitmap_to_cpus(op->arg2.vcpumask, &cpus))
		return -EFAULT;
	if (op->cmd == MMUEXT_TLB_FLUSH_MULTI)
		tlb_flush_mask(&cpus);
	else
		tlb_flush_page_mask(&cpus, op->arg1.linear_addr);
	return 0;
}

static void write_back_cache(void *unused)
{
	(void)unused;
	__asm__ __volatile__("wbinvd" ::: "memory");
}

/* Only drivers need it, that is, who may map devices; on the CPU where the driver runs, or on all.
 */
static int flush_cache(const struct mmuext_op *op, struct domain *owner)
{
	if (owner != current->domain)
		return -EPERM;
	if (!owner->is_hardware)
		return -EACCES;
	if (op->cmd == MMUEXT_FLUSH_CACHE_GLOBAL)
		remote_call(&cpu_online_map, write_back_cache, NULL);
	else
		write_back_cache(NULL);
	return 0;
}

static int set_ldt(const struct mmuext_op *op, struct domain *owner)
{
	unsigned long base = op->arg1.linear_addr;
	unsigned int entries = op->arg2.nr_ents;
	struct vcpu *v = current;

	if (owner != v->domain)
		return -EPERM;
	if (!entries)
		base = 0;
	if ((base & (PAGE_SIZE - 1)) || entries > LDT_ENTRIES_MAX || !is_canonical(base) ||
	    !guest_range_ok((const void *)base, entries * sizeof(uint64_t))) {
		ext_log("LDT of %u entries at %#lx refused", entries, base);
		return -EINVAL;
	}
	if (v->pv.ldt_entries == entries && v->pv.ldt_base == base)
		return 0;
	pv_set_ldt(v, base, entries);
	return 0;
}

static int clear_or_copy(const struct mmuext_op *op, struct domain *owner)
{
	struct page_info *dst, *src = NULL;
	int rc = 0;

	if (!mfn_valid(op->arg1.mfn))
		return -EINVAL;
	if (op->cmd == MMUEXT_COPY_PAGE) {
		src = get_page_from_mfn(op->arg2.src_mfn, owner->domain_id);
		if (!src)
			return -EINVAL;
	}
	dst = mfn_to_page(op->arg1.mfn);
	rc = get_page_and_type(dst, owner->domain_id, PGT_WRITABLE);
	if (!rc) {
		if (src)
			memcpy(page_to_virt(dst), page_to_virt(src), PAGE_SIZE);
		else
			memset(page_to_virt(dst), 0, PAGE_SIZE);
		put_page_and_type(dst);
	}
	if (src)
		put_page(src);
	return rc;
}

static int no_superpages(const struct mmuext_op *op, struct domain *owner)
{
	(void)op;
	(void)owner;
	return -EOPNOTSUPP;
}

static int (*const ext_ops[])(const struct mmuext_op *op, struct domain *owner) = {
	[MMUEXT_PIN_L1_TABLE] = pin_table,         [MMUEXT_PIN_L2_TABLE] = pin_table,
	[MMUEXT_PIN_L3_TABLE] = pin_table,         [MMUEXT_PIN_L4_TABLE] = pin_table,
	[MMUEXT_UNPIN_TABLE] = unpin_table,        [MMUEXT_NEW_BASEPTR] = new_kernel_base,
	[MMUEXT_NEW_USER_BASEPTR] = new_user_base, [MMUEXT_TLB_FLUSH_LOCAL] = flush_tlb,
	[MMUEXT_INVLPG_LOCAL] = flush_tlb,         [MMUEXT_TLB_FLUSH_MULTI] = flush_tlb,
	[MMUEXT_INVLPG_MULTI] = flush_tlb,         [MMUEXT_TLB_FLUSH_ALL] = flush_tlb,
	[MMUEXT_INVLPG_ALL] = flush_tlb,           [MMUEXT_FLUSH_CACHE] = flush_cache,
	[MMUEXT_FLUSH_CACHE_GLOBAL] = flush_cache, [MMUEXT_SET_LDT] = set_ldt,
	[MMUEXT_CLEAR_PAGE] = clear_or_copy,       [MMUEXT_COPY_PAGE] = clear_or_copy,
	[MMUEXT_MARK_SUPER] = no_superpages,       [MMUEXT_UNMARK_SUPER] = no_superpages,
};

/* Makes operations until one fails or other work is waiting; *done counts those made. */
static int run_ops(const struct mmuext_op *ops, unsigned int count, struct domain *owner,
		   unsigned int *done)
{
	struct mmuext_op op;
	int rc = 0;

	while (!rc && *done < count) {
		if (copy_from_guest_offset(&op, ops, *done, 1))
			return -EFAULT;
		if (op.cmd >= ARRAY_SIZE(ext_ops) || !ext_ops[op.cmd])
			return -ENOSYS;
		rc = ext_ops[op.cmd](&op, owner);
		if (rc)
			return rc;
		++*done;
		rc = mmu_batch_finish_one();
		if (!rc && *done < count && hypercall_preempt_check())
			rc = -ERESTART;
	}
	return rc;
}

long do_mmuext_op(const struct mmuext_op *ops, unsigned int count, unsigned int *pdone,
		  unsigned int foreign)
{
	unsigned int before, done = 0;
	struct domain *owner;
	uint16_t unused;
	long rc;

	rc = mmu_batch_begin(&count, pdone, &before);
	if (!rc)
		rc = pv_get_page_owner(foreign, &owner, &unused);
	if (!rc) {
		rc = run_ops(ops, count, owner, &done);
		domain_put(owner);
	}
	rc = mmu_batch_end(rc, pdone, before + done);
	if (rc == -ERESTART)
		rc = hypercall_continue(__HYPERVISOR_mmuext_op, 4, (unsigned long)(ops + done),
					(unsigned long)((count - done) | MMU_BATCH_CONTINUED),
					(unsigned long)pdone, (unsigned long)foreign);
	return rc;
}
