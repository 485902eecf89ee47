/* SPDX-License-Identifier: MIT */
/*
 * Makes small ELF kernels for tests: program headers, one PT_NOTE with Xen notes, segment contents.
 */
#ifndef TESTS_ELF_MAKER_H
#define TESTS_ELF_MAKER_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define MAKER_SEGMENTS_MAX 8
#define MAKER_NOTES_MAX    1024

struct elf_maker {
	Elf64_Ehdr header;
	unsigned int nr_segments;
	struct {
		uint64_t paddr, vaddr, file_bytes, mem_bytes;
		uint8_t fill;
	} segments[MAKER_SEGMENTS_MAX];
	uint8_t notes[MAKER_NOTES_MAX];
	size_t note_bytes;
	const char *legacy;   /* contents of __xen_guest, NULL for no sections */
	int notes_in_section; /* SHT_NOTE instead of PT_NOTE */
};

/* An x86-64 executable with nothing in it. */
void elf_maker_init(struct elf_maker *maker);
void elf_maker_segment(struct elf_maker *maker, uint64_t paddr, uint64_t file_bytes,
		       uint64_t mem_bytes, uint8_t fill);
void elf_maker_note(struct elf_maker *maker, uint32_t type, const void *desc, uint32_t bytes);
void elf_maker_number(struct elf_maker *maker, uint32_t type, uint64_t value);
void elf_maker_text(struct elf_maker *maker, uint32_t type, const char *text);
/* What Debian's kernel looks like: four segments from 16 MiB on, notes for 64-bit PV. */
void elf_maker_linux(struct elf_maker *maker);
/* The image, to free(). */
uint8_t *elf_maker_build(const struct elf_maker *maker, size_t *bytes);

#endif
