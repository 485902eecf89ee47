/* SPDX-License-Identifier: MIT */
/*
 * From a configuration to a domain that is ready to run.
 */
#ifndef DOM0_XL_DOMAIN_CREATE_H
#define DOM0_XL_DOMAIN_CREATE_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/control.h"
#include "dom0-tools/xl/device_wait.h"
#include "dom0-tools/xl/domain_config.h"

/*
 * Creates the domain, paused, with its devices ready, and saves its configuration for xld. Fills in
 * what the configuration leaves open (uuid, MAC addresses). cancelled may be NULL.
 * False after a failure, which has been reported; nothing is left of the domain then.
 */
bool domain_create(struct control *control, struct domain_config *config,
		   device_cancel_fn *cancelled, uint32_t *domid);

/* All checks that domain_create() makes without a hypervisor, kernel and ramdisk included. */
bool domain_create_check(const struct domain_config *config);

#endif
