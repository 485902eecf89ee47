/* SPDX-License-Identifier: MIT */
/*
 * xl: reads its own options, finds the command, runs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/nearest.h"
#include "dom0-tools/xl/report.h"

static const char *name_at(size_t i, void *arg)
{
	(void)arg;
	return commands[i].name;
}

static int unknown_command(const char *name)
{
	const char *nearest = nearest_word(name, command_count, name_at, NULL);

	if (nearest)
		report_error("unknown command \"%s\"; did you mean \"%s\"?", name, nearest);
	else
		report_error("unknown command \"%s\"; xl help lists the commands", name);
	return 1;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int option, status;

	/* "+": options after the command are the command's. -f, -t and -T change nothing here.
	 */
	while ((option = getopt(argc, argv, "+vftTN")) != -1) {
		if (option == '?') {
			fputs("xl help tells how to use it\n", stderr);
			return 1;
		}
		if (option == 'N')
			global_dry_run = true;
		if (option == 'v')
			report_verbose(true);
	}
	if (optind == argc) {
		char help[] = "help", *words[] = { help, NULL };

		cmd_help(1, words);
		return 1;
	}
	command = command_find(argv[optind]);
	if (!command)
		return unknown_command(argv[optind]);
	argc -= optind;
	argv += optind;
	optind = 0; /* start over, also with getopt's own state */
	status = command->run(argc, argv);
	if (fflush(stdout) != 0 && status == 0) {
		report_error("cannot write the output: is the disk full?");
		status = 1;
	}
	return status;
}
