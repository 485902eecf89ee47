/* SPDX-License-Identifier: MIT */
/*
 * layout, page_tables and boot_state: the start-of-day rules of public/xen.h hold for many sizes of
 * kernel, ramdisk and memory, and the page tables that come out map what they should.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dom0-tools/builder/boot_state.h"
#include "dom0-tools/builder/layout.h"
#include "dom0-tools/builder/page_tables.h"

#define BASE     UINT64_C(0xffffffff80000000)
#define P2M_BASE UINT64_C(0x8000000000)
#define MIB      UINT64_C(0x100000)

static struct build_message msg;

static struct pv_kernel make_kernel(uint64_t base, uint64_t start, uint64_t end, uint64_t p2m,
				    bool unmapped)
{
	struct pv_kernel kernel = {
		.virt_base = base,
		.virt_start = base + start,
		.virt_end = base + end,
		.entry = base + start,
		.hypercall_page = PV_ADDR_NONE,
		.init_p2m = p2m,
		.unmapped_ramdisk = unmapped,
	};

	return kernel;
}

static struct pv_layout plan(const struct pv_kernel *kernel, uint64_t ramdisk, uint64_t pages)
{
	struct pv_layout layout;

	if (pv_layout_plan("k", kernel, ramdisk, pages, &layout, &msg))
		fail_msg("%s", msg.text);
	return layout;
}

/* Regions in pfn order, without overlap, within the guest. Each begins right behind the one before.
 */
static void check_order(const struct pv_layout *l)
{
	const struct pv_region *mapped[] = { &l->kernel, &l->ramdisk, &l->p2m,    &l->start_info,
					     &l->store,  &l->console, &l->tables, &l->stack };
	uint64_t next = l->kernel.pfn, boot = (l->virt_end - l->virt_base) >> PV_PAGE_SHIFT;

	for (size_t i = 0; i < sizeof(mapped) / sizeof(mapped[0]); i++) {
		if (mapped[i] == &l->ramdisk && (l->ramdisk_unmapped || !l->ramdisk.pages))
			continue;
		if (mapped[i] == &l->p2m && l->p2m_tables.pages)
			continue;
		assert_int_equal(mapped[i]->pfn, next);
		assert_true(mapped[i]->pages > 0);
		next += mapped[i]->pages;
	}
	assert_int_equal(l->virt_end % (4 * MIB), 0);
	assert_true(boot - next >= 512 * 1024 / PV_PAGE_BYTES);
	assert_true(boot - next <= (4 * MIB + 512 * 1024) / PV_PAGE_BYTES);
	next = boot;
	if (l->p2m_tables.pages) {
		assert_int_equal(l->p2m.pfn, next);
		assert_int_equal(l->p2m_tables.pfn, next + l->p2m.pages);
		next += l->p2m.pages + l->p2m_tables.pages;
	}
	if (l->ramdisk_unmapped) {
		assert_int_equal(l->ramdisk.pfn, next);
		next += l->ramdisk.pages;
	}
	assert_true(next <= l->total_pages);
	assert_true(l->p2m.pages * PV_PAGE_BYTES >= l->total_pages * 8);
}

struct guest {
	struct pv_layout layout;
	uint64_t *p2m;
	uint64_t (*tables)[PV_TABLE_ENTRIES];
	uint64_t (*p2m_tables)[PV_TABLE_ENTRIES];
};

/* Frames in a scattered order, so that a pfn taken for a frame is found out. */
static void make_guest(struct guest *g, const struct pv_layout *layout)
{
	g->layout = *layout;
	g->p2m = malloc(layout->total_pages * sizeof(*g->p2m));
	g->tables = calloc(layout->tables.pages, sizeof(*g->tables));
	g->p2m_tables = layout->p2m_tables.pages
				? calloc(layout->p2m_tables.pages, sizeof(*g->p2m_tables))
				: NULL;
	assert_non_null(g->p2m);
	assert_non_null(g->tables);
	for (uint64_t i = 0; i < layout->total_pages; i++)
		g->p2m[i] = (i ^ 0x55) + 0x100000;
	page_tables_fill(layout, g->p2m, g->tables, g->p2m_tables);
}

