/* SPDX-License-Identifier: MIT */
/*
 * A domain_config as the text of a configuration file: what xl keeps of a running domain, so that
 * it can be started again. Everything is written out, defaults included.
 */
#include "dom0-tools/xl/domain_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <uuid/uuid.h>

/* A string in quotes, with everything that needs it escaped. */
static void print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void print_setting(FILE *out, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(out, "%s = ", key);
	print_string(out, text);
	fputc('\n', out);
}

static void print_limit(FILE *out, const char *key, uint32_t limit)
{
	if (limit)
		fprintf(out, "%s = %u\n", key, limit);
}

/* One list for all vCPUs, or a list of lists; vCPUs without one may use all CPUs. */
static void print_cpu_lists(FILE *out, const char *key, const struct cpu_lists *lists)
{
	size_t i;

	if (lists->count == 0)
		return;
	if (lists->each) {
		print_setting(out, key, lists->items[0]);
		return;
	}
	fprintf(out, "%s = [ ", key);
	for (i = 0; i < lists->count; i++) {
		print_string(out, lists->items[i]);
		fputs(i + 1 < lists->count ? ", " : " ]\n", out);
	}
}

static bool print_devices(FILE *out, const struct domain_config *config)
{
	char *text;
	size_t i;

	fputs("disk = [\n", out);
	for (i = 0; i < config->disk_count; i++) {
		text = disk_spec_format(&config->disks[i]);
		if (!text)
			return false;
		fputc('\t', out);
		print_string(out, text);
		fputs(",\n", out);
		free(text);
	}
	fputs("]\nvif = [\n", out);
	for (i = 0; i < config->vif_count; i++) {
		text = vif_spec_format(&config->vifs[i]);
		if (!text)
			return false;
		fputc('\t', out);
		print_string(out, text);
		fputs(",\n", out);
		free(text);
	}
	fputs("]\n", out);
	return true;
}

char *domain_config_format(const struct domain_config *config)
{
	char *text = NULL, uuid[UUID_STR_LEN];
	bool ok;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_setting(out, "name", config->name);
	if (config->has_uuid) {
		uuid_unparse_lower(config->uuid, uuid);
		print_setting(out, "uuid", uuid);
	}
	print_setting(out, "type", "pv");
	print_setting(out, "kernel", config->kernel);
	print_setting(out, "ramdisk", config->ramdisk);
	print_setting(out, "cmdline", config->cmdline);
	fprintf(out, "memory = %llu\n", (unsigned long long)config->memory_kib / 1024);
	fprintf(out, "maxmem = %llu\n", (unsigned long long)config->max_memory_kib / 1024);
	fprintf(out, "vcpus = %u\nmaxvcpus = %u\n", config->vcpus, config->max_vcpus);
	print_cpu_lists(out, "cpus", &config->cpus);
	print_cpu_lists(out, "cpus_soft", &config->cpus_soft);
	print_limit(out, "cpu_weight", config->cpu_weight);
	print_limit(out, "cap", config->cap);
	print_setting(out, "pool", config->pool);
	for (i = 0; i < EVENT_COUNT; i++)
		print_setting(out, domain_event_name((enum domain_event)i),
			      domain_action_name(config->on[i]));
	print_limit(out, "max_grant_frames", config->max_grant_frames);
	print_limit(out, "max_maptrack_frames", config->max_maptrack_frames);
	print_limit(out, "max_grant_version", config->max_grant_version);
	print_limit(out, "max_event_channels", config->max_event_channels);
	ok = print_devices(out, config);
	if (fclose(out) != 0 || !ok) {
		free(text);
		return NULL;
	}
	return text;
}
