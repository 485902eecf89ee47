/* SPDX-License-Identifier: MIT */
/*
 * xenstore: all commands in one binary, chosen by the name it is called with (xenstore-read) or by
 * its first word (xenstore read).
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/tools/tool.h"

static const struct command {
	const char *name;
	tool_command *run;
	const char *letters; /* of options, for getopt() */
	const char *usage;
	int min_args;
	bool transaction; /* several steps that belong together */
} commands[] = {
	{ "chmod", tool_chmod, "hrsu", "[-h] [-u] [-r] [-s] key <mode [modes...]>", 2, true },
	{ "control", tool_control, "h", "<command> [<arg>...]", 1, false },
	{ "exists", tool_exists, "hs", "[-h] [-s] key [...]", 1, true },
	{ "list", tool_list, "hps", "[-h] [-p] [-s] key [...]", 1, true },
	{ "ls", tool_ls, "hfps", "[-h] [-f] [-p] [-s] [path ...]", 0, false },
	{ "read", tool_read, "hpsR", "[-h] [-p] [-s] [-R] key [...]", 1, true },
	{ "rm", tool_rm, "hst", "[-h] [-s] [-t] key [...]", 1, true },
	{ "watch", tool_watch, "hn:s", "[-h] [-n NR] key [...]", 1, false },
	{ "write", tool_write, "hsR", "[-h] [-s] [-R] key value [...]", 2, true },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char *running = ""; /* the command's name, for messages */

void tool_error(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "xenstore%s%s: ", running[0] ? "-" : "", running);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static void print_help(FILE *out)
{
	fprintf(out, "Usage: xenstore <mode> [-h] [...]\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  xenstore %s %s\n", commands[i].name, commands[i].usage);
}

static int usage(const struct command *command, FILE *out)
{
	fprintf(out, "Usage: xenstore-%s %s\n", command->name, command->usage);
	return out == stdout ? 0 : 1;
}

static bool parse_count(const char *text, int *count)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value <= 0 || value > INT_MAX)
		return false;
	*count = (int)value;
	return true;
}

/* Takes options off argv. -1 to go on, or the exit status. */
static int parse_options(const struct command *command, int argc, char **argv,
			 struct tool_options *options)
{
	int letter;

	options->events = -1;
	/* "+": a word that is not an option ends them. */
	char letters[16];

	snprintf(letters, sizeof(letters), "+%s", command->letters);
	while ((letter = getopt(argc, argv, letters)) >= 0) {
		switch (letter) {
		case 'h':
			return usage(command, stdout);
		case 'f':
			options->full_path = true;
			break;
		case 'p':
			options->permissions = true;
			options->prefix = true;
			break;
		case 'R':
			options->raw = true;
			break;
		case 't':
			options->tidy = true;
			break;
		case 'r':
			options->recursive = true;
			break;
		case 'u':
			options->upwards = true;
			break;
		case 's': /* the socket is always tried first */
			break;
		case 'n':
			if (!parse_count(optarg, &options->events)) {
				tool_error("bad number of events '%s'", optarg);
				return 1;
			}
			break;
		default:
			return usage(command, stderr);
		}
	}
	return -1;
}

/* Runs the command once, what it prints collected. */
static int run_once(const struct command *command, struct tool *tool, int argc, char **argv)
{
	char *text = NULL;
	size_t len = 0;
	int status;

	tool->out = open_memstream(&text, &len);
	if (!tool->out) {
		tool_error("out of memory");
		return 1;
	}
	errno = 0;
	status = command->run(tool, argc, argv);
	fclose(tool->out);
	if (!xs_transaction_end(tool->xs, tool->t, status != 0)) {
		if (errno != EAGAIN && !status)
			tool_error("cannot commit: %s", strerror(errno));
		status = errno == EAGAIN ? -EAGAIN : 1;
	}
	if (status >= 0)
		fwrite(text, 1, len, stdout);
	free(text);
	return status;
}

static int run_in_transaction(const struct command *command, struct tool *tool, int argc,
			      char **argv)
{
	int status;

	do {
		tool->t = xs_transaction_start(tool->xs);
		if (tool->t == XBT_NULL) {
			tool_error("cannot start a transaction: %s", strerror(errno));
			return 1;
		}
		status = run_once(command, tool, argc, argv);
	} while (status == -EAGAIN);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct tool tool = { .t = XBT_NULL, .out = stdout };
	int status = parse_options(command, argc, argv, &tool.options);

	if (status >= 0)
		return status;
	argc -= optind;
	argv += optind;
	if (argc < command->min_args)
		return usage(command, stderr);
	tool.xs = xs_open(0);
	if (!tool.xs) {
		tool_error("cannot connect to xenstored: %s; is it running, and are you root?",
			   strerror(errno));
		return 1;
	}
	if (command->transaction && (argc > command->min_args || tool.options.recursive ||
				     tool.options.tidy || tool.options.upwards))
		status = run_in_transaction(command, &tool, argc, argv);
	else
		status = command->run(&tool, argc, argv);
	xs_close(tool.xs);
	if (fflush(stdout)) {
		tool_error("cannot write the output: %s", strerror(errno));
		status = 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	static const char prefix[] = "xenstore-";
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	const struct command *command;

	if (strncmp(name, prefix, strlen(prefix)) != 0) {
		argc--;
		argv++;
		if (argc < 1) {
			print_help(stderr);
			return 1;
		}
		name = argv[0];
		if (!strcmp(name, "-h") || !strcmp(name, "--help") || !strcmp(name, "help")) {
			print_help(stdout);
			return 0;
		}
	} else {
		name += strlen(prefix);
	}
	command = find_command(name);
	if (!command) {
		tool_error("unknown mode %s; xenstore help lists them", name);
		return 1;
	}
	running = command->name;
	return run(command, argc, argv);
}