static void free_guest(struct guest *g)
{
	free(g->p2m);
	free(g->tables);
	free(g->p2m_tables);
}

static uint64_t pfn_of(const struct guest *g, uint64_t mfn)
{
	uint64_t pfn = (mfn - 0x100000) ^ 0x55;

	assert_true(pfn < g->layout.total_pages && g->p2m[pfn] == mfn);
	return pfn;
}

/* A table by its frame: it must be one of the guest's tables. */
static const uint64_t *table_at(const struct guest *g, uint64_t mfn)
{
	uint64_t pfn = pfn_of(g, mfn);
	const struct pv_layout *l = &g->layout;

	if (pfn >= l->p2m_tables.pfn && pfn < l->p2m_tables.pfn + l->p2m_tables.pages)
		return g->p2m_tables[pfn - l->p2m_tables.pfn];
	assert_true(pfn >= l->tables.pfn && pfn < l->tables.pfn + l->tables.pages);
	return g->tables[pfn - l->tables.pfn];
}

/* What the processor would find; 0 when it is not mapped. */
static uint64_t walk(const struct guest *g, uint64_t vaddr)
{
	uint64_t entry = g->p2m[g->layout.tables.pfn] << PV_PAGE_SHIFT | 7;

	for (int level = 4; level >= 1; level--) {
		if ((entry & 7) != 7)
			return 0;
		entry = table_at(g, entry >> PV_PAGE_SHIFT)[vaddr >> (12 + 9 * (level - 1)) & 511];
	}
	return entry & 1 ? entry : 0;
}

static void check_tables(const struct guest *g)
{
	const struct pv_layout *l = &g->layout;
	uint64_t boot = (l->virt_end - l->virt_base) >> PV_PAGE_SHIFT;

	for (uint64_t pfn = 0; pfn < boot; pfn++) {
		uint64_t entry = walk(g, pv_layout_vaddr(l, pfn));
		bool is_table = pfn >= l->tables.pfn && pfn < l->tables.pfn + l->tables.pages;

		assert_int_equal(entry >> PV_PAGE_SHIFT, g->p2m[pfn]);
		/* present, user; writable unless it is a page table */
		assert_int_equal(entry & 7, is_table ? 5 : 7);
	}
	for (uint64_t i = 0; i < l->p2m.pages; i++)
		assert_int_equal(walk(g, l->p2m_vaddr + i * PV_PAGE_BYTES) >> PV_PAGE_SHIFT,
				 g->p2m[l->p2m.pfn + i]);
	if (l->virt_end)
		assert_int_equal(walk(g, l->virt_end), 0);
	if (l->virt_base)
		assert_int_equal(walk(g, l->virt_base - PV_PAGE_BYTES), 0);
	if (l->p2m_tables.pages)
		assert_int_equal(walk(g, l->p2m_vaddr + l->p2m.pages * PV_PAGE_BYTES), 0);
}

static void check_kernel(const struct pv_kernel *kernel, uint64_t ramdisk, uint64_t pages)
{
	struct pv_layout layout = plan(kernel, ramdisk, pages);
	struct guest g;

	check_order(&layout);
	make_guest(&g, &layout);
	check_tables(&g);
	free_guest(&g);
}

static void test_linux(void **state)
{
	struct pv_kernel kernel = make_kernel(BASE, 16 * MIB, 74 * MIB, P2M_BASE, true);
	struct pv_layout l = plan(&kernel, 5 * MIB + 1, 512 * MIB / PV_PAGE_BYTES);

	(void)state;
	assert_int_equal(l.kernel.pfn, 0x1000);
	assert_int_equal(l.kernel.pages, 58 * 256);
	assert_true(l.ramdisk_unmapped);
	assert_int_equal(l.ramdisk.pages, 5 * 256 + 1);
	assert_int_equal(l.p2m_vaddr, P2M_BASE);
	assert_int_equal(l.p2m.pages, 256);
	assert_int_equal(l.p2m_tables.pages, 3);
	check_kernel(&kernel, 5 * MIB + 1, 512 * MIB / PV_PAGE_BYTES);
}

