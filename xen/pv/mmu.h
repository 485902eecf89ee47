/* SPDX-License-Identifier: MIT */
/*
 * Guest page tables in use: changing entries, bases, faults that are the hypervisor's to solve,
 * and mappings of grants.
 */
#ifndef PV_MMU_H
#define PV_MMU_H

#include "cpu/cpumask.h"
#include "lib/types.h"
#include "mm/pte.h"

struct cpu_user_regs;
struct domain;
struct page_info;
struct vcpu;

/* ---- one entry of a table in use (pv/entry.c) ---- */

/*
 * All take entry as its address in the direct map, while the caller holds a type reference on its
 * table, which belongs to d. References of the new value are taken first, then the entry is
 * exchanged, then those of the old value are dropped: a failure changes nothing.
 */

/* An L1 entry; val's target belongs to page_owner (domid). preserve_ad keeps the old A and D. */
int pv_update_l1e(pte_t *entry, pte_t val, const struct domain *d, uint16_t page_owner,
		  bool preserve_ad);
/* As above if the entry is still old, else -EAGAIN. */
int pv_cmpxchg_l1e(pte_t *entry, pte_t old, pte_t val, const struct domain *d);
/* An entry of level 2..4 (not in one of our slots). Also -ERESTART. */
int pv_update_table_entry(pte_t *entry, pte_t val, unsigned int level, const struct domain *d,
			  bool preserve_ad);

/*
 * The CPUs whose TLBs may hold something of the running domain's vCPUs in a bitmap in guest memory
 * (pv/update_va.c). -EFAULT.
 */
int pv_vcpu_bitmap_to_cpus(const void *bitmap, cpumask_t *cpus);

/* ---- base registers (pv/base.c) ---- */

/*
 * New kernel-mode L4 of v, which is running here or not at all: -EINVAL unless mfn can be one;
 * -ERESTART when preempted.
 */
int pv_set_kernel_base(struct vcpu *v, mfn_t mfn);
int pv_set_user_base(struct vcpu *v, mfn_t mfn); /* 0 for none */
/* Recomputes v->pv.cr3 for v's mode. */
void pv_update_cr3(struct vcpu *v);
/* Drops both bases of a vCPU that does not run (domain death). -ERESTART when preempted. */
int pv_drop_bases(struct vcpu *v);

/* ---- faults (pv/fault.c) ---- */

/*
 * A guest's page fault at addr that hypervisor state may explain: a write to a read-only mapped
 * L1 table of its own (emulated as a checked update), LDT demand mapping, a spurious fault. True if
 * it is solved and the instruction may be restarted (or has been emulated).
 */
bool pv_fixup_page_fault(uint64_t addr, struct cpu_user_regs *regs);

/* ---- grants (pv/grant_map.c), for the running domain; v = current ---- */

/*
 * The L1 table in which a batch of these operations worked last: it stays referenced until the end
 * of the batch, since the next address mostly lies in it, too. All zero at the start.
 */
struct grant_cursor {
	mfn_t l1;     /* 0: none */
	uint64_t key; /* what it was found by */
};
void pv_grant_cursor_end(struct grant_cursor *c);

/*
 * Puts mfn at host_addr (a linear address, or with GNTMAP_contains_pte the machine address of an L1
 * entry) with access by flags (GNTMAP_readonly ...). On success the caller's references on mfn (a
 * general one, and a PGT_WRITABLE one if not read-only) become the mapping's. Returns GNTST_*.
 */
int pv_create_grant_mapping(struct grant_cursor *c, uint64_t host_addr, mfn_t mfn,
			    unsigned int flags);
/*
 * Removes it: the entry becomes what maps new_addr (which is moved from there), or empty if that is
 * 0. The mapping's references go back to the caller, who drops them after the TLBs of the domain
 * (d->dirty_cpus) have been flushed: this function does not flush. Returns GNTST_*.
 */
int pv_replace_grant_mapping(struct grant_cursor *c, uint64_t host_addr, mfn_t mfn,
			     uint64_t new_addr, unsigned int flags);

/* ---- teardown (pv/teardown.c) ---- */

/* Drops the pins and, page type by page type, all of d's tables; -ERESTART when preempted. */
int pv_relinquish_memory(struct domain *d);

/* ---- walking (pv/walk.c) ---- */

/*
 * The L1 entry that maps va in v's kernel tables as a pointer in the direct map, with a general
 * reference and the type reference on its table taken; NULL if there is none. Undo with
 * pv_put_l1e().
 */
pte_t *pv_get_l1e(struct vcpu *v, uint64_t va, mfn_t *l1_mfn);
void pv_put_l1e(mfn_t l1_mfn);
/* The value of that entry, without references: 0 if va is not mapped. */
pte_t pv_peek_l1e(const struct vcpu *v, uint64_t va);

/* ---- whom a memory hypercall is about (pv/owner.c) ---- */

/*
 * Resolves a domid argument: DOMID_SELF, DOMID_IO and DOMID_XEN (*d: the running domain), or
 * another domain that the caller controls. *d is referenced, *owner is what page_owner() of its
 * frames is. -ESRCH, -EPERM.
 */
int pv_get_page_owner(unsigned int domid, struct domain **d, uint16_t *owner);

/* The hypercall transfer page (pv/hypercall_page.c): a stub of 32 bytes for each number. */
void hypercall_page_init(void *page);

#endif
