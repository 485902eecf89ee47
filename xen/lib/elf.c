/* SPDX-License-Identifier: MIT */
/*
 * Reading a 64-bit ELF kernel image and its Xen notes. Every offset and size that comes from the
 * image is checked against its length before use. No state.
 */
#include "lib/elf.h"

#include "lib/string.h"

#include <public/elfnote.h>
#include <public/features.h>

#define ELF_MAGIC      "\177ELF"
#define ELFCLASS64     2
#define ELFDATA_LE     1
#define ET_EXEC        2
#define ET_DYN         3
#define EM_X86_64      62
#define PT_LOAD        1
#define PT_NOTE        4
#define SHT_NOTE       7
#define PHDRS_MAX      64
#define NOTE_ALIGN     4u
#define XEN_NOTE_OWNER "Xen"

struct elf64_ehdr {
	uint8_t e_ident[16];
	uint16_t e_type, e_machine;
	uint32_t e_version;
	uint64_t e_entry, e_phoff, e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};

struct elf64_phdr {
	uint32_t p_type, p_flags;
	uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

struct elf64_shdr {
	uint32_t sh_name, sh_type;
	uint64_t sh_flags, sh_addr, sh_offset, sh_size;
	uint32_t sh_link, sh_info;
	uint64_t sh_addralign, sh_entsize;
};

struct elf_note {
	uint32_t namesz, descsz, type;
};

/* len bytes at offset, NULL if they are not all in the image. */
static const void *at(const struct elf_image *elf, uint64_t offset, uint64_t len)
{
	if (offset > elf->size || len > elf->size - offset)
		return NULL;
	return elf->image + offset;
}

static bool get_ehdr(const struct elf_image *elf, struct elf64_ehdr *out)
{
	const void *p = at(elf, 0, sizeof(*out));

	if (!p)
		return false;
	memcpy(out, p, sizeof(*out));
	return true;
}

static bool get_phdr(const struct elf_image *elf, unsigned int n, struct elf64_phdr *out)
{
	struct elf64_ehdr e;
	const void *p;

	if (!get_ehdr(elf, &e) || n >= e.e_phnum || e.e_phentsize < sizeof(*out) ||
	    e.e_phoff > elf->size)
		return false;
	p = at(elf, e.e_phoff + (uint64_t)n * e.e_phentsize, sizeof(*out));
	if (!p)
		return false;
	memcpy(out, p, sizeof(*out));
	return true;
}

static bool get_shdr(const struct elf_image *elf, unsigned int n, struct elf64_shdr *out)
{
	struct elf64_ehdr e;
	const void *p;

	if (!get_ehdr(elf, &e) || n >= e.e_shnum || e.e_shentsize < sizeof(*out) ||
	    e.e_shoff > elf->size)
		return false;
	p = at(elf, e.e_shoff + (uint64_t)n * e.e_shentsize, sizeof(*out));
	if (!p)
		return false;
	memcpy(out, p, sizeof(*out));
	return true;
}

unsigned int elf_segment_count(const struct elf_image *elf)
{
	struct elf64_ehdr e;

	return get_ehdr(elf, &e) ? e.e_phnum : 0;
}

bool elf_segment_get(const struct elf_image *elf, unsigned int n, struct elf_segment *out)
{
	struct elf64_phdr p;
	uint64_t end;

	if (!get_phdr(elf, n, &p) || p.p_type != PT_LOAD || p.p_filesz > p.p_memsz ||
	    __builtin_add_overflow(p.p_paddr, p.p_memsz, &end))
		return false;
	out->data = at(elf, p.p_offset, p.p_filesz);
	if (!out->data)
		return false;
	out->vaddr = p.p_vaddr;
	out->paddr = p.p_paddr;
	out->memsz = p.p_memsz;
	out->filesz = p.p_filesz;
	out->flags = p.p_flags;
	return true;
}

/* Every loadable segment must be readable; their common extent is noted. */
static const char *measure_segments(struct elf_image *elf)
{
	unsigned int i, n = elf_segment_count(elf);
	struct elf_segment s;
	struct elf64_phdr p;

	elf->pstart = ~0ul;
	elf->pend = 0;
	if (n > PHDRS_MAX)
		return "too many program headers";
	for (i = 0; i < n; i++) {
		if (!get_phdr(elf, i, &p))
			return "program headers lie outside the file";
		if (p.p_type != PT_LOAD || !p.p_memsz)
			continue;
		if (!elf_segment_get(elf, i, &s))
			return "a loadable segment lies outside the file: is it truncated?";
		elf->pstart = min(elf->pstart, s.paddr);
		elf->pend = max(elf->pend, s.paddr + s.memsz);
	}
	return elf->pstart < elf->pend ? NULL : "nothing to load";
}

const char *elf_parse(const void *image, size_t size, struct elf_image *out)
{
	struct elf64_ehdr e;
	const char *error;

	memset(out, 0, sizeof(*out));
	out->image = image;
	out->size = size;
	if (!get_ehdr(out, &e) || memcmp(e.e_ident, ELF_MAGIC, 4))
		return "not an ELF file";
	if (e.e_ident[4] != ELFCLASS64 || e.e_ident[5] != ELFDATA_LE || e.e_machine != EM_X86_64)
		return "not an ELF file for x86-64";
	if (e.e_type != ET_EXEC && e.e_type != ET_DYN)
		return "not an executable ELF file";
	error = measure_segments(out);
	if (error)
		return error;
	out->entry = e.e_entry;
	out->vstart = out->pstart;
	out->vend = out->pend;
	return NULL;
}

static uint64_t note_number(const uint8_t *desc, uint32_t size)
{
	uint64_t value = 0;

	memcpy(&value, desc, min((size_t)size, sizeof(value)));
	return value;
}

static void note_string(char *dst, size_t size, const uint8_t *desc, uint32_t len)
{
	size_t n = min((size_t)len, size - 1);

	memcpy(dst, desc, n);
	dst[n] = '\0';
}

static void take_note(struct elf_xen_notes *out, uint32_t type, const uint8_t *desc, uint32_t size)
{
	switch (type) {
	case XEN_ELFNOTE_ENTRY:
		out->entry = note_number(desc, size);
		out->has_entry = true;
		break;
	case XEN_ELFNOTE_HYPERCALL_PAGE:
		out->hypercall_page = note_number(desc, size);
		out->has_hypercall_page = true;
		break;
	case XEN_ELFNOTE_VIRT_BASE:
		out->virt_base = note_number(desc, size);
		out->has_virt_base = true;
		break;
	case XEN_ELFNOTE_PADDR_OFFSET:
		out->paddr_offset = note_number(desc, size);
		break;
	case XEN_ELFNOTE_INIT_P2M:
		out->init_p2m = note_number(desc, size);
		out->has_init_p2m = true;
		break;
	case XEN_ELFNOTE_MOD_START_PFN:
		out->mod_start_pfn = note_number(desc, size) != 0;
		break;
	case XEN_ELFNOTE_XEN_VERSION:
		note_string(out->xen_version, sizeof(out->xen_version), desc, size);
		break;
	case XEN_ELFNOTE_GUEST_OS:
		note_string(out->guest_os, sizeof(out->guest_os), desc, size);
		break;
	case XEN_ELFNOTE_LOADER:
		note_string(out->loader, sizeof(out->loader), desc, size);
		break;
	case XEN_ELFNOTE_FEATURES:
		note_string(out->features, sizeof(out->features), desc, size);
		break;
	case XEN_ELFNOTE_SUPPORTED_FEATURES:
		out->supported_features[0] = (uint32_t)note_number(desc, size);
		break;
	default:
		break;
	}
}

/* The notes in len bytes at p; returns how many of them were Xen's. */
static unsigned int scan_notes(const uint8_t *p, uint64_t len, struct elf_xen_notes *out)
{
	unsigned int found = 0;
	struct elf_note note;

	while (len >= sizeof(note)) {
		uint64_t name_len, desc_len;

		memcpy(&note, p, sizeof(note));
		name_len = ROUND_UP((uint64_t)note.namesz, NOTE_ALIGN);
		desc_len = ROUND_UP((uint64_t)note.descsz, NOTE_ALIGN);
		if (name_len + note.descsz > len - sizeof(note))
			break;
		if (note.namesz == sizeof(XEN_NOTE_OWNER) &&
		    !memcmp(p + sizeof(note), XEN_NOTE_OWNER, sizeof(XEN_NOTE_OWNER))) {
			take_note(out, note.type, p + sizeof(note) + name_len, note.descsz);
			found++;
		}
		if (name_len + desc_len > len - sizeof(note))
			break;
		p += sizeof(note) + name_len + desc_len;
		len -= sizeof(note) + name_len + desc_len;
	}
	return found;
}

/* From the note segments, or where there are none, the note sections. */
static unsigned int find_notes(const struct elf_image *elf, struct elf_xen_notes *out)
{
	unsigned int i, found = 0;
	struct elf64_phdr ph;
	struct elf64_shdr sh;
	const void *p;

	for (i = 0; get_phdr(elf, i, &ph); i++) {
		p = ph.p_type == PT_NOTE ? at(elf, ph.p_offset, ph.p_filesz) : NULL;
		if (p)
			found += scan_notes(p, ph.p_filesz, out);
	}
	for (i = 0; !found && get_shdr(elf, i, &sh); i++) {
		p = sh.sh_type == SHT_NOTE ? at(elf, sh.sh_offset, sh.sh_size) : NULL;
		if (p)
			found += scan_notes(p, sh.sh_size, out);
	}
	return found;
}

const char *elf_xen_notes(const struct elf_image *elf, struct elf_xen_notes *out)
{
	memset(out, 0, sizeof(*out));
	if (!find_notes(elf, out))
		return "no Xen notes: it is not built with PV support (CONFIG_XEN_PV)";
	out->is_pv = out->has_entry; /* a kernel may do without a hypercall page */
	if (!out->is_pv)
		return "its Xen notes give no PV entry point";
	return NULL;
}
