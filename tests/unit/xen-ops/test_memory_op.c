/* SPDX-License-Identifier: MIT */
/* memory_op on a machine of 16 MiB with the real frame allocator: who gets frames, who loses them.
 */
#include "../xen-core/host.h"

#include <stdlib.h>
#include <string.h>

#include <public/memory.h>

#include "core/hypercall.h"
#include "cpu/tlb.h"
#include "grant/grant.h"
#include "lib/bitops.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "mm/e820.h"
#include "mm/map.h"
#include "mm/page.h"
#include "ops/memory_op.h"

#define FRAMES      4096u
#define FIRST_FRAME 256u
#define LIMIT       600u /* pages d1 may have */

unsigned char *host_directmap;
struct page_info *frame_table;
uint64_t *machine_to_phys, *m2p_rw;
mfn_t max_mfn = FRAMES;

/* The machine-to-physical table is a host's array, which cannot be mapped. */
mfn_t map_m2p_part(unsigned int part)
{
	(void)part;
	return INVALID_MFN;
}
struct e820_map e820 = {
	.count = 2,
	.entry = { { 0, 0x9f000, E820_RAM }, { 0x100000, FRAMES * 4096ul - 0x100000, E820_RAM } },
};

static struct domain *d0, *d1;
static uint64_t free_at_start;

bool tlb_needs_flush(const cpumask_t *mask, uint32_t stamp)
{
	(void)mask;
	(void)stamp;
	return false;
}

void tlb_flush_mask(const cpumask_t *mask)
{
	(void)mask;
}

uint32_t tlb_clock(void)
{
	return 0;
}

struct domain *domain_peek(domid_t domid)
{
	return domid == 0 ? d0 : domid == 1 ? d1 : NULL;
}

int grant_shared_frame(struct domain *d, unsigned int idx, mfn_t *mfn)
{
	(void)d;
	*mfn = 0x1000 + idx;
	return idx < 4 ? 0 : -EINVAL;
}

static struct domain *new_domain(domid_t id, bool privileged)
{
	struct domain *d = host_domain_new(id, 1, privileged);

	spin_lock_init(&d->page_alloc_lock, RANK_PAGE_ALLOC);
	d->owned_chunks = calloc(BITS_TO_LONGS(FRAMES / 512), sizeof(unsigned long));
	d->max_pages = privileged ? FRAMES : LIMIT;
	return d;
}

static int setup(void **state)
{
	static bool ready;

	(void)state;
	d0 = new_domain(0, true);
	d1 = new_domain(1, false);
	host_preempt = false;
	host_continued = 0;
	if (!ready) {
		host_directmap = aligned_alloc(PAGE_SIZE, (size_t)FRAMES * PAGE_SIZE);
		frame_table = calloc(FRAMES, sizeof(*frame_table));
		machine_to_phys = m2p_rw = calloc(FRAMES, sizeof(uint64_t));
		memset(host_directmap, 0, (size_t)FRAMES * PAGE_SIZE);
		buddy_add_range(FIRST_FRAME, FRAMES);
		ready = true;
	}
	host_run(d1);
	free_at_start = free_frame_count();
	return 0;
}

/* Each test gives back all it took: then every frame is free again. */
static int teardown(void **state)
{
	mfn_t mfn = 0;

	(void)state;
	while ((mfn = domain_next_frame(d1, mfn)) != INVALID_MFN)
		assert_true(put_page_alloc_ref(mfn_to_page(mfn)));
	assert_int_equal(free_frame_count(), free_at_start);
	assert_int_equal(d1->tot_pages, 0);
	assert_int_equal(d1->refcount, 1);
	free(d0->owned_chunks);
	free(d1->owned_chunks);
	host_domain_free(d1);
	host_domain_free(d0);
	return 0;
}

static long reserve(unsigned int op, xen_pfn_t *list, unsigned long n, unsigned int order)
{
	struct xen_memory_reservation res = {
		.extent_start = list, .nr_extents = n, .extent_order = order, .domid = DOMID_SELF
	};

	return do_memory_op(op, &res);
}

