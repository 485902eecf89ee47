/* SPDX-License-Identifier: MIT */
/*
 * The local APIC (Intel SDM volume 3, chapter 10). Its timer runs in one-shot mode, with TSC
 * deadlines where the CPU has them.
 */
#include "irq/lapic.h"

#include "console/console.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "mm/map.h"
#include "time/time.h"

#define APIC_ID             0x020
#define APIC_TASK_PRIORITY  0x080
#define APIC_EOI            0x0b0
#define APIC_SPURIOUS       0x0f0
#define APIC_ERROR_STATUS   0x280
#define APIC_ICR_LOW        0x300
#define APIC_ICR_HIGH       0x310
#define APIC_LVT_TIMER      0x320
#define APIC_LVT_LINT0      0x350
#define APIC_LVT_LINT1      0x360
#define APIC_LVT_ERROR      0x370
#define APIC_TIMER_INITIAL  0x380
#define APIC_TIMER_CURRENT  0x390
#define APIC_TIMER_DIVIDE   0x3e0
#define APIC_ENABLE         0x100 /* in APIC_SPURIOUS */
#define LVT_MASKED          0x10000
#define LVT_NMI             0x400
#define LVT_TSC_DEADLINE    0x40000
#define DIVIDE_BY_16        0x3
#define ICR_NMI             0x400 /* delivery modes; 0 is a vector */
#define ICR_INIT            0x500
#define ICR_STARTUP         0x600
#define ICR_BUSY            0x1000
#define ICR_ASSERT          0x4000
#define ICR_ALL_OTHERS      0xc0000
#define XAPIC_ID_MAX        254
#define INIT_DELAY_US       10000 /* MultiProcessor specification 1.4, B.4 */
#define STARTUP_DELAY_US    200
#define APIC_BASE_ENABLE    0x800
#define APIC_BASE_X2APIC    0x400
#define MSR_X2APIC          0x800
#define MSR_X2APIC_ICR      0x830
#define MSR_TSC_DEADLINE    0x6e0
#define CPUID1_TSC_DEADLINE (1u << 24) /* ecx */
#define CALIBRATION_US      10000u

#define PIC1_COMMAND 0x20
#define PIC1_DATA    0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA    0xa1
#define PIC_VECTORS  0x20 /* where stray 8259 interrupts would go */

static volatile uint8_t *apic_mmio; /* NULL in x2APIC mode */
static bool tsc_deadline;
static uint64_t timer_khz; /* after the divider */
static uint32_t cpu_apic_id[NR_CPUS];

static uint32_t apic_read(unsigned int reg)
{
	if (!apic_mmio)
		return (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
	return *(volatile uint32_t *)(apic_mmio + reg);
}

static void apic_write(unsigned int reg, uint32_t v)
{
	if (!apic_mmio)
		wrmsr(MSR_X2APIC + reg / 16, v);
	else
		*(volatile uint32_t *)(apic_mmio + reg) = v;
}

void lapic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

uint32_t lapic_id(void)
{
	return apic_mmio ? apic_read(APIC_ID) >> 24 : apic_read(APIC_ID);
}

void lapic_error_interrupt(void)
{
	apic_write(APIC_ERROR_STATUS, 0); /* latches the status for reading */
	pr_warn("CPU %u: local APIC error %#x\n", smp_processor_id(), apic_read(APIC_ERROR_STATUS));
}

static void send_command(uint32_t apic_id, uint32_t command)
{
	unsigned long flags;

	if (!apic_mmio) {
		/* Not serializing: what the other CPU is to see must be written before. */
		__asm__ __volatile__("mfence; lfence" ::: "memory");
		wrmsr(MSR_X2APIC_ICR, (uint64_t)apic_id << 32 | command);
		return;
	}
	flags = irq_save();
	while (apic_read(APIC_ICR_LOW) & ICR_BUSY)
		cpu_relax();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR_LOW, command);
	irq_restore(flags);
}

void cpu_send_ipi(unsigned int cpu, uint8_t vector)
{
	send_command(cpu_apic_id[cpu], vector);
}

bool lapic_start_cpu(uint32_t apic_id, paddr_t page)
{
	if (apic_mmio && apic_id > XAPIC_ID_MAX)
		return false;
	send_command(apic_id, ICR_INIT | ICR_ASSERT);
	delay_us(INIT_DELAY_US);
	for (int i = 0; i < 2; i++) {
		send_command(apic_id, ICR_STARTUP | ICR_ASSERT | (uint32_t)(page >> PAGE_SHIFT));
		delay_us(STARTUP_DELAY_US);
	}
	return true;
}

