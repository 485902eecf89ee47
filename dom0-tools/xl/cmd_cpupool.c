/* SPDX-License-Identifier: MIT */
/*
 * xl cpupool-list, -destroy, -rename and -migrate. A pool's name is in xenstore only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/cpupool.h"
#include "dom0-tools/xl/cpupool_change.h"
#include "dom0-tools/xl/placement.h"
#include "dom0-tools/xl/report.h"

static void print_pool(const struct cpupool *pool, bool cpus)
{
	const char *separator = "";
	unsigned int cpu;

	printf("%-19s", pool->name);
	if (!cpus) {
		printf("%3u %9s       y       %4u\n", cpu_set_count(&pool->cpus),
		       sched_name(pool->sched_id), pool->n_dom);
		return;
	}
	for (cpu = 0; cpu < CPU_MAP_CPUS; cpu++) {
		if (!cpu_set_has(&pool->cpus, cpu))
			continue;
		printf("%s%u", separator, cpu);
		separator = ",";
	}
	putchar('\n');
}

static bool list(struct control *control, const char *name, bool cpus)
{
	struct cpupool *pools = NULL, one;
	size_t count = 0, i;

	if (name ? !cpupool_find(control, name, &one) : !cpupool_list(control, &pools, &count))
		return false;
	printf("%-19s%s\n", "Name", cpus ? "CPU list" : "CPUs   Sched     Active   Domain count");
	if (name) {
		print_pool(&one, cpus);
		free(one.name);
	}
	for (i = 0; i < count; i++)
		print_pool(&pools[i], cpus);
	cpupool_free_list(pools, count);
	return true;
}

int cmd_cpupool_list(int argc, char **argv)
{
	static const struct option options[] = { { "cpus", no_argument, NULL, 'c' }, { 0 } };
	struct control control;
	int option, status = 0;
	bool cpus = false, ok;

	while ((option = command_option(argc, argv, "c", options, 0, 1, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		cpus = true;
	}
	if (!control_open(&control))
		return 1;
	ok = list(&control, optind < argc ? argv[optind] : NULL, cpus);
	control_close(&control);
	return ok ? 0 : 1;
}

static bool destroy(struct control *control, char **words)
{
	struct cpupool pool;
	bool ok;

	if (!cpupool_find(control, words[0], &pool))
		return false;
	ok = cpupool_remove(control, &pool);
	free(pool.name);
	return ok;
}

/* What is kept of the pool's domains names the pool. */
static void remember_domains(struct control *control, uint32_t id)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos), i;

	for (i = 0; i < count; i++) {
		if (infos[i].cpupool == id)
			placement_remember(control, infos[i].domain);
	}
	free(infos);
}

static bool rename_pool(struct control *control, char **words)
{
	struct cpupool pool;
	bool ok;

	if (!cpupool_find(control, words[0], &pool))
		return false;
	ok = cpupool_check_name(control, words[1]) &&
	     cpupool_write_name(control, pool.id, words[1]);
	if (ok)
		remember_domains(control, pool.id);
	free(pool.name);
	return ok;
}

/* Weight and cap go with the domain where both pools know them. */
static int move(struct control *control, uint32_t domid, const struct cpupool *from,
		const struct cpupool *to)
{
	struct xen_domctl_sched_credit2 shares;
	int had = dom_get_sched(control->fd, domid, from->sched_id, &shares);
	int ret = cpupool_move_domain(control->fd, to->id, domid);

	if (ret == 0 && had == 0 && sched_has_shares(to->sched_id))
		ret = dom_set_sched(control->fd, domid, to->sched_id, &shares);
	return ret;
}

static bool migrate_to(struct control *control, uint32_t domid, const struct cpupool *from,
		       const struct cpupool *to)
{
	char *name;
	int ret;

	if (to->id == from->id)
		return true;
	name = control_describe(control, domid);
	if (cpu_set_count(&to->cpus) == 0) {
		report_error("%s: CPU pool %s has no CPU to run it on; add one with xl "
			     "cpupool-cpu-add",
			     name, to->name);
		ret = -ENODEV;
	} else if (domid == 0) {
		report_error("domain 0 cannot leave CPU pool %s; move CPUs instead, with xl "
			     "cpupool-cpu-remove and cpupool-cpu-add",
			     from->name);
		ret = -EPERM;
	} else {
		ret = move(control, domid, from, to);
		if (ret < 0)
			report_error("%s: cannot be moved from CPU pool %s to %s: %s", name,
				     from->name, to->name, error_text(ret));
	}
	free(name);
	if (ret == 0)
		placement_remember(control, domid);
	return ret == 0;
}

static bool migrate(struct control *control, char **words)
{
	struct cpupool from, to;
	uint32_t domid;
	bool ok = false;

	if (!control_find(control, words[0], &domid) || !cpupool_of_domain(control, domid, &from))
		return false;
	if (cpupool_find(control, words[1], &to)) {
		ok = migrate_to(control, domid, &from, &to);
		free(to.name);
	}
	free(from.name);
	return ok;
}

static int run_with(int argc, char **argv, int words,
		    bool (*run)(struct control *control, char **words))
{
	struct control control;
	int status = 0;
	bool ok;

	if (command_option(argc, argv, "", NULL, words, words, &status) != -1)
		return status;
	if (!control_open(&control))
		return 1;
	ok = run(&control, argv + optind);
	control_close(&control);
	return ok ? 0 : 1;
}

int cmd_cpupool_destroy(int argc, char **argv)
{
	return run_with(argc, argv, 1, destroy);
}

int cmd_cpupool_rename(int argc, char **argv)
{
	return run_with(argc, argv, 2, rename_pool);
}

int cmd_cpupool_migrate(int argc, char **argv)
{
	return run_with(argc, argv, 2, migrate);
}
