/* SPDX-License-Identifier: MIT */
/*
 * System time: the TSC's rate, and conversions both ways. The rate comes from CPUID where the CPU
 * states it, else it is measured against channel 2 of the PIT. tsc_clock is written at boot, before
 * there is anyone else to read it.
 */
#include "time/time.h"

#include "console/console.h"
#include "core/panic.h"
#include "cpu/asm.h"

#define PIT_HZ         1193182u
#define PIT_CHANNEL2   0x42
#define PIT_COMMAND    0x43
#define PIT_CH2_MODE0  0xb0 /* channel 2, low then high byte, one-shot, binary */
#define PIT_LATCH_CH2  0x80
#define PORT_B         0x61 /* bit 0: channel 2 counts; bit 1: speaker */
#define CALIBRATION_MS 20u
#define PROBES         8u

struct tsc_clock tsc_clock;
uint32_t tsc_khz;
bool tsc_synchronized = true;

void tsc_scale(uint64_t hz, uint32_t *mul, int8_t *shift)
{
	*shift = 0;
	while (hz > 2000000000u) {
		hz >>= 1;
		--*shift;
	}
	while (hz <= 1000000000u) {
		hz <<= 1;
		++*shift;
	}
	*mul = (uint32_t)((1000000000ull << 32) / hz);
}

s_time_t tsc_to_ns(uint64_t tsc)
{
	uint64_t delta = tsc - tsc_clock.base;

	if (tsc_clock.shift >= 0)
		delta <<= tsc_clock.shift;
	else
		delta >>= -tsc_clock.shift;
	return (s_time_t)(((unsigned __int128)delta * tsc_clock.mul) >> 32);
}

uint64_t ns_to_tsc(s_time_t ns)
{
	uint64_t sec = (uint64_t)ns / 1000000000u, rest = (uint64_t)ns % 1000000000u;
	uint64_t khz = tsc_khz, tsc = tsc_clock.base + sec * khz * 1000 + rest * khz / 1000000;

	/* By the nominal rate, which is rounded; corrected twice by what tsc_to_ns() says of it. */
	for (int i = 0; i < 2; i++) {
		s_time_t error = ns - tsc_to_ns(tsc);

		tsc += (uint64_t)(error * (s_time_t)khz / 1000000);
	}
	while (tsc_to_ns(tsc) < ns)
		tsc += khz / 1000000 + 1;
	return tsc;
}

s_time_t now(void)
{
	return tsc_to_ns(rdtsc());
}

void delay_us(unsigned int us)
{
	uint64_t end;

	if (!tsc_khz) {
		while (us--)
			outb(0, 0x80); /* takes about a microsecond on any PC */
		return;
	}
	end = rdtsc() + (uint64_t)us * tsc_khz / 1000;
	while (rdtsc() < end)
		cpu_relax();
}

static unsigned int pit_read(void)
{
	unsigned int lo;

	outb(PIT_LATCH_CH2, PIT_COMMAND);
	lo = inb(PIT_CHANNEL2);
	return lo | (unsigned int)inb(PIT_CHANNEL2) << 8;
}

/* The count and the TSC at the same moment: of several readings the one that took the least time.
 */
static void pit_probe(unsigned int *count, uint64_t *tsc)
{
	uint64_t best = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < PROBES; i++) {
		uint64_t before = rdtsc();
		unsigned int c = pit_read();
		uint64_t took = rdtsc() - before;

		if (took >= best)
			continue;
		best = took;
		*count = c;
		*tsc = before + took / 2;
	}
}

static uint64_t measure_tsc_hz(void)
{
	unsigned int count0, count1, target = PIT_HZ * CALIBRATION_MS / 1000, spins = 0;
	uint64_t tsc0, tsc1;
	uint8_t port_b = inb(PORT_B);

	outb((port_b & ~2u) | 1, PORT_B);
	outb(PIT_CH2_MODE0, PIT_COMMAND);
	outb(0xff, PIT_CHANNEL2);
	outb(0xff, PIT_CHANNEL2);
	pit_read(); /* the count is loaded with the next tick; let it pass */
	pit_probe(&count0, &tsc0);
	do {
		pit_probe(&count1, &tsc1);
		if (++spins > 200000)
			panic("No clock: the PIT does not count and CPUID does not tell the TSC's "
			      "rate\n");
	} while (count0 - count1 < target);
	outb(port_b, PORT_B);

	return (tsc1 - tsc0) * PIT_HZ / (count0 - count1);
}

/* Leaf 0x15: TSC rate = crystal * numerator / denominator. 0 if the CPU does not say. */
static uint64_t cpuid_tsc_hz(void)
{
	uint32_t r[4];

	cpuid_count(0, 0, r);
	if (r[0] < 0x15)
		return 0;
	cpuid_count(0x15, 0, r);
	if (!r[0] || !r[1] || !r[2])
		return 0;
	return (uint64_t)r[2] * r[1] / r[0];
}

void time_init(void)
{
	uint64_t hz = cpuid_tsc_hz();
	bool stated = hz != 0;

	if (!stated)
		hz = measure_tsc_hz();
	tsc_scale(hz, &tsc_clock.mul, &tsc_clock.shift);
	tsc_clock.base = rdtsc();
	tsc_khz = (uint32_t)(hz / 1000);
	pr_info("TSC: %u.%03u MHz (%s)\n", tsc_khz / 1000, tsc_khz % 1000,
		stated ? "CPUID" : "measured against the PIT");
	wallclock_init();
}
