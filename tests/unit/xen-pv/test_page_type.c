/* SPDX-License-Identifier: MIT */
/* Page types: what may become what, what references that takes, and that every failure is undone.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include "core/hypercall.h"
#include "lib/errno.h"
#include "pv/mmu.h"
#include "pv/page_type.h"

static void test_writable_excludes_table(void **state)
{
	mfn_t data, l1;

	(void)state;
	data = frame_new(d1);
	l1 = frame_new(d1);
	assert_int_equal(get_page_and_type(mfn_to_page(l1), 1, PGT_WRITABLE), 0);
	machine_hold(l1, 1, 1);
	poke(l1, 3, data, RW);
	assert_int_equal(pin(1, l1), -EINVAL);
	put_page_and_type(mfn_to_page(l1));
	machine_hold(l1, -1, -1);
	machine_check();

	assert_int_equal(pin(1, l1), 0);
	assert_int_equal(type_count_of(data), 1);
	assert_int_equal(get_page_and_type(mfn_to_page(l1), 1, PGT_WRITABLE), -EINVAL);
	assert_int_equal(unpin(l1), 0);
	assert_int_equal(type_count_of(data), 0);
	assert_int_equal(count_of(data), 0);
}

static void test_retype_flushes_once(void **state)
{
	mfn_t l1 = frame_new(d1);
	unsigned int before;

	(void)state;
	assert_int_equal(get_page_and_type(mfn_to_page(l1), 1, PGT_WRITABLE), 0);
	put_page_and_type(mfn_to_page(l1));
	before = machine_flushes;
	assert_int_equal(pin(1, l1), 0);
	assert_int_equal(machine_flushes, before + 1);
	assert_int_equal(unpin(l1), 0);
	/* The same type again needs none. */
	assert_int_equal(pin(1, l1), 0);
	assert_int_equal(machine_flushes, before + 1);
	assert_int_equal(unpin(l1), 0);
	/* After a flush for another reason, neither does another type. */
	poke(l1, 0, 0, 0);
	assert_int_equal(get_page_and_type(mfn_to_page(l1), 1, PGT_WRITABLE), 0);
	assert_int_equal(machine_flushes, before + 2);
	put_page_and_type(mfn_to_page(l1));
}

static void test_bad_leaf_is_undone(void **state)
{
	mfn_t l1 = frame_new(d1), own = frame_new(d1), foreign = frame_new(d0);
	const struct {
		pte_t pte;
		int rc;
	} bad[] = {
		{ pte_make(foreign, RO), -EPERM },
		{ pte_make(foreign, RW), -EPERM },
		{ pte_make(IO_FRAME, RO), -EPERM },   /* device memory */
		{ pte_make(FRAMES + 5, RW), -EPERM }, /* beyond memory */
		{ pte_make(1ul << 39, RO), -EPERM },  /* beyond the address width */
		{ pte_make(FREE_FRAME, RO), -EPERM },
		{ pte_make(own, RW | PTE_PCD), -EINVAL }, /* uncached memory without devices */
		{ pte_make(own, RW | PTE_PAT), -EINVAL },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		poke(l1, 0, own, RW);
		poke(l1, 1, own, RO);
		frame_ptr(l1)[511] = bad[i].pte;
		assert_int_equal(pin(1, l1), bad[i].rc);
		assert_int_equal(count_of(own), 0);
		assert_int_equal(type_count_of(l1), 0);
	}
}

static void test_hardware_domain_maps_devices(void **state)
{
	mfn_t l1 = frame_new(d0);

	(void)state;
	host_run(d0);
	poke(l1, 0, IO_FRAME, RW | PTE_PCD | PTE_PWT);
	poke(l1, 1, FRAMES + 5, RW);
	assert_int_equal(pin(1, l1), 0);
	assert_int_equal(set_entry(l1, 0, pte_make(IO_FRAME, RO)), 0);
	assert_int_equal(set_entry(l1, 2, pte_make(0xfee00, RW)), -EPERM);
	assert_int_equal(set_entry(l1, 2, pte_make(1ul << 39, RW)), -EPERM);
	assert_int_equal(unpin(l1), 0);
	host_run(d1);
}

