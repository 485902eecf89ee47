/* SPDX-License-Identifier: MIT */
/*
 * xl dmesg: the hypervisor's console ring.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/report.h"

int cmd_dmesg(int argc, char **argv)
{
	static const struct option options[] = { { "clear", no_argument, NULL, 'c' }, { 0 } };
	struct control control;
	bool clear = false;
	int option, ret, status = 0;
	char *text = NULL;

	while ((option = command_option(argc, argv, "c", options, 0, 0, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		clear = true;
	}
	if (!control_open_hypervisor(&control))
		return 1;
	ret = host_read_console(control.fd, clear, &text);
	if (ret < 0)
		report_error("cannot read the hypervisor's messages: %s", error_text(ret));
	else
		fputs(text, stdout);
	free(text);
	control_close(&control);
	return ret < 0;
}
