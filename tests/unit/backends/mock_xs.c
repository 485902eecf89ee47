/* SPDX-License-Identifier: MIT */
/* See mock_xs.h. */
#include "tests/unit/backends/mock_xs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/lib/xs.h"

#define NODES 128

static struct {
	char path[256];
	char value[512];
} nodes[NODES];
static int nr_nodes, nr_watches;
static bool is_introduced;

static char handle;
struct xs_handle *const mock_xs = (struct xs_handle *)(void *)&handle;

void mock_xs_reset(void)
{
	nr_nodes = nr_watches = 0;
	is_introduced = true;
}

static int find(const char *path)
{
	for (int i = 0; i < nr_nodes; i++) {
		if (!strcmp(nodes[i].path, path))
			return i;
	}
	return -1;
}

static bool is_directory(const char *path)
{
	size_t len = strlen(path);

	for (int i = 0; i < nr_nodes; i++) {
		if (!strncmp(nodes[i].path, path, len) && nodes[i].path[len] == '/')
			return true;
	}
	return false;
}

void mock_xs_set(const char *path, const char *value)
{
	int i = find(path);

	if (i < 0)
		i = nr_nodes++;
	if (i >= NODES)
		__builtin_trap();
	snprintf(nodes[i].path, sizeof(nodes[i].path), "%s", path);
	snprintf(nodes[i].value, sizeof(nodes[i].value), "%s", value);
}

const char *mock_xs_get(const char *path)
{
	int i = find(path);

	return i < 0 ? "" : nodes[i].value;
}

void mock_xs_introduced(bool introduced)
{
	is_introduced = introduced;
}

int mock_xs_watches(void)
{
	return nr_watches;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	int i = find(path);

	(void)h;
	(void)t;
	if (i < 0 && is_directory(path))
		return strdup("");
	if (i < 0) {
		errno = ENOENT;
		return NULL;
	}
	if (len)
		*len = (unsigned int)strlen(nodes[i].value);
	return strdup(nodes[i].value);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	char value[512];

	(void)h;
	(void)t;
	snprintf(value, sizeof(value), "%.*s", (int)len, (const char *)data);
	mock_xs_set(path, value);
	return true;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	(void)h;
	return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abandon)
{
	(void)h;
	(void)t;
	(void)abandon;
	return true;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	(void)h;
	(void)path;
	(void)token;
	nr_watches++;
	return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	(void)h;
	(void)path;
	(void)token;
	nr_watches--;
	return true;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	(void)h;
	(void)t;
	(void)path;
	*num = 0;
	errno = ENOENT;
	return NULL;
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	(void)h;
	(void)domid;
	return is_introduced;
}
