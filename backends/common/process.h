/* SPDX-License-Identifier: MIT */
/*
 * The process that serves one guest: one loop, the guest's devices of one class, no privileges.
 * It opens nothing: it gets resources from the supervisor, and when it loses the supervisor or
 * xenstore it ends, leaving it to its successor to carry on with the same rings.
 */
#ifndef BACKENDS_COMMON_PROCESS_H
#define BACKENDS_COMMON_PROCESS_H

#include <stdint.h>

#include "backends/common/device.h"

struct process_config {
	const struct device_ops *ops;
	const char *class_path; /* "/local/domain/0/backend/vbd" */
	uint32_t domid;
	int channel; /* to the supervisor */
};

/* Serves until the channel closes. Returns the exit status: 0, or 1 after a failure (logged). */
int process_run(const struct process_config *config);

#endif
