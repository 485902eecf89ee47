/* SPDX-License-Identifier: MIT */
/*
 * From settings to a domain_config; see domain_config.h. Each key has one function, in one table;
 * what must hold between keys is checked at the end.
 */
#include "dom0-tools/xl/domain_config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "dom0-tools/xl/config_keys.h"
#include "dom0-tools/xl/domain_config_cpus.h"
#include "dom0-tools/xl/domain_config_devices.h"
#include "dom0-tools/xl/nearest.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/units.h"

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB                (UINT64_C(1) << 20)
#define DEFAULT_MEMORY_KIB (32 * 1024)
#define MAX_MEMORY_BYTES   (UINT64_C(5) << 40)
#define CMDLINE_MAX        1023 /* bytes that start_info holds */

/* The configuration being filled, and settings that only combine with others in the end. */
struct loader {
	struct domain_config *config;
	const char *root, *extra, *cmdline;
	bool ok;
};

static bool expect_string(const struct cfg_setting *setting)
{
	if (setting->value.kind == CFG_STRING)
		return true;
	cfg_error(&setting->value.pos, "%s must be a string in quotes", setting->key);
	return false;
}

/* Also a number in quotes, as scripts write it. */
static bool get_number(const struct cfg_setting *setting, int64_t min, int64_t max, int64_t *number)
{
	if (setting->value.kind == CFG_LIST || !parse_integer(setting->value.text, number)) {
		cfg_error(&setting->value.pos, "%s must be a number", setting->key);
		return false;
	}
	if (*number < min || *number > max) {
		cfg_error(&setting->value.pos, "%s must be from %lld to %lld", setting->key,
			  (long long)min, (long long)max);
		return false;
	}
	return true;
}

static bool get_limit(const struct cfg_setting *setting, int64_t min, int64_t max, uint32_t *limit)
{
	int64_t number;

	if (!get_number(setting, min, max, &number))
		return false;
	*limit = (uint32_t)number;
	return true;
}

static bool get_text(const struct cfg_setting *setting, char **to)
{
	if (!expect_string(setting))
		return false;
	free(*to);
	*to = NULL;
	if (!*setting->value.text)
		return true;
	*to = strdup(setting->value.text);
	if (!*to)
		cfg_error(&setting->value.pos, "out of memory");
	return *to != NULL;
}

static bool load_name(struct loader *loader, const struct cfg_setting *setting)
{
	const char *c;

	if (!expect_string(setting))
		return false;
	for (c = setting->value.text; *c; c++) {
		if (*c == '/' || iscntrl((unsigned char)*c)) {
			cfg_error(&setting->value.pos,
				  "a domain's name has no / and no control characters");
			return false;
		}
	}
	if (c == setting->value.text || c - setting->value.text > DOMAIN_NAME_MAX) {
		cfg_error(&setting->value.pos, "a domain's name has 1 to %d bytes",
			  DOMAIN_NAME_MAX);
		return false;
	}
	return get_text(setting, &loader->config->name);
}

static bool load_uuid(struct loader *loader, const struct cfg_setting *setting)
{
	if (!expect_string(setting))
		return false;
	if (uuid_parse(setting->value.text, loader->config->uuid) != 0) {
		cfg_error(&setting->value.pos, "this is not a UUID such as uuidgen prints");
		return false;
	}
	loader->config->has_uuid = true;
	return true;
}

static bool load_type(struct loader *loader, const struct cfg_setting *setting)
{
	const char *type;

	(void)loader;
	if (!expect_string(setting))
		return false;
	type = setting->value.text;
	if (strcmp(type, "pv") == 0)
		return true;
	if (strcmp(type, "hvm") == 0 || strcmp(type, "pvh") == 0)
		cfg_error(&setting->value.pos,
			  "%s guests need hardware virtualization, which is "
			  "not used here; set type = \"pv\"",
			  type);
	else
		cfg_error(&setting->value.pos, "unknown guest type; set type = \"pv\"");
	return false;
}

static bool load_builder(struct loader *loader, const struct cfg_setting *setting)
{
	(void)loader;
	if (!expect_string(setting))
		return false;
	if (strcmp(setting->value.text, "generic") == 0 ||
	    strcmp(setting->value.text, "linux") == 0)
		return true;
	cfg_error(&setting->value.pos, "only PV guests can be built here; remove builder and set "
				       "type = \"pv\"");
	return false;
}

