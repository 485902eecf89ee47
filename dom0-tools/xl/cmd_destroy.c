/* SPDX-License-Identifier: MIT */
/*
 * xl destroy: ends domains at once.
 */
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/domain_destroy.h"
#include "dom0-tools/xl/report.h"

static bool destroy(struct control *control, uint32_t domid)
{
	if (domid == 0) {
		report_error("domain 0 cannot be destroyed: " COMMAND_NO_DOMAIN0);
		return false;
	}
	return domain_end(control, domid);
}

int cmd_destroy(int argc, char **argv)
{
	int option, status = 0;

	/* -f is for who may destroy domain 0, which nobody can from domain 0. */
	while ((option = command_option(argc, argv, "f", NULL, 1, -1, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
	}
	for (; optind < argc; optind++)
		status |= command_on_domain(argv[optind], destroy);
	return status;
}