static void fill_pfns(xen_pfn_t *list, unsigned long n, xen_pfn_t first, unsigned long step)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		list[i] = first + i * step;
}

static void populate_gives_frames_and_their_place(void **state)
{
	xen_pfn_t list[8];
	unsigned int i;

	(void)state;
	fill_pfns(list, 8, 100, 4);
	assert_int_equal(reserve(XENMEM_populate_physmap, list, 8, 2), 8);
	assert_int_equal(d1->tot_pages, 32);
	for (i = 0; i < 8; i++) {
		assert_int_equal(page_owner(mfn_to_page(list[i] + 3)), 1);
		assert_int_equal(machine_to_phys[list[i] + 3], 100 + i * 4 + 3);
	}
}

static void populate_stops_at_the_limit(void **state)
{
	static xen_pfn_t list[LIMIT + 10];

	(void)state;
	fill_pfns(list, LIMIT + 10, 0, 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, list, LIMIT + 10, 0), LIMIT);
	assert_int_equal(d1->tot_pages, LIMIT);
	assert_int_equal(list[LIMIT], LIMIT); /* what was not done is as it was */
}

static void orders_beyond_a_guests_limit_are_not_begun(void **state)
{
	xen_pfn_t pfn = 0;

	(void)state;
	assert_int_equal(reserve(XENMEM_populate_physmap, &pfn, 1, 10), 0);
	assert_int_equal(reserve(XENMEM_populate_physmap, &pfn, 1, 64), 0);
	assert_int_equal(reserve(XENMEM_decrease_reservation, &pfn, ~0ul, 0), 0);
}

static void populate_goes_on_after_preemption(void **state)
{
	struct xen_memory_reservation res = { .nr_extents = 4, .domid = DOMID_SELF };
	xen_pfn_t list[4] = { 0, 1, 2, 3 };

	(void)state;
	res.extent_start = list;
	host_preempt = true;
	assert_int_equal(do_memory_op(XENMEM_populate_physmap, &res), -ERESTART);
	assert_int_equal(host_continued, 1);
	assert_int_equal(d1->tot_pages, 1);
	assert_int_equal(do_memory_op(host_continue_args[0], (void *)host_continue_args[1]), 4);
	assert_int_equal(d1->tot_pages, 4);
	assert_int_equal(machine_to_phys[list[3]], 3);
}

static void nobody_reaches_anothers_memory(void **state)
{
	struct xen_memory_reservation res = { .nr_extents = 1, .domid = 0 };
	xen_pfn_t pfn = 5;

	(void)state;
	res.extent_start = &pfn;
	assert_int_equal(do_memory_op(XENMEM_populate_physmap, &res), 0);
	assert_int_equal(do_memory_op(XENMEM_maximum_reservation, &res.domid), -EPERM);
	res.domid = 7;
	assert_int_equal(do_memory_op(XENMEM_populate_physmap, &res), 0);
	assert_int_equal(do_memory_op(XENMEM_current_reservation, &res.domid), -ESRCH);
	assert_int_equal(do_memory_op(XENMEM_machine_memory_map, &res), -EPERM);
	assert_int_equal(d0->refcount, 1);
}

static void decrease_takes_only_what_is_free_to_go(void **state)
{
	xen_pfn_t list[4] = { 0, 1, 2, 3 }, foreign = FIRST_FRAME - 1;

	(void)state;
	assert_int_equal(reserve(XENMEM_populate_physmap, list, 4, 0), 4);
	assert_int_equal(reserve(XENMEM_decrease_reservation, &foreign, 1, 0), 0);
	mfn_to_page(list[1])->type |= PGT_PINNED;
	assert_int_equal(reserve(XENMEM_decrease_reservation, list, 2, 0), 1);
	assert_int_equal(d1->tot_pages, 3);
	mfn_to_page(list[1])->type &= ~PGT_PINNED;
	mfn_to_page(list[2])->count |= PGC_XEN_HEAP;
	assert_int_equal(reserve(XENMEM_decrease_reservation, &list[2], 1, 0), 0);
	mfn_to_page(list[2])->count &= ~PGC_XEN_HEAP;
	/* Twice the same frame: the second time there is nothing to give. */
	assert_int_equal(reserve(XENMEM_decrease_reservation, &list[3], 1, 0), 1);
	assert_int_equal(reserve(XENMEM_decrease_reservation, &list[3], 1, 0), 0);
	assert_int_equal(d1->tot_pages, 2);
}

