/* SPDX-License-Identifier: MIT */
/* The machine: memory, frame table, allocator, TLB clock, and the bookkeeping that checks them. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include "core/hypercall.h"
#include "cpu/cpu.h"
#include "cpu/tlb.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "mm/e820.h"
#include "mm/map.h"
#include "pv/mmu.h"
#include "pv/page_type.h"
#include "pv/traps.h"

unsigned char *host_directmap;
struct page_info *frame_table;
uint64_t *machine_to_phys, *m2p_rw;
mfn_t max_mfn = FRAMES;
struct e820_map e820;
struct cpu_features cpu_features = { .phys_addr_bits = 40, .nx = true };
struct domain *d0, *d1;
unsigned int machine_flushes;
bool machine_preempt_always;

static uint32_t tlb_time = 1, last_flush = 1;
static uint32_t writable_at[FRAMES]; /* the clock when the frame last had writable mappings */
static int held[FRAMES], held_type[FRAMES];
static mfn_t next_frame;

/* ---- what the code under test calls ---- */

struct domain *domain_peek(domid_t domid)
{
	if (d0 && domid == d0->domain_id)
		return d0;
	return d1 && domid == d1->domain_id ? d1 : NULL;
}

void free_domain_frame(struct page_info *page)
{
	page->owner = FREE_OWNER;
	page->count = 0;
	assert_int_equal(page->type & PGT_COUNT_MASK, 0);
}

mfn_t domain_next_frame(const struct domain *d, mfn_t start)
{
	for (; start < FRAMES; start++)
		if (frame_table[start].owner == d->domain_id &&
		    (frame_table[start].count & PGC_COUNT_MASK) &&
		    !(frame_table[start].count & PGC_XEN_HEAP))
			return start;
	return INVALID_MFN;
}

uint32_t tlb_clock(void)
{
	return tlb_time;
}

bool tlb_needs_flush(const cpumask_t *mask, uint32_t stamp)
{
	(void)mask;
	return (int32_t)(last_flush - stamp) <= 0;
}

void tlb_flush_local(void)
{
	last_flush = ++tlb_time;
	machine_flushes++;
}

void tlb_flush_mask(const cpumask_t *mask)
{
	(void)mask;
	tlb_flush_local();
}

void tlb_flush_page_local(uint64_t va)
{
	(void)va;
}

void tlb_flush_page_mask(const cpumask_t *mask, uint64_t va)
{
	(void)mask;
	(void)va;
}

void map_init_guest_l4(pte_t *l4)
{
	for (unsigned int i = HV_L4_FIRST; i <= HV_L4_LAST; i++)
		l4[i] = HV_SLOT_PTE;
}

/* A descriptor with its top bit set is a bad one. */
int validate_descriptors(struct page_info *page)
{
	const pte_t *d = page_to_virt(page);

	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		if (d[i] >> 63)
			return -EINVAL;
	return 0;
}

int pv_set_kernel_base(struct vcpu *v, mfn_t mfn)
{
	(void)v;
	(void)mfn;
	return -EINVAL;
}

int pv_set_user_base(struct vcpu *v, mfn_t mfn)
{
	(void)v;
	(void)mfn;
	return -EINVAL;
}

void pv_set_ldt(struct vcpu *v, uint64_t base, unsigned int entries)
{
	v->pv.ldt_base = base;
	v->pv.ldt_entries = entries;
}

bool pv_map_ldt_page(unsigned int offset)
{
	(void)offset;
	return false;
}

/* ---- the test's side ---- */

int machine_setup(void **state)
{
	(void)state;
	host_directmap = aligned_alloc(PAGE_SIZE, (size_t)FRAMES * PAGE_SIZE);
	memset(host_directmap, 0, (size_t)FRAMES * PAGE_SIZE);
	frame_table = calloc(FRAMES, sizeof(*frame_table));
	machine_to_phys = m2p_rw = calloc(FRAMES, sizeof(*m2p_rw));
	for (mfn_t i = 0; i < FRAMES; i++)
		frame_table[i].owner = i >= IO_FRAME ? DOMID_IO : FREE_OWNER;
	memset(held, 0, sizeof(held));
	memset(held_type, 0, sizeof(held_type));
	memset(writable_at, 0, sizeof(writable_at));
	next_frame = 1;
	d0 = host_domain_new(0, 2, true);
	d1 = host_domain_new(1, 2, false);
	host_run(d1);
	host_preempt = machine_preempt_always = false;
	return 0;
}

int machine_teardown(void **state)
{
	(void)state;
	host_domain_free(d0);
	host_domain_free(d1);
	d0 = d1 = NULL;
	free(m2p_rw);
	free(frame_table);
	free(host_directmap);
	return 0;
}

mfn_t frame_new(struct domain *d)
{
	mfn_t mfn = next_frame++;

	assert_true(mfn < IO_FRAME);
	frame_table[mfn].owner = d->domain_id;
	frame_table[mfn].count = PGC_ALLOCATED | 1;
	frame_table[mfn].type = PGT_NONE;
	return mfn;
}

pte_t *frame_ptr(mfn_t mfn)
{
	return mfn_to_virt(mfn);
}

