/* SPDX-License-Identifier: MIT */
/* Mapping and copying pages that another domain has granted. */
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "tests/bench/guest_bench.h"
#include "tests/bench/guest_peer.h"

static void *windows[PEER_PAGES];

/* Addresses with nothing mapped, as a backend's are. */
static int windows_setup(void)
{
	for (unsigned int i = 0; i < PEER_PAGES; i++) {
		int rc;

		windows[i] = page_alloc();
		if (!windows[i])
			return -ENOMEM;
		rc = page_remap(windows[i], 0);
		if (rc)
			return rc;
	}
	return 0;
}

static void windows_teardown(void)
{
	for (unsigned int i = 0; i < PEER_PAGES; i++) {
		BENCH_CHECK("map own page", page_remap(windows[i], page_own_pte(windows[i])));
		page_free(windows[i]);
	}
}

static void map_and_unmap(unsigned int pages)
{
	static struct gnttab_map_grant_ref map[PEER_PAGES];
	static struct gnttab_unmap_grant_ref unmap[PEER_PAGES];

	for (unsigned int i = 0; i < pages; i++)
		map[i] = (struct gnttab_map_grant_ref){
			.host_addr = (uint64_t)windows[i],
			.flags = GNTMAP_host_map,
			.ref = peer_get()->refs[i],
			.dom = peer_get()->domid,
		};
	BENCH_CHECK("map", hypercall(grant_table_op, GNTTABOP_map_grant_ref, map, pages, 0));
	for (unsigned int i = 0; i < pages; i++) {
		BENCH_CHECK("map status", map[i].status);
		unmap[i] = (struct gnttab_unmap_grant_ref){ .host_addr = (uint64_t)windows[i],
							    .handle = map[i].handle };
	}
	BENCH_CHECK("unmap", hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, unmap, pages, 0));
	for (unsigned int i = 0; i < pages; i++)
		BENCH_CHECK("unmap status", unmap[i].status);
}

static uint64_t map_1(unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++)
		map_and_unmap(1);
	return 0;
}

static uint64_t map_32(unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++)
		map_and_unmap(PEER_PAGES);
	return 0;
}

static void *targets[PEER_PAGES];

static int targets_setup(void)
{
	for (unsigned int i = 0; i < PEER_PAGES; i++) {
		targets[i] = page_alloc();
		if (!targets[i])
			return -ENOMEM;
	}
	return 0;
}

static void targets_teardown(void)
{
	for (unsigned int i = 0; i < PEER_PAGES; i++)
		page_free(targets[i]);
}

static void copy(unsigned int pages)
{
	static struct gnttab_copy op[PEER_PAGES];

	for (unsigned int i = 0; i < pages; i++) {
		op[i] = (struct gnttab_copy){ .len = PAGE_SIZE, .flags = GNTCOPY_source_gref };
		op[i].source.u.ref = peer_get()->refs[i];
		op[i].source.domid = peer_get()->domid;
		op[i].dest.u.gmfn = virt_to_mfn_guest(targets[i]);
		op[i].dest.domid = DOMID_SELF;
	}
	BENCH_CHECK("copy", hypercall(grant_table_op, GNTTABOP_copy, op, pages, 0));
	for (unsigned int i = 0; i < pages; i++)
		BENCH_CHECK("copy status", op[i].status);
}

static uint64_t copy_1(unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++)
		copy(1);
	return 0;
}

static uint64_t copy_32(unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++)
		copy(PEER_PAGES);
	return 0;
}

#define GRANT_BENCH(bench_name, pages, count, fn, kind)                                     \
	{                                                                                   \
		.name = (bench_name), .ops = (count), .units = (pages), .needs_peer = true, \
		.setup = kind##_setup, .run = (fn), .teardown = kind##_teardown             \
	}

const struct bench bench_grants[] = {
	GRANT_BENCH("grant_map_1", 1, 100, map_1, windows),
	GRANT_BENCH("grant_map_32", PEER_PAGES, 20, map_32, windows),
	GRANT_BENCH("grant_copy_1", 1, 100, copy_1, targets),
	GRANT_BENCH("grant_copy_32", PEER_PAGES, 20, copy_32, targets),
	{ .name = NULL },
};
