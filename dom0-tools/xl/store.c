/* SPDX-License-Identifier: MIT */
/*
 * xenstore helpers; see store.h.
 */
#include "dom0-tools/xl/store.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/store_batch.h"
#include "xenstore/lib/wire.h"

char *store_read(struct xs_handle *xs, xs_transaction_t t, const char *path_fmt, ...)
{
	char path[STORE_PATH_MAX];
	va_list args;

	va_start(args, path_fmt);
	vsnprintf(path, sizeof(path), path_fmt, args);
	va_end(args);
	return xs_read(xs, t, path, NULL);
}

long store_read_number(struct xs_handle *xs, xs_transaction_t t, const char *path_fmt, ...)
{
	char path[STORE_PATH_MAX], *value, *end;
	va_list args;
	long number;

	va_start(args, path_fmt);
	vsnprintf(path, sizeof(path), path_fmt, args);
	va_end(args);
	value = xs_read(xs, t, path, NULL);
	if (!value)
		return -1;
	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || end == value || *end || number < 0)
		number = -1;
	free(value);
	return number;
}

static void writer_failed(struct store_writer *writer, const char *path)
{
	writer->error = errno ? errno : EIO;
	snprintf(writer->path, sizeof(writer->path), "%s", path);
}

void store_put(struct store_writer *writer, const char *dir, const char *name, const char *fmt, ...)
{
	char path[STORE_PATH_MAX], value[XENSTORE_PAYLOAD_MAX];
	va_list args;
	int n;

	if (writer->error)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	va_start(args, fmt);
	n = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	errno = E2BIG;
	if (n < 0 || (size_t)n >= sizeof(value))
		writer_failed(writer, path);
	else if (writer->batch)
		store_batch_add(writer->batch, XS_WRITE, path, value, (size_t)n);
	else if (!xs_write(writer->xs, writer->t, path, value, (unsigned int)n))
		writer_failed(writer, path);
}

static void batch_make(struct store_batch *batch, const char *dir,
		       const struct xs_permissions *perms, unsigned int count)
{
	char text[2 * XS_PERM_TEXT_MAX];
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		used += xs_perm_format(&perms[i], text + used) + 1;
	store_batch_add(batch, XS_MKDIR, dir, NULL, 0);
	store_batch_add(batch, XS_SET_PERMS, dir, text, used);
}

void store_make(struct store_writer *writer, const char *dir, uint32_t owner, uint32_t reader)
{
	struct xs_permissions perms[2] = {
		{ .id = owner, .perms = XS_PERM_NONE },
		{ .id = reader, .perms = XS_PERM_READ },
	};
	unsigned int count = owner == reader ? 1 : 2;

	if (writer->error)
		return;
	if (writer->batch)
		batch_make(writer->batch, dir, perms, count);
	else if (!xs_mkdir(writer->xs, writer->t, dir) ||
		 !xs_set_permissions(writer->xs, writer->t, dir, perms, count))
		writer_failed(writer, dir);
}

void store_remove(struct store_writer *writer, const char *path)
{
	if (writer->error)
		return;
	if (writer->batch)
		store_batch_add(writer->batch, XS_RM, path, NULL, 0);
	else if (!xs_rm(writer->xs, writer->t, path) && errno != ENOENT)
		writer_failed(writer, path);
}

/* One attempt at a batch; -EAGAIN when it is to be made again. */
static int try_batch(struct store_batch *batch, store_body_fn *body, void *arg, char *failed_path)
{
	struct store_writer writer = { .batch = batch };
	int ret = store_batch_start(batch), flushed;

	if (ret < 0)
		return ret;
	body(&writer, arg);
	flushed = store_batch_flush(batch, writer.path, sizeof(writer.path));
	ret = writer.error ? -writer.error : flushed;
	if (ret < 0) {
		if (failed_path)
			snprintf(failed_path, STORE_PATH_MAX, "%s", writer.path);
		store_batch_end(batch, true);
		/* Only a commit may be tried again. */
		return ret == -EAGAIN ? -EIO : ret;
	}
	return store_batch_end(batch, false);
}

int store_write_all(struct xs_handle *xs, store_body_fn *body, void *arg, char *failed_path)
{
	struct store_batch *batch = store_batch_open();
	int ret;

	/* Without a socket the library may still reach the store through the kernel. */
	if (!batch)
		return store_transaction(xs, body, arg, failed_path);
	if (failed_path)
		snprintf(failed_path, STORE_PATH_MAX, "/");
	do {
		ret = try_batch(batch, body, arg, failed_path);
	} while (ret == -EAGAIN);
	store_batch_close(batch);
	return ret;
}

int store_transaction(struct xs_handle *xs, store_body_fn *body, void *arg, char *failed_path)
{
	for (;;) {
		struct store_writer writer = { .xs = xs, .t = xs_transaction_start(xs) };

		if (writer.t == XBT_NULL) {
			writer_failed(&writer, "/");
		} else {
			body(&writer, arg);
			if (!xs_transaction_end(xs, writer.t, writer.error != 0) && !writer.error) {
				if (errno == EAGAIN)
					continue;
				writer_failed(&writer, "/");
			}
		}
		if (failed_path)
			snprintf(failed_path, STORE_PATH_MAX, "%s", writer.path);
		return -writer.error;
	}
}

char **store_list(struct xs_handle *xs, xs_transaction_t t, unsigned int *count,
		  const char *path_fmt, ...)
{
	char path[STORE_PATH_MAX];
	va_list args;
	char **names;

	va_start(args, path_fmt);
	vsnprintf(path, sizeof(path), path_fmt, args);
	va_end(args);
	names = xs_directory(xs, t, path, count);
	if (!names)
		*count = 0;
	return names;
}

char **store_next_event(struct xs_handle *xs, uint64_t deadline_ms)
{
	for (;;) {
		struct pollfd pfd = { .fd = xs_fileno(xs), .events = POLLIN };
		char **event = xs_check_watch(xs);
		uint64_t now;
		int timeout;

		if (event || (errno != EAGAIN && errno != EINTR))
			return event;
		now = monotonic_ms();
		if (now >= deadline_ms) {
			errno = ETIMEDOUT;
			return NULL;
		}
		timeout = deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now);
		if (poll(&pfd, 1, timeout) < 0 && errno != EINTR)
			return NULL;
	}
}