void lapic_send_nmi_to_others(void)
{
	send_command(0, ICR_ALL_OTHERS | ICR_NMI | ICR_ASSERT);
}

void lapic_timer_set(s_time_t deadline)
{
	s_time_t left;
	uint64_t ticks;

	if (tsc_deadline) {
		wrmsr(MSR_TSC_DEADLINE, deadline ? ns_to_tsc(max(deadline, (s_time_t)1)) : 0);
		return;
	}
	if (!deadline) {
		apic_write(APIC_TIMER_INITIAL, 0);
		return;
	}
	left = deadline - now();
	if (left <= 0) {
		ticks = 1;
	} else {
		/* Rounded up, or the timer softirq would find its timer not yet expired. What does
		 * not fit in the counter expires early, and the rest is programmed then. */
		left = min(left, SECONDS(60));
		ticks = (uint64_t)left * timer_khz / 1000000 + 1;
		ticks = min(ticks, (uint64_t)UINT32_MAX);
	}
	apic_write(APIC_TIMER_INITIAL, (uint32_t)ticks);
}

/* Gives the 8259s vectors that nothing uses and masks all their lines: the IOAPICs take over. */
static void mask_8259(void)
{
	outb(0x11, PIC1_COMMAND); /* ICW1: edge triggered, cascade, ICW4 follows */
	outb(0x11, PIC2_COMMAND);
	outb(PIC_VECTORS, PIC1_DATA);
	outb(PIC_VECTORS + 8, PIC2_DATA);
	outb(0x04, PIC1_DATA); /* ICW3: the second one is at line 2 */
	outb(0x02, PIC2_DATA);
	outb(0x01, PIC1_DATA); /* ICW4: 8086 mode */
	outb(0x01, PIC2_DATA);
	outb(0xff, PIC1_DATA);
	outb(0xff, PIC2_DATA);
}

static void measure_timer(void)
{
	uint64_t t0, t1, ns;
	uint32_t left;

	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
	t0 = rdtsc();
	delay_us(CALIBRATION_US);
	left = apic_read(APIC_TIMER_CURRENT);
	t1 = rdtsc();
	apic_write(APIC_TIMER_INITIAL, 0);

	ns = (uint64_t)(tsc_to_ns(t1) - tsc_to_ns(t0));
	timer_khz = (uint64_t)(UINT32_MAX - left) * 1000000 / ns;
	if (!timer_khz)
		panic("The local APIC's timer does not count\n");
}

static void boot_cpu_init(uint64_t base)
{
	uint32_t r[4];

	if (!(base & APIC_BASE_X2APIC)) {
		apic_mmio = ioremap(base & 0x000ffffffffff000, PAGE_SIZE);
		if (!apic_mmio)
			panic("No address space to map the local APIC\n");
	}
	mask_8259();
	cpuid_count(1, 0, r);
	tsc_deadline = r[2] & CPUID1_TSC_DEADLINE;
}

void lapic_init(void)
{
	static bool booted;
	uint64_t base = rdmsr(MSR_APIC_BASE);
	bool boot_cpu = !booted;

	if (!(base & APIC_BASE_ENABLE))
		wrmsr(MSR_APIC_BASE, base |= APIC_BASE_ENABLE);
	if (boot_cpu)
		boot_cpu_init(base);
	booted = true;

	cpu_apic_id[smp_processor_id()] = lapic_id();
	apic_write(APIC_TASK_PRIORITY, 0);
	apic_write(APIC_SPURIOUS, APIC_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, boot_cpu ? LVT_NMI : LVT_NMI | LVT_MASKED);
	apic_write(APIC_LVT_ERROR, VECTOR_ERROR);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	if (boot_cpu && !tsc_deadline) {
		apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_LAPIC_TIMER);
		measure_timer();
	}
	apic_write(APIC_LVT_TIMER, VECTOR_LAPIC_TIMER | (tsc_deadline ? LVT_TSC_DEADLINE : 0));
	/* Orders the mode change before the first write of the deadline, an MSR. */
	__asm__ __volatile__("mfence" ::: "memory");
	if (boot_cpu)
		pr_info("Local APIC: id %u, %s, timer by %s\n", lapic_id(),
			apic_mmio ? "MMIO" : "x2APIC",
			tsc_deadline ? "TSC deadline" : "one-shot count");
}
