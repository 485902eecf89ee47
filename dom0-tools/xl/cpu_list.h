/* SPDX-License-Identifier: MIT */
/*
 * Sets of CPUs, and the lists in which users write them, as in xl.cfg(5):
 *
 *   list = item { ',' item }      in this order
 *   item = [ '^' ] [ "node:" | "nodes:" ] ( number | number '-' number )
 *        | [ "node:" | "nodes:" ] "all"
 *
 * ^ takes away what the items before it gave. Pure: what the host has is an argument.
 */
#ifndef DOM0_XL_CPU_LIST_H
#define DOM0_XL_CPU_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/lib/sched.h"

/* CPU n is bit n % 8 of byte n / 8, as the hypervisor's maps have it. */
struct cpu_set {
	uint8_t bits[CPU_MAP_BYTES];
};

static inline bool cpu_set_has(const struct cpu_set *set, unsigned int cpu)
{
	return set->bits[cpu / 8] & 1u << cpu % 8;
}

static inline void cpu_set_add(struct cpu_set *set, unsigned int cpu)
{
	set->bits[cpu / 8] |= (uint8_t)(1u << cpu % 8);
}

static inline void cpu_set_remove(struct cpu_set *set, unsigned int cpu)
{
	set->bits[cpu / 8] &= (uint8_t) ~(1u << cpu % 8);
}

unsigned int cpu_set_count(const struct cpu_set *set);
bool cpu_set_intersects(const struct cpu_set *a, const struct cpu_set *b);

/* The CPUs that lists can name. */
struct host_cpus {
	unsigned int count; /* 1 more than the highest number */
	unsigned int nodes; /* the same of nodes */
	struct cpu_set online;
	uint32_t node[CPU_MAP_CPUS]; /* of CPUs that are online */
};

#define CPU_LIST_ERROR_MAX 192 /* bytes */

/*
 * The set that text names; "all" has every bit up to host->count. With host NULL only the form is
 * checked and the set is not to be used. False with what is wrong in error: text is no list, it
 * names a CPU or node that is not there or not online (a range may reach beyond the last one), or
 * no CPU is left.
 */
bool cpu_list_parse(const char *text, const struct host_cpus *host, struct cpu_set *set,
		    char error[CPU_LIST_ERROR_MAX]);

/*
 * "all" when every one of count CPUs is in the set, "none", or ranges such as 0-2,5; malloc'ed,
 * NULL without memory.
 */
char *cpu_list_format(const struct cpu_set *set, unsigned int count);
/* The same without "all": for lists that are to say it in numbers. */
char *cpu_list_numbers(const struct cpu_set *set);

#endif