static bool load_kernel(struct loader *loader, const struct cfg_setting *setting)
{
	return get_text(setting, &loader->config->kernel);
}

static bool load_ramdisk(struct loader *loader, const struct cfg_setting *setting)
{
	return get_text(setting, &loader->config->ramdisk);
}

static bool load_cmdline(struct loader *loader, const struct cfg_setting *setting)
{
	loader->cmdline = setting->value.text;
	return expect_string(setting);
}

static bool load_root(struct loader *loader, const struct cfg_setting *setting)
{
	loader->root = setting->value.text;
	return expect_string(setting);
}

static bool load_extra(struct loader *loader, const struct cfg_setting *setting)
{
	loader->extra = setting->value.text;
	return expect_string(setting);
}

/* MiB without a unit; rounded up to whole MiB, as xl has it. */
static bool get_memory(const struct cfg_setting *setting, uint64_t *kib)
{
	uint64_t bytes;

	if (setting->value.kind == CFG_LIST || !parse_size(setting->value.text, MIB, &bytes)) {
		cfg_error(&setting->value.pos,
			  "%s must be a number of MiB, or a number with k, m, g or t",
			  setting->key);
		return false;
	}
	if (bytes < MIB || bytes > MAX_MEMORY_BYTES) {
		cfg_error(&setting->value.pos, "%s must be from 1 MiB to 5 TiB", setting->key);
		return false;
	}
	*kib = (bytes + MIB - 1) / MIB * 1024;
	return true;
}

static bool load_memory(struct loader *loader, const struct cfg_setting *setting)
{
	return get_memory(setting, &loader->config->memory_kib);
}

static bool load_maxmem(struct loader *loader, const struct cfg_setting *setting)
{
	return get_memory(setting, &loader->config->max_memory_kib);
}

static bool load_vcpus(struct loader *loader, const struct cfg_setting *setting)
{
	return get_limit(setting, 1, DOMAIN_MAX_VCPUS, &loader->config->vcpus);
}

static bool load_maxvcpus(struct loader *loader, const struct cfg_setting *setting)
{
	return get_limit(setting, 1, DOMAIN_MAX_VCPUS, &loader->config->max_vcpus);
}

static bool load_cpus(struct loader *loader, const struct cfg_setting *setting)
{
	return domain_config_load_cpus(&loader->config->cpus, setting);
}

static bool load_cpus_soft(struct loader *loader, const struct cfg_setting *setting)
{
	return domain_config_load_cpus(&loader->config->cpus_soft, setting);
}

static bool load_cpu_weight(struct loader *loader, const struct cfg_setting *setting)
{
	return get_limit(setting, 1, CPU_WEIGHT_MAX, &loader->config->cpu_weight);
}

/* Its upper limit depends on maxvcpus: see finish(). */
static bool load_cap(struct loader *loader, const struct cfg_setting *setting)
{
	return get_limit(setting, 0, CPU_CAP_PER_VCPU * DOMAIN_MAX_VCPUS, &loader->config->cap);
}

static bool load_pool(struct loader *loader, const struct cfg_setting *setting)
{
	return get_text(setting, &loader->config->pool);
}

static bool load_grant_frames(struct loader *loader, const struct cfg_setting *setting)
{
	return get_limit(setting, 1, INT32_MAX, &loader->config->max_grant_frames);
}

static bool load_maptrack_frames(struct loader *loader, const struct cfg_setting *setting)
{
	return get_limit(setting, 1, INT32_MAX, &loader->config->max_maptrack_frames);
}

static bool load_grant_version(struct loader *loader, const struct cfg_setting *setting)
{
	return get_limit(setting, 1, 2, &loader->config->max_grant_version);
}

static bool load_event_channels(struct loader *loader, const struct cfg_setting *setting)
{
	return get_limit(setting, 16, INT32_MAX, &loader->config->max_event_channels);
}

static const char *const event_names[EVENT_COUNT] = {
	[EVENT_POWEROFF] = "on_poweroff",     [EVENT_REBOOT] = "on_reboot",
	[EVENT_CRASH] = "on_crash",           [EVENT_WATCHDOG] = "on_watchdog",
	[EVENT_SOFT_RESET] = "on_soft_reset",
};

static const char *const action_names[] = {
	[ACTION_DESTROY] = "destroy",
	[ACTION_RESTART] = "restart",
	[ACTION_RENAME_RESTART] = "rename-restart",
	[ACTION_PRESERVE] = "preserve",
};

