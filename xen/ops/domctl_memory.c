/* SPDX-License-Identifier: MIT */
/* domctl: memory of a domain as the toolstack limits it and looks at it. */
#include "ops/domctl.h"

#include "core/domain.h"
#include "cpu/percpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "mm/page.h"
#include "pv/mmu.h"
#include "pv/page_type.h"

#define FRAME_INFO_MAX   1024u
#define FRAME_INFO_CHUNK 32u
#define BITMAP_CHUNK     256u
#define DIRTY_PAGES_MAX  (1ul << 32)

int domctl_max_mem(struct domain *d, struct xen_domctl *op)
{
	uint64_t pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
	unsigned long flags = spin_lock_irqsave(&d->page_alloc_lock);

	/* Below what it has: it gets no more until it has given some back. */
	d->max_pages = pages;
	spin_unlock_irqrestore(&d->page_alloc_lock, flags);
	return 0;
}

/* All memory is one node. */
int domctl_setnodeaffinity(struct domain *d, struct xen_domctl *op)
{
	const struct xenctl_bitmap *map = &op->u.nodeaffinity.nodemap;
	uint8_t first = 0;

	(void)d;
	if (map->nr_bits && copy_from_guest(&first, map->bitmap, 1))
		return -EFAULT;
	return first & 1 ? 0 : -EINVAL;
}

int domctl_getnodeaffinity(struct domain *d, struct xen_domctl *op)
{
	const struct xenctl_bitmap *map = &op->u.nodeaffinity.nodemap;
	static const cpumask_t node0 = { { 1 } };

	(void)d;
	return cpumask_to_guest(map, &node0);
}

/* Sets the first bits bits of the caller's bitmap. */
static int fill_bitmap(uint8_t *bitmap, uint64_t bits)
{
	uint8_t ones[BITMAP_CHUNK];
	uint64_t done, bytes = DIV_ROUND_UP(bits, 8), n;

	memset(ones, 0xff, sizeof(ones));
	for (done = 0; done < bytes; done += n) {
		n = min(bytes - done, (uint64_t)sizeof(ones));
		if (done + n == bytes && bits % 8)
			ones[n - 1] = (uint8_t)((1u << bits % 8) - 1);
		if (copy_to_guest(bitmap + done, ones, n))
			return -EFAULT;
	}
	return 0;
}

/*
 * Logging of dirty frames, for live migration. PV guests run on their own page tables, and writes
 * through them are not watched: every frame counts as dirty each time, so a live migration is
 * right, but sends all memory in every round.
 */
int domctl_shadow_op(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_shadow_op *shadow = &op->u.shadow_op;

	if (d == current->domain)
		return -EINVAL;
	switch (shadow->op) {
	case XEN_DOMCTL_SHADOW_OP_OFF:
	case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
		return 0;
	case XEN_DOMCTL_SHADOW_OP_CLEAN:
	case XEN_DOMCTL_SHADOW_OP_PEEK:
		if (shadow->pages > DIRTY_PAGES_MAX)
			return -EINVAL;
		shadow->stats.fault_count = 0;
		shadow->stats.dirty_count = (uint32_t)READ_ONCE(d->tot_pages);
		return shadow->dirty_bitmap ? fill_bitmap(shadow->dirty_bitmap, shadow->pages) : 0;
	default:
		return -EOPNOTSUPP;
	}
}

int domctl_hypercall_init(struct domain *d, struct xen_domctl *op)
{
	mfn_t mfn = op->u.hypercall_init.gmfn;
	struct page_info *page;

	if (!mfn_valid(mfn))
		return -EINVAL;
	page = mfn_to_page(mfn);
	if (get_page_and_type(page, d->domain_id, PGT_WRITABLE))
		return -EINVAL;
	hypercall_page_init(page_to_virt(page));
	put_page_and_type(page);
	return 0;
}

static unsigned long frame_info(const struct domain *d, mfn_t mfn)
{
	static const uint32_t kinds[] = {
		[PGT_L1 >> 29] = XEN_DOMCTL_PFINFO_L1TAB,
		[PGT_L2 >> 29] = XEN_DOMCTL_PFINFO_L2TAB,
		[PGT_L3 >> 29] = XEN_DOMCTL_PFINFO_L3TAB,
		[PGT_L4 >> 29] = XEN_DOMCTL_PFINFO_L4TAB,
		[PGT_WRITABLE >> 29] = XEN_DOMCTL_PFINFO_NOTAB,
	};
	struct page_info *page = get_page_from_mfn(mfn, d->domain_id);
	uint32_t type;

	if (!page)
		return XEN_DOMCTL_PFINFO_XTAB;
	type = READ_ONCE(page->type);
	put_page(page);
	/* A type without uses is only what the frame was last. */
	if (!(type & PGT_COUNT_MASK))
		return XEN_DOMCTL_PFINFO_NOTAB;
	return kinds[(type & PGT_TYPE_MASK) >> 29] |
	       (type & PGT_PINNED ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
}

int domctl_getpageframeinfo3(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_getpageframeinfo3 *info = &op->u.getpageframeinfo3;
	xen_pfn_t frames[FRAME_INFO_CHUNK];
	unsigned int done, n, i;

	if (info->num > FRAME_INFO_MAX)
		return -E2BIG;
	for (done = 0; done < info->num; done += n) {
		n = min((unsigned int)info->num - done, FRAME_INFO_CHUNK);
		if (copy_from_guest_offset(frames, info->array, done, n))
			return -EFAULT;
		for (i = 0; i < n; i++)
			frames[i] = frame_info(d, frames[i]);
		if (copy_to_guest_offset(info->array, done, frames, n))
			return -EFAULT;
	}
	return 0;
}