static void a_mapped_frame_stays_until_its_last_mapping_goes(void **state)
{
	xen_pfn_t mfn = 9;

	(void)state;
	assert_int_equal(reserve(XENMEM_populate_physmap, &mfn, 1, 0), 1);
	assert_true(get_page(mfn_to_page(mfn), 1));
	assert_int_equal(reserve(XENMEM_decrease_reservation, &mfn, 1, 0), 1);
	assert_int_equal(d1->tot_pages, 1);
	put_page(mfn_to_page(mfn));
	assert_int_equal(d1->tot_pages, 0);
	assert_int_equal(machine_to_phys[mfn], M2P_INVALID);
}

static long exchange(xen_pfn_t *in, unsigned long n, xen_pfn_t *out, unsigned int out_order,
		     unsigned long *done)
{
	struct xen_memory_exchange exch = {
		.in = { .extent_start = in, .nr_extents = n, .domid = DOMID_SELF },
		.out = { .extent_start = out,
			 .nr_extents = n >> out_order,
			 .extent_order = out_order,
			 .domid = DOMID_SELF },
	};
	long rc = do_memory_op(XENMEM_exchange, &exch);

	*done = exch.nr_exchanged;
	return rc;
}

static void exchange_makes_scattered_frames_contiguous(void **state)
{
	static xen_pfn_t list[LIMIT];
	xen_pfn_t in[16], out = 40;
	unsigned long done;
	unsigned int i;

	(void)state;
	fill_pfns(list, LIMIT, 0, 1);
	assert_int_equal(reserve(XENMEM_populate_physmap, list, LIMIT, 0), LIMIT);
	for (i = 0; i < 16; i++)
		in[i] = list[i * 3];
	/* At its limit, and still possible. */
	assert_int_equal(exchange(in, 16, &out, 4, &done), 0);
	assert_int_equal(done, 16);
	assert_int_equal(d1->tot_pages, LIMIT);
	assert_int_equal(d1->max_pages, LIMIT);
	assert_int_equal(out % 16, 0);
	for (i = 0; i < 16; i++) {
		assert_int_equal(page_owner(mfn_to_page(out + i)), 1);
		assert_int_equal(machine_to_phys[out + i], 40 + i);
		assert_false(page_owner(mfn_to_page(in[i])) == 1 &&
			     !(mfn_to_page(in[i])->count & PGC_ALLOCATED));
	}
}

static void exchange_with_a_frame_in_use_changes_nothing(void **state)
{
	xen_pfn_t list[4] = { 0, 1, 2, 3 }, out = 0;
	unsigned long done;

	(void)state;
	assert_int_equal(reserve(XENMEM_populate_physmap, list, 4, 0), 4);
	assert_true(get_page(mfn_to_page(list[2]), 1));
	assert_int_equal(exchange(list, 4, &out, 2, &done), -EINVAL);
	assert_int_equal(done, 0);
	assert_int_equal(d1->tot_pages, 4);
	assert_int_equal(out, 0);
	put_page(mfn_to_page(list[2]));
	/* Neither do the same frame twice, nor a list that cannot be read. */
	list[1] = list[0];
	assert_int_equal(exchange(list, 4, &out, 2, &done), -EINVAL);
	assert_int_equal(exchange(NULL, 4, &out, 2, &done), -EFAULT);
	assert_int_equal(exchange(list + 2, 2, NULL, 1, &done), -EFAULT);
	assert_int_equal(d1->tot_pages, 4);
}

