/* SPDX-License-Identifier: MIT */
/*
 * xl domid and xl domname.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/report.h"

static bool print_id(struct control *control, uint32_t domid)
{
	(void)control;
	printf("%u\n", domid);
	return true;
}

static bool print_name(struct control *control, uint32_t domid)
{
	char *name = control_domain_name(control, domid);

	if (!name) {
		report_error("domain %u has no name; is it being created or destroyed?", domid);
		return false;
	}
	puts(name);
	free(name);
	return true;
}

int cmd_domid(int argc, char **argv)
{
	int status = 0;

	if (command_option(argc, argv, "", NULL, 1, 1, &status) != -1)
		return status;
	return command_on_domain(argv[optind], print_id);
}

int cmd_domname(int argc, char **argv)
{
	int status = 0;

	if (command_option(argc, argv, "", NULL, 1, 1, &status) != -1)
		return status;
	return command_on_domain(argv[optind], print_name);
}
