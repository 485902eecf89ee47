/* SPDX-License-Identifier: MIT */
/*
 * Hotplug scripts for virtual interfaces, as the administrator's own way to attach them: run with
 * the environment that Xen's scripts know (XENBUS_PATH, XENBUS_TYPE, vif, ...), never waited for.
 */
#ifndef BACKENDS_NET_SCRIPT_H
#define BACKENDS_NET_SCRIPT_H

#include "backends/common/supervisor.h"

struct script {
	struct source *src;
	struct helper helper;
	struct loop_timer timeout;
	bool online; /* else "offline" */
	bool timed_out;
};

/*
 * Starts path with action online or offline for interface name; source_opened() or
 * source_released() of src follows. -EINPROGRESS, or another negative errno with src->error set.
 */
int script_run(struct script *script, struct source *src, const char *path, const char *name,
	       bool online);

#endif
