/* SPDX-License-Identifier: MIT */
/*
 * Starting the other CPUs (Intel SDM volume 3, 8.4). One after the other: the boot CPU makes the
 * new one's data, starts it, compares clocks with it, and waits until it is online.
 */
#include "cpu/smp.h"

#include "boot/boot.h"
#include "console/console.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/cpumask.h"
#include "cpu/fpu.h"
#include "cpu/percpu.h"
#include "cpu/remote.h"
#include "irq/acpi.h"
#include "irq/lapic.h"
#include "irq/madt.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/boot_alloc.h"
#include "mm/map.h"
#include "sched/sched.h"
#include "time/time.h"
#include "time/timer.h"

#define START_LIMIT SECONDS(2)
#define WARP_ROUNDS 2000

/* boot/ap_start.S */
extern const char ap_start[], ap_start_end[];
extern uint64_t ap_stack, ap_cr3;
void ap_main(void) __attribute__((__noreturn__));

uint64_t ap_stack, ap_cr3;

/* How far the CPU that is being started has come; who writes a value waits for the next one. */
static enum ap_state { AP_STARTED, AP_RUNNING, AP_CLOCK_CHECK, AP_CLOCK_DONE } ap_state;

/* ---- clocks ---- */

/* TSC readings one after the other under the lock never decrease if the CPUs' TSCs agree. */
static spinlock_t warp_lock = SPINLOCK_INIT(RANK_CLOCK);
static uint64_t warp_last, warp_max;

static void measure_warp(void)
{
	for (unsigned int i = 0; i < WARP_ROUNDS; i++) {
		uint64_t t;

		spin_lock(&warp_lock);
		__asm__ __volatile__("lfence" ::: "memory");
		t = rdtsc();
		if (t < warp_last)
			warp_max = max(warp_max, warp_last - t);
		warp_last = t;
		spin_unlock(&warp_lock);
		cpu_relax();
	}
}

/* ---- the new CPU's side ---- */

static void wait_for_state(enum ap_state state)
{
	while (__atomic_load_n(&ap_state, __ATOMIC_ACQUIRE) != state)
		cpu_relax();
}

/* On its own stack; interrupts are off. */
void ap_main(void)
{
	unsigned int cpu = smp_processor_id();

	cpu_setup();
	fpu_init();
	lapic_init();
	__atomic_store_n(&ap_state, AP_RUNNING, __ATOMIC_RELEASE);
	wait_for_state(AP_CLOCK_CHECK);
	measure_warp();
	__atomic_store_n(&ap_state, AP_CLOCK_DONE, __ATOMIC_RELEASE);
	current = sched_idle_vcpu(cpu);
	cpumask_set(cpu, &cpu_online_map);
	irq_enable();
	idle_loop();
}

/* ---- the boot CPU's side ---- */

static bool wait_until(enum ap_state state)
{
	s_time_t limit = now() + START_LIMIT;

	while (__atomic_load_n(&ap_state, __ATOMIC_ACQUIRE) != state) {
		if (now() > limit)
			return false;
		cpu_relax();
	}
	return true;
}

static const char *start_cpu(unsigned int cpu, paddr_t page)
{
	s_time_t limit;

	if (percpu_init_cpu(cpu) || sched_init_cpu(cpu))
		return "no memory for its data";
	timer_init_cpu(cpu);
	ap_stack = PERCPU_VIRT_START + (uint64_t)cpu * PERCPU_WINDOW_SIZE + PERCPU_STACKS +
		   STACK_SIZE - sizeof(struct cpu_info);
	ap_state = AP_STARTED;
	if (!lapic_start_cpu(madt.cpu[cpu].apic_id, page))
		return "its APIC id needs x2APIC mode, which the firmware has not chosen";
	if (!wait_until(AP_RUNNING))
		return "it does not start";
	warp_last = warp_max = 0;
	__atomic_store_n(&ap_state, AP_CLOCK_CHECK, __ATOMIC_RELEASE);
	measure_warp();
	if (!wait_until(AP_CLOCK_DONE))
		return "it stopped while its clock was compared";
	limit = now() + START_LIMIT;
	while (!cpumask_test(cpu, &cpu_online_map)) {
		if (now() > limit)
			return "it does not get as far as its idle loop";
		cpu_relax();
	}
	sched_cpu_online(cpu);
	if (warp_max) {
		tsc_synchronized = false;
		pr_warn("CPU %u: its TSC differs by up to %lu cycles\n", cpu, warp_max);
	}
	return NULL;
}

void smp_init(void)
{
	unsigned int cpus = min(madt.cpus, boot_options.maxcpus);
	paddr_t page = boot_low_frame << PAGE_SHIFT;

	remote_init();
	if (cpus > 1 && !page) {
		pr_warn("No RAM below 1 MiB to start other CPUs from: one CPU is used\n");
		return;
	}
	if (cpus > 1)
		memcpy(maddr_to_virt(page), ap_start, (uint64_t)ap_start_end - (uint64_t)ap_start);
	ap_cr3 = virt_to_maddr(idle_l4);
	nr_cpu_ids = cpus;
	for (unsigned int cpu = 1; cpu < cpus; cpu++) {
		const char *problem = start_cpu(cpu, page);

		if (!problem)
			continue;
		/* It may still wake up and take ap_stack: so no other is started after it. */
		pr_err("CPU %u (APIC id %u): %s; it and those after it are not used\n", cpu,
		       madt.cpu[cpu].apic_id, problem);
		nr_cpu_ids = cpu;
		break;
	}
	pr_info("%u CPU%s\n", cpumask_weight(&cpu_online_map), cpus > 1 ? "s" : "");
}

/* ---- stopping ---- */

static bool stopping;

void smp_stop_others(void)
{
	if (__atomic_exchange_n(&stopping, true, __ATOMIC_SEQ_CST))
		machine_halt(); /* another CPU is at it */
	if (cpumask_weight(&cpu_online_map) > 1)
		lapic_send_nmi_to_others();
}

void smp_stop_if_asked(void)
{
	if (READ_ONCE(stopping))
		machine_halt();
}
