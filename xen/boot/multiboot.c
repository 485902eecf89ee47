/* SPDX-License-Identifier: MIT */
/*
 * Reading what a multiboot 1 or 2 loader passes (specifications 0.6.96 section 3.3, 2.0
 * section 3.6). Runs on the boot page tables: the low 4 GiB are in the direct map's place.
 */
#include "boot/boot.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/e820.h"

#define MB1_BOOTED 0x2badb002
#define MB2_BOOTED 0x36d76289

#define MB1_CMDLINE 0x004
#define MB1_MODS    0x008
#define MB1_MMAP    0x040
#define MB1_LOADER  0x200

struct mb1_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
	uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
};

struct mb1_module {
	uint32_t start, end, cmdline, reserved;
};

struct mb1_mmap {
	uint32_t size; /* of the rest */
	uint64_t addr, len;
	uint32_t type;
} __packed;

struct mb2_tag {
	uint32_t type, size;
};
#define MB2_END      0
#define MB2_CMDLINE  1
#define MB2_LOADER   2
#define MB2_MODULE   3
#define MB2_MMAP     6
#define MB2_ACPI_OLD 14
#define MB2_ACPI_NEW 15

struct mb2_module {
	struct mb2_tag tag;
	uint32_t start, end;
	char cmdline[];
};

struct mb2_mmap {
	struct mb2_tag tag;
	uint32_t entry_size, entry_version;
	uint8_t entries[];
};

struct mb2_mmap_entry {
	uint64_t addr, len;
	uint32_t type, reserved;
};

struct boot_info boot_info;

/* The RSDP that multiboot2 gives is in loader memory; this copy stays. */
static uint8_t rsdp_copy[64] __aligned(16);

/* The first word of a module's or (from GRUB) kernel's command line is its file name. */
static const char *skip_file_name(const char *s)
{
	while (*s && *s != ' ')
		s++;
	while (*s == ' ')
		s++;
	return s;
}

static void add_module(paddr_t start, paddr_t end, const char *cmdline)
{
	struct boot_module *m = &boot_info.module[boot_info.modules];

	if (boot_info.modules == BOOT_MODULES_MAX)
		panic("more than %d boot modules\n", BOOT_MODULES_MAX);
	m->start = start;
	m->end = end;
	strlcpy(m->cmdline, cmdline, sizeof(m->cmdline));
	boot_info.modules++;
}

static void add_region(uint64_t addr, uint64_t len, uint32_t type)
{
	if (e820.count < E820_MAX && len > 0)
		e820.entry[e820.count++] = (struct e820_entry){ addr, len, type };
}

static void parse_mb1(const struct mb1_info *info)
{
	if (info->flags & MB1_LOADER)
		strlcpy(boot_info.loader, maddr_to_virt(info->loader_name),
			sizeof(boot_info.loader));
	if (info->flags & MB1_CMDLINE)
		strlcpy(boot_info.cmdline, skip_file_name(maddr_to_virt(info->cmdline)),
			sizeof(boot_info.cmdline));
	if (info->flags & MB1_MODS) {
		const struct mb1_module *m = maddr_to_virt(info->mods_addr);

		for (uint32_t i = 0; i < info->mods_count; i++, m++)
			add_module(m->start, m->end,
				   m->cmdline ? skip_file_name(maddr_to_virt(m->cmdline)) : "");
	}
	if (!(info->flags & MB1_MMAP))
		panic("the boot loader gave no memory map\n");
	for (uint32_t off = 0; off + sizeof(struct mb1_mmap) <= info->mmap_length;) {
		const struct mb1_mmap *e = maddr_to_virt(info->mmap_addr + off);

		add_region(e->addr, e->len, e->type);
		off += e->size + sizeof(e->size);
	}
}

static void parse_mb2_mmap(const struct mb2_mmap *map)
{
	for (uint32_t off = sizeof(*map); off + map->entry_size <= map->tag.size;
	     off += map->entry_size) {
		const struct mb2_mmap_entry *e = (const void *)((const uint8_t *)map + off);

		add_region(e->addr, e->len, e->type);
	}
}

static void parse_mb2(const uint8_t *info)
{
	uint32_t total = *(const uint32_t *)info, off = 8;

	while (off + sizeof(struct mb2_tag) <= total) {
		const struct mb2_tag *tag = (const void *)(info + off);
		const char *text = (const char *)(tag + 1);

		switch (tag->type) {
		case MB2_END:
			return;
		case MB2_CMDLINE: /* without a file name */
			strlcpy(boot_info.cmdline, text, sizeof(boot_info.cmdline));
			break;
		case MB2_LOADER:
			strlcpy(boot_info.loader, text, sizeof(boot_info.loader));
			break;
		case MB2_MODULE: {
			const struct mb2_module *m = (const void *)tag;

			add_module(m->start, m->end, m->cmdline);
			break;
		}
		case MB2_MMAP:
			parse_mb2_mmap((const void *)tag);
			break;
		case MB2_ACPI_OLD:
		case MB2_ACPI_NEW:
			memcpy(rsdp_copy, text,
			       min((size_t)tag->size - sizeof(*tag), sizeof(rsdp_copy)));
			boot_info.rsdp = (uint64_t)rsdp_copy - IMAGE_VIRT_START;
			break;
		default:
			break;
		}
		off += ROUND_UP(tag->size, 8u);
	}
}

void multiboot_parse(uint32_t magic, paddr_t info)
{
	if (magic == MB1_BOOTED)
		parse_mb1(maddr_to_virt(info));
	else if (magic == MB2_BOOTED)
		parse_mb2(maddr_to_virt(info));
	else
		panic("not started by a multiboot loader (magic 0x%x)\n", magic);
	e820_sanitize(&e820);
}
