/* SPDX-License-Identifier: MIT */
/*
 * Grant tables through the hypercall: mapping, unmapping, copying, and what is left when domains
 * die. d1 grants, d0 uses. A mock counts the references on each frame, and page tables are an
 * array.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "core/hypercall.h"
#include "cpu/tlb.h"
#include "grant/table.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "mm/page.h"
#include "pv/mmu.h"
#include "pv/page_type.h"

#define FRAMES    64
#define FREE_FROM 32 /* frames from here on are for alloc_frames() */
#define SLOTS     16

unsigned char *host_directmap;
struct page_info *frame_table;
uint64_t *machine_to_phys, *m2p_rw;
mfn_t max_mfn = FRAMES;

static struct domain *d0, *d1;
static struct {
	mfn_t mfn;
	bool writable;
} page_table[SLOTS]; /* d0's, by host_addr; mfn 0: empty */
static mfn_t next_free;
static unsigned int flushes;

static unsigned int types(const struct page_info *page)
{
	return page->type & PGT_COUNT_MASK;
}

/* ---- mocks ---- */

/* What is not simple for pv/page_ref.h: failures, and the last references of a kind. */
bool get_page(struct page_info *page, uint16_t domid)
{
	(void)page;
	(void)domid;
	return false;
}

int get_page_and_type(struct page_info *page, uint16_t domid, uint32_t type)
{
	(void)page;
	(void)domid;
	assert_int_equal(type, PGT_WRITABLE);
	return -EINVAL;
}

void put_page(struct page_info *page)
{
	assert_true(page->count > 0);
	page->count--;
}

void put_page_and_type(struct page_info *page)
{
	assert_int_equal(page->type & PGT_TYPE_MASK, PGT_WRITABLE);
	assert_true(types(page) > 0);
	page->type--;
	put_page(page);
}

uint32_t tlb_clock(void)
{
	return 1;
}

struct page_info *alloc_frames(unsigned int order, unsigned int flags)
{
	assert_int_equal(order, 0);
	assert_int_equal(flags, ALLOC_ZERO);
	return next_free < FRAMES ? mfn_to_page(next_free++) : NULL;
}

void share_frame(struct page_info *page, struct domain *d, bool read_only)
{
	assert_false(read_only);
	page->owner = d->domain_id;
	page->count = 1;
}

void unshare_frame(struct page_info *page)
{
	put_page(page);
}

int pv_create_grant_mapping(struct grant_cursor *c, uint64_t host_addr, mfn_t mfn,
			    unsigned int flags)
{
	c->l1 = 1;
	if (host_addr >= SLOTS)
		return GNTST_bad_virt_addr;
	if (page_table[host_addr].mfn)
		return GNTST_general_error;
	page_table[host_addr].mfn = mfn;
	page_table[host_addr].writable = !(flags & GNTMAP_readonly);
	return GNTST_okay;
}

int pv_replace_grant_mapping(struct grant_cursor *c, uint64_t host_addr, mfn_t mfn,
			     uint64_t new_addr, unsigned int flags)
{
	c->l1 = 1;
	if (host_addr >= SLOTS || page_table[host_addr].mfn != mfn)
		return GNTST_general_error;
	assert_int_equal(page_table[host_addr].writable, !(flags & GNTMAP_readonly));
	page_table[host_addr].mfn = 0;
	if (new_addr) {
		page_table[host_addr] = page_table[new_addr];
		page_table[new_addr].mfn = 0;
	}
	return GNTST_okay;
}

void pv_grant_cursor_end(struct grant_cursor *c)
{
	c->l1 = 0;
}

void tlb_flush_mask(const cpumask_t *mask)
{
	assert_ptr_equal(mask, &d0->dirty_cpus);
	flushes++;
}

/* ---- fixture ---- */

