/* SPDX-License-Identifier: MIT */
/*
 * CPU pools by name: the hypervisor knows them by number, their names are in xenstore
 * (/local/pool/N/name), as xl has them.
 */
#ifndef DOM0_XL_CPUPOOL_H
#define DOM0_XL_CPUPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/control.h"
#include "dom0-tools/xl/cpu_list.h"

struct cpupool {
	uint32_t id;
	uint32_t sched_id;
	uint32_t n_dom;
	struct cpu_set cpus;
	char *name; /* "Pool-N" when it has none in xenstore */
};

/* All pools in a malloc'ed array, for cpupool_free_list(). Failures are reported. */
bool cpupool_list(struct control *control, struct cpupool **pools, size_t *count);
void cpupool_free_list(struct cpupool *pools, size_t count);
/* One pool; free its name. The quiet one returns 0 or a negative errno, the other reports. */
int cpupool_get(struct control *control, uint32_t id, struct cpupool *pool);
/* The pool that text means: an id when it is all digits, else a name. */
bool cpupool_find(struct control *control, const char *text, struct cpupool *pool);
/* The pool that a domain is in. */
bool cpupool_of_domain(struct control *control, uint32_t domid, struct cpupool *pool);
/* "CPUs 0-2", "CPU 3" or "no CPU", for messages; malloc'ed, NULL without memory. */
char *cpupool_describe_cpus(const struct cpu_set *set);

#endif
