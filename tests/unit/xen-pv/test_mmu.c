/* SPDX-License-Identifier: MIT */
/* Page-table hypercalls, write faults on tables and grant mappings. */
#include "machine.h"

#include <string.h>

#include "core/hypercall.h"
#include "cpu/msr.h"
#include "lib/errno.h"
#include "pv/insn.h"
#include "pv/mmu.h"
#include "pv/page_type.h"

#define AD              (PTE_ACCESSED | PTE_DIRTY)
#define WRITE_FAULT     (PF_PRESENT | PF_WRITE | PF_USER)
#define GUEST_VA(i)     ((uint64_t)(i) << PAGE_SHIFT)
#define ENTRY_PTR(f, i) (((uint64_t)(f) << PAGE_SHIFT) + (i) * sizeof(pte_t))

/* The tables on which d1's vCPU 0 runs; VA 0 is data, VA 0x1000 the L1 table itself, read-only. */
static mfn_t t[4], data;

static int setup(void **state)
{
	machine_setup(state);
	data = frame_new(d1);
	tree_new(d1, data, RW, t);
	poke(t[0], 1, t[0], RO);
	assert_int_equal(pin(4, t[3]), 0);
	d1->vcpu[0]->pv.guest_table = t[3];
	d1->vcpu[0]->pv.kernel_mode = true;
	return 0;
}

static void test_batch_stops_at_failure(void **state)
{
	mfn_t foreign = frame_new(d0);
	struct mmu_update req[12];
	unsigned int done = 99;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(req); i++)
		req[i] = (struct mmu_update){ .ptr = ENTRY_PTR(t[0], 100 + i),
					      .val = pte_make(data, RO) };
	req[10].val = pte_make(foreign, RO);
	assert_int_equal(do_mmu_update(req, 12, &done, DOMID_SELF), -EPERM);
	assert_int_equal(done, 10);
	machine_check();
	assert_int_equal(count_of(data), 11);
	assert_int_equal(frame_ptr(t[0])[111], 0);
	assert_int_equal(do_mmu_update(NULL, 1, NULL, DOMID_SELF), -EFAULT);
	req[0].ptr |= 5;
	assert_int_equal(do_mmu_update(req, 1, &done, DOMID_SELF), -ENOSYS);
	assert_int_equal(done, 0);
}

static void test_who_may_name_whom(void **state)
{
	struct mmu_update req = { .ptr = ENTRY_PTR(t[0], 7), .val = pte_make(data, RO) };

	(void)state;
	assert_int_equal(do_mmu_update(&req, 1, NULL, 0), -EPERM);
	assert_int_equal(do_mmu_update(&req, 1, NULL, DOMID_XEN), -EPERM);
	assert_int_equal(do_mmu_update(&req, 1, NULL, (0 + 1) << 16 | DOMID_SELF), -EPERM);
	assert_int_equal(do_mmu_update(&req, 1, NULL, DOMID_IO), -EPERM);
	assert_int_equal(do_mmu_update(&req, 1, NULL, DOMID_INVALID), -ESRCH);
	host_run(d0);
	assert_int_equal(do_mmu_update(&req, 1, NULL, 5), -ESRCH);
	/* Tables of d1, frames of d1, by its controller. */
	assert_int_equal(do_mmu_update(&req, 1, NULL, (1 + 1) << 16 | 1), 0);
	machine_check();
	req.val = pte_make(data, RO | 1ul << 9);
	assert_int_equal(do_mmu_update(&req, 1, NULL, DOMID_SELF), -EINVAL);
	d1->dying = DOMDYING_DYING;
	assert_int_equal(do_mmu_update(&req, 1, NULL, (1 + 1) << 16 | 1), -ESRCH);
	assert_int_equal(d1->refcount, 1);
	assert_int_equal(d0->refcount, 1);
	host_run(d1);
}