static int setup(void **state)
{
	(void)state;
	host_directmap = aligned_alloc(PAGE_SIZE, FRAMES * PAGE_SIZE);
	memset(host_directmap, 0, FRAMES * PAGE_SIZE);
	frame_table = calloc(FRAMES, sizeof(*frame_table));
	machine_to_phys = m2p_rw = calloc(FRAMES, sizeof(*machine_to_phys));
	memset(page_table, 0, sizeof(page_table));
	next_free = FREE_FROM;
	flushes = 0;
	d0 = host_domain_new(0, 1, true);
	d1 = host_domain_new(1, 1, false);
	for (unsigned int i = 1; i < FREE_FROM; i++) {
		frame_table[i].owner = i < 16; /* 1-15 are d1's, the others d0's */
		frame_table[i].count = 1;
	}
	assert_int_equal(grant_table_create(d0, 4, 4), 0);
	assert_int_equal(grant_table_create(d1, 4, 4), 0);
	assert_int_equal(grant_seed(d1, 8, 0, 5), 0); /* ref 8: frame 5, for d0 */
	host_run(d0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(grant_release_mappings(d0), 0);
	assert_int_equal(grant_release_mappings(d1), 0);
	grant_table_destroy(d0);
	grant_table_destroy(d1);
	assert_int_equal(d0->refcount, 1);
	assert_int_equal(d1->refcount, 1);
	grant_table_free(d0);
	grant_table_free(d1);
	host_domain_free(d0);
	host_domain_free(d1);
	free(host_directmap);
	free(frame_table);
	free(machine_to_phys);
	return 0;
}

static struct grant_entry_v1 *entry(unsigned int ref)
{
	return &d1->grant_table->shared[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}

static int map(struct gnttab_map_grant_ref *op, grant_ref_t ref, uint64_t addr, unsigned int flags)
{
	*op = (struct gnttab_map_grant_ref){
		.host_addr = addr, .flags = flags, .ref = ref, .dom = 1, .status = 99
	};
	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, op, 1), 0);
	return op->status;
}

static int unmap(uint64_t addr, uint64_t bus, grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = addr, .dev_bus_addr = bus, .handle = handle, .status = 99
	};

	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1), 0);
	return op.status;
}

static void assert_unused(mfn_t mfn, unsigned int ref)
{
	assert_int_equal(frame_table[mfn].count, 1);
	assert_int_equal(types(&frame_table[mfn]), 0);
	assert_int_equal(entry(ref)->flags & (GTF_reading | GTF_writing), 0);
	assert_int_equal(d1->refcount, 1);
}

/* ---- mapping ---- */

static void test_map_and_unmap(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map), GNTST_okay);
	assert_int_equal(op.dev_bus_addr, 5 << PAGE_SHIFT);
	assert_int_equal(page_table[1].mfn, 5);
	assert_true(page_table[1].writable);
	assert_int_equal(types(&frame_table[5]), 1);
	assert_int_equal(entry(8)->flags, GTF_permit_access | GTF_reading | GTF_writing);

	assert_int_equal(unmap(1, 0, op.handle), GNTST_okay);
	assert_int_equal(flushes, 1);
	assert_int_equal(page_table[1].mfn, 0);
	assert_unused(5, 8);
	assert_int_equal(unmap(1, 0, op.handle), GNTST_bad_handle);
}

static void test_readonly_and_writable_together(void **state)
{
	struct gnttab_map_grant_ref ro, rw;

	(void)state;
	assert_int_equal(map(&ro, 8, 1, GNTMAP_host_map | GNTMAP_readonly), GNTST_okay);
	assert_int_equal(entry(8)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(types(&frame_table[5]), 0);
	assert_int_equal(map(&rw, 8, 2, GNTMAP_host_map), GNTST_okay);
	assert_int_equal(entry(8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(unmap(2, 0, rw.handle), GNTST_okay);
	assert_int_equal(entry(8)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(unmap(1, 0, ro.handle), GNTST_okay);
	assert_unused(5, 8);
}

static void test_readonly_grant_refuses_writers(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	entry(8)->flags |= GTF_readonly;
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map), GNTST_general_error);
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map | GNTMAP_readonly), GNTST_okay);
	assert_int_equal(unmap(1, 0, op.handle), GNTST_okay);
	assert_unused(5, 8);
}

