/* SPDX-License-Identifier: MIT */
/*
 * Changes to CPU pools. Each reports its failures and undoes what it had done before one.
 */
#ifndef DOM0_XL_CPUPOOL_CHANGE_H
#define DOM0_XL_CPUPOOL_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/control.h"
#include "dom0-tools/xl/cpu_list.h"
#include "dom0-tools/xl/cpupool.h"

/* Whether a pool can have this name, and none has it. */
bool cpupool_check_name(struct control *control, const char *name);
bool cpupool_write_name(struct control *control, uint32_t id, const char *name);

/* Whether the CPUs are in no pool. name is the pool that they are for. */
bool cpupool_check_free(struct control *control, const char *name, const struct cpu_set *cpus);

/* A new pool with these CPUs, all of which must be free. */
bool cpupool_make(struct control *control, const char *name, uint32_t sched_id,
		  const struct cpu_set *cpus);
/* Ends a pool without domains; its CPUs are free then. */
bool cpupool_remove(struct control *control, const struct cpupool *pool);
/* Adds free CPUs. */
bool cpupool_add(struct control *control, const struct cpupool *pool, const struct cpu_set *cpus);
/* Makes CPUs of the pool free. */
bool cpupool_take(struct control *control, const struct cpupool *pool, const struct cpu_set *cpus);

#endif
