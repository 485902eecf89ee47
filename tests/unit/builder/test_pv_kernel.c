/* SPDX-License-Identifier: MIT */
/*
 * pv_kernel and xen_notes: what is read out of good kernels, how bad ones are refused, and that no
 * input makes the parser leave its bounds (the sanitizers watch).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <public/elfnote.h>

#include "dom0-tools/builder/pv_kernel.h"
#include "dom0-tools/builder/xen_notes.h"
#include "tests/unit/builder/elf_maker.h"

#define BASE UINT64_C(0xffffffff80000000)

static struct build_message msg;

/* Parses from a block of exactly the right size, so that a read beyond it is seen. */
static int parse(const struct elf_maker *maker, struct pv_kernel *kernel)
{
	size_t bytes;
	uint8_t *elf = elf_maker_build(maker, &bytes);
	uint8_t *exact = malloc(bytes);
	int ret;

	assert_non_null(exact);
	memcpy(exact, elf, bytes);
	memset(&msg, 0, sizeof(msg));
	ret = pv_kernel_parse("k", exact, bytes, kernel, &msg);
	free(exact);
	free(elf);
	assert_true(ret <= 0);
	assert_true(!ret == !msg.text[0]);
	return ret;
}

static void assert_refused(const struct elf_maker *maker, const char *because)
{
	struct pv_kernel kernel;

	assert_int_equal(parse(maker, &kernel), -ENOEXEC);
	if (!strstr(msg.text, because))
		fail_msg("message '%s' does not say '%s'", msg.text, because);
}

static void test_linux(void **state)
{
	struct elf_maker maker;
	struct pv_kernel kernel;

	(void)state;
	elf_maker_linux(&maker);
	assert_int_equal(parse(&maker, &kernel), 0);
	assert_int_equal(kernel.virt_base, BASE);
	assert_int_equal(kernel.virt_start, BASE + 0x1000000);
	assert_int_equal(kernel.virt_end, BASE + 0x1006000 + 0x9abc);
	assert_int_equal(kernel.entry, BASE + 0x1006010);
	assert_int_equal(kernel.hypercall_page, BASE + 0x1001000);
	assert_int_equal(kernel.init_p2m, UINT64_C(0x8000000000));
	assert_true(kernel.unmapped_ramdisk);
	assert_string_equal(kernel.guest_os, "linux");
	assert_string_equal(kernel.guest_version, "2.6");
	assert_int_equal(kernel.nr_segments, 3);
	assert_int_equal(kernel.segments[1].vaddr, BASE + 0x1005000);
	assert_int_equal(kernel.segments[1].file_bytes, 0x800);
	assert_int_equal(kernel.segments[1].mem_bytes, 0x1000);
}

static void test_notes_in_sections(void **state)
{
	struct elf_maker maker;
	struct pv_kernel kernel;

	(void)state;
	elf_maker_linux(&maker);
	maker.notes_in_section = 1;
	assert_int_equal(parse(&maker, &kernel), 0);
	assert_int_equal(kernel.entry, BASE + 0x1006010);
}

static void test_legacy_section(void **state)
{
	struct elf_maker maker;
	struct pv_kernel kernel;

	(void)state;
	elf_maker_init(&maker);
	elf_maker_segment(&maker, 0xffffffff80100000, 0x3000, 0x4000, 1);
	maker.legacy = "GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,"
		       "VIRT_ENTRY=0xffffffff80100010,HYPERCALL_PAGE=0x101,LOADER=generic,"
		       "FEATURES=writable_page_tables,PAE=yes,BARE";
	maker.notes_in_section = 1;
	assert_int_equal(parse(&maker, &kernel), 0);
	assert_int_equal(kernel.virt_start, BASE + 0x100000);
	assert_int_equal(kernel.entry, BASE + 0x100010);
	assert_int_equal(kernel.hypercall_page, BASE + 0x101000);
	assert_int_equal(kernel.init_p2m, PV_ADDR_NONE);
	assert_false(kernel.unmapped_ramdisk);

	maker.legacy = "GUEST_OS=linux,VIRT_BASE=zero";
	assert_refused(&maker, "Xen notes make no sense");
}

