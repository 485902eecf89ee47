/* SPDX-License-Identifier: MIT */
/*
 * xl cpupool-cpu-add, cpupool-cpu-remove and cpupool-numa-split: CPUs go into pools and out of
 * them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/cpupool.h"
#include "dom0-tools/xl/cpupool_change.h"
#include "dom0-tools/xl/placement.h"
#include "dom0-tools/xl/report.h"

/* Whole groups mean those of their CPUs that the command can work on. */
static bool is_group(const char *text)
{
	return strcmp(text, "all") == 0 || strncmp(text, "node", 4) == 0;
}

/* The CPUs that text names; of a group, those in available. */
static bool parse_cpus(struct control *control, const char *pool, const char *text,
		       const struct cpu_set *available, struct cpu_set *cpus)
{
	char error[CPU_LIST_ERROR_MAX];
	struct host_cpus host;
	unsigned int i;

	if (!host_cpus_read(control, &host))
		return false;
	if (!cpu_list_parse(text, &host, cpus, error)) {
		report_error("CPU pool %s: %s", pool, error);
		return false;
	}
	if (!is_group(text))
		return true;
	for (i = 0; i < sizeof(cpus->bits); i++)
		cpus->bits[i] &= available->bits[i];
	return true;
}

static bool add(struct control *control, const struct cpupool *pool, const char *text)
{
	struct cpu_set available, cpus;
	int ret = cpupool_free_cpus(control->fd, available.bits);

	if (ret < 0) {
		report_error("cannot tell which CPUs are free: %s", error_text(ret));
		return false;
	}
	if (!parse_cpus(control, pool->name, text, &available, &cpus))
		return false;
	if (cpu_set_count(&cpus) == 0) {
		report_error("CPU pool %s: no CPU of \"%s\" is free; make some free with xl "
			     "cpupool-cpu-remove",
			     pool->name, text);
		return false;
	}
	return cpupool_add(control, pool, &cpus);
}

static bool take(struct control *control, const struct cpupool *pool, const char *text)
{
	struct cpu_set cpus;

	if (!parse_cpus(control, pool->name, text, &pool->cpus, &cpus))
		return false;
	if (cpu_set_count(&cpus) == 0) {
		report_error("CPU pool %s: it has no CPU of \"%s\"; xl cpupool-list -c shows what "
			     "it has",
			     pool->name, text);
		return false;
	}
	return cpupool_take(control, pool, &cpus);
}

static int run(int argc, char **argv,
	       bool (*change)(struct control *, const struct cpupool *, const char *))
{
	struct control control;
	struct cpupool pool;
	int status = 0;
	bool ok = false;

	if (command_option(argc, argv, "", NULL, 2, 2, &status) != -1)
		return status;
	if (!control_open(&control))
		return 1;
	if (cpupool_find(&control, argv[optind], &pool)) {
		ok = change(&control, &pool, argv[optind + 1]);
		free(pool.name);
	}
	control_close(&control);
	return ok ? 0 : 1;
}

int cmd_cpupool_cpu_add(int argc, char **argv)
{
	return run(argc, argv, add);
}

int cmd_cpupool_cpu_remove(int argc, char **argv)
{
	return run(argc, argv, take);
}

/* --- One pool for each node --- */

static void node_cpus(const struct host_cpus *host, unsigned int node, struct cpu_set *cpus)
{
	unsigned int cpu;

	memset(cpus, 0, sizeof(*cpus));
	for (cpu = 0; cpu < host->count; cpu++) {
		if (cpu_set_has(&host->online, cpu) && host->node[cpu] == node)
			cpu_set_add(cpus, cpu);
	}
}

/* a &= b or, with inverted, a &= ~b. */
static void restrict_set(struct cpu_set *a, const struct cpu_set *b, bool inverted)
{
	unsigned int i;

	for (i = 0; i < sizeof(a->bits); i++)
		a->bits[i] &= inverted ? (uint8_t)~b->bits[i] : b->bits[i];
}

/* The first pool becomes that of the first node with CPUs, whose free CPUs it gets. */
static bool keep_first_node(struct control *control, const struct cpupool *pool,
			    const struct cpu_set *node, unsigned int number)
{
	struct cpu_set others = pool->cpus, wanted = *node, available;
	char name[32];

	snprintf(name, sizeof(name), "Pool-node%u", number);
	restrict_set(&others, node, true);
	if (cpupool_free_cpus(control->fd, available.bits) < 0)
		memset(&available, 0, sizeof(available));
	restrict_set(&wanted, &available, false);
	if (cpu_set_count(&wanted) && !cpupool_add(control, pool, &wanted))
		return false;
	return (!cpu_set_count(&others) || cpupool_take(control, pool, &others)) &&
	       cpupool_write_name(control, pool->id, name);
}

/* Back to the one pool that there was. */
static void undo_split(struct control *control, const struct cpupool *before)
{
	struct cpupool *pools = NULL;
	struct cpu_set back = before->cpus;
	size_t count = 0, i;

	if (!cpupool_list(control, &pools, &count))
		return;
	for (i = 0; i < count; i++) {
		if (pools[i].id != before->id)
			cpupool_remove(control, &pools[i]);
		else
			restrict_set(&back, &pools[i].cpus, true);
	}
	if (cpu_set_count(&back))
		cpupool_add(control, before, &back);
	cpupool_write_name(control, before->id, before->name);
	cpupool_free_list(pools, count);
}

static bool split(struct control *control, const struct cpupool *pool)
{
	struct host_cpus host;
	unsigned int node;
	struct cpu_set cpus;
	bool first = true, ok = host_cpus_read(control, &host);
	char name[32];

	for (node = 0; ok && node < host.nodes; node++) {
		node_cpus(&host, node, &cpus);
		if (!cpu_set_count(&cpus))
			continue;
		snprintf(name, sizeof(name), "Pool-node%u", node);
		ok = first ? keep_first_node(control, pool, &cpus, node)
			   : cpupool_make(control, name, pool->sched_id, &cpus);
		first = false;
	}
	if (!ok)
		undo_split(control, pool);
	return ok;
}

int cmd_cpupool_numa_split(int argc, char **argv)
{
	struct control control;
	struct cpupool *pools = NULL;
	size_t count = 0;
	int status = 0;
	bool ok;

	if (command_option(argc, argv, "", NULL, 0, 0, &status) != -1)
		return status;
	if (!control_open(&control))
		return 1;
	ok = cpupool_list(&control, &pools, &count);
	if (ok && count != 1) {
		report_error("the CPUs are in %zu pools already; destroy all but the first with xl "
			     "cpupool-destroy",
			     count);
		ok = false;
	}
	ok = ok && split(&control, &pools[0]);
	cpupool_free_list(pools, count);
	control_close(&control);
	return ok ? 0 : 1;
}
