/* SPDX-License-Identifier: MIT */
/*
 * Checks an untrusted ELF image and works out where a PV kernel lies in its guest. Segments are
 * placed by their physical address: vaddr = p_paddr - paddr_offset + virt_base (public/elfnote.h).
 *
 * Header structures are copied out of the image before use, so alignment never matters.
 */
#include "dom0-tools/builder/pv_kernel.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include <public/elfnote.h>

#include "dom0-tools/builder/xen_notes.h"

/* A kernel larger than this is corrupt: it would not even fit its own 2 GiB code model. */
#define KERNEL_SPAN_MAX (UINT64_C(2) << 30)

/* What a guest may use: the lower half, and the upper half above the hypervisor's part. */
#define GUEST_LOW_END    UINT64_C(0x0000800000000000)
#define GUEST_HIGH_START UINT64_C(0xffff880000000000)

#define NOTE_SECTIONS_MAX 4096

/* The image while it is being parsed. */
struct elf_file {
	const char *name;
	const uint8_t *data;
	size_t bytes;
	Elf64_Ehdr header;
	struct build_message *msg;
};

static int in_file(const struct elf_file *elf, uint64_t offset, uint64_t bytes)
{
	return offset <= elf->bytes && bytes <= elf->bytes - offset;
}

static int corrupt(const struct elf_file *elf, const char *why)
{
	return build_fail(elf->msg, -ENOEXEC, "kernel '%s' is corrupt: %s; copy it again",
			  elf->name, why);
}

static int check_header(struct elf_file *elf)
{
	const Elf64_Ehdr *h = &elf->header;

	if (elf->bytes < sizeof(elf->header))
		return build_fail(
			elf->msg, -ENOEXEC,
			"kernel '%s' is truncated: %zu bytes are no ELF file; copy it again",
			elf->name, elf->bytes);
	memcpy(&elf->header, elf->data, sizeof(elf->header));
	if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return build_fail(elf->msg, -ENOEXEC, "kernel '%s' is no ELF file", elf->name);
	if (h->e_ident[EI_CLASS] == ELFCLASS32)
		return build_fail(
			elf->msg, -ENOEXEC,
			"kernel '%s' is 32-bit, which is not supported; use an amd64 kernel",
			elf->name);
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_machine != EM_X86_64)
		return build_fail(elf->msg, -ENOEXEC,
				  "kernel '%s' is for another kind of machine; use an amd64 kernel",
				  elf->name);
	if (h->e_type != ET_EXEC && h->e_type != ET_DYN)
		return build_fail(elf->msg, -ENOEXEC,
				  "kernel '%s' is an ELF file but no executable; give a vmlinux",
				  elf->name);
	if (h->e_phentsize != sizeof(Elf64_Phdr) || !h->e_phnum ||
	    !in_file(elf, h->e_phoff, (uint64_t)h->e_phnum * sizeof(Elf64_Phdr)))
		return corrupt(elf, "its program headers are not in the file");
	return 0;
}

static void get_phdr(const struct elf_file *elf, unsigned int i, Elf64_Phdr *ph)
{
	memcpy(ph, elf->data + elf->header.e_phoff + i * sizeof(*ph), sizeof(*ph));
}

static bool is_loadable(const Elf64_Phdr *ph)
{
	return ph->p_type == PT_LOAD && (ph->p_flags & (PF_R | PF_W | PF_X)) && ph->p_memsz;
}

static int notes_from_segments(const struct elf_file *elf, struct xen_notes *notes)
{
	for (unsigned int i = 0; i < elf->header.e_phnum; i++) {
		Elf64_Phdr ph;

		get_phdr(elf, i, &ph);
		if (ph.p_type != PT_NOTE)
			continue;
		if (!in_file(elf, ph.p_offset, ph.p_filesz))
			return corrupt(elf, "its notes are not in the file");
		if (xen_notes_add(notes, elf->data + ph.p_offset, ph.p_filesz) < 0)
			return corrupt(elf, "its Xen notes make no sense");
	}
	return 0;
}

static bool section_is_named(const struct elf_file *elf, const Elf64_Shdr *strings,
			     const Elf64_Shdr *sh, const char *name)
{
	size_t len = strlen(name) + 1;

	return sh->sh_name < strings->sh_size && len <= strings->sh_size - sh->sh_name &&
	       !memcmp(elf->data + strings->sh_offset + sh->sh_name, name, len);
}