static void test_granter_cannot_switch_a_frame_in_use(void **state)
{
	struct gnttab_map_grant_ref a, b;

	(void)state;
	assert_int_equal(map(&a, 8, 1, GNTMAP_host_map), GNTST_okay);
	entry(8)->frame = 6;
	assert_int_equal(map(&b, 8, 2, GNTMAP_host_map), GNTST_okay);
	assert_int_equal(page_table[2].mfn, 5);
	entry(8)->domid = 3;
	assert_int_equal(unmap(1, 0, a.handle), GNTST_okay);
	assert_int_equal(unmap(2, 0, b.handle), GNTST_okay);
	assert_int_equal(frame_table[5].count, 1);
	assert_int_equal(map(&a, 8, 1, GNTMAP_host_map), GNTST_general_error);
}

static void test_device_map_holds_its_own_reference(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map | GNTMAP_device_map), GNTST_okay);
	assert_int_equal(frame_table[5].count, 3);
	assert_int_equal(unmap(1, 0x1000, op.handle), GNTST_general_error); /* wrong address */
	assert_int_equal(unmap(1, 0, op.handle), GNTST_okay);
	assert_int_equal(frame_table[5].count, 2);
	assert_int_equal(entry(8)->flags & GTF_writing, GTF_writing);
	assert_int_equal(unmap(0, op.dev_bus_addr, op.handle), GNTST_okay);
	assert_unused(5, 8);
}

static void test_failures_leave_nothing(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	assert_int_equal(map(&op, 8, SLOTS, GNTMAP_host_map), GNTST_bad_virt_addr);
	assert_unused(5, 8);
	assert_int_equal(map(&op, 8, SLOTS, GNTMAP_host_map | GNTMAP_device_map),
			 GNTST_bad_virt_addr);
	assert_unused(5, 8);
	assert_int_equal(map(&op, 9, 1, GNTMAP_host_map), GNTST_general_error); /* not granted */
	assert_int_equal(map(&op, ~0u, 1, GNTMAP_host_map), GNTST_bad_gntref);
	assert_int_equal(map(&op, 8, 1, GNTMAP_readonly), GNTST_bad_gntref);
	entry(8)->frame = 20; /* not d1's own */
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map), GNTST_general_error);
	entry(8)->frame = 0xffffffff;
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map), GNTST_general_error);
	entry(8)->frame = 6;
	frame_table[6].type = PGT_L1 | PGT_VALIDATED | 1;
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map), GNTST_general_error);
	frame_table[6].type = PGT_NONE;
	assert_unused(6, 8);
	assert_unused(20, 8);
	op = (struct gnttab_map_grant_ref){ .flags = GNTMAP_host_map, .dom = 6 };
	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, &op, 1), 0);
	assert_int_equal(op.status, GNTST_bad_domain);
	assert_int_equal(unmap(1, 0, 0xfffffff0), GNTST_bad_handle);
}

static void test_failed_unmap_can_be_repeated(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map), GNTST_okay);
	assert_int_equal(unmap(2, 0, op.handle), GNTST_general_error);
	assert_int_equal(flushes, 0);
	assert_int_equal(unmap(0, 0, op.handle), GNTST_okay); /* asks for nothing */
	assert_int_equal(page_table[1].mfn, 5);
	assert_int_equal(unmap(1, 0, op.handle), GNTST_okay);
	assert_unused(5, 8);
}

