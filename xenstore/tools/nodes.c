/* SPDX-License-Identifier: MIT */
/*
 * xenstore-read, -write, -list, -rm, -exists and -chmod.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/lib/wire.h"
#include "xenstore/tools/tool.h"

/* Most permissions that a request can carry. */
#define PERMS_MAX 1024

static int fail(const char *what, const char *path)
{
	if (errno != EAGAIN)
		tool_error("cannot %s %s: %s", what, path, strerror(errno));
	return 1;
}

int tool_read(struct tool *tool, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		unsigned int len;
		char *value = xs_read(tool->xs, tool->t, argv[i], &len);
		char *text;

		if (!value)
			return fail("read", argv[i]);
		if (tool->options.prefix)
			fprintf(tool->out, "%s: ", argv[i]);
		if (tool->options.raw) {
			fwrite(value, 1, len, tool->out);
		} else {
			text = value_escape(value, len);
			fprintf(tool->out, "%s\n", text);
			free(text);
		}
		free(value);
	}
	return 0;
}

int tool_write(struct tool *tool, int argc, char **argv)
{
	if (argc % 2) {
		tool_error("no value for %s", argv[argc - 1]);
		return 1;
	}
	for (int i = 0; i < argc; i += 2) {
		/* A copy: the transaction may have to be repeated. */
		char *value = strdup(argv[i + 1]);
		int len;
		bool written;

		if (!value)
			return fail("write", argv[i]);
		len = tool->options.raw ? (int)strlen(value) : value_unescape(value);
		if (len < 0) {
			tool_error("the value of %s has an escape over \\377; use \\\\ for a "
				   "backslash",
				   argv[i]);
			free(value);
			return 1;
		}
		written = xs_write(tool->xs, tool->t, argv[i], value, (unsigned int)len);
		free(value);
		if (!written)
			return fail("write", argv[i]);
	}
	return 0;
}

int tool_list(struct tool *tool, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		unsigned int count;
		char **names = xs_directory(tool->xs, tool->t, argv[i], &count);

		if (!names)
			return fail("list", argv[i]);
		for (unsigned int n = 0; n < count; n++) {
			char *path = path_join(argv[i], names[n]);

			fprintf(tool->out, "%s\n", tool->options.prefix ? path : names[n]);
			free(path);
		}
		free(names);
	}
	return 0;
}

/* Whether the node has neither a value nor children. */
static bool is_empty(struct tool *tool, const char *path)
{
	unsigned int len = 1, count = 1;

	free(xs_read(tool->xs, tool->t, path, &len));
	if (!len)
		free(xs_directory(tool->xs, tool->t, path, &count));
	return !len && !count;
}

/* Removes the parents that a removal left empty. path is cut shorter on the way. */
static bool tidy_up(struct tool *tool, char *path)
{
	char *slash;

	while ((slash = strrchr(path, '/')) && slash != path) {
		*slash = '\0';
		if (!is_empty(tool, path))
			return true;
		if (!xs_rm(tool->xs, tool->t, path))
			return false;
	}
	return true;
}

int tool_rm(struct tool *tool, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *path;
		bool tidy;

		if (!xs_rm(tool->xs, tool->t, argv[i]))
			return fail("remove", argv[i]);
		if (!tool->options.tidy)
			continue;
		path = path_join(argv[i], "");
		path[strlen(argv[i])] = '\0';
		tidy = tidy_up(tool, path);
		if (!tidy)
			fail("remove", path);
		free(path);
		if (!tidy)
			return 1;
	}
	return 0;
}

int tool_exists(struct tool *tool, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *value = xs_read(tool->xs, tool->t, argv[i], NULL);

		if (!value && errno != ENOENT)
			return fail("look for", argv[i]);
		if (!value)
			return 1;
		free(value);
	}
	return 0;
}

/* Sets permissions on path and, if asked, all below. */
static int chmod_tree(struct tool *tool, const char *path, struct xs_permissions *perms,
		      unsigned int nr_perms)
{
	unsigned int count = 0;
	char **names = NULL;
	int ret = 0;

	if (!xs_set_permissions(tool->xs, tool->t, path, perms, nr_perms))
		return fail("set the permissions of", path);
	if (!tool->options.recursive)
		return 0;
	names = xs_directory(tool->xs, tool->t, path, &count);
	if (!names)
		return fail("list", path);
	for (unsigned int i = 0; !ret && i < count; i++) {
		char *child = path_join(path, names[i]);

		ret = chmod_tree(tool, child, perms, nr_perms);
		free(child);
	}
	free(names);
	return ret;
}

/* The same permissions for every node above path, "/" apart. */
static int chmod_parents(struct tool *tool, const char *path, struct xs_permissions *perms,
			 unsigned int nr_perms)
{
	char *parent = path_join(path, "");
	char *slash;
	int ret = 0;

	parent[strlen(path)] = '\0';
	while (!ret && (slash = strrchr(parent, '/')) && slash != parent) {
		*slash = '\0';
		if (!xs_set_permissions(tool->xs, tool->t, parent, perms, nr_perms))
			ret = fail("set the permissions of", parent);
	}
	free(parent);
	return ret;
}

int tool_chmod(struct tool *tool, int argc, char **argv)
{
	struct xs_permissions perms[PERMS_MAX];
	unsigned int nr_perms = 0;
	int ret;

	if (argc - 1 > PERMS_MAX) {
		tool_error("too many permissions, at most %d", PERMS_MAX);
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		if (!xs_perm_parse(argv[i], &perms[nr_perms++])) {
			tool_error("bad permission '%s'; it is n, r, w or b and a domain id, as r5",
				   argv[i]);
			return 1;
		}
	}
	ret = chmod_tree(tool, argv[0], perms, nr_perms);
	if (!ret && tool->options.upwards)
		ret = chmod_parents(tool, argv[0], perms, nr_perms);
	return ret;
}