/* For kernels without PT_NOTE: SHT_NOTE sections, or else the __xen_guest section. */
static int notes_from_sections(const struct elf_file *elf, struct xen_notes *notes, bool legacy)
{
	const Elf64_Ehdr *h = &elf->header;
	Elf64_Shdr strings = { 0 }, sh;

	if (!h->e_shnum)
		return 0;
	if (h->e_shnum > NOTE_SECTIONS_MAX || h->e_shentsize != sizeof(sh) ||
	    !in_file(elf, h->e_shoff, (uint64_t)h->e_shnum * sizeof(sh)))
		return corrupt(elf, "its section headers are not in the file");
	if (h->e_shstrndx < h->e_shnum)
		memcpy(&strings, elf->data + h->e_shoff + h->e_shstrndx * sizeof(sh),
		       sizeof(strings));
	if (strings.sh_type != SHT_STRTAB || !in_file(elf, strings.sh_offset, strings.sh_size))
		memset(&strings, 0, sizeof(strings));
	for (unsigned int i = 0; i < h->e_shnum; i++) {
		int ret;

		memcpy(&sh, elf->data + h->e_shoff + i * sizeof(sh), sizeof(sh));
		if (legacy ? !section_is_named(elf, &strings, &sh, "__xen_guest")
			   : sh.sh_type != SHT_NOTE)
			continue;
		if (sh.sh_type == SHT_NOBITS || !in_file(elf, sh.sh_offset, sh.sh_size))
			return corrupt(elf, "its notes are not in the file");
		ret = legacy ? xen_notes_add_legacy(notes, elf->data + sh.sh_offset, sh.sh_size)
			     : xen_notes_add(notes, elf->data + sh.sh_offset, sh.sh_size);
		if (ret < 0)
			return corrupt(elf, "its Xen notes make no sense");
	}
	return 0;
}

static int find_notes(const struct elf_file *elf, struct xen_notes *notes)
{
	int ret = notes_from_segments(elf, notes);

	if (!ret && !notes->found)
		ret = notes_from_sections(elf, notes, false);
	if (!ret && !notes->found)
		ret = notes_from_sections(elf, notes, true);
	return ret;
}

/* Whether the kernel can run here as a PV guest at all. */
static int check_notes(const struct elf_file *elf, const struct xen_notes *notes)
{
	if (!notes->found)
		return build_fail(
			elf->msg, -ENOEXEC,
			"kernel '%s' has no Xen PV support: no Xen notes in it; use a kernel "
			"built with CONFIG_XEN_PV",
			elf->name);
	if (!xen_notes_have(notes, XEN_ELFNOTE_ENTRY) &&
	    xen_notes_have(notes, XEN_ELFNOTE_PHYS32_ENTRY))
		return build_fail(
			elf->msg, -ENOEXEC,
			"kernel '%s' has no Xen PV support: it can start as PVH only; use a "
			"kernel built with CONFIG_XEN_PV",
			elf->name);
	if (xen_notes_have(notes, XEN_ELFNOTE_XEN_VERSION) &&
	    strcmp(notes->xen_version, "xen-3.0") != 0)
		return build_fail(
			elf->msg, -ENOEXEC,
			"kernel '%s' is for the guest interface '%s', not xen-3.0; use another "
			"kernel",
			elf->name, notes->xen_version);
	if (xen_notes_have(notes, XEN_ELFNOTE_LOADER) && strcmp(notes->loader, "generic") != 0)
		return build_fail(
			elf->msg, -ENOEXEC,
			"kernel '%s' wants the boot loader '%s', not the generic one; use "
			"another kernel",
			elf->name, notes->loader);
	if (xen_notes_require(notes, "auto_translated_physmap"))
		return build_fail(
			elf->msg, -ENOEXEC,
			"kernel '%s' demands translated memory, which PV guests do not have; use "
			"another kernel",
			elf->name);
	return 0;
}

static bool guest_range_ok(uint64_t start, uint64_t end)
{
	return start <= end && (end <= GUEST_LOW_END || start >= GUEST_HIGH_START);
}

