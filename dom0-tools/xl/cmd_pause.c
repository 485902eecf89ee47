/* SPDX-License-Identifier: MIT */
/*
 * xl pause and xl unpause.
 */
#include <stdlib.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/report.h"

static bool checked(struct control *control, uint32_t domid, int ret, const char *what)
{
	char *name;

	if (ret == 0)
		return true;
	name = control_describe(control, domid);
	report_error("cannot %s %s: %s", what, name ? name : "the domain", error_text(ret));
	free(name);
	return false;
}

static bool pause_domain(struct control *control, uint32_t domid)
{
	if (domid == 0) {
		report_error("domain 0 cannot be paused: it runs this command");
		return false;
	}
	return checked(control, domid, dom_pause(control->fd, domid), "pause");
}

static bool unpause_domain(struct control *control, uint32_t domid)
{
	return checked(control, domid, dom_unpause(control->fd, domid), "unpause");
}

int cmd_pause(int argc, char **argv)
{
	int status = 0;

	if (command_option(argc, argv, "", NULL, 1, 1, &status) != -1)
		return status;
	return command_on_domain(argv[optind], pause_domain);
}

int cmd_unpause(int argc, char **argv)
{
	int status = 0;

	if (command_option(argc, argv, "", NULL, 1, 1, &status) != -1)
		return status;
	return command_on_domain(argv[optind], unpause_domain);
}
