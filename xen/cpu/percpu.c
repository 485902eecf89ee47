/* SPDX-License-Identifier: MIT */
/* Making a CPU's window (mm/layout.h) and its copy of the per-CPU variables. */
#include "core/panic.h"
#include "cpu/cpu.h"
#include "cpu/cpumask.h"
#include "cpu/entry.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/map.h"
#include "mm/page.h"

#define STACK_GUARDS 0x10u /* page 4 of the stack is not mapped */

unsigned long percpu_offsets[NR_CPUS];
cpumask_t cpu_online_map;
unsigned int nr_cpu_ids = 1;

extern char percpu_start[], percpu_end[];

static void map_fresh(uint64_t va)
{
	struct page_info *page = alloc_frames(0, ALLOC_ZERO);

	if (!page || map_frames(va, page_to_mfn(page), 1, MAP_RW))
		panic("no memory for a CPU's data\n");
}

/* The boot CPU's variables are those in the image. */
static void init_variables(unsigned int cpu)
{
	size_t size = (uint64_t)percpu_end - (uint64_t)percpu_start;
	unsigned int order = 0;
	void *area;

	if (cpu == 0)
		return;
	while (((size_t)PAGE_SIZE << order) < size)
		order++;
	area = alloc_pages_virt(order, ALLOC_ZERO);
	if (!area)
		panic("no memory for a CPU's data\n");
	percpu_offsets[cpu] = (unsigned long)area - (unsigned long)percpu_start;
}

void percpu_init_cpu(unsigned int cpu)
{
	uint64_t window = PERCPU_VIRT_START + (uint64_t)cpu * PERCPU_WINDOW_SIZE;
	uint64_t stack = window + PERCPU_STACKS;
	struct cpu_info *info = (struct cpu_info *)(stack + STACK_SIZE) - 1;
	mfn_t text = ((uint64_t)trampoline_page - IMAGE_VIRT_START) >> PAGE_SHIFT;

	if (map_frames(window + PERCPU_TRAMPOLINE, text, 1, MAP_RX))
		panic("no memory for a CPU's data\n");
	map_fresh(window + PERCPU_ENTRY_DATA);
	map_fresh(window + PERCPU_TSS);
	map_fresh(window + PERCPU_GDT + 14 * PAGE_SIZE);
	for (unsigned int i = 0; i < STACK_SIZE / PAGE_SIZE; i++)
		if (!(STACK_GUARDS & (1u << i)))
			map_fresh(stack + (uint64_t)i * PAGE_SIZE);
	init_variables(cpu);
	info->cpu = cpu;
	info->percpu_offset = percpu_offsets[cpu];
}
