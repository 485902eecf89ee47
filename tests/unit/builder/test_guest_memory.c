/* SPDX-License-Identifier: MIT */
/*
 * guest_memory against a hypervisor made of a few variables: memory in large extents or, where
 * these run out, in single pages; refusals; and that filling visits every byte once and unmaps what
 * it mapped.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dom0-tools/builder/guest_memory.h"
#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/privcmd.h"

#define FIRST_MFN UINT64_C(0x1000)

static struct {
	uint64_t large_left;  /* extents of order 9 that the host still has */
	uint64_t single_left; /* and single pages */
	uint64_t next_mfn;
	uint64_t calls;
	long refuse; /* errno of every populate, 0 for none */
	int no_physinfo;
	uint64_t mapped; /* pages, now */
	uint64_t max_mapped;
	int fail_map_at; /* the n-th mapping fails, 0 for none */
	uint8_t memory[64 << 20];
} host;

long dom_populate(int fd, uint32_t domid, uint64_t *extents, size_t nr_extents, unsigned int order)
{
	uint64_t *left = order ? &host.large_left : &host.single_left;
	size_t i;

	assert_int_equal(fd, 3);
	assert_int_equal(domid, 7);
	assert_true(order == 0 || order == 9);
	host.calls++;
	if (host.refuse)
		return host.refuse;
	for (i = 0; i < nr_extents && *left; i++) {
		assert_int_equal(extents[i] & ((1u << order) - 1), 0);
		extents[i] = host.next_mfn;
		host.next_mfn += UINT64_C(1) << order;
		--*left;
	}
	return (long)i;
}

int host_physinfo(int fd, struct xen_sysctl_physinfo *info)
{
	assert_int_equal(fd, 3);
	if (host.no_physinfo)
		return -EPERM;
	memset(info, 0, sizeof(*info));
	info->free_pages = host.large_left * 512 + host.single_left;
	return 0;
}

void *foreign_map(int fd, uint32_t domid, const uint64_t *frames, size_t count, int prot)
{
	(void)prot;
	assert_int_equal(fd, 3);
	assert_int_equal(domid, 7);
	if (host.fail_map_at && !--host.fail_map_at) {
		errno = ENOMEM;
		return NULL;
	}
	/* Frames were given out in order here, so a run of them is a run of memory. */
	for (size_t i = 0; i < count; i++)
		assert_int_equal(frames[i], frames[0] + i);
	host.mapped += count;
	if (host.mapped > host.max_mapped)
		host.max_mapped = host.mapped;
	return host.memory + (frames[0] - FIRST_MFN) * 4096;
}

int foreign_unmap(void *addr, size_t count)
{
	(void)addr;
	host.mapped -= count;
	return 0;
}

static struct build_message msg;

static void make_host(uint64_t large, uint64_t single)
{
	memset(&host, 0, offsetof(typeof(host), memory));
	host.large_left = large;
	host.single_left = single;
	host.next_mfn = FIRST_MFN;
}

static void check_p2m(const struct guest_memory *memory)
{
	uint8_t *seen = calloc(1, memory->pages);

	assert_non_null(seen);
	for (uint64_t i = 0; i < memory->pages; i++) {
		uint64_t n = memory->p2m[i] - FIRST_MFN;

		assert_true(n < memory->pages);
		assert_int_equal(seen[n]++, 0);
	}
	free(seen);
}

static int populate(struct guest_memory *memory, uint64_t pages)
{
	memset(memory, 0, sizeof(*memory));
	return guest_memory_populate(memory, 3, 7, pages, &msg);
}

static void test_large_extents(void **state)
{
	struct guest_memory memory;

	(void)state;
	make_host(2000, 1000);
	assert_int_equal(populate(&memory, 1500 * 512 + 300), 0);
	assert_int_equal(host.large_left, 500);
	assert_int_equal(host.single_left, 700);
	assert_int_equal(host.calls, 3 + 1);
	check_p2m(&memory);
	guest_memory_free(&memory);
}

/* The host is fragmented: after 10 large extents only single pages are left. */
static void test_fragmented_host(void **state)
{
	struct guest_memory memory;

	(void)state;
	make_host(10, 20000);
	assert_int_equal(populate(&memory, 30 * 512 + 7), 0);
	assert_int_equal(host.large_left, 0);
	assert_int_equal(host.single_left, 20000 - 20 * 512 - 7);
	check_p2m(&memory);
	guest_memory_free(&memory);
}

static void test_not_enough(void **state)
{
	struct guest_memory memory;

	(void)state;
	make_host(10, 0);
	assert_int_equal(populate(&memory, 20 * 512), -ENOMEM);
	assert_string_equal(msg.text,
			    "not enough free memory for domain 7: it needs 40 MiB, 20 MiB are "
			    "free; lower memory or shut another guest down");
	/* found out before anything was asked for */
	assert_int_equal(host.calls, 0);
	guest_memory_free(&memory);

	make_host(10, 100);
	host.no_physinfo = 1;
	assert_int_equal(populate(&memory, 20 * 512), -ENOMEM);
	assert_true(host.calls > 0);
	guest_memory_free(&memory);

	make_host(1000, 0);
	host.refuse = -EPERM;
	assert_int_equal(populate(&memory, 512), -EPERM);
	assert_non_null(strstr(msg.text, "Operation not permitted"));
	guest_memory_free(&memory);
}

struct count {
	uint64_t next;
	int pieces;
	int fail_at;
};

static int count_piece(void *piece, uint64_t at, uint64_t bytes, void *data,
		       struct build_message *message)
{
	struct count *count = data;

	assert_int_equal(at, count->next);
	count->next += bytes;
	memset(piece, 0xab, bytes);
	if (++count->pieces == count->fail_at)
		return build_fail(message, -EIO, "stop");
	return 0;
}

static void test_fill(void **state)
{
	struct pv_region region = { .pfn = 100, .pages = 10000 };
	struct guest_memory memory;
	struct count count = { 0 };

	(void)state;
	make_host(30, 0);
	memset(host.memory, 0, sizeof(host.memory));
	assert_int_equal(populate(&memory, 30 * 512), 0);
	assert_int_equal(guest_memory_fill(&memory, &region, count_piece, &count, &msg), 0);
	assert_int_equal(count.next, 10000 * 4096);
	assert_int_equal(host.mapped, 0);
	assert_true(host.max_mapped <= 4096);
	assert_int_equal(host.memory[100 * 4096 - 1], 0);
	assert_int_equal(host.memory[100 * 4096], 0xab);
	assert_int_equal(host.memory[10100 * 4096 - 1], 0xab);
	assert_int_equal(host.memory[10100 * 4096], 0);
	assert_int_equal(guest_memory_zero(&memory, &region, &msg), 0);
	assert_int_equal(host.memory[5000 * 4096], 0);

	count = (struct count){ .fail_at = 2 };
	assert_int_equal(guest_memory_fill(&memory, &region, count_piece, &count, &msg), -EIO);
	assert_string_equal(msg.text, "stop");
	assert_int_equal(host.mapped, 0);
	count = (struct count){ 0 };
	host.fail_map_at = 2;
	assert_int_equal(guest_memory_fill(&memory, &region, count_piece, &count, &msg), -ENOMEM);
	assert_non_null(strstr(msg.text, "cannot be mapped"));
	assert_int_equal(host.mapped, 0);
	guest_memory_free(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_extents),
		cmocka_unit_test(test_fragmented_host),
		cmocka_unit_test(test_not_enough),
		cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
