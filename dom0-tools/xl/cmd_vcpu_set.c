/* SPDX-License-Identifier: MIT */
/*
 * xl vcpu-set: asks a guest's kernel to use so many of its vCPUs, through the nodes
 * cpu/N/availability that it watches.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/placement.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/store.h"
#include "dom0-tools/xl/units.h"

struct request {
	uint32_t domid;
	uint32_t online, max; /* vCPUs */
};

static void write_nodes(struct store_writer *writer, void *arg)
{
	const struct request *request = arg;
	char path[STORE_PATH_MAX];
	uint32_t i;

	for (i = 0; i < request->max; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u", request->domid, i);
		store_put(writer, path, "availability", "%s",
			  i < request->online ? "online" : "offline");
	}
}

/* More vCPUs than CPUs only slow a guest down: refused unless asked for, as xl does. */
static bool check_host(struct control *control, const char *name,
		       const struct xen_domctl_getdomaininfo *info, int64_t number)
{
	struct xen_sysctl_physinfo host;
	int ret = host_physinfo(control->fd, &host);

	if (ret < 0) {
		report_error("the hypervisor does not tell about the host: %s", error_text(ret));
		return false;
	}
	if (number <= host.max_cpu_id + 1 || number <= info->nr_online_vcpus)
		return true;
	report_error("%s: %lld vCPUs are more than the %u CPUs of the host; give -i if that is "
		     "wanted",
		     name, (long long)number, host.max_cpu_id + 1);
	return false;
}

static bool set(struct control *control, const char *name, uint32_t domid, const char *text,
		bool ignore_host)
{
	struct xen_domctl_getdomaininfo info;
	struct request request = { .domid = domid };
	char failed[STORE_PATH_MAX];
	int ret = dom_getinfo(control->fd, domid, &info);
	int64_t number;

	if (ret < 0 || info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID) {
		report_error("%s: cannot tell its vCPUs: %s", name,
			     ret < 0 ? error_text(ret) : "it has none");
		return false;
	}
	request.max = info.max_vcpu_id + 1;
	if (!parse_integer(text, &number) || number < 1) {
		report_error("%s: \"%s\" is no number of vCPUs; give 1 to %u", name, text,
			     request.max);
		return false;
	}
	if (number > request.max) {
		report_error("%s: it can have %u vCPU%s at most; raise %s", name, request.max,
			     request.max == 1 ? "" : "s",
			     domid ? "maxvcpus in its configuration and create it anew"
				   : "dom0_max_vcpus on the hypervisor's command line");
		return false;
	}
	if (!ignore_host && !check_host(control, name, &info, number))
		return false;
	request.online = (uint32_t)number;
	ret = store_write_all(control->xs, write_nodes, &request, failed);
	if (ret < 0) {
		report_error("%s: cannot write %s to xenstore: %s", name, failed, error_text(ret));
		return false;
	}
	placement_remember_vcpus(control, domid, request.online);
	return true;
}

int cmd_vcpu_set(int argc, char **argv)
{
	static const struct option options[] = { { "ignore-host", no_argument, NULL, 'i' }, { 0 } };
	bool ignore_host = false, ok;
	struct control control;
	int option, status = 0;
	uint32_t domid;
	char *name;

	while ((option = command_option(argc, argv, "i", options, 2, 2, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		ignore_host = true;
	}
	if (!control_open(&control))
		return 1;
	ok = control_find(&control, argv[optind], &domid);
	if (ok) {
		name = control_describe(&control, domid);
		ok = set(&control, name ? name : "the domain", domid, argv[optind + 1],
			 ignore_host);
		free(name);
	}
	control_close(&control);
	return ok ? 0 : 1;
}
