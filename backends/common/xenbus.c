/* SPDX-License-Identifier: MIT */
/* Typed access to xenstore nodes: see xenbus.h. Stateless. */
#include "backends/common/xenbus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/lib/xs.h"

#define WRITE_NODES_MAX 24
/* Of a transaction that others keep spoiling. */
#define WRITE_TRIES_MAX 100

const char *xenbus_state_name(unsigned int state)
{
	static const char *const names[] = {
		[XenbusStateUnknown] = "Unknown",
		[XenbusStateInitialising] = "Initialising",
		[XenbusStateInitWait] = "InitWait",
		[XenbusStateInitialised] = "Initialised",
		[XenbusStateConnected] = "Connected",
		[XenbusStateClosing] = "Closing",
		[XenbusStateClosed] = "Closed",
		[XenbusStateReconfiguring] = "Reconfiguring",
		[XenbusStateReconfigured] = "Reconfigured",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "invalid";
}

int parse_number(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return -EINVAL;
		sum = sum * 10 + digit;
		if (sum > max)
			return -EINVAL;
	}
	*value = sum;
	return 0;
}

static int node_path(char path[XENBUS_PATH_MAX], const char *dir, const char *node)
{
	int len = snprintf(path, XENBUS_PATH_MAX, "%s/%s", dir, node);

	return len < 0 || len >= XENBUS_PATH_MAX ? -ENAMETOOLONG : 0;
}

int xenbus_read(struct xs_handle *xs, const char *dir, const char *node, char *buf, size_t size)
{
	char path[XENBUS_PATH_MAX];
	unsigned int len = 0;
	char *data;
	int ret = node_path(path, dir, node);

	if (ret < 0)
		return ret;
	data = xs_read(xs, XBT_NULL, path, &len);
	if (!data)
		return errno ? -errno : -EIO;
	if (len >= size) {
		ret = -E2BIG;
	} else {
		memcpy(buf, data, len);
		buf[len] = '\0';
	}
	free(data);
	return ret;
}

int xenbus_read_number(struct xs_handle *xs, const char *dir, const char *node, uint64_t max,
		       uint64_t *value)
{
	char text[32];
	int ret = xenbus_read(xs, dir, node, text, sizeof(text));

	if (ret == -E2BIG)
		return -EINVAL;
	return ret < 0 ? ret : parse_number(text, max, value);
}

bool xenbus_read_flag(struct xs_handle *xs, const char *dir, const char *node, bool fallback)
{
	uint64_t value;

	return xenbus_read_number(xs, dir, node, 1, &value) < 0 ? fallback : value == 1;
}

unsigned int xenbus_read_state(struct xs_handle *xs, const char *dir)
{
	uint64_t state;

	if (xenbus_read_number(xs, dir, "state", XenbusStateReconfigured, &state) < 0)
		return XenbusStateUnknown;
	return (unsigned int)state;
}

bool xenbus_exists(struct xs_handle *xs, const char *dir)
{
	char *data = xs_read(xs, XBT_NULL, dir, NULL);
	bool found = data || errno != ENOENT;

	free(data);
	return found;
}

/* One attempt. -EAGAIN: somebody else changed what it is about. */
static int write_once(struct xs_handle *xs, const char *dir, const char *const names[],
		      const char *const values[], size_t count)
{
	xs_transaction_t t = xs_transaction_start(xs);
	char path[XENBUS_PATH_MAX];
	void *found;
	int ret = 0;

	if (t == XBT_NULL)
		return -errno;
	found = xs_read(xs, t, dir, NULL);
	if (!found)
		ret = -errno;
	free(found);
	for (size_t i = 0; ret == 0 && i < count; i++) {
		ret = node_path(path, dir, names[i]);
		if (ret == 0 && !xs_write(xs, t, path, values[i], (unsigned int)strlen(values[i])))
			ret = -errno;
	}
	if (!xs_transaction_end(xs, t, ret < 0) && ret == 0)
		ret = -errno;
	return ret;
}

static int write_all(struct xs_handle *xs, const char *dir, const char *const names[],
		     const char *const values[], size_t count)
{
	int ret, tries = 0;

	do {
		ret = write_once(xs, dir, names, values, count);
	} while (ret == -EAGAIN && ++tries < WRITE_TRIES_MAX);
	return ret;
}

int xenbus_write_nodes(struct xs_handle *xs, const char *dir, const struct xenbus_node *nodes,
		       size_t count)
{
	const char *names[WRITE_NODES_MAX], *values[WRITE_NODES_MAX];

	if (count > WRITE_NODES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count; i++) {
		names[i] = nodes[i].name;
		values[i] = nodes[i].value;
	}
	return write_all(xs, dir, names, values, count);
}

int xenbus_write(struct xs_handle *xs, const char *dir, const char *node, const char *fmt, ...)
{
	const char *values[1];
	char value[512];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (len < 0)
		return -EINVAL;
	values[0] = value;
	return write_all(xs, dir, &node, values, 1);
}