static int add_segments(const struct elf_file *elf, struct pv_kernel *kernel, uint64_t offset)
{
	uint64_t end = 0;

	for (unsigned int i = 0; i < elf->header.e_phnum; i++) {
		struct pv_segment *seg = &kernel->segments[kernel->nr_segments];
		Elf64_Phdr ph;

		get_phdr(elf, i, &ph);
		if (!is_loadable(&ph))
			continue;
		if (kernel->nr_segments == PV_SEGMENTS_MAX)
			return corrupt(elf, "it has too many segments");
		if (ph.p_filesz > ph.p_memsz || !in_file(elf, ph.p_offset, ph.p_filesz))
			return build_fail(
				elf->msg, -ENOEXEC,
				"kernel '%s' is truncated: a segment ends behind the end of the "
				"file; copy it again",
				elf->name);
		/* Wraps where virt_base does: the sum counts, and is checked below. */
		seg->vaddr = ph.p_paddr + offset;
		seg->file_offset = ph.p_offset;
		seg->file_bytes = ph.p_filesz;
		seg->mem_bytes = ph.p_memsz;
		if (ph.p_memsz > KERNEL_SPAN_MAX ||
		    !guest_range_ok(seg->vaddr, seg->vaddr + seg->mem_bytes))
			return corrupt(elf, "a segment lies outside of the guest's addresses");
		if (kernel->nr_segments && seg->vaddr < end)
			return corrupt(elf, "its segments overlap");
		end = seg->vaddr + seg->mem_bytes;
		kernel->nr_segments++;
	}
	if (!kernel->nr_segments)
		return corrupt(elf, "it has no segment to load");
	kernel->virt_start = kernel->segments[0].vaddr;
	kernel->virt_end = end;
	return 0;
}

static int check_addresses(const struct elf_file *elf, const struct pv_kernel *kernel)
{
	if (kernel->virt_base % PV_PAGE_BYTES || kernel->virt_base > kernel->virt_start ||
	    kernel->virt_end - kernel->virt_base > KERNEL_SPAN_MAX ||
	    !guest_range_ok(kernel->virt_base, kernel->virt_end))
		return corrupt(elf, "its base address is not usable");
	if (kernel->entry < kernel->virt_start || kernel->entry >= kernel->virt_end)
		return corrupt(elf, "its entry point lies outside of it");
	if (kernel->hypercall_page != PV_ADDR_NONE &&
	    (kernel->hypercall_page % PV_PAGE_BYTES ||
	     kernel->hypercall_page < kernel->virt_start - kernel->virt_start % PV_PAGE_BYTES ||
	     kernel->hypercall_page >= kernel->virt_end))
		return corrupt(elf, "its hypercall page lies outside of it");
	if (kernel->init_p2m != PV_ADDR_NONE && kernel->init_p2m % PV_PAGE_BYTES)
		return corrupt(elf, "the address for its memory list is not page aligned");
	return 0;
}

static void apply_notes(const struct elf_file *elf, const struct xen_notes *notes,
			struct pv_kernel *kernel)
{
	kernel->virt_base = notes->virt_base;
	kernel->entry = xen_notes_have(notes, XEN_ELFNOTE_ENTRY) ? notes->entry
								 : elf->header.e_entry;
	kernel->hypercall_page = PV_ADDR_NONE;
	if (xen_notes_have(notes, XEN_ELFNOTE_HYPERCALL_PAGE))
		kernel->hypercall_page =
			notes->legacy ? kernel->virt_base + (notes->hypercall_page << PV_PAGE_SHIFT)
				      : notes->hypercall_page;
	kernel->init_p2m = xen_notes_have(notes, XEN_ELFNOTE_INIT_P2M) ? notes->init_p2m
								       : PV_ADDR_NONE;
	kernel->unmapped_ramdisk = notes->mod_start_pfn != 0;
	memcpy(kernel->guest_os, notes->guest_os, sizeof(kernel->guest_os));
	memcpy(kernel->guest_version, notes->guest_version, sizeof(kernel->guest_version));
}

int pv_kernel_parse(const char *name, const uint8_t *data, size_t bytes, struct pv_kernel *kernel,
		    struct build_message *msg)
{
	struct elf_file elf = { .name = name, .data = data, .bytes = bytes, .msg = msg };
	struct xen_notes notes = { 0 };
	uint64_t paddr_offset;
	int ret;

	memset(kernel, 0, sizeof(*kernel));
	ret = check_header(&elf);
	if (!ret)
		ret = find_notes(&elf, &notes);
	if (!ret)
		ret = check_notes(&elf, &notes);
	if (ret)
		return ret;
	apply_notes(&elf, &notes, kernel);
	paddr_offset = notes.paddr_offset;
	/* Kernels of the __xen_guest days give their segments virtual addresses unless they say so.
	 */
	if (notes.legacy && !xen_notes_have(&notes, XEN_ELFNOTE_PADDR_OFFSET))
		paddr_offset = kernel->virt_base;
	ret = add_segments(&elf, kernel, kernel->virt_base - paddr_offset);
	return ret ? ret : check_addresses(&elf, kernel);
}
