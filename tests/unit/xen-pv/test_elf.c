/* SPDX-License-Identifier: MIT */
/* Kernel images: what a small right one says, and that no damaged one leads out of its bytes. */
#include "../xen-core/host.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "lib/elf.h"

#include <public/elfnote.h>

#define IMAGE_SIZE 1024
#define TEXT_AT    512
#define NOTES_AT   256
#define VIRT_BASE  0xffffffff80000000
#define ENTRY      (VIRT_BASE + 0x1000040)

struct note {
	uint32_t namesz, descsz, type;
	char name[4];
	uint64_t value;
};

static unsigned char *image;
static volatile unsigned char sink; /* what was read is used */

static int setup(void **state)
{
	const struct note notes[] = {
		{ 4, 8, XEN_ELFNOTE_VIRT_BASE, "Xen", VIRT_BASE },
		{ 4, 8, XEN_ELFNOTE_ENTRY, "Xen", ENTRY },
		{ 4, 8, 77, "GNU", 1 },
		{ 4, 8, XEN_ELFNOTE_HYPERCALL_PAGE, "Xen", VIRT_BASE + 0x1001000 },
		{ 4, 8, XEN_ELFNOTE_MOD_START_PFN, "Xen", 1 },
	};
	Elf64_Ehdr e = { .e_ident = "\177ELF", .e_type = ET_EXEC, .e_machine = EM_X86_64 };
	Elf64_Phdr p[2] = { { .p_type = PT_LOAD }, { .p_type = PT_NOTE } };

	(void)state;
	e.e_ident[EI_CLASS] = ELFCLASS64;
	e.e_ident[EI_DATA] = ELFDATA2LSB;
	e.e_phoff = sizeof(e);
	e.e_phentsize = sizeof(p[0]);
	e.e_phnum = 2;
	p[0].p_offset = TEXT_AT;
	p[0].p_paddr = 0x1000000;
	p[0].p_vaddr = VIRT_BASE + 0x1000000;
	p[0].p_filesz = IMAGE_SIZE - TEXT_AT;
	p[0].p_memsz = 0x3000;
	p[1].p_offset = NOTES_AT;
	p[1].p_filesz = sizeof(notes);
	/* Its own allocation: every byte behind it is out of bounds to the sanitizer. */
	image = calloc(1, IMAGE_SIZE);
	memcpy(image, &e, sizeof(e));
	memcpy(image + sizeof(e), p, sizeof(p));
	memcpy(image + NOTES_AT, notes, sizeof(notes));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(image);
	return 0;
}

static void test_right_image(void **state)
{
	struct elf_xen_notes notes;
	struct elf_segment s;
	struct elf_image elf;

	(void)state;
	assert_null(elf_parse(image, IMAGE_SIZE, &elf));
	assert_int_equal(elf.pstart, 0x1000000);
	assert_int_equal(elf.pend, 0x1003000);
	assert_int_equal(elf_segment_count(&elf), 2);
	assert_true(elf_segment_get(&elf, 0, &s));
	assert_ptr_equal(s.data, image + TEXT_AT);
	assert_int_equal(s.memsz, 0x3000);
	assert_false(elf_segment_get(&elf, 1, &s)); /* the notes */
	assert_false(elf_segment_get(&elf, 2, &s));
	assert_null(elf_xen_notes(&elf, &notes));
	assert_true(notes.is_pv && notes.has_entry && notes.has_virt_base && notes.mod_start_pfn);
	assert_false(notes.has_init_p2m);
	assert_int_equal(notes.entry, ENTRY);
}

static void test_what_is_wrong(void **state)
{
	Elf64_Ehdr *e = (Elf64_Ehdr *)image;
	Elf64_Phdr *p = (Elf64_Phdr *)(image + sizeof(*e));
	struct elf_xen_notes notes;
	struct elf_image elf;

	(void)state;
	for (size_t len = 0; len < IMAGE_SIZE; len++)
		assert_non_null(elf_parse(image, len, &elf));
	e->e_machine = EM_386;
	assert_non_null(elf_parse(image, IMAGE_SIZE, &elf));
	e->e_machine = EM_X86_64;
	p[0].p_filesz = p[0].p_memsz + 1;
	assert_non_null(elf_parse(image, IMAGE_SIZE, &elf));
	p[0].p_filesz = 16;
	p[0].p_paddr = ~0ul - 0x1000; /* wraps */
	assert_non_null(elf_parse(image, IMAGE_SIZE, &elf));
	p[0].p_paddr = 0x1000000;
	p[1].p_type = PT_NULL;
	assert_null(elf_parse(image, IMAGE_SIZE, &elf));
	assert_non_null(elf_xen_notes(&elf, &notes));
}

static void read_all(const struct elf_image *elf)
{
	struct elf_xen_notes notes;
	struct elf_segment s;
	unsigned char sum = 0;

	for (unsigned int i = 0; i < elf_segment_count(elf); i++) {
		if (!elf_segment_get(elf, i, &s))
			continue;
		for (uint64_t n = 0; n < s.filesz; n++)
			sum ^= ((const unsigned char *)s.data)[n];
	}
	(void)elf_xen_notes(elf, &notes);
	sink = sum;
}

static void test_damaged_images(void **state)
{
	unsigned char good[IMAGE_SIZE];
	struct elf_image elf;

	(void)state;
	memcpy(good, image, IMAGE_SIZE);
	srandom(7);
	for (unsigned int i = 0; i < 20000; i++) {
		memcpy(image, good, IMAGE_SIZE);
		for (unsigned int n = 0; n < 3; n++)
			image[random() % 400] = random() % 3 ? (unsigned char)random() : 0xff;
		if (!elf_parse(image, IMAGE_SIZE, &elf))
			read_all(&elf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_right_image, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_images, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
