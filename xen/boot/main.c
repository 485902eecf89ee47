/* SPDX-License-Identifier: MIT */
/* Start-up, in order. */
#include "boot/boot.h"
#include "console/console.h"
#include "core/domain.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/entry.h"
#include "cpu/fpu.h"
#include "cpu/nmi_watchdog.h"
#include "cpu/percpu.h"
#include "cpu/smp.h"
#include "cpu/tlb.h"
#include "irq/acpi.h"
#include "irq/irq.h"
#include "mm/boot_alloc.h"
#include "mm/buddy.h"
#include "mm/e820.h"
#include "mm/map.h"
#include "mm/page.h"
#include "pv/cpuid.h"
#include "sched/sched.h"
#include "time/time.h"
#include "time/timer.h"

#define BANNER "Shoji, a Xen 4.17 ABI hypervisor for paravirtualized guests\n"

void boot_main(uint32_t magic, paddr_t info) __attribute__((__noreturn__));

static void print_memory(void)
{
	static const char *const names[] = { "?", "usable", "reserved", "ACPI", "NVS", "unusable" };

	for (unsigned int i = 0; i < e820.count; i++) {
		const struct e820_entry *e = &e820.entry[i];

		pr_debug("  %016lx-%016lx %s\n", e->addr, e->addr + e->size - 1,
			 e->type < ARRAY_SIZE(names) ? names[e->type] : "reserved");
	}
	pr_info("Memory: %lu MiB, %lu MiB free\n", total_frame_count() >> 8,
		free_frame_count() >> 8);
}

/* On the boot CPU's own stack. */
static void main_on_cpu_stack(void)
{
	struct domain *dom0;

	cpu_setup();
	fpu_init();
	cpuid_init();
	acpi_init(boot_info.rsdp);
	time_init();
	timer_subsys_init();
	irq_init();
	cpumask_set(0, &cpu_online_map);
	sched_init();
	console_init_input();
	irq_enable();
	smp_init();
	if (boot_options.watchdog)
		nmi_watchdog_start();

	dom0 = dom0_build();
	boot_free_modules();
	pr_info("%lu MiB free after dom0 was built\n", free_frame_count() >> 8);
	(void)domain_unpause_by_controller(dom0);
	idle_loop();
}

void boot_main(uint32_t magic, paddr_t info)
{
	multiboot_parse(magic, info);
	options_parse(boot_info.cmdline);
	console_init();
	pr_info(BANNER);
	pr_info("Command line: %s\n", boot_info.cmdline);
	cpu_identify();
	boot_alloc_init();
	map_init();
	print_memory();
	if (percpu_init_cpu(0))
		panic("No memory for the boot CPU's data\n");
	switch_stack(PERCPU_VIRT_START + PERCPU_STACKS + STACK_SIZE - sizeof(struct cpu_info),
		     main_on_cpu_stack);
}
