/* SPDX-License-Identifier: MIT */
/*
 * Guest page tables in use: changing entries, bases, faults that are the hypervisor's to solve,
 * and mappings of grants.
 */
#ifndef PV_MMU_H
#define PV_MMU_H

#include "lib/types.h"
#include "mm/pte.h"

struct cpu_user_regs;
struct domain;
struct vcpu;

/* ---- base registers (pv/base.c) ---- */

/* New kernel-mode L4 of the running vCPU: -EINVAL unless mfn can be one; -ERESTART when preempted.
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
 * Puts mfn at host_addr (a linear address, or with GNTMAP_contains_pte the machine address of an L1
 * entry) with access by flags (GNTMAP_readonly ...; GNTMAP_application_map sets the user bit).
 * References on mfn are the caller's and become the mapping's. Returns GNTST_*.
 */
int pv_create_grant_mapping(uint64_t host_addr, mfn_t mfn, unsigned int flags);
/* Removes it (or replaces it by the entry at new_addr, 0 for none). Flushes the address. GNTST_*.
 */
int pv_replace_grant_mapping(uint64_t host_addr, mfn_t mfn, uint64_t new_addr, unsigned int flags);

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

#endif
