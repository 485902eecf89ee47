/* SPDX-License-Identifier: MIT */
/*
 * The end of a domain, whatever state it is in: also one that was never finished, or that other
 * tools made.
 */
#ifndef DOM0_XL_DOMAIN_DESTROY_H
#define DOM0_XL_DOMAIN_DESTROY_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/control.h"

/*
 * Stops the domain, closes its devices, frees it, and removes its nodes and its saved
 * configuration. Goes on after a failure, so that as little as possible is left; false when
 * anything failed, which has been reported.
 */
bool domain_destroy(struct control *control, uint32_t domid);

/* The same for who does not hold the domain's lock yet; fine when it has gone meanwhile. */
bool domain_destroy_locked(struct control *control, uint32_t domid);

#endif
