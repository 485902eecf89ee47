/* SPDX-License-Identifier: MIT */
/* Entry and exit: hypercalls that do nothing, and bounces through user mode. */
#include <public/version.h>

#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/traps.h"
#include "frontends/runtime/user.h"
#include "tests/bench/guest_bench.h"

#define MULTICALL_ENTRIES 32u
#define PAGE_FAULT_VECTOR 14u

void bounce_run(uint64_t count, uint64_t user_rip, uint64_t user_rdi);
extern char bounce_syscall_entry[], bounce_fault_entry[], bounce_stack_end[];
/* The user programs, in one piece: its size, and where the one that faults begins. */
extern const char bounce_user[];
extern const uint64_t bounce_user_size, bounce_user_fault;
extern char event_callback[], failsafe_callback[];

static uint64_t null_hypercall(unsigned int ops)
{
	for (unsigned int i = 0; i < ops; i++) {
		long rc = hypercall(xen_version, XENVER_version, 0, 0, 0);

		if (rc < 0)
			bench_fail("xen_version", rc);
	}
	return 0;
}

static uint64_t multicall(unsigned int ops)
{
	static struct multicall_entry calls[MULTICALL_ENTRIES];

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		calls[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version,
						     .args = { XENVER_version } };
	for (unsigned int i = 0; i < ops; i++)
		BENCH_CHECK("multicall", hypercall(multicall, calls, MULTICALL_ENTRIES, 0, 0));
	if ((long)calls[MULTICALL_ENTRIES - 1].result < 0)
		bench_fail("multicall entry", (long)calls[MULTICALL_ENTRIES - 1].result);
	return 0;
}

/* The user table stays for the life of the guest. */
static int bounce_setup(void)
{
	static bool done;
	void *page;
	int rc;

	if (done)
		return 0;
	page = page_alloc();
	if (!page)
		return -ENOMEM;
	memcpy(page, bounce_user, bounce_user_size);
	rc = user_init(bounce_stack_end);
	if (!rc)
		rc = user_map(0, page, false);
	if (!rc)
		rc = (int)hypercall(set_callbacks, event_callback, failsafe_callback,
				    bounce_syscall_entry, 0);
	done = rc == 0;
	return rc;
}

static uint64_t syscall_bounce(unsigned int ops)
{
	bounce_run(ops, USER_BASE, 0);
	return 0;
}

static int fault_setup(void)
{
	struct trap_info table[2] = { { .vector = PAGE_FAULT_VECTOR,
					.cs = FLAT_KERNEL_CS,
					.address = (uint64_t)bounce_fault_entry } };
	int rc = bounce_setup();

	return rc ? rc : (int)hypercall(set_trap_table, table, 0, 0, 0);
}

static uint64_t fault_bounce(unsigned int ops)
{
	bounce_run(ops, USER_BASE + bounce_user_fault, USER_BASE + PAGE_SIZE);
	return 0;
}

/* The runtime's own handlers again, but for the system call. */
static void fault_teardown(void)
{
	traps_init();
	BENCH_CHECK("set_callbacks", hypercall(set_callbacks, event_callback, failsafe_callback,
					       bounce_syscall_entry, 0));
}

const struct bench bench_cpu[] = {
	{ .name = "null_hypercall", .ops = 1000, .units = 1, .run = null_hypercall },
	{ .name = "multicall_32", .ops = 100, .units = MULTICALL_ENTRIES, .run = multicall },
	{ .name = "syscall_bounce",
	  .ops = 500,
	  .units = 1,
	  .setup = bounce_setup,
	  .run = syscall_bounce },
	{ .name = "page_fault_bounce",
	  .ops = 500,
	  .units = 1,
	  .setup = fault_setup,
	  .run = fault_bounce,
	  .teardown = fault_teardown },
	{ .name = NULL },
};
