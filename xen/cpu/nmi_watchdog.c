/* SPDX-License-Identifier: MIT */
/*
 * The PIT's channel 0 ticks 18 times a second; its IOAPIC input is routed as an NMI to every CPU,
 * so that also one that has interrupts off is looked at. A timer on each CPU counts that CPU's
 * beats.
 *
 * No lock: a CPU's state is its own.
 */
#include "cpu/nmi_watchdog.h"

#include "console/console.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/cpumask.h"
#include "cpu/percpu.h"
#include "irq/ioapic.h"
#include "irq/madt.h"
#include "time/time.h"
#include "time/timer.h"

#define PIT_CHANNEL0  0x40
#define PIT_COMMAND   0x43
#define PIT_CH0_MODE2 0x34 /* channel 0, low then high byte, rate generator, binary */
#define BEAT          SECONDS(1)
#define TRIAL         MILLISECS(500)

struct watch {
	struct timer beat;
	unsigned int beats; /* by the timer */
	/* By the NMI handler. */
	unsigned int seen, nmis;
	s_time_t since; /* when beats was last seen to change */
};

static DEFINE_PER_CPU(struct watch, watch);
static bool active;

static void beat(void *data)
{
	struct watch *w = data;

	WRITE_ONCE(w->beats, w->beats + 1);
	timer_set(&w->beat, now() + BEAT);
}

bool nmi_watchdog_tick(const struct cpu_user_regs *regs)
{
	struct watch *w = &this_cpu(watch);
	unsigned int beats = READ_ONCE(w->beats);
	s_time_t t;

	if (!READ_ONCE(active))
		return false;
	t = now();
	w->nmis++;
	if (beats != w->seen || !w->since) {
		w->seen = beats;
		w->since = t;
	} else if (t - w->since > SECONDS(WATCHDOG_LIMIT)) {
		panic_regs(regs, "CPU %u has been stuck for %d seconds\n", smp_processor_id(),
			   WATCHDOG_LIMIT);
	}
	return true;
}

static bool every_cpu_gets_nmis(void)
{
	s_time_t limit = now() + TRIAL;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		while (!READ_ONCE(per_cpu(watch, cpu).nmis)) {
			if (now() > limit)
				return false;
			cpu_relax();
		}
	}
	return true;
}

void nmi_watchdog_start(void)
{
	unsigned int cpu, gsi = madt.isa[0].gsi;

	for_each_online_cpu(cpu) {
		struct watch *w = &per_cpu(watch, cpu);

		timer_init(&w->beat, beat, w, cpu);
		timer_set(&w->beat, now() + BEAT);
	}
	WRITE_ONCE(active, true);
	outb(PIT_CH0_MODE2, PIT_COMMAND);
	outb(0, PIT_CHANNEL0); /* 0 counts as 65536 */
	outb(0, PIT_CHANNEL0);
	ioapic_claim(gsi);
	if (!ioapic_route_nmi(gsi) && every_cpu_gets_nmis()) {
		pr_info("Watchdog: a CPU that hangs for %d s is reported\n", WATCHDOG_LIMIT);
		return;
	}
	ioapic_mask(gsi);
	WRITE_ONCE(active, false);
	for_each_online_cpu(cpu)
		timer_kill(&per_cpu(watch, cpu).beat);
	pr_warn("Watchdog: this machine's timer interrupt does not reach every CPU as an NMI; "
		"hung CPUs will not be reported\n");
}
