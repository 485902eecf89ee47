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
 * Stops the domain, closes its devices, frees it, and removes its nodes; fine when some of that is
 * not there. Goes on after a failure, so that as little as possible is left; false when anything
 * failed, which has been reported. The caller holds the lock of its saved configuration, which
 * stays.
 */
bool domain_destroy(struct control *control, uint32_t domid);

/*
 * The same for a whole domain: waits for the lock, and removes its saved configuration as well.
 * Fine when it has gone meanwhile.
 */
bool domain_end(struct control *control, uint32_t domid);

#endif
