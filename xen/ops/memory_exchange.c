/* SPDX-License-Identifier: MIT */
/*
 * XENMEM_exchange: a domain swaps some of its frames for others that are contiguous or below an
 * address limit (for DMA). Done in chunks of 2^max(in, out order) frames; each chunk happens whole
 * or not at all, and nr_exchanged counts the input extents of finished chunks.
 */
#include <public/memory.h>

#include "ops/memory_op.h"

#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "mm/page.h"

/*
 * One exchange at a time: while it runs, its domain may have a chunk more than its limit, and many
 * at once would add up. Whoever finds it taken tries the hypercall again.
 */
static spinlock_t exchange_lock = SPINLOCK_INIT(RANK_DOMCTL);

struct chunk {
	unsigned long in_extents, out_extents, frames;
	struct page_info **in;  /* frames pages, each with a reference of ours */
	struct page_info **out; /* out_extents first pages */
	xen_pfn_t *pfn;         /* out_extents first pfns */
};

static void put_in(struct chunk *c, unsigned long count)
{
	while (count)
		put_page(c->in[--count]);
}

static void free_out(struct chunk *c, unsigned int order, unsigned long count)
{
	unsigned long i;

	while (count) {
		count--;
		for (i = 0; i < 1ul << order; i++)
			(void)put_page_alloc_ref(c->out[count] + i);
	}
}

/* Nobody uses the frame: one reference of its allocation, one of ours, no type. */
static bool exchangeable(const struct page_info *page)
{
	uint32_t count = READ_ONCE(page->count);

	return (count & PGC_ALLOCATED) && !(count & PGC_XEN_HEAP) &&
	       (count & PGC_COUNT_MASK) == 2 && !(READ_ONCE(page->type) & PGT_COUNT_MASK);
}

static int take_in(struct domain *d, struct chunk *c, const struct xen_memory_exchange *exch)
{
	unsigned long i, j, n = 0;

	for (i = 0; i < c->in_extents; i++) {
		xen_pfn_t mfn;

		if (copy_from_guest_offset(&mfn, exch->in.extent_start, exch->nr_exchanged + i,
					   1)) {
			put_in(c, n);
			return -EFAULT;
		}
		for (j = 0; j < 1ul << exch->in.extent_order; j++) {
			c->in[n] = get_page_from_mfn(mfn + j, d->domain_id);
			if (!c->in[n])
				goto invalid;
			if (!exchangeable(c->in[n++]))
				goto invalid;
		}
	}
	return 0;
invalid:
	put_in(c, n);
	return -EINVAL;
}

/* The domain may have twice the chunk for a moment: new frames come before the old ones go. */
static int alloc_out(struct domain *d, struct chunk *c, const struct xen_memory_exchange *exch)
{
	unsigned int bits = XENMEMF_get_address_bits(exch->out.mem_flags);
	unsigned long flags, n;

	flags = spin_lock_irqsave(&d->page_alloc_lock);
	d->max_pages += c->frames;
	spin_unlock_irqrestore(&d->page_alloc_lock, flags);

	for (n = 0; n < c->out_extents; n++) {
		c->out[n] = alloc_domain_frames(d, exch->out.extent_order, bits);
		if (!c->out[n])
			break;
	}

	flags = spin_lock_irqsave(&d->page_alloc_lock);
	d->max_pages -= c->frames;
	spin_unlock_irqrestore(&d->page_alloc_lock, flags);

	if (n == c->out_extents)
		return 0;
	free_out(c, exch->out.extent_order, n);
	return -ENOMEM;
}

/* Reads the pfns of the output extents; writes their new mfns to the same places, all or none. */
static int tell_guest(struct chunk *c, const struct xen_memory_exchange *exch, unsigned long first)
{
	unsigned long i;

	if (copy_from_guest_offset(c->pfn, exch->out.extent_start, first, c->out_extents))
		return -EFAULT;
	for (i = 0; i < c->out_extents; i++) {
		xen_pfn_t mfn = page_to_mfn(c->out[i]);

		if (!copy_to_guest_offset(exch->out.extent_start, first + i, &mfn, 1))
			continue;
		/* What could be written before can be written again, unless the guest unmaps it. */
		if (i && copy_to_guest_offset(exch->out.extent_start, first, c->pfn, i))
			guest_log(current->domain, LOG_DEBUG, "exchange: frame list vanished");
		return -EFAULT;
	}
	return 0;
}