static void test_unmap_and_replace(void **state)
{
	struct gnttab_unmap_and_replace op = { .host_addr = 1, .new_addr = 2 };
	struct gnttab_map_grant_ref m;

	(void)state;
	assert_int_equal(map(&m, 8, 1, GNTMAP_host_map), GNTST_okay);
	page_table[2].mfn = 17;
	op.handle = m.handle;
	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_and_replace, &op, 1), 0);
	assert_int_equal(op.status, GNTST_okay);
	assert_int_equal(page_table[1].mfn, 17);
	assert_int_equal(page_table[2].mfn, 0);
	assert_unused(5, 8);
}

static void test_batches_flush_once_and_can_be_preempted(void **state)
{
	struct gnttab_map_grant_ref maps[100];
	struct gnttab_unmap_grant_ref unmaps[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		maps[i] = (struct gnttab_map_grant_ref){ .flags = GNTMAP_device_map,
							 .ref = 8,
							 .dom = 1 };
	host_continued = 0;
	host_preempt = true;
	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, maps, 100), -ERESTART);
	assert_int_equal(host_continued, 1);
	assert_int_equal(host_continue_args[0], GNTTABOP_map_grant_ref);
	assert_int_equal(do_grant_table_op((unsigned int)host_continue_args[0],
					   (void *)host_continue_args[1],
					   (unsigned int)host_continue_args[2]),
			 0);
	assert_int_equal(types(&frame_table[5]), 100);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(maps[i].status, GNTST_okay);
		unmaps[i] = (struct gnttab_unmap_grant_ref){ .handle = maps[i].handle,
							     .dev_bus_addr = maps[i].dev_bus_addr };
	}
	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, 100), 0);
	assert_int_equal(flushes, 0); /* nothing was in page tables */
	assert_unused(5, 8);

	assert_int_equal(map(&maps[0], 8, 1, GNTMAP_host_map), GNTST_okay);
	assert_int_equal(map(&maps[1], 8, 2, GNTMAP_host_map), GNTST_okay);
	for (unsigned int i = 0; i < 2; i++)
		unmaps[i] = (struct gnttab_unmap_grant_ref){ .handle = maps[i].handle,
							     .host_addr = i + 1 };
	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, 2), 0);
	assert_int_equal(flushes, 1);
	assert_unused(5, 8);
}

static void test_handles_are_limited(void **state)
{
	struct gnttab_map_grant_ref op;
	unsigned int limit = 4 * HANDLES_PER_FRAME;

	(void)state;
	for (unsigned int i = 0; i < limit; i++)
		assert_int_equal(map(&op, 8, 0, GNTMAP_device_map), GNTST_okay);
	assert_int_equal(map(&op, 8, 0, GNTMAP_device_map), GNTST_no_device_space);
	assert_int_equal(d1->refcount, 1 + limit);
	assert_int_equal(unmap(0, 5 << PAGE_SHIFT, 77), GNTST_okay);
	assert_int_equal(map(&op, 8, 0, GNTMAP_device_map), GNTST_okay);
	assert_int_equal(op.handle, 77);
}

static void test_death_of_the_mapper(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map | GNTMAP_device_map), GNTST_okay);
	assert_int_equal(grant_release_mappings(d0), 0);
	assert_int_equal(frame_table[5].count, 2); /* the page table's own, which goes with it */
	grant_put_frame(5, false);
	page_table[1].mfn = 0;
	assert_unused(5, 8);
}

static void test_death_of_the_granter(void **state)
{
	struct gnttab_map_grant_ref op;

	(void)state;
	assert_int_equal(map(&op, 8, 1, GNTMAP_host_map), GNTST_okay);
	grant_table_destroy(d1);
	assert_int_equal(d1->refcount, 2);
	assert_int_equal(map(&op, 8, 2, GNTMAP_host_map), GNTST_bad_gntref);
	assert_int_equal(unmap(1, 0, 0), GNTST_okay);
	assert_int_equal(frame_table[5].count, 1);
	assert_int_equal(d1->refcount, 1);
}

/* ---- copying ---- */

static int copy(struct gnttab_copy *op)
{
	op->status = 99;
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, op, 1), 0);
	return op->status;
}

