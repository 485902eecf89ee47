/* SPDX-License-Identifier: MIT */
/*
 * Lists of CPUs; see cpu_list.h. A set is built from left to right, so that "all,^1" and "^1,all"
 * differ, as they do for xl.
 */
#include "dom0-tools/xl/cpu_list.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One item of a list, cut out of it. */
struct item {
	const char *text;
	int length;
	bool negated, nodes, all;
	unsigned int first, last;
};

unsigned int cpu_set_count(const struct cpu_set *set)
{
	unsigned int count = 0, i;

	for (i = 0; i < sizeof(set->bits); i++)
		count += (unsigned int)__builtin_popcount(set->bits[i]);
	return count;
}

bool cpu_set_intersects(const struct cpu_set *a, const struct cpu_set *b)
{
	unsigned int i;

	for (i = 0; i < sizeof(a->bits); i++) {
		if (a->bits[i] & b->bits[i])
			return true;
	}
	return false;
}

static bool skip(const char **at, const char *end, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(end - *at) < length || strncmp(*at, word, length) != 0)
		return false;
	*at += length;
	return true;
}

static void skip_spaces(const char **at, const char *end)
{
	while (*at < end && isspace((unsigned char)**at))
		(*at)++;
}

/* Digits up to end; false when there are none or the number is too high for a CPU. */
static bool take_number(const char **at, const char *end, unsigned int *number)
{
	const char *start = *at;

	for (*number = 0; *at < end && isdigit((unsigned char)**at); (*at)++) {
		*number = *number * 10 + (unsigned int)(**at - '0');
		if (*number >= CPU_MAP_CPUS)
			return false;
	}
	return *at > start;
}

/* The form of one item alone. */
static bool read_item(const char *text, const char *end, struct item *item)
{
	const char *at = text;

	*item = (struct item){ 0 };
	skip_spaces(&at, end);
	while (end > at && isspace((unsigned char)end[-1]))
		end--;
	item->text = at;
	item->length = (int)(end - at);
	item->negated = skip(&at, end, "^");
	item->nodes = skip(&at, end, "nodes:") || skip(&at, end, "node:");
	if (!item->negated && skip(&at, end, "all")) {
		item->all = true;
		return at == end;
	}
	if (!take_number(&at, end, &item->first))
		return false;
	item->last = item->first;
	if (skip(&at, end, "-") && !take_number(&at, end, &item->last))
		return false;
	return at == end && item->first <= item->last;
}

/* "CPU 9" or "node 3" that an item names must be there; beyond the end a range is cut. */
static bool check_item(const struct item *item, const struct host_cpus *host, char *error)
{
	unsigned int count = item->nodes ? host->nodes : host->count;

	if (item->negated || item->all)
		return true;
	if (item->first >= count) {
		snprintf(error, CPU_LIST_ERROR_MAX,
			 "there is no %s %u: the host has %ss 0-%u; choose among these",
			 item->nodes ? "node" : "CPU", item->first, item->nodes ? "node" : "CPU",
			 count - 1);
		return false;
	}
	if (!item->nodes && item->first == item->last && !cpu_set_has(&host->online, item->first)) {
		snprintf(error, CPU_LIST_ERROR_MAX, "CPU %u is not online; choose another",
			 item->first);
		return false;
	}
	return true;
}

static void apply_item(const struct item *item, const struct host_cpus *host, struct cpu_set *set)
{
	unsigned int cpu, number;

	for (cpu = 0; cpu < host->count; cpu++) {
		if (item->nodes && !item->all && !cpu_set_has(&host->online, cpu))
			continue;
		number = item->nodes ? host->node[cpu] : cpu;
		if (!item->all && (number < item->first || number > item->last))
			continue;
		if (item->negated)
			cpu_set_remove(set, cpu);
		else
			cpu_set_add(set, cpu);
	}
}

bool cpu_list_parse(const char *text, const struct host_cpus *host, struct cpu_set *set,
		    char error[CPU_LIST_ERROR_MAX])
{
	const char *at = text, *end;
	struct item item;

	memset(set, 0, sizeof(*set));
	for (;; at = end + 1) {
		end = strchrnul(at, ',');
		if (!read_item(at, end, &item)) {
			snprintf(error, CPU_LIST_ERROR_MAX,
				 "\"%.*s\" is no CPU, range of CPUs, \"nodes:\" with nodes, or "
				 "\"all\"; write for example 0-3,^1",
				 item.length < 64 ? item.length : 64, item.text);
			return false;
		}
		if (host) {
			if (!check_item(&item, host, error))
				return false;
			apply_item(&item, host, set);
		}
		if (!*end)
			break;
	}
	if (host && cpu_set_count(set) == 0) {
		snprintf(error, CPU_LIST_ERROR_MAX, "\"%.64s\" leaves no CPU; name at least one",
			 text);
		return false;
	}
	return true;
}

char *cpu_list_numbers(const struct cpu_set *set)
{
	const char *separator = "";
	unsigned int cpu, last;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (cpu = 0; cpu < CPU_MAP_CPUS; cpu = last + 1) {
		last = cpu;
		if (!cpu_set_has(set, cpu))
			continue;
		while (last + 1 < CPU_MAP_CPUS && cpu_set_has(set, last + 1))
			last++;
		fprintf(out, last > cpu ? "%s%u-%u" : "%s%u", separator, cpu, last);
		separator = ",";
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *cpu_list_format(const struct cpu_set *set, unsigned int count)
{
	unsigned int cpu, in = 0;

	for (cpu = 0; cpu < count; cpu++)
		in += cpu_set_has(set, cpu);
	if (in == 0)
		return strdup("none");
	return in == count ? strdup("all") : cpu_list_numbers(set);
}
