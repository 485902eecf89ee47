/* SPDX-License-Identifier: MIT */
/*
 * A small machine for the page-type code under test: frames with contents in host memory, a TLB
 * that is a clock, domains d0 (privileged) and d1, and a check that every reference in the machine
 * is accounted for by something that exists.
 */
#ifndef TESTS_XEN_PV_MACHINE_H
#define TESTS_XEN_PV_MACHINE_H

#include "../xen-core/host.h"
#include "mm/page.h"
#include "mm/pte.h"

#define FRAMES      1024
#define IO_FRAME    1000 /* frames from here on are no RAM */
#define FREE_FRAME  (IO_FRAME - 1)
#define FREE_OWNER  DOMID_INVALID
#define RW          (PTE_PRESENT | PTE_RW)
#define RO          PTE_PRESENT
#define TABLE       (PTE_PRESENT | PTE_RW)
#define HV_SLOT_PTE 0x1234067ul /* what the hypervisor's L4 slots look like */

extern struct domain *d0, *d1;
extern unsigned int machine_flushes; /* full flushes so far */

int machine_setup(void **state);
int machine_teardown(void **state);
/* A new frame of d, zeroed. */
mfn_t frame_new(struct domain *d);
pte_t *frame_ptr(mfn_t mfn);
/* Writes an entry behind the hypervisor's back, as the guest does while the frame is writable. */
void poke(mfn_t table, unsigned int index, mfn_t target, uint64_t flags);
uint32_t count_of(mfn_t mfn);      /* references but the allocation's */
uint32_t type_count_of(mfn_t mfn); /* type references */
/* References that the test itself holds, or that a grant gave away. */
void machine_hold(mfn_t mfn, int general, int type);
/* Compares every frame's counts with what refers to it; fails the test where they differ. */
void machine_check(void);
/* A tree of tables of d that maps data at VA 0: fills mfn[0..3] for levels 1..4. */
void tree_new(struct domain *d, mfn_t data, uint64_t flags, mfn_t mfn[4]);
/* Hypercalls of the current domain, made again until they are done. */
long pin(unsigned int level, mfn_t mfn);
long unpin(mfn_t mfn);
long set_entry(mfn_t table, unsigned int index, pte_t value);
/* The same with every look for waiting work saying yes. */
extern bool machine_preempt_always;

#endif