/* Notes without an entry: e_entry counts. virt_base and paddr_offset default to 0. */
static void test_defaults(void **state)
{
	struct elf_maker maker;
	struct pv_kernel kernel;

	(void)state;
	elf_maker_init(&maker);
	elf_maker_segment(&maker, 0, 0x1000, 0x3000, 7);
	elf_maker_text(&maker, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	maker.header.e_entry = 0x20;
	assert_int_equal(parse(&maker, &kernel), 0);
	assert_int_equal(kernel.virt_base, 0);
	assert_int_equal(kernel.entry, 0x20);
	assert_int_equal(kernel.hypercall_page, PV_ADDR_NONE);
}

static void test_wrong_machine(void **state)
{
	struct elf_maker maker;

	(void)state;
	elf_maker_linux(&maker);
	maker.header.e_ident[EI_CLASS] = ELFCLASS32;
	assert_refused(&maker, "32-bit");
	elf_maker_linux(&maker);
	maker.header.e_machine = EM_AARCH64;
	assert_refused(&maker, "another kind of machine");
	elf_maker_linux(&maker);
	maker.header.e_type = ET_REL;
	assert_refused(&maker, "no executable");
	elf_maker_linux(&maker);
	maker.header.e_phoff = UINT64_MAX - 8;
	assert_refused(&maker, "program headers");
}

static void test_no_pv_support(void **state)
{
	struct elf_maker maker;

	(void)state;
	elf_maker_linux(&maker);
	maker.note_bytes = 0;
	assert_refused(&maker, "no Xen PV support");
	elf_maker_number(&maker, XEN_ELFNOTE_PHYS32_ENTRY, 0x1000000);
	assert_refused(&maker, "PVH only");
	elf_maker_linux(&maker);
	elf_maker_text(&maker, XEN_ELFNOTE_XEN_VERSION, "xen-4.0");
	assert_refused(&maker, "xen-4.0");
	elf_maker_linux(&maker);
	elf_maker_text(&maker, XEN_ELFNOTE_LOADER, "spe\033cial");
	assert_refused(&maker, "spe?cial");
	elf_maker_linux(&maker);
	elf_maker_text(&maker, XEN_ELFNOTE_FEATURES, "a|!auto_translated_physmap");
	assert_refused(&maker, "translated memory");
}

static void test_bad_addresses(void **state)
{
	struct elf_maker maker;

	(void)state;
	elf_maker_linux(&maker);
	elf_maker_number(&maker, XEN_ELFNOTE_ENTRY, BASE);
	assert_refused(&maker, "entry point");
	elf_maker_linux(&maker);
	elf_maker_number(&maker, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x1001001);
	assert_refused(&maker, "hypercall page");
	elf_maker_linux(&maker);
	elf_maker_number(&maker, XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x2000000);
	assert_refused(&maker, "hypercall page");
	elf_maker_linux(&maker);
	elf_maker_number(&maker, XEN_ELFNOTE_INIT_P2M, 0x8000000001);
	assert_refused(&maker, "memory list");
	elf_maker_linux(&maker);
	elf_maker_number(&maker, XEN_ELFNOTE_VIRT_BASE, UINT64_C(0xffff800000000000));
	elf_maker_number(&maker, XEN_ELFNOTE_ENTRY, UINT64_C(0xffff800000000000) + 0x1006010);
	assert_refused(&maker, "outside of the guest's addresses");
	elf_maker_linux(&maker);
	elf_maker_number(&maker, XEN_ELFNOTE_PADDR_OFFSET, 0x1001000);
	assert_refused(&maker, "corrupt");
}

static void test_bad_segments(void **state)
{
	struct elf_maker maker;

	(void)state;
	elf_maker_linux(&maker);
	maker.segments[1].paddr = 0x1004000;
	assert_refused(&maker, "overlap");
	elf_maker_linux(&maker);
	maker.segments[2].mem_bytes = 0x1000;
	assert_refused(&maker, "truncated");
	elf_maker_linux(&maker);
	maker.segments[2].mem_bytes = UINT64_C(3) << 30;
	assert_refused(&maker, "outside");
	elf_maker_linux(&maker);
	maker.nr_segments = 0;
	assert_refused(&maker, "no segment");
}

static void test_bad_notes(void **state)
{
	struct elf_maker maker;
	uint32_t huge = 0xfffffff0;

	(void)state;
	elf_maker_linux(&maker);
	memcpy(maker.notes + 4, &huge, sizeof(huge));
	assert_refused(&maker, "Xen notes make no sense");
	elf_maker_linux(&maker);
	memcpy(maker.notes, &huge, sizeof(huge));
	assert_refused(&maker, "Xen notes make no sense");
	elf_maker_linux(&maker);
	elf_maker_note(&maker, XEN_ELFNOTE_ENTRY, "abc", 3);
	assert_refused(&maker, "Xen notes make no sense");
}

static void test_required_features(void **state)
{
	struct xen_notes notes = { .features = "!one|two|!three" };

	(void)state;
	assert_true(xen_notes_require(&notes, "one"));
	assert_false(xen_notes_require(&notes, "two"));
	assert_true(xen_notes_require(&notes, "three"));
	assert_false(xen_notes_require(&notes, "thre"));
	assert_false(xen_notes_require(&notes, "on"));
}

/* Cut anywhere, it must be refused or, where only unused bytes go, give the same as the whole. */
static void test_truncated_everywhere(void **state)
{
	struct elf_maker maker;
	struct pv_kernel kernel;
	size_t bytes;
	uint8_t *elf;

	(void)state;
	elf_maker_linux(&maker);
	elf = elf_maker_build(&maker, &bytes);
	for (size_t cut = 0; cut < bytes; cut += cut < 2048 ? 1 : 97) {
		uint8_t *part = malloc(cut ? cut : 1);

		assert_non_null(part);
		memcpy(part, elf, cut);
		assert_int_equal(pv_kernel_parse("k", part, cut, &kernel, &msg), -ENOEXEC);
		free(part);
	}
	free(elf);
}

/* Whatever bytes change, an accepted kernel keeps the promises of the header. */
static void check_promises(const struct pv_kernel *kernel, size_t bytes)
{
	uint64_t end = kernel->virt_base;

	for (unsigned int i = 0; i < kernel->nr_segments; i++) {
		const struct pv_segment *seg = &kernel->segments[i];

		assert_true(seg->file_offset <= bytes &&
			    seg->file_bytes <= bytes - seg->file_offset);
		assert_true(seg->file_bytes <= seg->mem_bytes);
		assert_true(seg->vaddr >= end);
		end = seg->vaddr + seg->mem_bytes;
	}
	assert_int_equal(end, kernel->virt_end);
	assert_true(kernel->entry >= kernel->virt_start && kernel->entry < kernel->virt_end);
}

static void test_changed_bytes(void **state)
{
	struct elf_maker maker;
	size_t bytes, head;
	uint8_t *elf;

	(void)state;
	srandom(1);
	elf_maker_linux(&maker);
	elf = elf_maker_build(&maker, &bytes);
	head = sizeof(Elf64_Ehdr) + 4 * sizeof(Elf64_Phdr) + maker.note_bytes;
	for (int round = 0; round < 20000; round++) {
		uint8_t *copy = malloc(bytes);
		struct pv_kernel kernel;

		assert_non_null(copy);
		memcpy(copy, elf, bytes);
		for (int i = 0; i < 1 + round % 4; i++)
			copy[(size_t)random() % head] = (uint8_t)random();
		if (!pv_kernel_parse("k", copy, bytes, &kernel, &msg))
			check_promises(&kernel, bytes);
		free(copy);
	}
	free(elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),
		cmocka_unit_test(test_notes_in_sections),
		cmocka_unit_test(test_legacy_section),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_wrong_machine),
		cmocka_unit_test(test_no_pv_support),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_bad_segments),
		cmocka_unit_test(test_bad_notes),
		cmocka_unit_test(test_required_features),
		cmocka_unit_test(test_truncated_everywhere),
		cmocka_unit_test(test_changed_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
