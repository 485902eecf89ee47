/* SPDX-License-Identifier: MIT */
/*
 * xl shutdown and xl reboot: both ask the guest's kernel, and differ in what they ask for.
 */
#include <stdlib.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/domain_request.h"
#include "dom0-tools/xl/report.h"

struct targets {
	uint32_t *domids;
	size_t count;
	int status; /* 1 when a name given was none */
};

/* All guests that run. */
static bool find_all(struct control *control, struct targets *targets)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos), i;

	targets->domids = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*targets->domids));
	for (i = 0; targets->domids && i < count; i++) {
		if (infos[i].domain != 0 &&
		    !(infos[i].flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown)))
			targets->domids[targets->count++] = infos[i].domain;
	}
	free(infos);
	if (count < 0)
		report_error("cannot list the domains: %s", error_text(count));
	return targets->domids != NULL;
}

static bool find_named(struct control *control, char **names, size_t count, struct targets *targets)
{
	uint32_t domid;
	size_t i;

	targets->domids = calloc(count + 1, sizeof(*targets->domids));
	for (i = 0; targets->domids && i < count; i++) {
		if (!control_find(control, names[i], &domid)) {
			targets->status = 1;
		} else if (domid == 0) {
			report_error(COMMAND_NO_DOMAIN0);
			targets->status = 1;
		} else {
			targets->domids[targets->count++] = domid;
		}
	}
	return targets->domids != NULL;
}

static int request(struct control *control, struct targets *targets, const char *what, int waits)
{
	int status = targets->status;

	if (domain_request_all(control, targets->domids, targets->count, what))
		return 1;
	if (waits && !domain_wait_all(control, targets->domids, targets->count, waits > 1))
		return 1;
	return status;
}

static int run(int argc, char **argv, const char *what)
{
	static const struct option options[] = { { "all", no_argument, NULL, 'a' },
						 { "wait", no_argument, NULL, 'w' },
						 { 0 } };
	struct targets targets = { 0 };
	struct control control;
	int option, waits = 0, status = 0;
	bool all = false, found;

	while ((option = command_option(argc, argv, "awF", options, 0, -1, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		all |= option == 'a';
		waits += option == 'w';
	}
	if (all == (optind < argc)) {
		report_error("\"%s\" needs either domains or -a", argv[0]);
		return 1;
	}
	if (!control_open(&control))
		return 1;
	found = all ? find_all(&control, &targets)
		    : find_named(&control, argv + optind, (size_t)(argc - optind), &targets);
	status = found ? request(&control, &targets, what, waits) : 1;
	free(targets.domids);
	control_close(&control);
	return status;
}

int cmd_shutdown(int argc, char **argv)
{
	return run(argc, argv, "poweroff");
}

int cmd_reboot(int argc, char **argv)
{
	return run(argc, argv, "reboot");
}