const char *domain_event_name(enum domain_event event)
{
	return event_names[event];
}

const char *domain_action_name(enum domain_action action)
{
	return action_names[action];
}

static const char *action_name_at(size_t i, void *arg)
{
	(void)arg;
	return action_names[i];
}

static bool load_action(struct loader *loader, const struct cfg_setting *setting)
{
	const char *action, *nearest;
	size_t event = 0, i;

	if (!expect_string(setting))
		return false;
	while (strcmp(event_names[event], setting->key) != 0)
		event++;
	action = setting->value.text;
	for (i = 0; i < ARRAY_COUNT(action_names); i++) {
		if (strcmp(action, action_names[i]) == 0) {
			loader->config->on[event] = (enum domain_action)i;
			return true;
		}
	}
	if (strncmp(action, "coredump-", 9) == 0) {
		cfg_error(&setting->value.pos, "core dumps of guests are not supported; use "
					       "\"preserve\", \"destroy\" or \"restart\"");
		return false;
	}
	if (strcmp(action, "soft-reset") == 0) {
		if (event == EVENT_SOFT_RESET)
			return true;
		cfg_error(&setting->value.pos, "soft-reset is for HVM guests; use \"restart\"");
		return false;
	}
	nearest = nearest_word(action, ARRAY_COUNT(action_names), action_name_at, NULL);
	cfg_error(&setting->value.pos, "unknown action \"%s\"; %s%s%s", action,
		  nearest ? "did you mean \"" : "known are ",
		  nearest ? nearest : "destroy, restart, rename-restart and preserve",
		  nearest ? "\"?" : "");
	return false;
}

static bool load_disks(struct loader *loader, const struct cfg_setting *setting)
{
	return domain_config_load_disks(loader->config, setting);
}

static bool load_vifs(struct loader *loader, const struct cfg_setting *setting)
{
	return domain_config_load_vifs(loader->config, setting);
}

static const struct {
	const char *name;
	bool (*load)(struct loader *loader, const struct cfg_setting *setting);
} used_keys[] = {
	{ "name", load_name },
	{ "uuid", load_uuid },
	{ "type", load_type },
	{ "builder", load_builder },
	{ "kernel", load_kernel },
	{ "ramdisk", load_ramdisk },
	{ "cmdline", load_cmdline },
	{ "root", load_root },
	{ "extra", load_extra },
	{ "memory", load_memory },
	{ "maxmem", load_maxmem },
	{ "vcpus", load_vcpus },
	{ "maxvcpus", load_maxvcpus },
	{ "cpus", load_cpus },
	{ "cpus_soft", load_cpus_soft },
	{ "cpu_weight", load_cpu_weight },
	{ "cap", load_cap },
	{ "pool", load_pool },
	{ "disk", load_disks },
	{ "vif", load_vifs },
	{ "on_poweroff", load_action },
	{ "on_reboot", load_action },
	{ "on_crash", load_action },
	{ "on_watchdog", load_action },
	{ "on_soft_reset", load_action },
	{ "max_grant_frames", load_grant_frames },
	{ "max_maptrack_frames", load_maptrack_frames },
	{ "max_grant_version", load_grant_version },
	{ "max_event_channels", load_event_channels },
};

static const char *key_at(size_t i, void *arg)
{
	(void)arg;
	return i < ARRAY_COUNT(used_keys) ? used_keys[i].name
					  : unused_keys[i - ARRAY_COUNT(used_keys)].name;
}

static bool value_is_empty(const struct cfg_value *value)
{
	int64_t number;

	if (value->kind == CFG_LIST)
		return value->count == 0;
	return !*value->text || (parse_integer(value->text, &number) && number == 0);
}

static bool load_other(const struct cfg_setting *setting)
{
	const struct unused_key *key = unused_key_find(setting->key);
	const char *nearest;

	if (!key) {
		nearest = nearest_word(setting->key, ARRAY_COUNT(used_keys) + unused_key_count,
				       key_at, NULL);
		if (nearest)
			cfg_error(&setting->pos, "unknown key \"%s\"; did you mean \"%s\"?",
				  setting->key, nearest);
		else
			cfg_error(&setting->pos, "unknown key \"%s\"; see xl.cfg(5) for the keys",
				  setting->key);
		return false;
	}
	if (value_is_empty(&setting->value))
		return true;
	switch (key->kind) {
	case UNUSED_REFUSED:
		cfg_error(&setting->pos, "%s: %s", key->name, key->reason);
		return false;
	case UNUSED_HVM:
		report_note("%s is ignored: it is not for PV guests", key->name);
		return true;
	case UNUSED_TUNING:
		report_note("%s is ignored: it is not supported", key->name);
		return true;
	}
	return false;
}

