/* SPDX-License-Identifier: MIT */
/*
 * The lists `disk` and `vif` of a configuration file, for domain_config.c.
 */
#ifndef DOM0_XL_DOMAIN_CONFIG_DEVICES_H
#define DOM0_XL_DOMAIN_CONFIG_DEVICES_H

#include <stdbool.h>

#include "dom0-tools/xl/domain_config.h"

/* Both fill config's list, once; false after errors, which have been reported. */
bool domain_config_load_disks(struct domain_config *config, const struct cfg_setting *setting);
bool domain_config_load_vifs(struct domain_config *config, const struct cfg_setting *setting);

#endif
