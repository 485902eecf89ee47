/* SPDX-License-Identifier: MIT */
/* Sets of CPUs, and which CPUs there are. */
#ifndef CPU_CPUMASK_H
#define CPU_CPUMASK_H

#include "lib/bitops.h"
#include "mm/layout.h"

typedef struct cpumask {
	unsigned long bits[BITS_TO_LONGS(NR_CPUS)];
} cpumask_t;

/* CPUs that schedule vCPUs. */
extern cpumask_t cpu_online_map;
extern unsigned int nr_cpu_ids; /* CPUs the machine has, 1..NR_CPUS */

#define for_each_online_cpu(cpu) for_each_set_bit(cpu, cpu_online_map.bits, NR_CPUS)

static inline bool cpumask_test(unsigned int cpu, const cpumask_t *mask)
{
	return test_bit(cpu, mask->bits);
}

static inline void cpumask_set(unsigned int cpu, cpumask_t *mask)
{
	set_bit(cpu, mask->bits);
}

static inline void cpumask_clear(unsigned int cpu, cpumask_t *mask)
{
	clear_bit(cpu, mask->bits);
}

static inline unsigned int cpumask_weight(const cpumask_t *mask)
{
	unsigned int cpu, n = 0;

	for_each_set_bit(cpu, mask->bits, NR_CPUS)
		n++;
	return n;
}

/* First CPU of the mask, NR_CPUS if it is empty. */
static inline unsigned int cpumask_first(const cpumask_t *mask)
{
	return (unsigned int)find_next_bit(mask->bits, NR_CPUS, 0);
}

#endif
