/* SPDX-License-Identifier: MIT */
/* Making a CPU's window (mm/layout.h) and its copy of the per-CPU variables. */
#include "cpu/cpu.h"
#include "cpu/cpumask.h"
#include "cpu/entry.h"
#include "cpu/percpu.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "mm/map.h"
#include "mm/page.h"

#define STACK_GUARDS 0x10u /* page 4 of the stack is not mapped */

unsigned long percpu_offsets[NR_CPUS];
cpumask_t cpu_online_map;
unsigned int nr_cpu_ids = 1;

extern char percpu_start[], percpu_end[];

static int map_fresh(uint64_t va)
{
	struct page_info *page = alloc_frames(0, ALLOC_ZERO);
	int rc;

	if (!page)
		return -ENOMEM;
	rc = map_frames(va, page_to_mfn(page), 1, MAP_RW);
	if (rc)
		free_frames(page, 0);
	return rc;
}

/* The boot CPU's variables are those in the image. */
static int init_variables(unsigned int cpu)
{
	size_t size = (uint64_t)percpu_end - (uint64_t)percpu_start;
	unsigned int order = 0;
	void *area;

	if (cpu == 0)
		return 0;
	while (((size_t)PAGE_SIZE << order) < size)
		order++;
	area = alloc_pages_virt(order, ALLOC_ZERO);
	if (!area)
		return -ENOMEM;
	percpu_offsets[cpu] = (unsigned long)area - (unsigned long)percpu_start;
	return 0;
}

/* What has been mapped stays when the rest fails: the CPU is not tried again. */
int percpu_init_cpu(unsigned int cpu)
{
	static const uint32_t data[] = { PERCPU_ENTRY_DATA, PERCPU_TSS,
					 PERCPU_GDT + 14 * PAGE_SIZE };
	uint64_t window = PERCPU_VIRT_START + (uint64_t)cpu * PERCPU_WINDOW_SIZE;
	uint64_t stack = window + PERCPU_STACKS;
	struct cpu_info *info = (struct cpu_info *)(stack + STACK_SIZE) - 1;
	mfn_t text = ((uint64_t)trampoline_page - IMAGE_VIRT_START) >> PAGE_SHIFT;
	int rc = map_frames(window + PERCPU_TRAMPOLINE, text, 1, MAP_RX);

	for (unsigned int i = 0; !rc && i < ARRAY_SIZE(data); i++)
		rc = map_fresh(window + data[i]);
	for (unsigned int i = 0; !rc && i < STACK_SIZE / PAGE_SIZE; i++)
		if (!(STACK_GUARDS & (1u << i)))
			rc = map_fresh(stack + (uint64_t)i * PAGE_SIZE);
	/* The windows of the running guest's descriptors: their table must exist. */
	if (!rc && (!map_l1_entry(window + PERCPU_GDT) || !map_l1_entry(window + PERCPU_LDT)))
		rc = -ENOMEM;
	if (!rc)
		rc = init_variables(cpu);
	if (rc)
		return rc;
	info->cpu = cpu;
	info->percpu_offset = percpu_offsets[cpu];
	return 0;
}