static char *frame(mfn_t mfn)
{
	return mfn_to_virt(mfn);
}

static void test_copy_both_directions(void **state)
{
	struct gnttab_copy out = { .source = { .u.gmfn = 20, .domid = DOMID_SELF, .offset = 100 },
				   .dest = { .u.ref = 8, .domid = 1, .offset = 4000 },
				   .len = 96,
				   .flags = GNTCOPY_dest_gref };
	struct gnttab_copy in = { .source = { .u.ref = 8, .domid = 1, .offset = 4000 },
				  .dest = { .u.gmfn = 21, .domid = DOMID_SELF },
				  .len = 96,
				  .flags = GNTCOPY_source_gref };

	(void)state;
	memcpy(frame(20) + 100, "over the fence", 15);
	assert_int_equal(copy(&out), GNTST_okay);
	assert_string_equal(frame(5) + 4000, "over the fence");
	assert_int_equal(copy(&in), GNTST_okay);
	assert_string_equal(frame(21), "over the fence");
	assert_unused(5, 8);
	assert_int_equal(frame_table[20].count, 1);
	assert_int_equal(frame_table[21].count, 1);
	assert_int_equal(types(&frame_table[21]), 0);
}

static void test_copy_bounds(void **state)
{
	struct gnttab_copy op = { .source = { .u.ref = 8, .domid = 1 },
				  .dest = { .u.gmfn = 21, .domid = DOMID_SELF },
				  .flags = GNTCOPY_source_gref };

	(void)state;
	op.len = PAGE_SIZE;
	assert_int_equal(copy(&op), GNTST_okay);
	op.source.offset = 1;
	assert_int_equal(copy(&op), GNTST_bad_copy_arg);
	op.source.offset = 0;
	op.dest.offset = 0xffff;
	op.len = 0xffff;
	assert_int_equal(copy(&op), GNTST_bad_copy_arg);
	op.dest.offset = 4095;
	op.len = 2;
	assert_int_equal(copy(&op), GNTST_bad_copy_arg);
	op.len = 0;
	assert_int_equal(copy(&op), GNTST_okay);
}

static void test_copy_permissions(void **state)
{
	struct gnttab_copy op = { .source = { .u.gmfn = 5, .domid = 1 },
				  .dest = { .u.gmfn = 21, .domid = DOMID_SELF },
				  .len = 4 };

	(void)state;
	assert_int_equal(copy(&op), GNTST_permission_denied);
	op.source.domid = DOMID_SELF; /* a frame of another domain */
	assert_int_equal(copy(&op), GNTST_general_error);
	op.source = (struct gnttab_copy_ptr){ .u.ref = 9, .domid = 1 };
	op.flags = GNTCOPY_source_gref;
	assert_int_equal(copy(&op), GNTST_general_error);
	op.source = (struct gnttab_copy_ptr){ .u.gmfn = 20, .domid = DOMID_SELF };
	op.dest = (struct gnttab_copy_ptr){ .u.ref = 8, .domid = 1 };
	op.flags = GNTCOPY_dest_gref;
	entry(8)->flags |= GTF_readonly;
	assert_int_equal(copy(&op), GNTST_general_error);
	op.dest.domid = 5;
	assert_int_equal(copy(&op), GNTST_bad_domain);
	assert_int_equal(frame_table[20].count, 1);
	assert_unused(5, 8);
}

static void test_copy_batch_reuses_the_page(void **state)
{
	struct gnttab_copy ops[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		ops[i] = (struct gnttab_copy){
			.source = { .u.gmfn = 20, .domid = DOMID_SELF, .offset = (uint16_t)i },
			.dest = { .u.ref = 8, .domid = 1, .offset = (uint16_t)i },
			.len = 1,
			.flags = GNTCOPY_dest_gref
		};
	ops[1].dest.u.ref = 9; /* bad, in the middle */
	memcpy(frame(20), "abc", 3);
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, ops, 3), 0);
	assert_int_equal(ops[0].status, GNTST_okay);
	assert_int_equal(ops[1].status, GNTST_general_error);
	assert_int_equal(ops[2].status, GNTST_okay);
	assert_memory_equal(frame(5), "a\0c", 3);
	assert_unused(5, 8);
}

