/* SPDX-License-Identifier: MIT */
/*
 * The local APIC (Intel SDM volume 3, chapter 11), in xAPIC mode or, if the firmware left it there,
 * in x2APIC mode. Its timer runs in one-shot mode at a rate that is measured once at boot.
 *
 * Every CPU touches its own APIC only, with interrupts off where a sequence matters; no lock.
 */
#include "irq/lapic.h"

#include "console/console.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/cpumask.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "irq/madt.h"
#include "mm/map.h"
#include "time/time.h"

#define APIC_ID         0x020
#define APIC_TPR        0x080
#define APIC_EOI        0x0b0
#define APIC_LDR        0x0d0
#define APIC_DFR        0x0e0
#define APIC_SPIV       0x0f0
#define APIC_ESR        0x280
#define APIC_ICR        0x300
#define APIC_ICR_HIGH   0x310
#define APIC_LVT_TIMER  0x320
#define APIC_LVT_PERF   0x340
#define APIC_LVT_LINT0  0x350
#define APIC_LVT_LINT1  0x360
#define APIC_LVT_ERROR  0x370
#define APIC_TIMER_INIT 0x380
#define APIC_TIMER_NOW  0x390
#define APIC_TIMER_DIV  0x3e0

#define SPIV_ENABLE 0x100u
#define LVT_MASKED  0x10000u
#define LVT_NMI     0x400u
#define ICR_PENDING 0x1000u
#define ICR_ASSERT  0x4000u
#define ICR_INIT    0x500u
#define ICR_STARTUP 0x600u
#define TIMER_DIV_1 0xbu

#define APIC_BASE_X2APIC 0x400u
#define APIC_BASE_ENABLE 0x800u
#define X2APIC_MSR(reg)  (0x800u + ((reg) >> 4))

#define CALIBRATE_US 20000u

static volatile uint32_t *lapic_regs; /* xAPIC mode */
static bool x2apic;
static uint32_t cpu_apic_id[NR_CPUS];
/* Timer ticks in a nanosecond, times 2^32. */
static uint64_t ticks_per_ns;

static uint32_t lapic_read(unsigned int reg)
{
	return x2apic ? (uint32_t)rdmsr(X2APIC_MSR(reg)) : lapic_regs[reg / 4];
}

static void lapic_write(unsigned int reg, uint32_t v)
{
	if (x2apic)
		wrmsr(X2APIC_MSR(reg), v);
	else
		lapic_regs[reg / 4] = v;
}

void lapic_eoi(void)
{
	lapic_write(APIC_EOI, 0);
}

uint32_t lapic_id(void)
{
	uint32_t id = lapic_read(APIC_ID);

	return x2apic ? id : id >> 24;
}

uint32_t lapic_cpu_id(unsigned int cpu)
{
	return cpu_apic_id[cpu];
}

/*
 * The two 8259s are of no use here: give their spurious interrupts vectors 0x20 to 0x2f, then mask
 * all of their inputs.
 */
static void mask_8259(void)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} program[] = {
		{ 0x20, 0x11 }, { 0xa0, 0x11 }, /* initialize, four words */
		{ 0x21, 0x20 }, { 0xa1, 0x28 }, /* first vectors */
		{ 0x21, 0x04 }, { 0xa1, 0x02 }, /* cascade on input 2 */
		{ 0x21, 0x01 }, { 0xa1, 0x01 }, /* 8086 mode */
		{ 0x21, 0xff }, { 0xa1, 0xff }, /* mask */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(program); i++) {
		outb(program[i].value, program[i].port);
		outb(0, 0x80); /* old chips need the time that this takes */
	}
}

