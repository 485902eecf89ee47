/* SPDX-License-Identifier: MIT */
/*
 * What is done about one domain: the actions of on_poweroff and the like when it has shut down, and
 * finishing or undoing what a tool that died has left half-done.
 */
#ifndef DOM0_XLD_LIFECYCLE_H
#define DOM0_XLD_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/control.h"

/*
 * Whether lifecycle_run() has something to do for the domain with this UUID. info is what the
 * hypervisor says of it, NULL when there is no such domain.
 */
bool lifecycle_wanted(const uint8_t uuid[16], const struct xen_domctl_getdomaininfo *info);

/*
 * Waits until nobody else works on the domain, looks again, and does what is to be done. Runs in a
 * process of its own, since all of that takes time. The exit status of that process.
 */
int lifecycle_run(const uint8_t uuid[16]);

#endif
