/* SPDX-License-Identifier: MIT */
/*
 * Several vCPUs change the same few frames at once: mapped writable and read-only, as page tables
 * of each level, pinned, in use as a base, written, cleared, given back and taken again; and put
 * each other down. Words on the command line: vcpus=, count= (operations of each), seed=.
 *
 * Which operations succeed depends on the race. What is checked is that all references come back:
 * at the end each frame can be mapped writable, and the domain can be destroyed without a trace.
 */
#include <public/memory.h>
#include <public/sched.h>
#include <public/vcpu.h>

#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/vcpu.h"

#define FRAMES     24u
#define VCPUS_MAX  8u
#define STACK_SIZE 16384
#define ENTRIES    (PAGE_SIZE / sizeof(pte_t))
#define PTE_RO     (PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_NX)
#define PTE_TABLE  (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define NEVER_MFN  (~0ul >> 16)

/* Window i is the address at which frame i was mapped at the start; any frame may be there later.
 */
static void *window[FRAMES];
static mfn_t frame[FRAMES]; /* NEVER_MFN: given back */

struct racer {
	uint64_t seed;
	uint64_t done, refused; /* operations */
	bool finished;
} __aligned(64);

static struct racer racers[VCPUS_MAX];
static uint8_t stacks[VCPUS_MAX][STACK_SIZE] __aligned(16);
static unsigned int vcpus;
static uint64_t count;

static uint64_t next_random(struct racer *r)
{
	r->seed ^= r->seed << 13;
	r->seed ^= r->seed >> 7;
	r->seed ^= r->seed << 17;
	return r->seed >> 8;
}

static mfn_t any_frame(struct racer *r)
{
	return READ_ONCE(frame[next_random(r) % FRAMES]);
}

