/* SPDX-License-Identifier: MIT */
/*
 * Stands in for xen/cpu/asm.h when the hypervisor's sources are compiled for the host: interrupts
 * are a flag, ports and the TSC are what the test's machine (host.h) says.
 */
#ifndef CPU_ASM_H
#define CPU_ASM_H

#include "lib/types.h"

extern bool host_irqs_on;
uint64_t host_rdtsc(void);
uint8_t host_inb(uint16_t port);
void host_outb(uint8_t v, uint16_t port);

static inline uint8_t inb(uint16_t port)
{
	return host_inb(port);
}

static inline void outb(uint8_t v, uint16_t port)
{
	host_outb(v, port);
}

static inline uint16_t inw(uint16_t port)
{
	return (uint16_t)(host_inb(port) | host_inb((uint16_t)(port + 1)) << 8);
}

static inline void outw(uint16_t v, uint16_t port)
{
	host_outb((uint8_t)v, port);
	host_outb((uint8_t)(v >> 8), (uint16_t)(port + 1));
}

static inline uint64_t rdtsc(void)
{
	return host_rdtsc();
}

static inline void cpuid_count(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	(void)leaf;
	(void)sub;
	out[0] = out[1] = out[2] = out[3] = 0;
}

static inline void cpu_relax(void)
{
}

static inline unsigned long irq_save(void)
{
	unsigned long flags = host_irqs_on;

	host_irqs_on = false;
	return flags;
}

static inline void irq_restore(unsigned long flags)
{
	host_irqs_on = flags;
}

static inline void irq_enable(void)
{
	host_irqs_on = true;
}

static inline void irq_disable(void)
{
	host_irqs_on = false;
}

#endif