static void exchange_checks_its_arguments(void **state)
{
	struct xen_memory_exchange exch = {
		.in = { .nr_extents = 4, .domid = DOMID_SELF },
		.out = { .nr_extents = 1, .extent_order = 2, .domid = DOMID_SELF },
	};

	(void)state;
	exch.nr_exchanged = 1; /* not a whole chunk */
	assert_int_equal(do_memory_op(XENMEM_exchange, &exch), -EINVAL);
	exch.nr_exchanged = 8;
	assert_int_equal(do_memory_op(XENMEM_exchange, &exch), -EINVAL);
	exch.nr_exchanged = 0;
	exch.out.nr_extents = 2;
	assert_int_equal(do_memory_op(XENMEM_exchange, &exch), -EINVAL);
	exch.out.extent_order = 40;
	assert_int_equal(do_memory_op(XENMEM_exchange, &exch), -EPERM);
	exch.in.nr_extents = exch.out.nr_extents = 1ul << 63;
	exch.out.extent_order = 0;
	assert_int_equal(do_memory_op(XENMEM_exchange, &exch), -EINVAL);
}

static void a_builder_sets_the_map_that_its_guest_reads(void **state)
{
	struct e820_entry entry = { 0, 64 << 20, E820_RAM }, got[4] = { 0 };
	struct xen_foreign_memory_map set = { .domid = 1, .map = { 1, &entry } };
	struct xen_memory_map map = { 4, got };

	(void)state;
	assert_int_equal(do_memory_op(XENMEM_memory_map, &map), -ENOSYS);
	assert_int_equal(do_memory_op(XENMEM_set_memory_map, &set), -EPERM);
	host_run(d0);
	assert_int_equal(do_memory_op(XENMEM_set_memory_map, &set), 0);
	set.map.nr_entries = E820_MAX + 1;
	assert_int_equal(do_memory_op(XENMEM_set_memory_map, &set), -EINVAL);
	host_run(d1);
	assert_int_equal(do_memory_op(XENMEM_memory_map, &map), 0);
	assert_int_equal(map.nr_entries, 1);
	assert_int_equal(got[0].size, 64 << 20);
	free(d1->memory_map);
}

static void grant_frames_are_for_privileged_callers(void **state)
{
	xen_pfn_t frames[2];
	struct xen_mem_acquire_resource res = { .domid = 1,
						.type = XENMEM_resource_grant_table,
						.nr_frames = 2,
						.frame = 1,
						.frame_list = frames };

	(void)state;
	assert_int_equal(do_memory_op(XENMEM_acquire_resource, &res), -EPERM);
	host_run(d0);
	assert_int_equal(do_memory_op(XENMEM_acquire_resource, &res), 0);
	assert_int_equal(frames[1], 0x1002);
	res.nr_frames = 33;
	assert_int_equal(do_memory_op(XENMEM_acquire_resource, &res), -E2BIG);
	res.nr_frames = 1;
	res.frame = ~0ul;
	assert_int_equal(do_memory_op(XENMEM_acquire_resource, &res), -EINVAL);
	assert_int_equal(d1->refcount, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(populate_gives_frames_and_their_place),
		TEST(populate_stops_at_the_limit),
		TEST(orders_beyond_a_guests_limit_are_not_begun),
		TEST(populate_goes_on_after_preemption),
		TEST(nobody_reaches_anothers_memory),
		TEST(decrease_takes_only_what_is_free_to_go),
		TEST(a_mapped_frame_stays_until_its_last_mapping_goes),
		TEST(exchange_makes_scattered_frames_contiguous),
		TEST(exchange_with_a_frame_in_use_changes_nothing),
		TEST(exchange_checks_its_arguments),
		TEST(a_builder_sets_the_map_that_its_guest_reads),
		TEST(grant_frames_are_for_privileged_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
