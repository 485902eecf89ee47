/* SPDX-License-Identifier: MIT */
/*
 * What a kernel says of itself in Xen ELF notes (public/elfnote.h) or in a __xen_guest section.
 */
#ifndef BUILDER_XEN_NOTES_H
#define BUILDER_XEN_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which were found, a bit for each XEN_ELFNOTE_* number, and their values. */
struct xen_notes {
	uint64_t found;
	bool legacy; /* from __xen_guest */
	uint64_t virt_base;
	uint64_t paddr_offset;
	uint64_t entry;
	uint64_t hypercall_page; /* an address; in legacy a page number counted from virt_base */
	uint64_t init_p2m;
	uint64_t mod_start_pfn;
	char guest_os[32]; /* texts are cut to fit and made printable */
	char guest_version[32];
	char xen_version[32];
	char loader[32];
	char features[256];
};

static inline bool xen_notes_have(const struct xen_notes *notes, unsigned int type)
{
	return notes->found >> type & 1;
}

/*
 * Adds the Xen notes in data, the contents of a PT_NOTE segment or SHT_NOTE section. 0, or -EILSEQ
 * when it is malformed or a Xen note has a value of the wrong size.
 */
int xen_notes_add(struct xen_notes *notes, const uint8_t *data, size_t bytes);
/* Adds what a __xen_guest section says: "KEY=VALUE,KEY=VALUE". 0 or -EILSEQ. */
int xen_notes_add_legacy(struct xen_notes *notes, const uint8_t *data, size_t bytes);
/* Whether features ("a|!b|c") name this one as required, with a '!'. */
bool xen_notes_require(const struct xen_notes *notes, const char *feature);

#endif
