/* SPDX-License-Identifier: MIT */
/*
 * xl help: the commands, or one of them.
 */
#include <stdio.h>
#include <string.h>

#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/report.h"

static void print_all(void)
{
	size_t i;

	puts("Usage: xl [-vN] COMMAND [ARGUMENT]...\n\n"
	     "  -v  tell the steps and their milliseconds\n  -N  change nothing (create)\n\n"
	     "Commands:\n");
	for (i = 0; i < command_count; i++)
		printf("  %-20s%s\n", commands[i].name, commands[i].summary);
	puts("\nxl help COMMAND tells about one of them.");
}

int cmd_help(int argc, char **argv)
{
	static const struct option options[] = { { "long", no_argument, NULL, 'l' }, { 0 } };
	const struct command *command;
	int option, status = 0;

	while ((option = command_option(argc, argv, "l", options, 0, 1, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
	}
	if (optind >= argc) {
		print_all();
		return 0;
	}
	command = command_find(argv[optind]);
	if (!command) {
		report_error("there is no command \"%s\"; xl help lists the commands",
			     argv[optind]);
		return 1;
	}
	command_print_help(command);
	return 0;
}
