/* SPDX-License-Identifier: MIT */
/*
 * Lays an ELF file out as: header, program headers, notes, segment contents, and on demand section
 * headers with a string table.
 */
#include "tests/unit/builder/elf_maker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <public/elfnote.h>

#define LINUX_BASE UINT64_C(0xffffffff80000000)

void elf_maker_init(struct elf_maker *maker)
{
	Elf64_Ehdr *h = &maker->header;

	memset(maker, 0, sizeof(*maker));
	memcpy(h->e_ident, ELFMAG, SELFMAG);
	h->e_ident[EI_CLASS] = ELFCLASS64;
	h->e_ident[EI_DATA] = ELFDATA2LSB;
	h->e_ident[EI_VERSION] = EV_CURRENT;
	h->e_type = ET_EXEC;
	h->e_machine = EM_X86_64;
	h->e_version = EV_CURRENT;
	h->e_ehsize = sizeof(*h);
	h->e_phoff = sizeof(*h);
	h->e_phentsize = sizeof(Elf64_Phdr);
}

void elf_maker_segment(struct elf_maker *maker, uint64_t paddr, uint64_t file_bytes,
		       uint64_t mem_bytes, uint8_t fill)
{
	assert(maker->nr_segments < MAKER_SEGMENTS_MAX);
	maker->segments[maker->nr_segments].paddr = paddr;
	maker->segments[maker->nr_segments].vaddr = paddr;
	maker->segments[maker->nr_segments].file_bytes = file_bytes;
	maker->segments[maker->nr_segments].mem_bytes = mem_bytes;
	maker->segments[maker->nr_segments].fill = fill;
	maker->nr_segments++;
}

void elf_maker_note(struct elf_maker *maker, uint32_t type, const void *desc, uint32_t bytes)
{
	Elf64_Nhdr note = { .n_namesz = 4, .n_descsz = bytes, .n_type = type };
	uint8_t *at = maker->notes + maker->note_bytes;
	size_t padded = (bytes + 3u) & ~3u;

	assert(maker->note_bytes + sizeof(note) + 4 + padded <= MAKER_NOTES_MAX);
	memcpy(at, &note, sizeof(note));
	memcpy(at + sizeof(note), "Xen", 4);
	memcpy(at + sizeof(note) + 4, desc, bytes);
	maker->note_bytes += sizeof(note) + 4 + padded;
}

void elf_maker_number(struct elf_maker *maker, uint32_t type, uint64_t value)
{
	elf_maker_note(maker, type, &value, sizeof(value));
}

void elf_maker_text(struct elf_maker *maker, uint32_t type, const char *text)
{
	elf_maker_note(maker, type, text, (uint32_t)strlen(text) + 1);
}