static void test_small_kernel_at_zero(void **state)
{
	struct pv_kernel kernel = make_kernel(0, 0, 40000, PV_ADDR_NONE, false);

	(void)state;
	check_kernel(&kernel, 0, 2048);
	check_kernel(&kernel, 123456, 2048);
}

static void test_many_sizes(void **state)
{
	(void)state;
	srandom(2);
	for (int i = 0; i < 60; i++) {
		uint64_t start = (uint64_t)random() % (32 * MIB);
		uint64_t end = start + 1 + (uint64_t)random() % (64 * MIB);
		uint64_t ramdisk = i % 3 ? (uint64_t)random() % (40 * MIB) : 0;
		struct pv_kernel kernel = make_kernel(i % 5 ? BASE : 4096, start, end,
						      i % 2 ? P2M_BASE : PV_ADDR_NONE, i % 4 < 2);

		check_kernel(&kernel, ramdisk,
			     200 * MIB / PV_PAGE_BYTES + (uint64_t)random() % 9999);
	}
}

/* A guest of 1 TiB: the list of 2 GiB has more than one table of each low level. */
static void test_large_guest(void **state)
{
	struct pv_kernel kernel = make_kernel(BASE, 16 * MIB, 74 * MIB, P2M_BASE, true);
	struct pv_layout l = plan(&kernel, 0, UINT64_C(1) << 28);

	(void)state;
	assert_int_equal(l.p2m.pages, UINT64_C(1) << 19);
	assert_int_equal(l.p2m_tables.pages, 1024 + 2 + 1);
	check_order(&l);
}

static void test_too_small(void **state)
{
	struct pv_kernel kernel = make_kernel(BASE, 16 * MIB, 74 * MIB, P2M_BASE, true);
	struct pv_layout l;

	(void)state;
	assert_int_equal(pv_layout_plan("k", &kernel, 0, 64 * 256, &l, &msg), -ENOMEM);
	assert_non_null(strstr(msg.text, "memory of 64 MiB is too small: kernel 'k' needs"));
	assert_int_equal(pv_layout_plan("k", &kernel, 100 * MIB, 128 * 256, &l, &msg), -ENOMEM);
	assert_non_null(strstr(msg.text, "ramdisk of 100 MiB"));
	assert_int_equal(pv_layout_plan("k", &kernel, UINT64_MAX, 128 * 256, &l, &msg), -EINVAL);
	assert_int_equal(pv_layout_plan("k", &kernel, 0, 0, &l, &msg), -EINVAL);
	assert_int_equal(pv_layout_plan("k", &kernel, 0, UINT64_MAX, &l, &msg), -EINVAL);
}

static void test_impossible_addresses(void **state)
{
	struct pv_kernel kernel;
	struct pv_layout l;

	(void)state;
	/* ends at the top of the address space */
	kernel = make_kernel(UINT64_C(0xffffffffff000000), 0, MIB, P2M_BASE, false);
	assert_int_equal(pv_layout_plan("k", &kernel, 16 * MIB, 65536, &l, &msg), -ENOEXEC);
	/* runs into the hole in the middle */
	kernel = make_kernel(UINT64_C(0x00007fffffe00000), 0, MIB, P2M_BASE, false);
	assert_int_equal(pv_layout_plan("k", &kernel, 16 * MIB, 65536, &l, &msg), -ENOEXEC);
	/* the list in the kernel's own top-level entry, in the hypervisor, and over the end */
	kernel = make_kernel(BASE, 16 * MIB, 20 * MIB, BASE - (UINT64_C(64) << 20), true);
	assert_int_equal(pv_layout_plan("k", &kernel, 0, 65536, &l, &msg), -ENOEXEC);
	kernel.init_p2m = UINT64_C(0xffff800000000000);
	assert_int_equal(pv_layout_plan("k", &kernel, 0, 65536, &l, &msg), -ENOEXEC);
	kernel.init_p2m = UINT64_MAX - 4095;
	assert_int_equal(pv_layout_plan("k", &kernel, 0, 65536, &l, &msg), -ENOEXEC);
}

