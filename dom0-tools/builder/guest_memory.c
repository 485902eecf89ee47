/* SPDX-License-Identifier: MIT */
/*
 * Populates a guest with 2 MiB extents as long as the host has them, with single pages otherwise.
 */
#include "dom0-tools/builder/guest_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/privcmd.h"

#define LARGE_ORDER  9u
#define EXTENTS_MAX  512u  /* in one call: 1 GiB in large extents */
#define WINDOW_PAGES 4096u /* mapped at once: 16 MiB */

static int out_of_memory(const struct guest_memory *memory, uint64_t populated, long err,
			 struct build_message *msg)
{
	struct xen_sysctl_physinfo info;
	unsigned long long want = memory->pages * PV_PAGE_BYTES >> 20;

	if (err < 0 && err != -ENOMEM)
		return build_fail(msg, (int)err, "domain %u cannot be given %llu MiB of memory: %s",
				  memory->domid, want, error_text(err));
	if (host_physinfo(memory->fd, &info) < 0)
		info.free_pages = 0;
	return build_fail(
		msg, -ENOMEM,
		"not enough free memory for domain %u: it needs %llu MiB, %llu MiB are free; "
		"lower memory or shut another guest down",
		memory->domid, want,
		(unsigned long long)(info.free_pages + populated) * PV_PAGE_BYTES >> 20);
}

/*
 * Populates up to EXTENTS_MAX extents of an order from pfn on. The number of extents that the host
 * had memory for, or a negative errno.
 */
static long populate_batch(struct guest_memory *memory, uint64_t pfn, uint64_t count,
			   unsigned int order)
{
	uint64_t extents[EXTENTS_MAX];
	long done;

	for (uint64_t i = 0; i < count; i++)
		extents[i] = pfn + (i << order);
	done = dom_populate(memory->fd, memory->domid, extents, count, order);
	for (long i = 0; i < done; i++)
		for (uint64_t j = 0; j < UINT64_C(1) << order; j++)
			memory->p2m[pfn + ((uint64_t)i << order) + j] = extents[i] + j;
	return done;
}

static int populate(struct guest_memory *memory, struct build_message *msg)
{
	unsigned int order = LARGE_ORDER;
	uint64_t pfn = 0;

	while (pfn < memory->pages) {
		uint64_t count = (memory->pages - pfn) >> order;
		long done;

		if (!count) {
			order = 0;
			continue;
		}
		if (count > EXTENTS_MAX)
			count = EXTENTS_MAX;
		done = populate_batch(memory, pfn, count, order);
		if (done > 0)
			pfn += (uint64_t)done << order;
		if (done == (long)count)
			continue;
		if (!order)
			return out_of_memory(memory, pfn, done, msg);
		order = 0;
	}
	return 0;
}

int guest_memory_populate(struct guest_memory *memory, int fd, uint32_t domid, uint64_t pages,
			  struct build_message *msg)
{
	struct xen_sysctl_physinfo info;

	memory->fd = fd;
	memory->domid = domid;
	memory->pages = pages;
	memory->p2m = NULL;
	/* Say at once what would fail after minutes; without the right to ask, just try. */
	if (!host_physinfo(fd, &info) && info.free_pages < pages)
		return out_of_memory(memory, 0, -ENOMEM, msg);
	memory->p2m = malloc(pages * sizeof(*memory->p2m));
	if (!memory->p2m)
		return build_fail(msg, -ENOMEM,
				  "not enough memory in this domain to build domain %u; free some",
				  domid);
	return populate(memory, msg);
}

void guest_memory_free(struct guest_memory *memory)
{
	free(memory->p2m);
	memory->p2m = NULL;
}

void *guest_memory_map(const struct guest_memory *memory, const struct pv_region *region,
		       struct build_message *msg)
{
	void *addr = foreign_map(memory->fd, memory->domid, memory->p2m + region->pfn,
				 region->pages, PROT_READ | PROT_WRITE);

	if (!addr) {
		int err = errno;

		build_fail(msg, -err, "memory of domain %u cannot be mapped: %s", memory->domid,
			   error_text(err));
		errno = err;
	}
	return addr;
}

int guest_memory_fill(const struct guest_memory *memory, const struct pv_region *region,
		      guest_fill_fn fill, void *data, struct build_message *msg)
{
	int ret = 0;

	for (uint64_t done = 0; !ret && done < region->pages;) {
		struct pv_region window = {
			.pfn = region->pfn + done,
			.pages = region->pages - done,
		};
		void *addr;

		if (window.pages > WINDOW_PAGES)
			window.pages = WINDOW_PAGES;
		addr = guest_memory_map(memory, &window, msg);
		if (!addr)
			return -errno;
		ret = fill(addr, done * PV_PAGE_BYTES, window.pages * PV_PAGE_BYTES, data, msg);
		foreign_unmap(addr, window.pages);
		done += window.pages;
	}
	return ret;
}

static int fill_zero(void *piece, uint64_t at, uint64_t bytes, void *data,
		     struct build_message *msg)
{
	(void)at;
	(void)data;
	(void)msg;
	memset(piece, 0, bytes);
	return 0;
}

int guest_memory_zero(const struct guest_memory *memory, const struct pv_region *region,
		      struct build_message *msg)
{
	return guest_memory_fill(memory, region, fill_zero, NULL, msg);
}