static int exchange_chunk(struct domain *d, struct chunk *c, const struct xen_memory_exchange *exch)
{
	unsigned long first, i, j;
	int rc = take_in(d, c, exch);

	if (rc)
		return rc;
	rc = alloc_out(d, c, exch);
	if (rc) {
		put_in(c, c->frames);
		return rc;
	}
	first = (exch->nr_exchanged << exch->in.extent_order) >> exch->out.extent_order;
	rc = tell_guest(c, exch, first);
	if (rc) {
		free_out(c, exch->out.extent_order, c->out_extents);
		put_in(c, c->frames);
		return rc;
	}
	for (i = 0; i < c->out_extents; i++) {
		for (j = 0; j < 1ul << exch->out.extent_order; j++)
			m2p_set(page_to_mfn(c->out[i]) + j, c->pfn[i] + j);
	}
	for (i = 0; i < c->frames; i++) {
		(void)put_page_alloc_ref(c->in[i]);
		put_page(c->in[i]);
	}
	return 0;
}

static int check_arguments(const struct xen_memory_exchange *exch)
{
	unsigned int max_order = memory_op_max_order();
	const struct xen_memory_reservation *in = &exch->in, *out = &exch->out;

	if (in->extent_order > max_order || out->extent_order > max_order)
		return -EPERM;
	if (in->nr_extents > SIZE_MAX >> (in->extent_order + MEMOP_EXTENT_SHIFT) ||
	    out->nr_extents > SIZE_MAX >> (out->extent_order + MEMOP_EXTENT_SHIFT))
		return -EINVAL;
	if (in->nr_extents << in->extent_order != out->nr_extents << out->extent_order ||
	    exch->nr_exchanged > in->nr_extents || in->domid != out->domid)
		return -EINVAL;
	/* Progress is always by whole chunks. */
	if (out->extent_order > in->extent_order &&
	    exch->nr_exchanged & ((1ul << (out->extent_order - in->extent_order)) - 1))
		return -EINVAL;
	return 0;
}

static int chunk_init(struct chunk *c, const struct xen_memory_exchange *exch)
{
	unsigned int order = max(exch->in.extent_order, exch->out.extent_order);

	c->frames = 1ul << order;
	c->in_extents = 1ul << (order - exch->in.extent_order);
	c->out_extents = 1ul << (order - exch->out.extent_order);
	c->in = xzalloc_array(struct page_info *, c->frames);
	c->out = xzalloc_array(struct page_info *, c->out_extents);
	c->pfn = xzalloc_array(xen_pfn_t, c->out_extents);
	return c->in && c->out && c->pfn ? 0 : -ENOMEM;
}

long memory_exchange(void *arg)
{
	struct xen_memory_exchange *u_exch = arg;
	struct xen_memory_exchange exch;
	struct chunk chunk = { 0 };
	bool preempted = false;
	struct domain *d;
	long rc;

	if (copy_from_guest(&exch, arg, sizeof(exch)))
		return -EFAULT;
	rc = check_arguments(&exch);
	if (rc)
		return rc;
	if (!spin_trylock(&exchange_lock))
		return hypercall_continue(__HYPERVISOR_memory_op, 2, (unsigned long)XENMEM_exchange,
					  arg);
	d = memory_op_domain(exch.in.domid, &rc);
	if (!d) {
		spin_unlock(&exchange_lock);
		return rc;
	}
	rc = chunk_init(&chunk, &exch);
	while (!rc && exch.nr_exchanged < exch.in.nr_extents) {
		rc = exchange_chunk(d, &chunk, &exch);
		if (rc)
			break;
		exch.nr_exchanged += chunk.in_extents;
		preempted = exch.nr_exchanged < exch.in.nr_extents && hypercall_preempt_check();
		if (preempted)
			break;
	}
	xfree(chunk.in);
	xfree(chunk.out);
	xfree(chunk.pfn);
	domain_put(d);
	spin_unlock(&exchange_lock);
	if (copy_to_guest(&u_exch->nr_exchanged, &exch.nr_exchanged, sizeof(exch.nr_exchanged)))
		return -EFAULT;
	return preempted ? hypercall_continue(__HYPERVISOR_memory_op, 2,
					      (unsigned long)XENMEM_exchange, arg)
			 : rc;
}
