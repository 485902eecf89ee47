/* SPDX-License-Identifier: MIT */
/*
 * CPU pools and their names; see cpupool.h.
 */
#include "dom0-tools/xl/cpupool.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/store.h"

static char *pool_name(struct control *control, uint32_t id)
{
	char *name = NULL;

	if (control->xs)
		name = store_read(control->xs, XBT_NULL, "/local/pool/%u/name", id);
	if (!name && asprintf(&name, "Pool-%u", id) < 0)
		name = NULL;
	return name;
}

/* The first pool from id on. */
static int get_from(struct control *control, uint32_t id, struct cpupool *pool)
{
	struct cpupool_info info;
	int ret = cpupool_info(control->fd, id, &info);

	if (ret < 0)
		return ret;
	pool->id = info.id;
	pool->sched_id = info.sched_id;
	pool->n_dom = info.n_dom;
	memcpy(pool->cpus.bits, info.cpus, sizeof(pool->cpus.bits));
	pool->name = pool_name(control, info.id);
	return pool->name ? 0 : -ENOMEM;
}

int cpupool_get(struct control *control, uint32_t id, struct cpupool *pool)
{
	int ret = get_from(control, id, pool);

	if (ret == 0 && pool->id != id) {
		free(pool->name);
		ret = -ENOENT;
	}
	return ret;
}

void cpupool_free_list(struct cpupool *pools, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(pools[i].name);
	free(pools);
}

bool cpupool_list(struct control *control, struct cpupool **pools, size_t *count)
{
	struct cpupool *list = NULL, *more, pool;
	uint32_t next = 0;
	size_t used = 0;
	int ret;

	while ((ret = get_from(control, next, &pool)) == 0) {
		more = reallocarray(list, used + 1, sizeof(*list));
		if (!more) {
			free(pool.name);
			ret = -ENOMEM;
			break;
		}
		list = more;
		list[used++] = pool;
		next = pool.id + 1;
	}
	if (ret == -ENOENT) {
		*pools = list;
		*count = used;
		return true;
	}
	report_error("cannot list the CPU pools: %s", error_text(ret));
	cpupool_free_list(list, used);
	return false;
}

static bool all_digits(const char *text)
{
	const char *c;

	for (c = text; *c; c++) {
		if (!isdigit((unsigned char)*c))
			return false;
	}
	return c != text && c - text <= 9;
}

static int find_name(struct control *control, const char *name, struct cpupool *pool)
{
	uint32_t next = 0;
	int ret;

	while ((ret = get_from(control, next, pool)) == 0) {
		if (strcmp(pool->name, name) == 0)
			return 0;
		next = pool->id + 1;
		free(pool->name);
	}
	return ret;
}

bool cpupool_find(struct control *control, const char *text, struct cpupool *pool)
{
	int ret = all_digits(text) ? cpupool_get(control, (uint32_t)strtoul(text, NULL, 10), pool)
				   : find_name(control, text, pool);

	if (ret == -ENOENT)
		report_error("there is no CPU pool \"%s\"; xl cpupool-list shows the pools", text);
	else if (ret < 0)
		report_error("cannot look up CPU pool \"%s\": %s", text, error_text(ret));
	return ret == 0;
}

bool cpupool_of_domain(struct control *control, uint32_t domid, struct cpupool *pool)
{
	struct xen_domctl_getdomaininfo info;
	int ret = dom_getinfo(control->fd, domid, &info);

	if (ret == 0)
		ret = cpupool_get(control, info.cpupool, pool);
	if (ret < 0)
		report_error("cannot find the CPU pool of domain %u: %s", domid, error_text(ret));
	return ret == 0;
}

char *cpupool_describe_cpus(const struct cpu_set *set)
{
	unsigned int count = cpu_set_count(set);
	char *numbers, *text = NULL;

	if (count == 0)
		return strdup("no CPU");
	numbers = cpu_list_numbers(set);
	if (!numbers || asprintf(&text, count > 1 ? "CPUs %s" : "CPU %s", numbers) < 0)
		text = NULL;
	free(numbers);
	return text;
}