void poke(mfn_t table, unsigned int index, mfn_t target, uint64_t flags)
{
	frame_ptr(table)[index] = pte_make(target, flags);
}

uint32_t count_of(mfn_t mfn)
{
	uint32_t count = frame_table[mfn].count;

	return (count & PGC_COUNT_MASK) - (count & PGC_ALLOCATED ? 1 : 0);
}

uint32_t type_count_of(mfn_t mfn)
{
	return frame_table[mfn].type & PGT_COUNT_MASK;
}

void machine_hold(mfn_t mfn, int general, int type)
{
	held[mfn] += general;
	held_type[mfn] += type;
}

static void expect_from_table(mfn_t mfn, unsigned int level, unsigned int entries, int *general,
			      int *type)
{
	for (unsigned int i = 0; i < entries; i++) {
		pte_t e = frame_ptr(mfn)[i];

		if (!(e & PTE_PRESENT) || (level == 4 && i >= HV_L4_FIRST && i <= HV_L4_LAST))
			continue;
		assert_true(e & PTE_USER);
		if (pte_mfn(e) >= IO_FRAME)
			continue;
		general[pte_mfn(e)]++;
		if (level > 1 || (e & PTE_RW))
			type[pte_mfn(e)]++;
		if (level > 1)
			assert_int_equal(table_level(frame_table[pte_mfn(e)].type), level - 1);
	}
}

void machine_check(void)
{
	static int general[FRAMES], type[FRAMES];

	memcpy(general, held, sizeof(general));
	memcpy(type, held_type, sizeof(type));
	for (mfn_t i = 0; i < IO_FRAME; i++) {
		uint32_t t = frame_table[i].type;

		if (frame_table[i].count & PGC_ALLOCATED)
			general[i]++;
		if (t & PGT_PINNED) {
			general[i]++;
			type[i]++;
		}
		if (t & PGT_PARTIAL) {
			assert_false(t & PGT_VALIDATED);
			general[i]++;
			type[i]++;
			expect_from_table(i, table_level(t), frame_table[i].extra, general, type);
		} else if (is_table_type(t) && (t & PGT_COUNT_MASK)) {
			assert_true(t & PGT_VALIDATED);
			expect_from_table(i, table_level(t), PT_ENTRIES, general, type);
		}
	}
	for (mfn_t i = 0; i < IO_FRAME; i++) {
		uint32_t t = frame_table[i].type;

		if ((int)(frame_table[i].count & PGC_COUNT_MASK) != general[i] ||
		    (int)(t & PGT_COUNT_MASK) != type[i])
			fail_msg("frame %lu: count %#x, type %#x; expected %d and %d", i,
				 frame_table[i].count, t, general[i], type[i]);
		/* A table is in no TLB as writable. */
		if ((t & PGT_TYPE_MASK) == PGT_WRITABLE && (t & PGT_COUNT_MASK))
			writable_at[i] = tlb_time;
		else if (is_table_type(t) && (t & PGT_COUNT_MASK) && writable_at[i])
			assert_true(last_flush > writable_at[i]);
	}
}

void tree_new(struct domain *d, mfn_t data, uint64_t flags, mfn_t mfn[4])
{
	for (unsigned int level = 1; level <= 4; level++) {
		mfn[level - 1] = frame_new(d);
		poke(mfn[level - 1], 0, level == 1 ? data : mfn[level - 2],
		     level == 1 ? flags : TABLE);
	}
}

/* What the guest sees of a continuation: nothing. */
static long mmuext(struct mmuext_op *op)
{
	unsigned int done = 0, count = 1;
	const struct mmuext_op *ops = op;
	long rc;

	for (unsigned int tries = 0; tries < 100000; tries++) {
		host_preempt = machine_preempt_always;
		rc = do_mmuext_op(ops, count, &done, DOMID_SELF);
		host_preempt = false;
		machine_check();
		if (rc != -ERESTART)
			return rc;
		ops = (const struct mmuext_op *)host_continue_args[0];
		count = (unsigned int)host_continue_args[1];
	}
	fail_msg("the hypercall does not end");
	return rc;
}

long pin(unsigned int level, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = MMUEXT_PIN_L1_TABLE + level - 1, .arg1.mfn = mfn };

	return mmuext(&op);
}

long unpin(mfn_t mfn)
{
	struct mmuext_op op = { .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = mfn };

	return mmuext(&op);
}

long set_entry(mfn_t table, unsigned int index, pte_t value)
{
	struct mmu_update req = { .ptr = (table << PAGE_SHIFT) + index * sizeof(pte_t),
				  .val = value };
	const struct mmu_update *reqs = &req;
	unsigned int done = 0, count = 1;
	long rc;

	for (unsigned int tries = 0; tries < 100000; tries++) {
		host_preempt = machine_preempt_always;
		rc = do_mmu_update(reqs, count, &done, DOMID_SELF);
		host_preempt = false;
		machine_check();
		if (rc != -ERESTART)
			return rc;
		reqs = (const struct mmu_update *)host_continue_args[0];
		count = (unsigned int)host_continue_args[1];
	}
	fail_msg("the hypercall does not end");
	return rc;
}
