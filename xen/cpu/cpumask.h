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

#define for_each_cpu(cpu, mask)  for_each_set_bit(cpu, (mask)->bits, nr_cpu_ids)
#define for_each_online_cpu(cpu) for_each_cpu(cpu, &cpu_online_map)

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

/* The rest looks at the CPUs that the machine has, below nr_cpu_ids. */

/* First CPU that is in both; NR_CPUS if there is none. */
static inline unsigned int cpumask_first_and(const cpumask_t *a, const cpumask_t *b)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nr_cpu_ids); i++) {
		unsigned long word = READ_ONCE(a->bits[i]) & b->bits[i];

		if (word)
			return i * BITS_PER_LONG + (unsigned int)__builtin_ctzl(word);
	}
	return NR_CPUS;
}

static inline bool cpumask_intersects(const cpumask_t *a, const cpumask_t *b)
{
	return cpumask_first_and(a, b) < NR_CPUS;
}

static inline bool cpumask_subset(const cpumask_t *a, const cpumask_t *of)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(nr_cpu_ids); i++)
		if (a->bits[i] & ~of->bits[i])
			return false;
	return true;
}

/* All of out is written. */
static inline void cpumask_and(cpumask_t *out, const cpumask_t *a, const cpumask_t *b)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(NR_CPUS); i++)
		out->bits[i] = a->bits[i] & b->bits[i];
}

#endif
