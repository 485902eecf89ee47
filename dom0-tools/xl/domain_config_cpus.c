/* SPDX-License-Identifier: MIT */
/*
 * Lists of CPUs in a configuration; see domain_config_cpus.h.
 */
#include "dom0-tools/xl/domain_config_cpus.h"

#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/cpu_list.h"

const char *cpu_lists_get(const struct cpu_lists *lists, uint32_t vcpu)
{
	if (lists->count == 0)
		return NULL;
	if (lists->each)
		return lists->items[0];
	return vcpu < lists->count ? lists->items[vcpu] : NULL;
}

void cpu_lists_free(struct cpu_lists *lists)
{
	size_t i;

	for (i = 0; i < lists->count; i++)
		free(lists->items[i]);
	free(lists->items);
	*lists = (struct cpu_lists){ 0 };
}

static bool add_item(struct cpu_lists *lists, const char *key, const struct cfg_value *item)
{
	char error[CPU_LIST_ERROR_MAX];
	struct cpu_set unused;

	/* A number is a list of one CPU. */
	if (item->kind == CFG_LIST) {
		cfg_error(&item->pos, "%s must be a string such as \"0-3,^1\", or a list of these",
			  key);
		return false;
	}
	if (!cpu_list_parse(item->text, NULL, &unused, error)) {
		cfg_error(&item->pos, "%s: %s", key, error);
		return false;
	}
	lists->items[lists->count] = strdup(item->text);
	if (!lists->items[lists->count]) {
		cfg_error(&item->pos, "out of memory");
		return false;
	}
	lists->count++;
	return true;
}

bool domain_config_load_cpus(struct cpu_lists *lists, const struct cfg_setting *setting)
{
	const struct cfg_value *value = &setting->value;
	bool is_list = value->kind == CFG_LIST, ok = true;
	size_t count = is_list ? value->count : 1, i;

	cpu_lists_free(lists);
	/* Empty: as if the key was not there. */
	if (!is_list && !*value->text)
		return true;
	lists->items = calloc(count + 1, sizeof(*lists->items));
	if (!lists->items) {
		cfg_error(&setting->pos, "out of memory");
		return false;
	}
	lists->each = !is_list;
	for (i = 0; i < count; i++)
		ok &= add_item(lists, setting->key, is_list ? &value->items[i] : value);
	return ok;
}
