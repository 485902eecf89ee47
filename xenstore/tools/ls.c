/* SPDX-License-Identifier: MIT */
/*
 * xenstore-ls: the tree below paths, indented or with full paths, permissions on demand. It works
 * without a transaction, as what it shows may be large; nodes that go away meanwhile are left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "xenstore/lib/wire.h"
#include "xenstore/tools/tool.h"

#define DEFAULT_WIDTH     80
/* Where permissions begin, if the value leaves room. */
#define PERMISSION_COLUMN 60

/* Room for what stands around a value that is cut: ` = "` and `\..."`, less one. */
#define CUT_ROOM 8

/* The terminal's width, less a margin; indented lines are cut there. */
static int line_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < PERMISSION_COLUMN / 2)
		return DEFAULT_WIDTH;
	return size.ws_col - 2;
}

static void print_permissions(struct tool *tool, const char *path)
{
	unsigned int count;
	struct xs_permissions *perms = xs_get_permissions(tool->xs, XBT_NULL, path, &count);
	char text[XS_PERM_TEXT_MAX];

	if (!perms)
		return;
	fputs("  (", tool->out);
	for (unsigned int i = 0; i < count; i++) {
		xs_perm_format(&perms[i], text);
		fprintf(tool->out, "%s%s", i ? "," : "", text);
	}
	putc(')', tool->out);
	free(perms);
}

/* The value behind a name that took used columns; dots lead to the permissions. */
static void print_value(struct tool *tool, const char *path, int used, int width)
{
	const struct tool_options *options = &tool->options;
	unsigned int len;
	char *value = xs_read(tool->xs, XBT_NULL, path, &len);
	char *text;

	if (!value) {
		putc(':', tool->out);
		return;
	}
	text = value_escape(value, len);
	free(value);
	if (!options->full_path && used + (int)len + CUT_ROOM > width) {
		fprintf(tool->out, " = \"%.*s\\...\"", width - CUT_ROOM - used, text);
	} else {
		used += fprintf(tool->out, " = \"%s\"", text);
		if (options->permissions) {
			putc(' ', tool->out);
			for (used++; !options->full_path && used < PERMISSION_COLUMN; used++)
				putc(used & 1 ? '.' : ' ', tool->out);
		}
	}
	free(text);
}

/* Everything below path. -1 with errno if it cannot be listed. */
static int list(struct tool *tool, const char *path, int depth, int width)
{
	unsigned int count;
	char **names = xs_directory(tool->xs, XBT_NULL, path, &count);

	if (!names)
		return depth && errno == ENOENT ? 0 : -1;
	for (unsigned int i = 0; i < count; i++) {
		char *child = path_join(path, names[i]);
		int used = depth;

		if (tool->options.full_path)
			fputs(child, tool->out);
		else
			used = fprintf(tool->out, "%*s%s", depth, "", names[i]);
		print_value(tool, child, used, width);
		if (tool->options.permissions)
			print_permissions(tool, child);
		putc('\n', tool->out);
		/* Readable above, but not all below may be. */
		if (list(tool, child, depth + 1, width) && errno != EACCES) {
			free(child);
			free(names);
			return -1;
		}
		free(child);
	}
	free(names);
	return 0;
}

int tool_ls(struct tool *tool, int argc, char **argv)
{
	static char root[] = "/";
	char *all[] = { root };
	int width = line_width();

	if (!argc) {
		argc = 1;
		argv = all;
	}
	for (int i = 0; i < argc; i++) {
		if (list(tool, argv[i], 0, width)) {
			tool_error("cannot list %s: %s", argv[i], strerror(errno));
			return 1;
		}
	}
	return 0;
}
