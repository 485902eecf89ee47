/* SPDX-License-Identifier: MIT */
/*
 * Waiting for the backends of a domain: until they are ready for its frontends, and until they have
 * let go of it. Both wait for xenstore events, never poll, and end after a bounded time.
 */
#ifndef DOM0_XL_DEVICE_WAIT_H
#define DOM0_XL_DEVICE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/control.h"
#include "dom0-tools/xl/domain_config.h"

#define DEVICE_TIMEOUT_MS 40000

/* Set by a signal handler; ends a wait for readiness. */
typedef bool device_cancel_fn(void);

/*
 * Until every disk and vif of config says hotplug-status connected. False after a failure, a
 * time-out or a cancellation, which has been reported with the device's name.
 */
bool device_wait_ready(struct control *control, uint32_t domid, const struct domain_config *config,
		       device_cancel_fn *cancelled);

/*
 * Takes the frontends of a domain that will not run again out of the store, asks all backends to
 * close, and waits until they have. Devices whose backend does not answer are given up after the
 * time-out, with a note. The nodes of the backends stay; domain_tree_remove() takes them.
 */
void device_close_all(struct control *control, uint32_t domid);

#endif