/* ---- the table ---- */

static void test_setup_and_query(void **state)
{
	xen_pfn_t list[4];
	struct gnttab_setup_table setup_op = { .dom = DOMID_SELF,
					       .nr_frames = 3,
					       .frame_list = list };
	struct gnttab_query_size query = { .dom = 1 };

	(void)state;
	assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, &setup_op, 1), 0);
	assert_int_equal(setup_op.status, GNTST_okay);
	for (int i = 0; i < 3; i++)
		assert_int_equal(frame_table[list[i]].owner, 0);
	setup_op.nr_frames = 5;
	assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, &setup_op, 1), 0);
	assert_int_equal(setup_op.status, GNTST_general_error);

	assert_int_equal(do_grant_table_op(GNTTABOP_query_size, &query, 1), 0);
	assert_int_equal(query.status, GNTST_okay);
	assert_int_equal(query.nr_frames, 1);
	assert_int_equal(query.max_nr_frames, 4);

	host_run(d1);
	query.dom = 0;
	assert_int_equal(do_grant_table_op(GNTTABOP_query_size, &query, 1), 0);
	assert_int_equal(query.status, GNTST_permission_denied);
	host_run(d0);
}

static void test_versions(void **state)
{
	struct gnttab_set_version set = { .version = 2 };
	struct gnttab_get_version get = { .dom = DOMID_SELF };

	(void)state;
	assert_int_equal(do_grant_table_op(GNTTABOP_set_version, &set, 1), -ENOSYS);
	set.version = 1;
	assert_int_equal(do_grant_table_op(GNTTABOP_set_version, &set, 1), 0);
	set.version = 3;
	assert_int_equal(do_grant_table_op(GNTTABOP_set_version, &set, 1), -EINVAL);
	assert_int_equal(do_grant_table_op(GNTTABOP_get_version, &get, 1), 0);
	assert_int_equal(get.version, 1);
}

static void test_bad_calls(void **state)
{
	struct gnttab_transfer transfer = { .domid = 1 };

	(void)state;
	assert_int_equal(do_grant_table_op(GNTTABOP_map_grant_ref, NULL, 1), -EFAULT);
	assert_int_equal(do_grant_table_op(GNTTABOP_unmap_grant_ref, NULL, 1), -EFAULT);
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, NULL, 1), -EFAULT);
	assert_int_equal(do_grant_table_op(GNTTABOP_copy, NULL, 0), 0);
	assert_int_equal(do_grant_table_op(99, NULL, 1), -ENOSYS);
	assert_int_equal(do_grant_table_op(GNTTABOP_setup_table, NULL, 2), -EINVAL);
	assert_int_equal(do_grant_table_op(GNTTABOP_transfer, &transfer, 1), 0);
	assert_int_equal(transfer.status, GNTST_general_error);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_map_and_unmap),
		TEST(test_readonly_and_writable_together),
		TEST(test_readonly_grant_refuses_writers),
		TEST(test_granter_cannot_switch_a_frame_in_use),
		TEST(test_device_map_holds_its_own_reference),
		TEST(test_failures_leave_nothing),
		TEST(test_failed_unmap_can_be_repeated),
		TEST(test_unmap_and_replace),
		TEST(test_batches_flush_once_and_can_be_preempted),
		TEST(test_handles_are_limited),
		TEST(test_death_of_the_mapper),
		TEST(test_death_of_the_granter),
		TEST(test_copy_both_directions),
		TEST(test_copy_bounds),
		TEST(test_copy_permissions),
		TEST(test_copy_batch_reuses_the_page),
		TEST(test_setup_and_query),
		TEST(test_versions),
		TEST(test_bad_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
