/* SPDX-License-Identifier: MIT */
/*
 * What must hold on this host before a domain is created: cheap checks that catch what would
 * otherwise fail halfway, with a message that says more.
 */
#ifndef DOM0_XL_DOMAIN_CHECK_H
#define DOM0_XL_DOMAIN_CHECK_H

#include <stdbool.h>

#include "dom0-tools/xl/control.h"
#include "dom0-tools/xl/domain_config.h"

/* Files, block devices, bridges: what needs no hypervisor. Reports every failure. */
bool domain_check_host(const struct domain_config *config);
/*
 * Against the domains there are: name and UUID are new, disks are not in use in a way that
 * conflicts, memory is free. The caller holds the creation lock. Reports every failure.
 */
bool domain_check_domains(struct control *control, const struct domain_config *config);

#endif
