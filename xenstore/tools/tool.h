/* SPDX-License-Identifier: MIT */
/*
 * What the commands of the xenstore tool share. A command gets the words behind its name and its
 * options, works on an open handle, and returns its exit status; it prints errors with
 * tool_error().
 */
#ifndef XENSTORE_TOOLS_TOOL_H
#define XENSTORE_TOOLS_TOOL_H

#include <stdbool.h>
#include <stdio.h>

#include "xenstore/lib/xs.h"

/* Options, as the letters of the xenstore-* tools. */
struct tool_options {
	bool full_path;   /* ls -f */
	bool permissions; /* ls -p */
	bool prefix;      /* read -p, list -p */
	bool raw;         /* read -R, write -R: no escapes */
	bool tidy;        /* rm -t */
	bool recursive;   /* chmod -r */
	bool upwards;     /* chmod -u */
	int events;       /* watch -n; negative: no end */
};

/*
 * One run of a command. In a transaction t is not XBT_NULL and the command runs again when it
 * conflicts, so it prints to out, which reaches the user at the end only.
 */
struct tool {
	struct xs_handle *xs;
	xs_transaction_t t;
	FILE *out;
	struct tool_options options;
};

typedef int tool_command(struct tool *tool, int argc, char **argv);

tool_command tool_ls, tool_read, tool_write, tool_list, tool_rm, tool_exists, tool_chmod,
	tool_watch, tool_control;

/* "xenstore-NAME: text" on stderr; NAME is that of the command that runs. */
void tool_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* path, a slash if it needs one, name; malloced, exits when out of memory. */
char *path_join(const char *path, const char *name);

/*
 * A value as text, what is not printable in escapes (\t \n \r \\ \ooo \xhh); malloced, exits when
 * out of memory.
 */
char *value_escape(const char *value, size_t len);
/*
 * Undoes escapes in place; any other character behind a backslash stands for itself. The length, or
 * -1 if an escape means no byte.
 */
int value_unescape(char *text);

#endif
