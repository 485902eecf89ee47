/* SPDX-License-Identifier: MIT */
/* Free RAM at boot as a short list of frame ranges. */
#include "boot/boot.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/boot_alloc.h"
#include "mm/buddy.h"
#include "mm/e820.h"

#define RANGES_MAX         (E820_MAX + BOOT_MODULES_MAX + 3)
#define LOW_END_FRAME      0xa0
#define BOOT_MAPPED_FRAMES 0x100000 /* the boot tables map 4 GiB */

struct range {
	mfn_t start, end;
};

mfn_t boot_low_frame;

static struct range ranges[RANGES_MAX];
static unsigned int range_count;

extern char image_start[], image_end[];

static void add(mfn_t start, mfn_t end)
{
	if (start >= end)
		return;
	BUG_ON(range_count == RANGES_MAX);
	ranges[range_count++] = (struct range){ start, end };
}

static void reserve(mfn_t start, mfn_t end)
{
	unsigned int n = range_count;

	for (unsigned int i = 0; i < n; i++) {
		struct range r = ranges[i];

		if (r.end <= start || r.start >= end)
			continue;
		ranges[i].end = max(r.start, min(r.end, start));
		add(max(r.start, end), r.end);
	}
}

/* The lowest frame of RAM but for the first, where the interrupt vectors of real mode are. */
static mfn_t find_low_frame(void)
{
	for (unsigned int i = 0; i < e820.count; i++) {
		const struct e820_entry *e = &e820.entry[i];
		mfn_t start = max(DIV_ROUND_UP(e->addr, (uint64_t)PAGE_SIZE), 1ul);
		mfn_t end = min((e->addr + e->size) >> PAGE_SHIFT, (mfn_t)LOW_END_FRAME);

		if (e->type == E820_RAM && start < end)
			return start;
	}
	return 0;
}

void boot_alloc_init(void)
{
	for (unsigned int i = 0; i < e820.count; i++) {
		const struct e820_entry *e = &e820.entry[i];

		if (e->type == E820_RAM)
			add(max((e->addr + PAGE_SIZE - 1) >> PAGE_SHIFT,
				(uint64_t)LOW_RESERVED_FRAMES),
			    (e->addr + e->size) >> PAGE_SHIFT);
	}
	boot_low_frame = find_low_frame();
	reserve(boot_low_frame, boot_low_frame + 1);
	reserve(((uint64_t)image_start - IMAGE_VIRT_START) >> PAGE_SHIFT,
		DIV_ROUND_UP((uint64_t)image_end - IMAGE_VIRT_START, PAGE_SIZE));
	for (unsigned int i = 0; i < boot_info.modules; i++)
		reserve(boot_info.module[i].start >> PAGE_SHIFT,
			DIV_ROUND_UP(boot_info.module[i].end, PAGE_SIZE));
}

mfn_t boot_alloc(size_t count, size_t align)
{
	struct range *best = NULL;
	mfn_t best_start = 0;

	for (unsigned int i = 0; i < range_count; i++) {
		struct range *r = &ranges[i];
		mfn_t end = min(r->end, (mfn_t)BOOT_MAPPED_FRAMES), start;

		if (end < count)
			continue;
		start = ROUND_DOWN(end - count, align);
		if (end <= r->start || start < r->start || start < best_start)
			continue;
		best = r;
		best_start = start;
	}
	if (!best)
		panic("not enough memory below 4 GiB for %zu frames\n", count);
	add(best_start + count, best->end);
	best->end = best_start;
	memset(mfn_to_virt(best_start), 0, count << PAGE_SHIFT);
	return best_start;
}

void boot_alloc_finish(void)
{
	for (unsigned int i = 0; i < range_count; i++)
		if (ranges[i].start < ranges[i].end)
			buddy_add_range(ranges[i].start, ranges[i].end);
	range_count = 0;
}

void boot_free_modules(void)
{
	for (unsigned int i = 0; i < boot_info.modules; i++)
		buddy_add_range(DIV_ROUND_UP(boot_info.module[i].start, PAGE_SIZE),
				DIV_ROUND_UP(boot_info.module[i].end, PAGE_SIZE));
	boot_info.modules = 0;
}