void elf_maker_linux(struct elf_maker *maker)
{
	const uint32_t one = 1;

	elf_maker_init(maker);
	elf_maker_segment(maker, 0x1000000, 0x5000, 0x5000, 0x11);
	elf_maker_segment(maker, 0x1005000, 0x800, 0x1000, 0x22);
	elf_maker_segment(maker, 0x1006000, 0x2000, 0x9abc, 0x33);
	maker->segments[1].vaddr = 0;
	elf_maker_text(maker, XEN_ELFNOTE_GUEST_OS, "linux");
	elf_maker_text(maker, XEN_ELFNOTE_GUEST_VERSION, "2.6");
	elf_maker_text(maker, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	elf_maker_number(maker, XEN_ELFNOTE_VIRT_BASE, LINUX_BASE);
	elf_maker_number(maker, XEN_ELFNOTE_INIT_P2M, UINT64_C(0x8000000000));
	elf_maker_number(maker, XEN_ELFNOTE_ENTRY, LINUX_BASE + 0x1006010);
	elf_maker_number(maker, XEN_ELFNOTE_HYPERCALL_PAGE, LINUX_BASE + 0x1001000);
	elf_maker_text(maker, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb");
	elf_maker_text(maker, XEN_ELFNOTE_LOADER, "generic");
	elf_maker_note(maker, XEN_ELFNOTE_MOD_START_PFN, &one, sizeof(one));
	elf_maker_number(maker, XEN_ELFNOTE_PADDR_OFFSET, 0);
	elf_maker_number(maker, XEN_ELFNOTE_PHYS32_ENTRY, 0x1000850);
}

/* Section 1 is the notes or __xen_guest, section 2 the names. */
static size_t add_sections(const struct elf_maker *maker, Elf64_Ehdr *h, uint8_t *file, size_t at,
			   size_t notes_at)
{
	static const char names[] = "\0__xen_guest\0.shstrtab\0.notes";
	Elf64_Shdr sections[3] = { 0 };
	size_t legacy_bytes = maker->legacy ? strlen(maker->legacy) + 1 : 0;

	sections[1].sh_name = maker->legacy ? 1 : 23;
	sections[1].sh_type = maker->legacy ? SHT_PROGBITS : SHT_NOTE;
	sections[1].sh_offset = maker->legacy ? at : notes_at;
	sections[1].sh_size = maker->legacy ? legacy_bytes : maker->note_bytes;
	if (maker->legacy)
		memcpy(file + at, maker->legacy, legacy_bytes);
	at += legacy_bytes;
	sections[2].sh_name = 13;
	sections[2].sh_type = SHT_STRTAB;
	sections[2].sh_offset = at;
	sections[2].sh_size = sizeof(names);
	memcpy(file + at, names, sizeof(names));
	at += sizeof(names);
	memcpy(file + at, sections, sizeof(sections));
	h->e_shoff = at;
	h->e_shentsize = sizeof(sections[0]);
	h->e_shnum = 3;
	h->e_shstrndx = 2;
	return at + sizeof(sections);
}

uint8_t *elf_maker_build(const struct elf_maker *maker, size_t *bytes)
{
	Elf64_Ehdr h = maker->header;
	Elf64_Phdr phdrs[MAKER_SEGMENTS_MAX + 1] = { 0 };
	size_t at, total = 8192, notes_at;
	uint8_t *file;

	for (unsigned int i = 0; i < maker->nr_segments; i++)
		total += maker->segments[i].file_bytes;
	file = calloc(1, total);
	assert(file);
	h.e_phnum = (Elf64_Half)(maker->nr_segments + (maker->notes_in_section ? 0 : 1));
	notes_at = sizeof(h) + h.e_phnum * sizeof(phdrs[0]);
	memcpy(file + notes_at, maker->notes, maker->note_bytes);
	at = notes_at + maker->note_bytes;
	for (unsigned int i = 0; i < maker->nr_segments; i++) {
		phdrs[i].p_type = PT_LOAD;
		phdrs[i].p_flags = PF_R | PF_X;
		phdrs[i].p_offset = at;
		phdrs[i].p_paddr = maker->segments[i].paddr;
		phdrs[i].p_vaddr = maker->segments[i].vaddr;
		phdrs[i].p_filesz = maker->segments[i].file_bytes;
		phdrs[i].p_memsz = maker->segments[i].mem_bytes;
		memset(file + at, maker->segments[i].fill, maker->segments[i].file_bytes);
		at += maker->segments[i].file_bytes;
	}
	if (!maker->notes_in_section) {
		phdrs[maker->nr_segments].p_type = PT_NOTE;
		phdrs[maker->nr_segments].p_offset = notes_at;
		phdrs[maker->nr_segments].p_filesz = maker->note_bytes;
	}
	if (maker->legacy || maker->notes_in_section)
		at = add_sections(maker, &h, file, at, notes_at);
	memcpy(file, &h, sizeof(h));
	memcpy(file + sizeof(h), phdrs, h.e_phnum * sizeof(phdrs[0]));
	assert(at <= total);
	*bytes = at;
	return file;
}