static void load_setting(struct loader *loader, const struct cfg_setting *setting)
{
	size_t i;

	for (i = 0; i < ARRAY_COUNT(used_keys); i++) {
		if (strcmp(setting->key, used_keys[i].name) == 0) {
			loader->ok &= used_keys[i].load(loader, setting);
			return;
		}
	}
	loader->ok &= load_other(setting);
}

/* cmdline stands alone; otherwise root= and extra are joined. */
static bool finish_cmdline(struct loader *loader)
{
	const char *root = loader->root ? loader->root : "";
	const char *extra = loader->extra ? loader->extra : "";
	struct domain_config *config = loader->config;
	int n;

	if (loader->cmdline) {
		if (*root || *extra)
			report_note("root and extra are ignored: cmdline is given");
		n = asprintf(&config->cmdline, "%s", loader->cmdline);
	} else {
		n = asprintf(&config->cmdline, "%s%s%s%s", *root ? "root=" : "", root,
			     *root && *extra ? " " : "", extra);
	}
	if (n < 0) {
		config->cmdline = NULL;
		report_error("out of memory");
		return false;
	}
	if (n > CMDLINE_MAX) {
		report_error("the kernel's command line has %d bytes, but at most %d fit; shorten "
			     "cmdline, root or extra",
			     n, CMDLINE_MAX);
		return false;
	}
	return true;
}

static bool finish(struct loader *loader, const struct cfg *cfg)
{
	struct domain_config *config = loader->config;
	const struct cfg_setting *setting;

	if (!cfg_find(cfg, "name")) {
		report_error("the configuration has no name; add name = \"...\"");
		return false;
	}
	if (!config->kernel) {
		report_error("%s: the configuration has no kernel; add kernel = \"/path\"",
			     config->name);
		return false;
	}
	if (!config->max_memory_kib)
		config->max_memory_kib = config->memory_kib;
	setting = cfg_find(cfg, "maxmem");
	if (setting && config->max_memory_kib < config->memory_kib) {
		cfg_error(&setting->value.pos, "maxmem is less than memory (%llu MiB)",
			  (unsigned long long)config->memory_kib / 1024);
		return false;
	}
	setting = cfg_find(cfg, "maxvcpus");
	if (!setting)
		config->max_vcpus = config->vcpus;
	if (setting && config->max_vcpus < config->vcpus) {
		cfg_error(&setting->value.pos, "maxvcpus is less than vcpus (%u)", config->vcpus);
		return false;
	}
	setting = cfg_find(cfg, "cap");
	if (setting && config->cap > CPU_CAP_PER_VCPU * config->max_vcpus) {
		cfg_error(&setting->value.pos,
			  "cap must be from 0 to %u: %u percent for each of %u vCPUs",
			  CPU_CAP_PER_VCPU * config->max_vcpus, CPU_CAP_PER_VCPU,
			  config->max_vcpus);
		return false;
	}
	return finish_cmdline(loader);
}

bool domain_config_load(const struct cfg *cfg, struct domain_config *config)
{
	struct loader loader = { .config = config, .ok = true };
	size_t i;

	*config = (struct domain_config){
		.memory_kib = DEFAULT_MEMORY_KIB,
		.vcpus = 1,
		.on = { [EVENT_REBOOT] = ACTION_RESTART },
	};
	for (i = 0; i < cfg->count; i++)
		load_setting(&loader, &cfg->settings[i]);
	if (loader.ok)
		loader.ok = finish(&loader, cfg);
	if (!loader.ok)
		domain_config_free(config);
	return loader.ok;
}

void domain_config_free(struct domain_config *config)
{
	size_t i;

	free(config->name);
	free(config->kernel);
	free(config->ramdisk);
	free(config->cmdline);
	free(config->pool);
	cpu_lists_free(&config->cpus);
	cpu_lists_free(&config->cpus_soft);
	for (i = 0; i < config->disk_count; i++)
		disk_spec_free(&config->disks[i]);
	free(config->disks);
	for (i = 0; i < config->vif_count; i++)
		vif_spec_free(&config->vifs[i]);
	free(config->vifs);
	*config = (struct domain_config){ 0 };
}
