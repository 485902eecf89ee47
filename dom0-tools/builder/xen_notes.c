/* SPDX-License-Identifier: MIT */
/*
 * Reads Xen notes from untrusted bytes: each note's sizes are checked against what is left before
 * use.
 */
#include "dom0-tools/builder/xen_notes.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <public/elfnote.h>

#define NOTE_ALIGN   4u
#define LEGACY_BYTES 4096u /* no __xen_guest section was ever near this */

static uint64_t align_note(uint64_t n)
{
	return (n + NOTE_ALIGN - 1) & ~(uint64_t)(NOTE_ALIGN - 1);
}

/* desc may lack a terminating 0 and be of any length. */
static void copy_text(char *to, size_t size, const uint8_t *from, size_t len)
{
	size_t i;

	for (i = 0; i < size - 1 && i < len && from[i]; i++)
		to[i] = from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
	to[i] = '\0';
}

/* Numbers come in 1, 2, 4 or 8 bytes, little-endian. */
static int read_number(const uint8_t *desc, size_t len, uint64_t *value)
{
	if (len != 1 && len != 2 && len != 4 && len != 8)
		return -EILSEQ;
	*value = 0;
	memcpy(value, desc, len);
	return 0;
}

struct note_field {
	unsigned int type;
	bool text;
	size_t offset;
	size_t bytes;
};

#define NUMBER_NOTE(type, field)                                                   \
	{                                                                          \
		(type), false, offsetof(struct xen_notes, field), sizeof(uint64_t) \
	}
#define TEXT_NOTE(type, field)                                    \
	{                                                         \
		(type), true, offsetof(struct xen_notes, field),  \
			sizeof(((struct xen_notes *)NULL)->field) \
	}

static const struct note_field note_fields[] = {
	NUMBER_NOTE(XEN_ELFNOTE_ENTRY, entry),
	NUMBER_NOTE(XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page),
	NUMBER_NOTE(XEN_ELFNOTE_VIRT_BASE, virt_base),
	NUMBER_NOTE(XEN_ELFNOTE_PADDR_OFFSET, paddr_offset),
	NUMBER_NOTE(XEN_ELFNOTE_INIT_P2M, init_p2m),
	NUMBER_NOTE(XEN_ELFNOTE_MOD_START_PFN, mod_start_pfn),
	TEXT_NOTE(XEN_ELFNOTE_XEN_VERSION, xen_version),
	TEXT_NOTE(XEN_ELFNOTE_GUEST_OS, guest_os),
	TEXT_NOTE(XEN_ELFNOTE_GUEST_VERSION, guest_version),
	TEXT_NOTE(XEN_ELFNOTE_LOADER, loader),
	TEXT_NOTE(XEN_ELFNOTE_FEATURES, features),
};

static int add_note(struct xen_notes *notes, unsigned int type, const uint8_t *desc, size_t len)
{
	if (type > XEN_ELFNOTE_MAX)
		return 0;
	for (size_t i = 0; i < sizeof(note_fields) / sizeof(note_fields[0]); i++) {
		const struct note_field *field = &note_fields[i];
		uint64_t value = 0;

		if (field->type != type)
			continue;
		if (field->text) {
			copy_text((char *)notes + field->offset, field->bytes, desc, len);
			break;
		}
		if (read_number(desc, len, &value) < 0)
			return -EILSEQ;
		memcpy((char *)notes + field->offset, &value, sizeof(value));
	}
	notes->found |= UINT64_C(1) << type;
	return 0;
}

int xen_notes_add(struct xen_notes *notes, const uint8_t *data, size_t bytes)
{
	while (bytes >= sizeof(Elf64_Nhdr)) {
		uint64_t name_bytes, desc_bytes;
		const uint8_t *name = data + sizeof(Elf64_Nhdr);
		Elf64_Nhdr note;
		int ret;

		memcpy(&note, data, sizeof(note));
		bytes -= sizeof(note);
		name_bytes = align_note(note.n_namesz);
		desc_bytes = align_note(note.n_descsz);
		/* The padding of the very last note may be missing. */
		if (name_bytes > bytes || note.n_descsz > bytes - name_bytes)
			return -EILSEQ;
		if (note.n_namesz == sizeof("Xen") && !memcmp(name, "Xen", sizeof("Xen"))) {
			ret = add_note(notes, note.n_type, name + name_bytes, note.n_descsz);
			if (ret < 0)
				return ret;
		}
		if (name_bytes + desc_bytes > bytes)
			desc_bytes = bytes - name_bytes;
		data = name + name_bytes + desc_bytes;
		bytes -= name_bytes + desc_bytes;
	}
	return 0;
}

static const struct {
	const char *key;
	unsigned int type;
	bool text;
} legacy_keys[] = {
	{ "GUEST_OS", XEN_ELFNOTE_GUEST_OS, true },
	{ "GUEST_VER", XEN_ELFNOTE_GUEST_VERSION, true },
	{ "XEN_VER", XEN_ELFNOTE_XEN_VERSION, true },
	{ "LOADER", XEN_ELFNOTE_LOADER, true },
	{ "FEATURES", XEN_ELFNOTE_FEATURES, true },
	{ "VIRT_BASE", XEN_ELFNOTE_VIRT_BASE, false },
	{ "VIRT_ENTRY", XEN_ELFNOTE_ENTRY, false },
	{ "ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET, false },
	{ "HYPERCALL_PAGE", XEN_ELFNOTE_HYPERCALL_PAGE, false },
};

static int add_legacy_pair(struct xen_notes *notes, const char *key, const char *value)
{
	for (size_t i = 0; i < sizeof(legacy_keys) / sizeof(legacy_keys[0]); i++) {
		uint64_t number;
		char *end;

		if (strcmp(key, legacy_keys[i].key) != 0)
			continue;
		if (legacy_keys[i].text)
			return add_note(notes, legacy_keys[i].type, (const uint8_t *)value,
					strlen(value));
		errno = 0;
		number = strtoull(value, &end, 0);
		if (errno || end == value || *end)
			return -EILSEQ;
		return add_note(notes, legacy_keys[i].type, (const uint8_t *)&number,
				sizeof(number));
	}
	return 0;
}

int xen_notes_add_legacy(struct xen_notes *notes, const uint8_t *data, size_t bytes)
{
	char *text, *rest, *pair;
	int ret = 0;

	if (bytes > LEGACY_BYTES)
		return -EILSEQ;
	text = calloc(1, bytes + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, data, bytes);
	rest = text;
	while (!ret && (pair = strsep(&rest, ","))) {
		char *value = strchr(pair, '=');

		if (!value)
			continue;
		*value++ = '\0';
		ret = add_legacy_pair(notes, pair, value);
	}
	free(text);
	notes->legacy = true;
	return ret;
}

bool xen_notes_require(const struct xen_notes *notes, const char *feature)
{
	size_t len = strlen(feature);
	const char *at = notes->features;

	for (; *at; at += strcspn(at, "|")) {
		if (*at == '|')
			at++;
		if (*at == '!' && !strncmp(at + 1, feature, len) &&
		    (at[1 + len] == '|' || !at[1 + len]))
			return true;
	}
	return false;
}
