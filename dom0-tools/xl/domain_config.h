/* SPDX-License-Identifier: MIT */
/*
 * What a domain is to be: the meaning of an xl.cfg(5) file, checked as far as it can be without
 * looking at the host. A domain_config owns its strings and lists.
 */
#ifndef DOM0_XL_DOMAIN_CONFIG_H
#define DOM0_XL_DOMAIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/xl/cfg_parse.h"
#include "dom0-tools/xl/disk_spec.h"
#include "dom0-tools/xl/vif_spec.h"

/* What ends a domain's run, in the order of the on_* keys. */
enum domain_event {
	EVENT_POWEROFF,
	EVENT_REBOOT,
	EVENT_CRASH,
	EVENT_WATCHDOG,
	EVENT_SOFT_RESET,
	EVENT_COUNT
};

enum domain_action {
	ACTION_DESTROY,
	ACTION_RESTART,
	ACTION_RENAME_RESTART,
	ACTION_PRESERVE,
};

struct domain_config {
	char *name;
	uint8_t uuid[16];
	bool has_uuid;
	char *kernel;
	char *ramdisk; /* NULL without */
	char *cmdline; /* root and extra are already in it; NULL without */
	uint64_t memory_kib;
	uint64_t max_memory_kib; /* >= memory_kib */
	uint32_t vcpus;
	uint32_t max_vcpus; /* >= vcpus */
	enum domain_action on[EVENT_COUNT];
	struct disk_spec *disks;
	size_t disk_count;
	struct vif_spec *vifs;
	size_t vif_count;
	/* Limits of the hypervisor; 0: its own default. */
	uint32_t max_grant_frames;
	uint32_t max_maptrack_frames;
	uint32_t max_grant_version;
	uint32_t max_event_channels;
};

#define DOMAIN_MAX_VCPUS 128
#define DOMAIN_NAME_MAX  255 /* bytes */

/*
 * Fills config from the settings. Every error is reported (the work goes on to find all of them);
 * false if there was any, and config needs no freeing then. Keys that are known but do nothing here
 * get one note each.
 */
bool domain_config_load(const struct cfg *cfg, struct domain_config *config);
void domain_config_free(struct domain_config *config);

/* As a configuration file that loads to the same; malloc'ed, NULL without memory. */
char *domain_config_format(const struct domain_config *config);

const char *domain_action_name(enum domain_action action);
const char *domain_event_name(enum domain_event event);

#endif
