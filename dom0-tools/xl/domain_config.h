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

/* Which CPUs each vCPU may or should use, as lists in the language of cpu_list.h. */
struct cpu_lists {
	char **items;
	size_t count;
	bool each; /* the one item is for every vCPU, else items[i] is for vCPU i */
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
	uint32_t max_vcpus;               /* >= vcpus */
	struct cpu_lists cpus, cpus_soft; /* hard and soft affinity */
	uint32_t cpu_weight;              /* 0: the scheduler's default */
	uint32_t cap;                     /* percent of one CPU; 0: none */
	char *pool;                       /* name or id of the CPU pool; NULL: Pool-0 */
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
#define CPU_WEIGHT_MAX   65535
#define CPU_CAP_PER_VCPU 100 /* percent */

/*
 * Fills config from the settings. Every error is reported (the work goes on to find all of them);
 * false if there was any, and config needs no freeing then. Keys that are known but do nothing here
 * get one note each.
 */
bool domain_config_load(const struct cfg *cfg, struct domain_config *config);
void domain_config_free(struct domain_config *config);

/* As a configuration file that loads to the same; malloc'ed, NULL without memory. */
char *domain_config_format(const struct domain_config *config);

/* The list for a vCPU; NULL when none is given. */
const char *cpu_lists_get(const struct cpu_lists *lists, uint32_t vcpu);
void cpu_lists_free(struct cpu_lists *lists);

const char *domain_action_name(enum domain_action action);
const char *domain_event_name(enum domain_event event);

#endif