static void test_start_info(void **state)
{
	struct pv_kernel kernel = make_kernel(BASE, 16 * MIB, 74 * MIB, P2M_BASE, true);
	struct pv_layout l = plan(&kernel, 12345, 65536);
	struct build_params params = { .cmdline = "console=hvc0",
				       .store_port = 1,
				       .console_port = 2 };
	struct vcpu_guest_context context;
	struct start_info info;
	struct guest g;

	(void)state;
	make_guest(&g, &l);
	memset(&info, 0, sizeof(info));
	boot_state_start_info(&info, &params, &l, g.p2m, 0x777);
	assert_string_equal(info.magic, "xen-3.0-x86_64");
	assert_int_equal(info.nr_pages, 65536);
	assert_int_equal(info.shared_info, 0x777000);
	assert_int_equal(info.flags, SIF_MOD_START_PFN | SIF_VIRT_P2M_4TOOLS);
	assert_int_equal(info.store_mfn, g.p2m[l.store.pfn]);
	assert_int_equal(info.store_evtchn, 1);
	assert_int_equal(info.console.domU.mfn, g.p2m[l.console.pfn]);
	assert_int_equal(info.console.domU.evtchn, 2);
	assert_int_equal(info.pt_base, BASE + l.tables.pfn * 4096);
	assert_int_equal(info.nr_pt_frames, l.tables.pages);
	assert_int_equal(info.mfn_list, P2M_BASE);
	assert_int_equal(info.first_p2m_pfn, l.p2m.pfn);
	assert_int_equal(info.nr_p2m_frames, l.p2m.pages + l.p2m_tables.pages);
	assert_int_equal(info.mod_start, l.ramdisk.pfn);
	assert_int_equal(info.mod_len, 12345);
	assert_string_equal((char *)info.cmd_line, "console=hvc0");

	boot_state_vcpu(&context, &kernel, &l, g.p2m);
	assert_int_equal(context.user_regs.rip, kernel.entry);
	assert_int_equal(context.user_regs.rsi, BASE + l.start_info.pfn * 4096);
	assert_int_equal(context.user_regs.rsp, BASE + (l.stack.pfn + 1) * 4096);
	assert_int_equal(context.ctrlreg[3], g.p2m[l.tables.pfn] << 12);
	free_guest(&g);
}

static void test_start_info_mapped_ramdisk(void **state)
{
	struct pv_kernel kernel = make_kernel(BASE, 0, MIB, PV_ADDR_NONE, false);
	struct pv_layout l = plan(&kernel, 4096, 4096);
	struct build_params params = { 0 };
	struct start_info info;
	struct guest g;

	(void)state;
	make_guest(&g, &l);
	memset(&info, 0, sizeof(info));
	boot_state_start_info(&info, &params, &l, g.p2m, 1);
	assert_int_equal(info.flags, SIF_VIRT_P2M_4TOOLS);
	assert_int_equal(info.mod_start, BASE + MIB);
	assert_int_equal(info.mfn_list, BASE + MIB + 4096);
	assert_int_equal(info.first_p2m_pfn, 0);
	free_guest(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),      cmocka_unit_test(test_small_kernel_at_zero),
		cmocka_unit_test(test_many_sizes), cmocka_unit_test(test_large_guest),
		cmocka_unit_test(test_too_small),  cmocka_unit_test(test_impossible_addresses),
		cmocka_unit_test(test_start_info), cmocka_unit_test(test_start_info_mapped_ramdisk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