static long mmuext(unsigned int cmd, mfn_t mfn, mfn_t second)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	if (cmd == MMUEXT_COPY_PAGE)
		op.arg2.src_mfn = second;
	return hypercall(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static long map(struct racer *r)
{
	static const unsigned long flushes[] = { UVMF_NONE, UVMF_INVLPG, UVMF_TLB_FLUSH | UVMF_ALL,
						 UVMF_INVLPG | UVMF_ALL };
	static const uint64_t flags[] = { 0, PTE_RO, PTE_RO | PTE_RW };
	uint64_t how = flags[next_random(r) % ARRAY_SIZE(flags)];
	uint64_t pte = how ? any_frame(r) << PAGE_SHIFT | how : 0;

	return hypercall(update_va_mapping, window[next_random(r) % FRAMES], pte,
			 flushes[next_random(r) % ARRAY_SIZE(flushes)], 0);
}

/* An entry of whatever the frame is at that moment: tables of any level, or an ordinary page. */
static long write_entry(struct racer *r)
{
	mfn_t target = any_frame(r), value = any_frame(r);
	uint64_t index = next_random(r) % 8 * 37 % ENTRIES;
	struct mmu_update op = {
		.ptr = target << PAGE_SHIFT | index * sizeof(pte_t) |
		       (next_random(r) % 2 ? MMU_NORMAL_PT_UPDATE : MMU_PT_UPDATE_PRESERVE_AD),
	};

	switch (next_random(r) % 3) {
	case 0:
		op.val = value << PAGE_SHIFT | PTE_RO;
		break;
	case 1:
		op.val = value << PAGE_SHIFT | PTE_TABLE;
		break;
	default:
		break;
	}
	return hypercall(mmu_update, &op, 1, 0, DOMID_SELF);
}

static long pin(struct racer *r)
{
	return mmuext(MMUEXT_PIN_L1_TABLE + next_random(r) % 4, any_frame(r), 0);
}

static long unpin(struct racer *r)
{
	return mmuext(MMUEXT_UNPIN_TABLE, any_frame(r), 0);
}

static long user_base(struct racer *r)
{
	return mmuext(MMUEXT_NEW_USER_BASEPTR, next_random(r) % 2 ? any_frame(r) : 0, 0);
}

static long overwrite(struct racer *r)
{
	unsigned int cmd = next_random(r) % 2 ? MMUEXT_CLEAR_PAGE : MMUEXT_COPY_PAGE;

	return mmuext(cmd, any_frame(r), any_frame(r));
}

static long flush(struct racer *r)
{
	return mmuext(next_random(r) % 2 ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_TLB_FLUSH_LOCAL, 0, 0);
}

/* The frame is gone once nothing refers to it any more; its place gets another. */
static long replace(struct racer *r)
{
	unsigned int i = (unsigned int)(next_random(r) % FRAMES);
	mfn_t old = __atomic_exchange_n(&frame[i], NEVER_MFN, __ATOMIC_SEQ_CST), extent = old;
	struct xen_memory_reservation op = { .nr_extents = 1, .domid = DOMID_SELF };

	if (old == NEVER_MFN)
		return -EAGAIN; /* another vCPU is at it */
	op.extent_start = &extent;
	if (hypercall(memory_op, XENMEM_decrease_reservation, &op, 0, 0) != 1) {
		WRITE_ONCE(frame[i], old);
		return -EBUSY;
	}
	do {
		/* By now other frames may still be held by references: then there is no room. */
		extent = virt_to_pfn(window[i]);
	} while (hypercall(memory_op, XENMEM_populate_physmap, &op, 0, 0) != 1);
	WRITE_ONCE(frame[i], extent);
	return 0;
}

/* Another vCPU is put down and woken again, over and over. */
static long down_up(struct racer *r)
{
	unsigned int self = (unsigned int)(r - racers);
	unsigned int other = (unsigned int)(next_random(r) % vcpus);
	long rc;

	if (other == self || other == 0)
		return 0;
	rc = hypercall(vcpu_op, VCPUOP_down, other, 0, 0);
	(void)hypercall(vcpu_op, VCPUOP_up, other, 0, 0);
	return rc;
}

static void race(struct racer *r)
{
	static long (*const operations[])(struct racer * r) = {
		map,   map,   write_entry, write_entry, pin,     pin,    unpin,
		unpin, flush, user_base,   overwrite,   replace, down_up
	};

	for (uint64_t i = 0; i < count; i++) {
		if (operations[next_random(r) % ARRAY_SIZE(operations)](r))
			r->refused++;
		r->done++;
	}
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	__atomic_store_n(&r->finished, true, __ATOMIC_RELEASE);
}

static void racing_vcpu(void)
{
	/* Each vCPU runs on a stack of its own. */
	unsigned int id =
		(unsigned int)(((uintptr_t)__builtin_frame_address(0) - (uintptr_t)stacks) /
			       sizeof(stacks[0]));
	race(&racers[id]);
	for (;;)
		hypercall(vcpu_op, VCPUOP_down, id, 0, 0);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = command_line_get(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static int start(void)
{
	uint64_t seed = number("seed", 1);
	unsigned int i;

	vcpus = (unsigned int)min(number("vcpus", 4), (uint64_t)VCPUS_MAX);
	count = number("count", 20000);
	for (i = 0; i < FRAMES; i++) {
		window[i] = page_alloc();
		if (!window[i])
			return -ENOMEM;
		frame[i] = virt_to_mfn_guest(window[i]);
	}
	for (i = 0; i < FRAMES; i++)
		if (page_remap(window[i], 0))
			return -EINVAL;
	printf("races: %u vCPUs, %lu operations each, seed %lu\n", vcpus, count, seed);
	for (i = 0; i < vcpus; i++)
		racers[i].seed = (seed + i) * 0x9e3779b97f4a7c15;
	for (i = 1; i < vcpus; i++)
		if (vcpu_start(i, racing_vcpu, stacks[i] + STACK_SIZE))
			return -EIO;
	return 0;
}

/* One that was put down after its last operation but one is woken up. */
static void wait_for_others(void)
{
	for (unsigned int i = 1; i < vcpus; i++) {
		while (!__atomic_load_n(&racers[i].finished, __ATOMIC_ACQUIRE)) {
			(void)hypercall(vcpu_op, VCPUOP_up, i, 0, 0);
			hypercall(sched_op, SCHEDOP_yield, 0, 0, 0);
		}
	}
}

/* With nothing pinned and nothing mapped every frame is free for any use. */
static unsigned int frames_in_use(void)
{
	unsigned int i, stuck = 0;

	for (i = 0; i < FRAMES; i++)
		(void)mmuext(MMUEXT_UNPIN_TABLE, frame[i], 0);
	for (i = 0; i < FRAMES; i++)
		if (page_remap(window[i], 0))
			stuck++;
	for (i = 0; i < FRAMES; i++) {
		if (page_remap(window[i], frame[i] << PAGE_SHIFT | PTE_RO | PTE_RW)) {
			printf("races: frame %u (%#lx) is still in use\n", i, frame[i]);
			stuck++;
			continue;
		}
		memset(window[i], 0x5a, PAGE_SIZE);
	}
	return stuck;
}

int guest_main(void)
{
	unsigned int stuck;

	if (start()) {
		printf("races: cannot start\n");
		return 1;
	}
	race(&racers[0]);
	wait_for_others();
	stuck = frames_in_use();
	for (unsigned int i = 0; i < vcpus; i++)
		printf("races: vCPU %u made %lu operations, %lu were refused\n", i, racers[i].done,
		       racers[i].refused);
	printf("races: %s\n", stuck ? "FAILED" : "all references came back");
	return 0;
}
