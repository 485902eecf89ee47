/* SPDX-License-Identifier: MIT */
/*
 * Making, changing and ending CPU pools; see cpupool_change.h. What can be refused is refused with
 * its reason before anything changes; what others do at the same time comes back as an errno.
 */
#include "dom0-tools/xl/cpupool_change.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/store.h"

#define POOL_NAME_MAX 255 /* bytes */

static bool is_name(const char *name)
{
	size_t digits = strspn(name, "0123456789"), i;

	for (i = 0; name[i] && name[i] != '/' && !iscntrl((unsigned char)name[i]); i++)
		;
	return i && !name[i] && i <= POOL_NAME_MAX && name[digits];
}

bool cpupool_check_name(struct control *control, const char *name)
{
	struct cpupool *pools;
	size_t count, i;
	bool ok = true;

	if (!is_name(name)) {
		report_error("\"%s\" cannot be a CPU pool's name: it has 1 to %d bytes, no / and "
			     "no control characters, and is no number",
			     name, POOL_NAME_MAX);
		return false;
	}
	if (!cpupool_list(control, &pools, &count))
		return false;
	for (i = 0; i < count; i++) {
		if (strcmp(pools[i].name, name) == 0) {
			report_error("there is a CPU pool %s already; choose another name", name);
			ok = false;
		}
	}
	cpupool_free_list(pools, count);
	return ok;
}

struct identity {
	uint32_t id;
	const char *name;
	bool is_new;
};

static void write_identity(struct store_writer *writer, void *arg)
{
	const struct identity *identity = arg;
	char path[STORE_PATH_MAX], text[UUID_STR_LEN];
	uuid_t uuid;

	snprintf(path, sizeof(path), "/local/pool/%u", identity->id);
	if (identity->is_new) {
		uuid_generate(uuid);
		uuid_unparse_lower(uuid, text);
		store_remove(writer, path); /* of a pool long gone */
		store_put(writer, path, "uuid", "%s", text);
	}
	store_put(writer, path, "name", "%s", identity->name);
}

static bool write_nodes(struct control *control, struct identity identity)
{
	char failed[STORE_PATH_MAX];
	int ret = store_write_all(control->xs, write_identity, &identity, failed);

	if (ret < 0)
		report_error("CPU pool %s: cannot write %s to xenstore: %s", identity.name, failed,
			     error_text(ret));
	return ret == 0;
}

bool cpupool_write_name(struct control *control, uint32_t id, const char *name)
{
	return write_nodes(control, (struct identity){ .id = id, .name = name });
}

/* The pool that a CPU is in, by name; NULL when it is free or the pools cannot be listed. */
static char *owner_of(struct control *control, unsigned int cpu)
{
	struct cpupool *pools;
	char *name = NULL;
	size_t count, i;

	if (!cpupool_list(control, &pools, &count))
		return NULL;
	for (i = 0; i < count && !name; i++) {
		if (cpu_set_has(&pools[i].cpus, cpu))
			name = strdup(pools[i].name);
	}
	cpupool_free_list(pools, count);
	return name;
}

/* The first CPU of cpus that is not in within; CPU_MAP_CPUS when all are. */
static unsigned int first_outside(const struct cpu_set *cpus, const struct cpu_set *within)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPU_MAP_CPUS; cpu++) {
		if (cpu_set_has(cpus, cpu) && !cpu_set_has(within, cpu))
			break;
	}
	return cpu;
}

bool cpupool_check_free(struct control *control, const char *name, const struct cpu_set *cpus)
{
	struct cpu_set free_set = { { 0 } };
	unsigned int cpu;
	char *owner;
	int ret = cpupool_free_cpus(control->fd, free_set.bits);

	if (ret < 0) {
		report_error("cannot tell which CPUs are free: %s", error_text(ret));
		return false;
	}
	cpu = first_outside(cpus, &free_set);
	if (cpu == CPU_MAP_CPUS)
		return true;
	owner = owner_of(control, cpu);
	if (!owner)
		report_error("CPU pool %s: CPU %u cannot be added: it is not online", name, cpu);
	else if (strcmp(owner, name) == 0)
		report_error("CPU pool %s: it has CPU %u already", name, cpu);
	else
		report_error("CPU pool %s: CPU %u is in pool %s; first remove it there: xl "
			     "cpupool-cpu-remove %s %u",
			     name, cpu, owner, owner, cpu);
	free(owner);
	return false;
}

