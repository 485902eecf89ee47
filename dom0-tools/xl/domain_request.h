/* SPDX-License-Identifier: MIT */
/*
 * Requests to a guest's kernel to end, through control/shutdown, and waiting for domains to end.
 */
#ifndef DOM0_XL_DOMAIN_REQUEST_H
#define DOM0_XL_DOMAIN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/xl/control.h"

/* How long a guest may take to acknowledge a request, ms: it may be in the middle of its boot. */
#define REQUEST_TIMEOUT_MS 60000

/*
 * Asks each domain for what ("poweroff", "reboot") and waits until its kernel has taken note. A
 * request that nobody takes is withdrawn and reported. How many domains did not acknowledge.
 */
size_t domain_request_all(struct control *control, const uint32_t *domids, size_t count,
			  const char *what);

/*
 * Waits, however long it takes, until each domain has shut down or died; with gone, until it does
 * not exist any more. False when xenstored is lost, which has been reported.
 */
bool domain_wait_all(struct control *control, const uint32_t *domids, size_t count, bool gone);

#endif
