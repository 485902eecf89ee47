/* SPDX-License-Identifier: MIT */
/*
 * The keys cpus and cpus_soft of a configuration, for domain_config.c.
 */
#ifndef DOM0_XL_DOMAIN_CONFIG_CPUS_H
#define DOM0_XL_DOMAIN_CONFIG_CPUS_H

#include "dom0-tools/xl/domain_config.h"

/*
 * The key's value: a string for every vCPU, or a list with one for each. Only the form is checked:
 * which CPUs there are is known when the domain is created. False after an error, reported.
 */
bool domain_config_load_cpus(struct cpu_lists *lists, const struct cfg_setting *setting);

#endif
