/* SPDX-License-Identifier: MIT */
/*
 * xl console.
 */
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/console.h"
#include "dom0-tools/xl/report.h"

static bool attach(struct control *control, uint32_t domid)
{
	int fd;

	if (domid == 0) {
		report_error("domain 0's console is the host's own");
		return false;
	}
	fd = console_open(control, domid);
	return fd >= 0 && console_run(fd);
}

int cmd_console(int argc, char **argv)
{
	int option, status = 0;

	while ((option = command_option(argc, argv, "t:n:", NULL, 1, 1, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		if (option == 't' && strcmp(optarg, "pv") != 0) {
			report_error("console type \"%s\": PV guests have a pv console only",
				     optarg);
			return 1;
		}
		if (option == 'n' && strcmp(optarg, "0") != 0) {
			report_error("console %s: guests have console 0 only", optarg);
			return 1;
		}
	}
	return command_on_domain(argv[optind], attach);
}
