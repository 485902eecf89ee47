/* SPDX-License-Identifier: MIT */
/* domctl: memory of a domain as the toolstack limits it and looks at it. */
#include "ops/domctl.h"

#include "core/domain.h"
#include "lib/errno.h"
#include "mm/guest_access.h"
#include "mm/page.h"
#include "pv/mmu.h"
#include "pv/page_type.h"

#define FRAME_INFO_MAX   1024u
#define FRAME_INFO_CHUNK 32u

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
