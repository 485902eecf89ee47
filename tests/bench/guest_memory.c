/* SPDX-License-Identifier: MIT */
/* Page tables: single updates, batches, and whole trees that are pinned as fork and exit do it. */
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "tests/bench/guest_bench.h"

#define PTE_TABLE        (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define TABLE_ENTRIES    (PAGE_SIZE / sizeof(pte_t))
#define BATCH            128u
/* A small process: two halves of its address space (program, stack), each with L1 tables. */
#define TREE_HALVES      2u
#define TREE_L1_TABLES   3u /* in each half */
#define TREE_L1_ENTRIES  50u
#define POOL_PAGES       64u
#define TREE_UPPER_INDEX 255u

static void *pool[POOL_PAGES]; /* what the tables map */
static pte_t *table;           /* an L1 table that is part of no tree */
static pte_t *tree;

static long mmuext(unsigned int cmd, const void *page)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = virt_to_mfn_guest(page) };

	return hypercall(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static int pool_setup(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(pool); i++) {
		if (!pool[i])
			pool[i] = page_alloc();
		if (!pool[i])
			return -ENOMEM;
	}
	return 0;
}

static uint64_t update_va_mapping(unsigned int ops)
{
	void *va = pool[0];
	pte_t here = page_own_pte(va), there = page_own_pte(pool[1]);

	for (unsigned int i = 0; i < ops; i++)
		BENCH_CHECK("update_va_mapping", page_remap(va, i & 1 ? here : there));
	return 0;
}

/* An empty L1 table, which the hypervisor has checked. */
static int table_setup(void)
{
	int rc = pool_setup();

	if (rc)
		return rc;
	table = page_alloc();
	if (!table)
		return -ENOMEM;
	rc = page_remap(table, page_own_pte(table) & ~PTE_RW);
	return rc ? rc : (int)mmuext(MMUEXT_PIN_L1_TABLE, table);
}

static void table_teardown(void)
{
	BENCH_CHECK("unpin", mmuext(MMUEXT_UNPIN_TABLE, table));
	BENCH_CHECK("make writable", page_remap(table, page_own_pte(table)));
	page_free(table);
}

/* Fills a part of a table, then empties it again, and so on. */
static uint64_t mmu_update_batch(unsigned int ops)
{
	static struct mmu_update fill[BATCH], empty[BATCH];
	uint64_t maddr = virt_to_mfn_guest(table) << PAGE_SHIFT;

	for (unsigned int i = 0; i < BATCH; i++) {
		fill[i].ptr = empty[i].ptr = maddr + i * sizeof(pte_t);
		fill[i].val = page_own_pte(pool[i % POOL_PAGES]);
	}
	for (unsigned int i = 0; i < ops; i++)
		BENCH_CHECK("mmu_update",
			    hypercall(mmu_update, i & 1 ? empty : fill, BATCH, 0, DOMID_SELF));
	return 0;
}

static void fill_l1(pte_t *l1, unsigned int entries)
{
	/* Every fourth page is text. */
	for (unsigned int i = 0; i < entries; i++)
		l1[i] = page_own_pte(pool[i % POOL_PAGES]) & (i % 4 ? ~0ul : ~(pte_t)PTE_RW);
}

static int full_table_setup(void)
{
	int rc = pool_setup();

	if (rc)
		return rc;
	table = page_alloc();
	if (!table)
		return -ENOMEM;
	fill_l1(table, TABLE_ENTRIES);
	rc = page_remap(table, page_own_pte(table) & ~PTE_RW);
	return rc ? rc : (int)mmuext(MMUEXT_PIN_L1_TABLE, table);
}

/* Pinned before and after, so that teardown is the same for all. */
static uint64_t pin_l1(unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++) {
		BENCH_CHECK("unpin", mmuext(MMUEXT_UNPIN_TABLE, table));
		BENCH_CHECK("pin", mmuext(MMUEXT_PIN_L1_TABLE, table));
	}
	return 0;
}

/* A read-only table that points to the tables or pages that make() gives for each index. */
static pte_t *tree_table(const unsigned int *indexes, pte_t *const *below, unsigned int count)
{
	pte_t *t = page_alloc();

	if (!t)
		return NULL;
	for (unsigned int i = 0; i < count; i++) {
		if (!below[i])
			return NULL;
		t[indexes[i]] = pte_make(virt_to_mfn_guest(below[i]), PTE_TABLE);
	}
	return page_remap(t, page_own_pte(t) & ~PTE_RW) ? NULL : t;
}

static pte_t *tree_l1(void)
{
	pte_t *t = page_alloc();

	if (!t)
		return NULL;
	fill_l1(t, TREE_L1_ENTRIES);
	return page_remap(t, page_own_pte(t) & ~PTE_RW) ? NULL : t;
}

/* The tables of half an address space; its L3. */
static pte_t *tree_half(void)
{
	static const unsigned int indexes[TREE_L1_TABLES] = { 0, 1, 511 };
	pte_t *l1[TREE_L1_TABLES], *l2;

	for (unsigned int i = 0; i < TREE_L1_TABLES; i++)
		l1[i] = tree_l1();
	l2 = tree_table(indexes, l1, TREE_L1_TABLES);
	return tree_table(indexes, &l2, 1);
}

/* A process as fork leaves it: its own halves, and the kernel's part shared. */
static int tree_setup(void)
{
	const pte_t *kernel = (const pte_t *)start_info.pt_base;
	pte_t *lower, *upper;
	int rc = pool_setup();

	if (rc)
		return rc;
	if (tree)
		return 0;
	lower = tree_half();
	upper = tree_half();
	tree = page_alloc();
	if (!lower || !upper || !tree)
		return -ENOMEM;
	tree[0] = pte_make(virt_to_mfn_guest(lower), PTE_TABLE);
	tree[TREE_UPPER_INDEX] = pte_make(virt_to_mfn_guest(upper), PTE_TABLE);
	tree[TABLE_ENTRIES - 1] = kernel[TABLE_ENTRIES - 1];
	return page_remap(tree, page_own_pte(tree) & ~PTE_RW);
}

static uint64_t pin_l4(unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++) {
		BENCH_CHECK("pin", mmuext(MMUEXT_PIN_L4_TABLE, tree));
		BENCH_CHECK("unpin", mmuext(MMUEXT_UNPIN_TABLE, tree));
	}
	return 0;
}

const struct bench bench_memory[] = {
	{ .name = "update_va_mapping",
	  .ops = 500,
	  .units = 1,
	  .setup = pool_setup,
	  .run = update_va_mapping },
	{ .name = "mmu_update_128",
	  .ops = 20,
	  .units = BATCH,
	  .setup = table_setup,
	  .run = mmu_update_batch,
	  .teardown = table_teardown },
	{ .name = "pin_l1",
	  .ops = 20,
	  .units = TABLE_ENTRIES,
	  .setup = full_table_setup,
	  .run = pin_l1,
	  .teardown = table_teardown },
	{ .name = "pin_l4", .ops = 20, .units = 1, .setup = tree_setup, .run = pin_l4 },
	{ .name = NULL },
};
