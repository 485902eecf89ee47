/* SPDX-License-Identifier: MIT */
/*
 * xl cpupool-create: a new CPU pool from a configuration, as in xlcpupool.cfg(5): name, sched, and
 * its CPUs by number (cpus) or node (nodes). Without either it gets the first free CPU.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/cfg_parse.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/cpupool.h"
#include "dom0-tools/xl/cpupool_change.h"
#include "dom0-tools/xl/placement.h"
#include "dom0-tools/xl/report.h"

/* What is to be made. */
struct plan {
	const char *name; /* in the configuration */
	uint32_t sched_id;
	struct cpu_set cpus;
};

static const char *const keys[] = { "name", "sched", "cpus", "nodes" };

static bool check_keys(const struct cfg *cfg)
{
	bool ok = true;
	size_t i, k;

	for (i = 0; i < cfg->count; i++) {
		for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			if (strcmp(cfg->settings[i].key, keys[k]) == 0)
				break;
		}
		if (k < sizeof(keys) / sizeof(keys[0]))
			continue;
		cfg_error(&cfg->settings[i].pos,
			  "unknown key \"%s\"; a CPU pool has name, sched, cpus and nodes",
			  cfg->settings[i].key);
		ok = false;
	}
	return ok;
}

/* False when the key is there without being a string; *text is NULL when it is not there. */
static bool get_string(const struct cfg *cfg, const char *key, const char **text)
{
	const struct cfg_setting *setting = cfg_find(cfg, key);

	*text = NULL;
	if (setting && setting->value.kind != CFG_STRING) {
		cfg_error(&setting->value.pos, "%s must be a string in quotes", key);
		return false;
	}
	if (setting)
		*text = setting->value.text;
	return true;
}

static bool get_scheduler(struct control *control, const struct cfg *cfg, uint32_t *sched_id)
{
	const char *text;
	int id;

	if (!get_string(cfg, "sched", &text))
		return false;
	id = text ? sched_by_name(text) : host_sched_id(control->fd);
	if (id < 0 && text)
		cfg_error(&cfg_find(cfg, "sched")->value.pos,
			  "unknown scheduler \"%s\"; the host's own is %s", text,
			  sched_name((uint32_t)host_sched_id(control->fd)));
	else if (id < 0)
		report_error("the hypervisor does not tell its scheduler: %s", error_text(id));
	*sched_id = (uint32_t)id;
	return id >= 0;
}

/* One string of cpus or nodes; nodes are cpus with a prefix. */
static bool add_item(const struct cfg_value *item, bool nodes, const struct host_cpus *host,
		     struct cpu_set *cpus)
{
	char error[CPU_LIST_ERROR_MAX], *text;
	struct cpu_set set;
	unsigned int i;
	bool ok;

	if (item->kind == CFG_LIST) {
		cfg_error(&item->pos, "write a string such as \"0-3\", or a list of these");
		return false;
	}
	if (asprintf(&text, "%s%s", nodes ? "nodes:" : "", item->text) < 0) {
		cfg_error(&item->pos, "out of memory");
		return false;
	}
	ok = cpu_list_parse(text, host, &set, error);
	free(text);
	if (!ok)
		cfg_error(&item->pos, "%s", error);
	for (i = 0; ok && i < sizeof(set.bits); i++)
		cpus->bits[i] |= set.bits[i];
	return ok;
}

static bool add_setting(const struct cfg_setting *setting, bool nodes, const struct host_cpus *host,
			struct cpu_set *cpus)
{
	const struct cfg_value *value = &setting->value;
	bool ok = true;
	size_t i;

	if (value->kind != CFG_LIST)
		return add_item(value, nodes, host, cpus);
	for (i = 0; i < value->count; i++)
		ok &= add_item(&value->items[i], nodes, host, cpus);
	return ok;
}

static void keep_first(struct cpu_set *set)
{
	unsigned int cpu;
	bool seen = false;

	for (cpu = 0; cpu < CPU_MAP_CPUS; cpu++) {
		if (!cpu_set_has(set, cpu))
			continue;
		if (seen)
			cpu_set_remove(set, cpu);
		seen = true;
	}
}

static bool get_cpus(struct control *control, const struct cfg *cfg, struct plan *plan)
{
	const struct cfg_setting *cpus = cfg_find(cfg, "cpus"), *nodes = cfg_find(cfg, "nodes");
	struct host_cpus host;
	struct cpu_set unused = { { 0 } };
	unsigned int i;
	int ret;

	ret = cpupool_free_cpus(control->fd, unused.bits);
	if (ret < 0) {
		report_error("cannot tell which CPUs are free: %s", error_text(ret));
		return false;
	}
	if (!cpus && !nodes) {
		plan->cpus = unused;
		keep_first(&plan->cpus);
		return true;
	}
	if (cpus && nodes) {
		cfg_error(&nodes->pos, "cpus and nodes exclude each other; give one of them");
		return false;
	}
	if (!host_cpus_read(control, &host) ||
	    !add_setting(cpus ? cpus : nodes, !cpus, &host, &plan->cpus))
		return false;
	if (cpus)
		return true;
	/* Of a node, what is free. */
	for (i = 0; i < sizeof(plan->cpus.bits); i++)
		plan->cpus.bits[i] &= unused.bits[i];
	if (cpu_set_count(&plan->cpus))
		return true;
	report_error("CPU pool %s: no CPU of these nodes is free; make some free with xl "
		     "cpupool-cpu-remove",
		     plan->name);
	return false;
}

static bool make_plan(struct control *control, const struct cfg *cfg, struct plan *plan)
{
	if (!check_keys(cfg) || !get_string(cfg, "name", &plan->name))
		return false;
	if (!plan->name) {
		report_error("the CPU pool has no name; add name=\"...\"");
		return false;
	}
	return cpupool_check_name(control, plan->name) &&
	       get_scheduler(control, cfg, &plan->sched_id) && get_cpus(control, cfg, plan) &&
	       cpupool_check_free(control, plan->name, &plan->cpus);
}

static bool create(const struct cfg *cfg, const char *file, bool dry_run)
{
	struct plan plan = { 0 };
	struct control control;
	bool ok;

	if (!control_open(&control))
		return false;
	ok = make_plan(&control, cfg, &plan);
	if (ok) {
		printf("Using config file \"%s\"\n", file ? file : "command line");
		printf("cpupool name:   %s\nscheduler:      %s\nnumber of cpus: %u\n", plan.name,
		       sched_name(plan.sched_id), cpu_set_count(&plan.cpus));
		ok = dry_run || cpupool_make(&control, plan.name, plan.sched_id, &plan.cpus);
	}
	control_close(&control);
	return ok;
}

int cmd_cpupool_create(int argc, char **argv)
{
	static const struct option options[] = { { "defconfig", required_argument, NULL, 'f' },
						 { "dryrun", no_argument, NULL, 'n' },
						 { 0 } };
	bool dry_run = global_dry_run, ok;
	const char *file = NULL;
	int option, status = 0;
	struct cfg cfg;

	while ((option = command_option(argc, argv, "f:n", options, 0, -1, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		if (option == 'f')
			file = optarg;
		else
			dry_run = true;
	}
	if (!file && optind < argc && !strchr(argv[optind], '='))
		file = argv[optind++];
	cfg_init(&cfg);
	ok = (!file || cfg_parse_file(&cfg, file)) &&
	     command_parse_settings(&cfg, argv + optind, argc - optind) &&
	     create(&cfg, file, dry_run);
	cfg_free(&cfg);
	return ok ? 0 : 1;
}
