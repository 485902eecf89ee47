/* SPDX-License-Identifier: MIT */
/*
 * xl debug-keys: as if typed on the hypervisor's serial console.
 */
#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/report.h"

int cmd_debug_keys(int argc, char **argv)
{
	struct control control;
	int ret, status = 0;

	if (command_option(argc, argv, "", NULL, 1, 1, &status) != -1)
		return status;
	if (!control_open_hypervisor(&control))
		return 1;
	ret = host_debug_keys(control.fd, argv[optind]);
	if (ret < 0)
		report_error("cannot send debug keys '%s': %s", argv[optind], error_text(ret));
	control_close(&control);
	return ret < 0;
}