static void test_machphys(void **state)
{
	struct mmu_update req = { .ptr = ENTRY_PTR(data, 0) | MMU_MACHPHYS_UPDATE, .val = 4711 };

	(void)state;
	assert_int_equal(do_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
	assert_int_equal(machine_to_phys[data], 4711);
	req.ptr = ENTRY_PTR(frame_new(d0), 0) | MMU_MACHPHYS_UPDATE;
	assert_int_equal(do_mmu_update(&req, 1, NULL, DOMID_SELF), -EINVAL);
	req.ptr = ENTRY_PTR(IO_FRAME, 0) | MMU_MACHPHYS_UPDATE;
	assert_int_equal(do_mmu_update(&req, 1, NULL, DOMID_IO), -EPERM);
}

static void test_entry_kinds(void **state)
{
	mfn_t other = frame_new(d1);

	(void)state;
	/* No table: an ordinary write. */
	assert_int_equal(set_entry(other, 3, 0x1234), 0);
	assert_int_equal(frame_ptr(other)[3], 0x1234);
	frame_ptr(other)[3] = 0;
	/* Bits of an absent entry are the guest's. */
	assert_int_equal(set_entry(t[0], 5, 0xfffffffffffffffe), 0);
	assert_int_equal(frame_ptr(t[0])[5], 0xfffffffffffffffe);
	/* Access goes and comes; the same frame needs no new reference. */
	assert_int_equal(set_entry(t[0], 5, pte_make(other, RW)), 0);
	assert_int_equal(type_count_of(other), 1);
	assert_int_equal(set_entry(t[0], 5, pte_make(other, RO | PTE_NX)), 0);
	assert_int_equal(type_count_of(other), 0);
	assert_int_equal(count_of(other), 1);
	assert_int_equal(set_entry(t[0], 5, pte_make(other, RW | PTE_GLOBAL)), 0);
	assert_int_equal(frame_ptr(t[0])[5], pte_make(other, RW | PTE_USER));
	assert_int_equal(set_entry(t[0], 5, 0), 0);
	assert_int_equal(count_of(other), 0);
	/* A table in the place of another. */
	assert_int_equal(set_entry(t[1], 4, pte_make(other, TABLE)), 0);
	assert_int_equal(table_level(frame_table[other].type), 1);
	assert_int_equal(set_entry(t[1], 4, pte_make(other, TABLE | PTE_NX)), 0);
	assert_int_equal(set_entry(t[1], 4, pte_make(other, TABLE | PTE_PSE)), -EINVAL);
	assert_int_equal(set_entry(t[1], 4, 0), 0);
	assert_int_equal(count_of(other), 0);
	/* Our slots are not the guest's. */
	assert_int_equal(set_entry(t[3], HV_L4_FIRST, 0), -EINVAL);
	assert_int_equal(set_entry(t[3], HV_L4_LAST, 0), -EINVAL);
	assert_int_equal(set_entry(t[3], HV_L4_LAST + 1, 0), 0);
}

static void test_preserve_ad(void **state)
{
	struct mmu_update req = { .ptr = ENTRY_PTR(t[0], 0) | MMU_PT_UPDATE_PRESERVE_AD,
				  .val = pte_make(data, RO) };

	(void)state;
	frame_ptr(t[0])[0] |= AD;
	assert_int_equal(do_mmu_update(&req, 1, NULL, DOMID_SELF), 0);
	assert_int_equal(frame_ptr(t[0])[0], pte_make(data, RO | PTE_USER | AD));
	machine_check();
	assert_int_equal(set_entry(t[0], 0, pte_make(data, RO)), 0);
	assert_int_equal(frame_ptr(t[0])[0], pte_make(data, RO | PTE_USER));
}

static void test_update_va_mapping(void **state)
{
	unsigned int before = machine_flushes;
	uint64_t vcpus = 1;

	(void)state;
	assert_int_equal(do_update_va_mapping(GUEST_VA(9), pte_make(data, RW), UVMF_NONE), 0);
	assert_int_equal(frame_ptr(t[0])[9], pte_make(data, RW | PTE_USER));
	machine_check();
	assert_int_equal(machine_flushes, before);
	assert_int_equal(do_update_va_mapping(GUEST_VA(9), 0, UVMF_TLB_FLUSH | UVMF_LOCAL), 0);
	assert_int_equal(do_update_va_mapping(GUEST_VA(9), 0, UVMF_TLB_FLUSH | UVMF_ALL), 0);
	assert_int_equal(do_update_va_mapping(GUEST_VA(9), 0, UVMF_TLB_FLUSH | (uint64_t)&vcpus),
			 0);
	assert_int_equal(machine_flushes, before + 3);
	assert_int_equal(do_update_va_mapping(GUEST_VA(9), 0, 3), -EINVAL);
	assert_int_equal(do_update_va_mapping(GUEST_VA(512), 0, 0), -EINVAL);
	assert_int_equal(do_update_va_mapping(HV_VIRT_START, 0, 0), -EINVAL);
	assert_int_equal(do_update_va_mapping(1ul << 47, 0, 0), -EINVAL);
	machine_check();
}

/* The instruction at code writes to the entry at addr, with these registers. */
static bool fault(const void *code, uint64_t addr, struct cpu_user_regs *regs)
{
	/* Fetching takes the longest possible instruction. */
	static uint8_t text[2 * INSN_MAX_LENGTH];

	memcpy(text, code, INSN_MAX_LENGTH);
	regs->rip = (uint64_t)text;
	regs->cs = FLAT_KERNEL_CS;
	regs->error_code = WRITE_FAULT;
	if (!pv_fixup_page_fault(addr, regs)) {
		assert_int_equal(regs->rip, text);
		return false;
	}
	machine_check();
	regs->rip -= (uint64_t)text;
	return true;
}

#define CODE(...) ((const uint8_t[INSN_MAX_LENGTH]){ __VA_ARGS__ })

static void test_write_faults(void **state)
{
	uint64_t at = GUEST_VA(1) + 20 * sizeof(pte_t);
	pte_t *entry = &frame_ptr(t[0])[20];
	struct cpu_user_regs r = { 0 };

	(void)state;
	r.rcx = pte_make(data, RW | AD);
	assert_true(fault(CODE(0x48, 0x89, 0x0b), at, &r)); /* mov %rcx,(%rbx) */
	assert_int_equal(r.rip, 3);
	assert_int_equal(*entry, pte_make(data, RW | AD | PTE_USER));
	assert_int_equal(type_count_of(data), 2);

	assert_true(fault(CODE(0xf0, 0x80, 0x23, 0xfd), at, &r)); /* lock andb $~RW,(%rbx) */
	assert_int_equal(*entry, pte_make(data, RO | AD | PTE_USER));
	assert_int_equal(type_count_of(data), 1);

	assert_true(fault(CODE(0xf0, 0x48, 0x0f, 0xba, 0x33, 0x05), at, &r)); /* btr $5 */
	assert_int_equal(r.rip, 6);
	assert_true(r.rflags & EFLAGS_CF);
	assert_false(*entry & PTE_ACCESSED);

	r.rax = 1; /* compare fails: rax gets what is there */
	assert_true(fault(CODE(0xf0, 0x48, 0x0f, 0xb1, 0x0b), at, &r)); /* cmpxchg %rcx,(%rbx) */
	assert_int_equal(r.rax, *entry);
	assert_false(r.rflags & 0x40);
	assert_true(fault(CODE(0xf0, 0x48, 0x0f, 0xb1, 0x0b), at, &r));
	assert_true(r.rflags & 0x40);
	assert_int_equal(*entry, pte_make(data, RW | AD | PTE_USER));

	r.rdx = 0;
	assert_true(fault(CODE(0x48, 0x87, 0x54, 0x24, 0x08), at, &r)); /* xchg %rdx,8(%rsp) */
	assert_int_equal(r.rip, 5);
	assert_int_equal(r.rdx, pte_make(data, RW | AD | PTE_USER));
	assert_int_equal(*entry, 0);
	assert_int_equal(count_of(data), 1);

	/* mov $imm32,disp32(%rip) */
	assert_true(fault(CODE(0x48, 0xc7, 0x05, 1, 2, 3, 4, 0xfe, 0xff, 0xff, 0xff), at, &r));
	assert_int_equal(r.rip, 11);
	assert_int_equal(*entry, 0xfffffffffffffffe);
}

static void test_refused_write_faults(void **state)
{
	uint64_t at = GUEST_VA(1) + 20 * sizeof(pte_t);
	const uint8_t *store = CODE(0x48, 0x89, 0x0b);
	struct cpu_user_regs r = { 0 };

	(void)state;
	r.rcx = pte_make(t[0], RW); /* its own table, writable */
	assert_false(fault(store, at, &r));
	r.rcx = pte_make(frame_new(d0), RO);
	assert_false(fault(store, at, &r));
	r.rcx = pte_make(data, RO);
	assert_false(fault(store, at + 1, &r));              /* across entries */
	assert_false(fault(store, GUEST_VA(0), &r));         /* no table */
	assert_false(fault(store, GUEST_VA(600), &r));       /* not mapped */
	assert_false(fault(CODE(0x48, 0x89, 0xcb), at, &r)); /* mov %rcx,%rbx */
	assert_false(fault(CODE(0x48, 0xab), at, &r));       /* stos */
	assert_false(fault(CODE(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
				0x66, 0x66, 0x66, 0x66),
			   at, &r));
	d1->vcpu[0]->pv.kernel_mode = false;
	assert_false(fault(store, at, &r));
	assert_int_equal(frame_ptr(t[0])[20], 0);
	machine_check();
}

/* A frame of d0's, with the references that a grant takes for a mapping. */
static mfn_t granted(bool readonly)
{
	mfn_t mfn = frame_new(d0);

	if (readonly)
		assert_true(get_page(mfn_to_page(mfn), 0));
	else
		assert_int_equal(get_page_and_type(mfn_to_page(mfn), 0, PGT_WRITABLE), 0);
	return mfn;
}

/* Operations that are batches of their own. */
static int create_grant_mapping(uint64_t host_addr, mfn_t mfn, unsigned int flags)
{
	struct grant_cursor c = { .l1 = 0 };
	int rc = pv_create_grant_mapping(&c, host_addr, mfn, flags);

	pv_grant_cursor_end(&c);
	return rc;
}

static int replace_grant_mapping(uint64_t host_addr, mfn_t mfn, uint64_t new_addr,
				 unsigned int flags)
{
	struct grant_cursor c = { .l1 = 0 };
	int rc = pv_replace_grant_mapping(&c, host_addr, mfn, new_addr, flags);

	pv_grant_cursor_end(&c);
	return rc;
}

static void test_grant_mappings(void **state)
{
	uint64_t pte_addr = ENTRY_PTR(t[0], 31);
	mfn_t rw = granted(false), ro = granted(true);
	unsigned int ro_flags = GNTMAP_host_map | GNTMAP_readonly;

	(void)state;
	assert_int_equal(create_grant_mapping(GUEST_VA(30), rw, GNTMAP_host_map), GNTST_okay);
	assert_int_equal(create_grant_mapping(pte_addr, ro, ro_flags | GNTMAP_contains_pte),
			 GNTST_okay);
	machine_check();
	/* The guest cannot change the access that the grant gives, in either direction. */
	assert_int_equal(set_entry(t[0], 30, pte_make(rw, RO)), -EPERM);
	assert_int_equal(set_entry(t[0], 31, pte_make(ro, RW)), -EPERM);
	assert_int_equal(set_entry(t[0], 32, pte_make(rw, RO)), -EPERM);
	/* Not this frame, not this access, not there. */
	assert_int_equal(replace_grant_mapping(GUEST_VA(30), ro, 0, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(replace_grant_mapping(GUEST_VA(30), rw, 0, ro_flags), GNTST_general_error);
	assert_int_equal(replace_grant_mapping(GUEST_VA(33), rw, 0, GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(replace_grant_mapping(GUEST_VA(30), rw, 0, GNTMAP_host_map), GNTST_okay);
	put_page_and_type(mfn_to_page(rw));
	/* Replaced by what is mapped elsewhere. */
	assert_int_equal(set_entry(t[0], 2, pte_make(data, RO)), 0);
	assert_int_equal(replace_grant_mapping(GUEST_VA(31), ro, GUEST_VA(2), ro_flags),
			 GNTST_okay);
	put_page(mfn_to_page(ro));
	assert_int_equal(frame_ptr(t[0])[2], 0);
	assert_int_equal(pte_mfn(frame_ptr(t[0])[31]), data);
	machine_check();
	assert_int_equal(count_of(rw), 0);
	assert_int_equal(count_of(ro), 0);
	assert_int_equal(create_grant_mapping(ENTRY_PTR(data, 0), ro, GNTMAP_contains_pte),
			 GNTST_general_error);
	assert_int_equal(create_grant_mapping(GUEST_VA(1000), ro, 0), GNTST_general_error);
}

/* The guest drops the mapping itself: its TLB must not keep what the granter may make a table. */
static void test_dropped_grant_mapping_flushes(void **state)
{
	mfn_t rw = granted(false);
	unsigned int before;

	(void)state;
	assert_int_equal(create_grant_mapping(GUEST_VA(30), rw, GNTMAP_host_map), GNTST_okay);
	before = machine_flushes;
	assert_int_equal(set_entry(t[0], 30, 0), 0);
	assert_int_equal(machine_flushes, before + 1);
	assert_int_equal(count_of(rw), 0);

	/* The same when the whole table goes. */
	rw = granted(false);
	assert_int_equal(create_grant_mapping(GUEST_VA(30), rw, GNTMAP_host_map), GNTST_okay);
	before = machine_flushes;
	assert_int_equal(unpin(t[3]), 0);
	assert_int_equal(machine_flushes, before + 1);
	assert_int_equal(count_of(rw), 0);
}

/* Addresses in one table, in another, by entry and where there is none, in one batch. */
static void test_grant_batch(void **state)
{
	const unsigned int by_pte = GNTMAP_host_map | GNTMAP_contains_pte;
	mfn_t rw[4] = { granted(false), granted(false), granted(false), granted(false) };
	struct grant_cursor c = { .l1 = 0 };

	(void)state;
	assert_int_equal(pv_create_grant_mapping(&c, GUEST_VA(30), rw[0], GNTMAP_host_map), 0);
	assert_int_equal(pv_create_grant_mapping(&c, GUEST_VA(31), rw[1], GNTMAP_host_map), 0);
	assert_int_equal(pv_create_grant_mapping(&c, GUEST_VA(1000), rw[2], GNTMAP_host_map),
			 GNTST_general_error);
	assert_int_equal(pv_create_grant_mapping(&c, ENTRY_PTR(t[0], 32), rw[2], by_pte), 0);
	assert_int_equal(pv_create_grant_mapping(&c, ENTRY_PTR(t[0], 33) + 1, rw[3], by_pte),
			 GNTST_general_error);
	assert_int_equal(pv_create_grant_mapping(&c, GUEST_VA(33), rw[3], GNTMAP_host_map), 0);
	pv_grant_cursor_end(&c);
	machine_check();
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(pte_mfn(frame_ptr(t[0])[30 + i]), rw[i]);

	c = (struct grant_cursor){ .l1 = 0 };
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(
			pv_replace_grant_mapping(&c, GUEST_VA(30 + i), rw[i], 0, GNTMAP_host_map),
			GNTST_okay);
	pv_grant_cursor_end(&c);
	for (unsigned int i = 0; i < 4; i++)
		put_page_and_type(mfn_to_page(rw[i]));
	machine_check();
}

static void test_clear_and_copy(void **state)
{
	struct mmuext_op op = { .cmd = MMUEXT_CLEAR_PAGE };
	mfn_t a = frame_new(d1), b = frame_new(d1);

	(void)state;
	frame_ptr(a)[5] = 55;
	op.cmd = MMUEXT_COPY_PAGE;
	op.arg1.mfn = b;
	op.arg2.src_mfn = a;
	assert_int_equal(do_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
	assert_int_equal(frame_ptr(b)[5], 55);
	op.arg1.mfn = t[0]; /* a table */
	assert_int_equal(do_mmuext_op(&op, 1, NULL, DOMID_SELF), -EINVAL);
	op.cmd = MMUEXT_CLEAR_PAGE;
	op.arg1.mfn = b;
	assert_int_equal(do_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
	assert_int_equal(frame_ptr(b)[5], 0);
	op.cmd = MMUEXT_MARK_SUPER;
	assert_int_equal(do_mmuext_op(&op, 1, NULL, DOMID_SELF), -EOPNOTSUPP);
	op.cmd = 14;
	assert_int_equal(do_mmuext_op(&op, 1, NULL, DOMID_SELF), -ENOSYS);
	op.cmd = MMUEXT_FLUSH_CACHE;
	assert_int_equal(do_mmuext_op(&op, 1, NULL, DOMID_SELF), -EACCES);
	machine_check();
}

#define MMU_TEST(f) cmocka_unit_test_setup_teardown(f, setup, machine_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MMU_TEST(test_batch_stops_at_failure),
		MMU_TEST(test_who_may_name_whom),
		MMU_TEST(test_machphys),
		MMU_TEST(test_entry_kinds),
		MMU_TEST(test_preserve_ad),
		MMU_TEST(test_update_va_mapping),
		MMU_TEST(test_write_faults),
		MMU_TEST(test_refused_write_faults),
		MMU_TEST(test_grant_mappings),
		MMU_TEST(test_grant_batch),
		MMU_TEST(test_dropped_grant_mapping_flushes),
		MMU_TEST(test_clear_and_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