static void test_tree_pins_and_unpins(void **state)
{
	mfn_t t[4], data = frame_new(d1);

	(void)state;
	tree_new(d1, data, RW, t);
	frame_ptr(t[3])[HV_L4_FIRST + 3] = pte_make(data, TABLE);
	assert_int_equal(pin(4, t[3]), 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(table_level(frame_table[t[i]].type), i + 1);
		assert_true(frame_ptr(t[i])[0] & PTE_USER);
	}
	assert_int_equal(frame_ptr(t[3])[HV_L4_FIRST + 3], HV_SLOT_PTE);
	assert_int_equal(pin(4, t[3]), -EINVAL); /* twice */
	assert_int_equal(pin(1, t[0]), 0);       /* as Linux does with split locks */
	assert_int_equal(unpin(t[3]), 0);
	assert_int_equal(type_count_of(t[0]), 1);
	assert_int_equal(unpin(t[0]), 0);
	assert_int_equal(unpin(t[0]), -EINVAL);
	assert_int_equal(count_of(data), 0);
}

static void test_forbidden_tables(void **state)
{
	mfn_t t[4], data = frame_new(d1), foreign = frame_new(d0);

	(void)state;
	tree_new(d1, data, RW, t);
	poke(t[1], 7, data, TABLE | PTE_PSE);
	assert_int_equal(pin(4, t[3]), -EINVAL);
	poke(t[1], 7, foreign, TABLE);
	assert_int_equal(pin(4, t[3]), -EINVAL);
	poke(t[1], 7, t[0], TABLE | PTE_PCD);
	assert_int_equal(pin(4, t[3]), -EINVAL);
	poke(t[1], 7, 0, 0);
	/* Of its own level, or of a level that is not the next. */
	poke(t[3], 9, t[3], TABLE);
	assert_int_equal(pin(4, t[3]), -EINVAL);
	poke(t[3], 9, t[1], TABLE);
	assert_int_equal(pin(4, t[3]), -EINVAL);
	poke(t[3], 9, 0, 0);
	/* A table mapped writable, by itself or beside itself. */
	poke(t[0], 1, t[0], RW);
	assert_int_equal(pin(4, t[3]), -EBUSY);
	poke(t[0], 1, t[2], RW);
	assert_int_equal(pin(4, t[3]), -EBUSY);
	poke(t[0], 1, t[2], RO);
	assert_int_equal(pin(4, t[3]), 0);
	assert_int_equal(unpin(t[3]), 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(count_of(t[i]), 0);
}

static void test_preempted_pin_is_the_same(void **state)
{
	mfn_t t[4], l1, data = frame_new(d1);

	(void)state;
	tree_new(d1, data, RW, t);
	for (unsigned int i = 1; i < 60; i++) {
		l1 = frame_new(d1);
		poke(l1, i, data, i % 2 ? RW : RO);
		poke(t[1], i * 7, l1, TABLE);
	}
	machine_preempt_always = true;
	assert_int_equal(pin(4, t[3]), 0);
	assert_int_equal(count_of(data), 60);
	assert_int_equal(type_count_of(data), 31);
	assert_int_equal(unpin(t[3]), 0);
	assert_int_equal(count_of(data), 0);

	/* A failure near the end leaves nothing, however often the way back is interrupted. */
	poke(t[1], 511, data, TABLE);
	frame_ptr(data)[0] = pte_make(IO_FRAME, RW);
	assert_int_equal(pin(4, t[3]), -EINVAL);
	assert_int_equal(pin(1, data), -EPERM); /* finishes what is left */
	assert_int_equal(count_of(data), 0);
	assert_int_equal(type_count_of(t[3]), 0);
}

/* The guest never makes the hypercall again; then another vCPU needs the table, or the domain dies.
 */
static void test_abandoned_pin(void **state)
{
	mfn_t t[4], l1, data = frame_new(d1);
	struct mmuext_op op;
	unsigned int done;

	(void)state;
	tree_new(d1, data, RW, t);
	for (unsigned int i = 1; i < 100; i++) {
		l1 = frame_new(d1);
		poke(l1, 0, data, RW);
		poke(t[1], i, l1, TABLE);
	}
	op = (struct mmuext_op){ .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = t[3] };
	host_preempt = true;
	assert_int_equal(do_mmuext_op(&op, 1, &done, DOMID_SELF), -ERESTART);
	machine_check();
	assert_true(frame_table[t[3]].type & PGT_PARTIAL);
	assert_int_equal(get_page_and_type(mfn_to_page(t[3]), 1, PGT_WRITABLE), -EINVAL);
	assert_int_equal(set_entry(t[3], 5, 0), -EINVAL);

	/* Part of it in another tree: taken over. */
	assert_int_equal(pin(2, t[1]), 0);
	assert_int_equal(unpin(t[1]), 0);
	host_preempt = true;
	assert_int_equal(do_mmuext_op(&op, 1, &done, DOMID_SELF), -ERESTART);
	while (pv_relinquish_memory(d1) == -ERESTART)
		machine_check();
	for (mfn_t i = 1; i < IO_FRAME; i++)
		assert_int_not_equal(frame_table[i].owner, 1);
}

static void test_descriptor_type(void **state)
{
	mfn_t gdt = frame_new(d1);

	(void)state;
	assert_int_equal(get_page_and_type(mfn_to_page(gdt), 1, PGT_SEG_DESC), 0);
	machine_hold(gdt, 1, 1);
	assert_int_equal(get_page_and_type(mfn_to_page(gdt), 1, PGT_WRITABLE), -EINVAL);
	assert_int_equal(pin(1, gdt), -EINVAL);
	put_page_and_type(mfn_to_page(gdt));
	machine_hold(gdt, -1, -1);
	frame_ptr(gdt)[9] = 1ul << 63;
	assert_int_equal(get_page_and_type(mfn_to_page(gdt), 1, PGT_SEG_DESC), -EINVAL);
	machine_check();
}

static void test_count_limits(void **state)
{
	mfn_t l1 = frame_new(d1), data = frame_new(d1);

	(void)state;
	poke(l1, 0, data, RW);
	frame_table[data].type = PGT_WRITABLE | PGT_VALIDATED | PGT_COUNT_MASK;
	assert_int_equal(get_page_type(mfn_to_page(l1), PGT_L1), -EBUSY);
	frame_table[data].type = PGT_NONE;
	frame_table[data].count |= PGC_COUNT_MASK;
	assert_int_equal(get_page_type(mfn_to_page(l1), PGT_L1), -EPERM);
	poke(l1, 0, data, RO);
	assert_int_equal(get_page_type(mfn_to_page(l1), PGT_L1), -EPERM);
	assert_int_equal(frame_table[data].count, PGC_ALLOCATED | PGC_COUNT_MASK);
}

/*
 * Anything goes: random operations of a guest that knows no rules, over few frames so that they
 * meet. The check after each is the test.
 */
static void test_random_guest(void **state)
{
	enum { POOL = 24, STEPS = 30000 };
	mfn_t pool[POOL];

	(void)state;
	srandom(1);
	for (unsigned int i = 0; i < POOL; i++)
		pool[i] = frame_new(i % 8 == 7 ? d0 : d1);
	for (unsigned int step = 0; step < STEPS; step++) {
		mfn_t table = pool[random() % POOL], target = pool[random() % POOL];
		unsigned int index = (unsigned int)random() % 40 * 13 % PT_ENTRIES;
		uint64_t flags = (uint64_t)random() % 8 ? PTE_PRESENT : 0;
		unsigned int level = 1 + (unsigned int)random() % 4;

		if (random() % 2)
			flags |= PTE_RW;
		if (random() % 32 == 0)
			flags |= 1ul << random() % 9;
		machine_preempt_always = random() % 2;
		switch (random() % 6) {
		case 0:
			(void)pin(level, table);
			break;
		case 1:
			(void)unpin(table);
			break;
		case 2:
			/* The guest writes where it may. */
			if (!type_count_of(table) && frame_table[table].owner == 1)
				poke(table, index, target, flags);
			break;
		default:
			(void)set_entry(table, index, pte_make(target, flags));
			break;
		}
	}
	machine_preempt_always = false;
	while (pv_relinquish_memory(d1) == -ERESTART)
		machine_check();
	machine_check();
	for (unsigned int i = 0; i < POOL; i++)
		assert_int_not_equal(frame_table[pool[i]].owner, 1);
}

#define MACHINE_TEST(f) cmocka_unit_test_setup_teardown(f, machine_setup, machine_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_TEST(test_writable_excludes_table),
		MACHINE_TEST(test_retype_flushes_once),
		MACHINE_TEST(test_bad_leaf_is_undone),
		MACHINE_TEST(test_hardware_domain_maps_devices),
		MACHINE_TEST(test_tree_pins_and_unpins),
		MACHINE_TEST(test_forbidden_tables),
		MACHINE_TEST(test_preempted_pin_is_the_same),
		MACHINE_TEST(test_abandoned_pin),
		MACHINE_TEST(test_descriptor_type),
		MACHINE_TEST(test_count_limits),
		MACHINE_TEST(test_random_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