static void calibrate_timer(void)
{
	unsigned long flags = irq_save();
	uint64_t ticks;
	s_time_t start;

	lapic_write(APIC_TIMER_DIV, TIMER_DIV_1);
	lapic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_LAPIC_TIMER);
	start = now();
	lapic_write(APIC_TIMER_INIT, ~0u);
	delay_us(CALIBRATE_US);
	ticks = ~0u - lapic_read(APIC_TIMER_NOW);
	start = now() - start;
	lapic_write(APIC_TIMER_INIT, 0);
	irq_restore(flags);

	if (start <= 0 || ticks < 1000)
		panic("The local APIC's timer does not count (%lu ticks in %ld ns)\n",
		      (unsigned long)ticks, (long)start);
	ticks_per_ns = (ticks << 32) / (uint64_t)start;
	pr_info("Local APIC timer: %lu kHz\n", (unsigned long)(ticks * 1000000 / (uint64_t)start));
}

static void find_lapic(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	x2apic = base & APIC_BASE_X2APIC;
	if (!(base & APIC_BASE_ENABLE))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	if (x2apic)
		return;
	lapic_regs = ioremap(base & 0xffffffffff000, PAGE_SIZE);
	if (!lapic_regs)
		panic("Cannot map the local APIC's registers\n");
}

void lapic_init(void)
{
	if (!lapic_regs && !x2apic) {
		mask_8259();
		find_lapic();
	}
	cpu_apic_id[smp_processor_id()] = lapic_id();

	lapic_write(APIC_SPIV, SPIV_ENABLE | VECTOR_SPURIOUS);
	if (!x2apic) {
		lapic_write(APIC_DFR, 0xffffffff);
		lapic_write(APIC_LDR, 0);
	}
	lapic_write(APIC_TPR, 0);
	lapic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_LAPIC_TIMER);
	lapic_write(APIC_LVT_PERF, LVT_MASKED);
	lapic_write(APIC_LVT_LINT0, LVT_MASKED);
	lapic_write(APIC_LVT_LINT1, smp_processor_id() == 0 ? LVT_NMI : LVT_MASKED);
	lapic_write(APIC_ESR, 0);
	lapic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	if (!ticks_per_ns)
		calibrate_timer();
	lapic_write(APIC_TIMER_DIV, TIMER_DIV_1);
	lapic_write(APIC_LVT_TIMER, VECTOR_LAPIC_TIMER);
}

void lapic_timer_set(s_time_t deadline)
{
	s_time_t delta;
	unsigned __int128 ticks;

	if (!deadline) {
		lapic_write(APIC_TIMER_INIT, 0);
		return;
	}
	delta = deadline - now();
	if (delta < 1)
		delta = 1;
	ticks = ((unsigned __int128)(uint64_t)delta * ticks_per_ns) >> 32;
	/* A deadline beyond the counter's range fires early; the timer code then sets it again. */
	if (ticks > ~0u)
		ticks = ~0u;
	lapic_write(APIC_TIMER_INIT, ticks ? (uint32_t)ticks : 1);
}

/* Interrupt command: with interrupts off, so that a handler's IPI does not fall in between. */
static void send_command(uint32_t apic_id, uint32_t command)
{
	unsigned long flags;

	if (x2apic) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the MSR write is not serializing */
		wrmsr(X2APIC_MSR(APIC_ICR), (uint64_t)apic_id << 32 | command);
		return;
	}
	flags = irq_save();
	while (lapic_read(APIC_ICR) & ICR_PENDING)
		cpu_relax();
	lapic_write(APIC_ICR_HIGH, apic_id << 24);
	lapic_write(APIC_ICR, command);
	irq_restore(flags);
}

void cpu_send_ipi(unsigned int cpu, uint8_t vector)
{
	send_command(cpu_apic_id[cpu], ICR_ASSERT | vector);
}

void lapic_send_init(uint32_t apic_id)
{
	send_command(apic_id, ICR_ASSERT | ICR_INIT);
}

void lapic_send_startup(uint32_t apic_id, paddr_t entry)
{
	send_command(apic_id, ICR_ASSERT | ICR_STARTUP | (uint32_t)(entry >> PAGE_SHIFT));
}

uint32_t lapic_error(void)
{
	lapic_write(APIC_ESR, 0);
	return lapic_read(APIC_ESR);
}