/* Adds or removes CPUs 0..end-1 of the set up to the first failure; *failed is the CPU then. */
static int change_cpus(struct control *control, uint32_t id, const struct cpu_set *cpus, bool add,
		       unsigned int end, unsigned int *failed)
{
	unsigned int cpu;
	int ret = 0;

	for (cpu = 0; cpu < end && ret == 0; cpu++) {
		if (!cpu_set_has(cpus, cpu))
			continue;
		ret = add ? cpupool_add_cpu(control->fd, id, cpu)
			  : cpupool_remove_cpu(control->fd, id, cpu);
		*failed = cpu;
	}
	return ret;
}

static bool change_all(struct control *control, uint32_t id, const char *name,
		       const struct cpu_set *cpus, bool add)
{
	unsigned int failed = 0, ignored;
	int ret = change_cpus(control, id, cpus, add, CPU_MAP_CPUS, &failed);

	if (ret == 0)
		return true;
	report_error("CPU pool %s: CPU %u cannot be %s: %s%s", name, failed,
		     add ? "added" : "removed", error_text(ret),
		     add ? "" : "; try again, or pin the pool's vCPUs elsewhere with xl vcpu-pin");
	/* What failed to be removed may be half on its way. */
	change_cpus(control, id, cpus, !add, add ? failed : failed + 1, &ignored);
	return false;
}

bool cpupool_add(struct control *control, const struct cpupool *pool, const struct cpu_set *cpus)
{
	return cpupool_check_free(control, pool->name, cpus) &&
	       change_all(control, pool->id, pool->name, cpus, true);
}

bool cpupool_take(struct control *control, const struct cpupool *pool, const struct cpu_set *cpus)
{
	unsigned int cpu = first_outside(cpus, &pool->cpus);
	char *text;

	if (cpu < CPU_MAP_CPUS) {
		text = cpupool_describe_cpus(&pool->cpus);
		report_error("CPU pool %s: CPU %u is not in it; it has %s", pool->name, cpu,
			     text ? text : "others");
		free(text);
		return false;
	}
	if (pool->n_dom && cpu_set_count(cpus) == cpu_set_count(&pool->cpus)) {
		report_error("CPU pool %s: its last CPU cannot be removed while it has %u "
			     "domain%s; leave one CPU%s",
			     pool->name, pool->n_dom, pool->n_dom == 1 ? "" : "s",
			     pool->id ? ", or move them with xl cpupool-migrate" : "");
		return false;
	}
	return change_all(control, pool->id, pool->name, cpus, false);
}

bool cpupool_remove(struct control *control, const struct cpupool *pool)
{
	char path[STORE_PATH_MAX];
	unsigned int ignored;
	int ret;

	if (pool->id == 0) {
		report_error("CPU pool %s cannot be destroyed: domain 0 is in it", pool->name);
		return false;
	}
	if (pool->n_dom) {
		report_error("CPU pool %s cannot be destroyed: it has %u domain%s; end them, or "
			     "move them with xl cpupool-migrate",
			     pool->name, pool->n_dom, pool->n_dom == 1 ? "" : "s");
		return false;
	}
	if (!change_all(control, pool->id, pool->name, &pool->cpus, false))
		return false;
	ret = cpupool_destroy(control->fd, pool->id);
	if (ret < 0) {
		report_error("CPU pool %s cannot be destroyed: %s", pool->name, error_text(ret));
		change_cpus(control, pool->id, &pool->cpus, true, CPU_MAP_CPUS, &ignored);
		return false;
	}
	snprintf(path, sizeof(path), "/local/pool/%u", pool->id);
	if (!xs_rm(control->xs, XBT_NULL, path))
		report_note("CPU pool %s: cannot remove %s from xenstore: %s", pool->name, path,
			    error_text(errno));
	return true;
}

bool cpupool_make(struct control *control, const char *name, uint32_t sched_id,
		  const struct cpu_set *cpus)
{
	struct cpupool pool = { .sched_id = sched_id };
	unsigned int ignored;
	int id;

	if (!cpupool_check_free(control, name, cpus))
		return false;
	id = cpupool_create(control->fd, sched_id);
	if (id < 0) {
		report_error("CPU pool %s: the hypervisor cannot create one with scheduler %s: %s",
			     name, sched_name(sched_id), error_text(id));
		return false;
	}
	pool.id = (uint32_t)id;
	if (change_all(control, pool.id, name, cpus, true)) {
		if (write_nodes(control, (struct identity){ pool.id, name, true }))
			return true;
		change_cpus(control, pool.id, cpus, false, CPU_MAP_CPUS, &ignored);
	}
	cpupool_destroy(control->fd, pool.id);
	return false;
}
