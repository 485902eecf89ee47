/* SPDX-License-Identifier: MIT */
/*
 * Pipelined xenstore requests; see store_batch.h. At most BATCH_MAX requests are on their way at
 * once, so that neither side ever waits for the other with full socket buffers.
 */
#include "dom0-tools/xl/store_batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "xenstore/lib/wire.h"

#define BATCH_MAX     64
#define BUFFER_BYTES  (64 * 1024)
#define PATH_BYTES    256
#define ERRNO_BYTES   32 /* more than the longest name of an error */
#define DEFAULT_RUN   "/run/xenstored"
#define REQUEST_BYTES (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)

struct store_batch {
	int fd;
	uint32_t tx_id;
	int error; /* negative errno of the first failure */
	char failed_path[PATH_BYTES];
	size_t used; /* bytes of buffer */
	char buffer[BUFFER_BYTES];
	size_t count; /* requests without a reply yet */
	struct {
		enum xsd_sockmsg_type type;
		char path[PATH_BYTES];
	} requests[BATCH_MAX];
};

struct store_batch *store_batch_open(void)
{
	const char *path = getenv("XENSTORED_PATH"), *run = getenv("XENSTORED_RUNDIR");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct store_batch *batch;
	int n;

	n = path ? snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path)
		 : snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket",
			    run ? run : DEFAULT_RUN);
	if (n < 0 || (size_t)n >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	batch = calloc(1, sizeof(*batch));
	if (!batch)
		return NULL;
	batch->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (batch->fd >= 0 && connect(batch->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return batch;
	n = errno;
	store_batch_close(batch);
	errno = n;
	return NULL;
}

void store_batch_close(struct store_batch *batch)
{
	if (batch->fd >= 0)
		close(batch->fd);
	free(batch);
}

static int send_all(struct store_batch *batch)
{
	size_t sent = 0;

	while (sent < batch->used) {
		ssize_t n = send(batch->fd, batch->buffer + sent, batch->used - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		sent += (size_t)n;
	}
	batch->used = 0;
	return 0;
}

static int receive(struct store_batch *batch, void *data, size_t bytes)
{
	char *to = data;

	while (bytes) {
		ssize_t n = recv(batch->fd, to, bytes, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		to += n;
		bytes -= (size_t)n;
	}
	return 0;
}

/* One reply: 0, the negative errno that it tells, or that of the connection with *lost. */
static int read_reply(struct store_batch *batch, char *payload, size_t size, bool *lost)
{
	struct xsd_sockmsg header;
	int ret = receive(batch, &header, sizeof(header));

	*lost = true;
	if (ret == 0 && header.len > XENSTORE_PAYLOAD_MAX)
		ret = -EPROTO;
	if (ret == 0 && header.len >= size)
		ret = -EMSGSIZE;
	if (ret == 0)
		ret = receive(batch, payload, header.len);
	if (ret < 0)
		return ret;
	*lost = false;
	payload[header.len] = '\0';
	return header.type == XS_ERROR ? -xs_error_number(payload) : 0;
}

static void note_failure(struct store_batch *batch, int ret, const char *path)
{
	if (batch->error)
		return;
	batch->error = ret;
	snprintf(batch->failed_path, sizeof(batch->failed_path), "%s", path);
}

/* Sends the buffer and takes the replies to everything that is on its way. */
static void exchange(struct store_batch *batch)
{
	char payload[ERRNO_BYTES];
	bool lost = false;
	size_t i;
	int ret = send_all(batch);

	if (ret < 0) {
		note_failure(batch, ret, "/");
		lost = true;
	}
	for (i = 0; i < batch->count && !lost; i++) {
		ret = read_reply(batch, payload, sizeof(payload), &lost);
		if (ret == -ENOENT && batch->requests[i].type == XS_RM)
			continue;
		if (ret < 0)
			note_failure(batch, ret, batch->requests[i].path);
	}
	batch->count = 0;
}

/* Puts a request into the buffer, which has room for it. */
static void put(struct store_batch *batch, enum xsd_sockmsg_type type, const char *path,
		const void *data, size_t bytes)
{
	size_t path_bytes = strlen(path) + 1;
	struct xsd_sockmsg header = {
		.type = type,
		.tx_id = batch->tx_id,
		.len = (uint32_t)(path_bytes + bytes),
	};
	char *to = batch->buffer + batch->used;

	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), path, path_bytes);
	if (bytes)
		memcpy(to + sizeof(header) + path_bytes, data, bytes);
	batch->used += sizeof(header) + path_bytes + bytes;
}

void store_batch_add(struct store_batch *batch, enum xsd_sockmsg_type type, const char *path,
		     const void *data, size_t bytes)
{
	if (batch->error)
		return;
	if (strlen(path) + 1 + bytes > XENSTORE_PAYLOAD_MAX) {
		note_failure(batch, -E2BIG, path);
		return;
	}
	if (batch->count == BATCH_MAX || batch->used + REQUEST_BYTES > sizeof(batch->buffer))
		exchange(batch);
	batch->requests[batch->count].type = type;
	snprintf(batch->requests[batch->count].path, PATH_BYTES, "%s", path);
	batch->count++;
	put(batch, type, path, data, bytes);
}

int store_batch_flush(struct store_batch *batch, char *failed_path, size_t size)
{
	exchange(batch);
	if (batch->error)
		snprintf(failed_path, size, "%s", batch->failed_path);
	return batch->error;
}

/* Sends requests for some paths and takes their values. */
static int read_some(struct store_batch *batch, char *const *paths, size_t count, char **values)
{
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	bool lost = false;
	size_t i;
	int ret;

	for (i = 0; i < count; i++)
		put(batch, XS_READ, paths[i], NULL, 0);
	ret = send_all(batch);
	for (i = 0; i < count && ret == 0; i++) {
		int answer = read_reply(batch, payload, sizeof(payload), &lost);

		if (lost)
			ret = answer;
		else if (answer == 0)
			values[i] = strdup(payload);
	}
	return ret;
}

int store_batch_read(struct store_batch *batch, char *const *paths, size_t count, char **values)
{
	size_t done, n, i;
	int ret = 0;

	for (i = 0; i < count; i++)
		values[i] = NULL;
	for (done = 0; done < count && ret == 0; done += n) {
		n = count - done < BATCH_MAX ? count - done : BATCH_MAX;
		ret = read_some(batch, paths + done, n, values + done);
	}
	for (i = 0; i < count && ret < 0; i++) {
		free(values[i]);
		values[i] = NULL;
	}
	return ret;
}

int store_batch_start(struct store_batch *batch)
{
	char payload[ERRNO_BYTES];
	bool lost;
	int ret;

	batch->tx_id = 0;
	batch->error = 0;
	put(batch, XS_TRANSACTION_START, "", NULL, 0);
	ret = send_all(batch);
	if (ret == 0)
		ret = read_reply(batch, payload, sizeof(payload), &lost);
	if (ret == 0)
		batch->tx_id = (uint32_t)strtoul(payload, NULL, 10);
	return ret;
}

int store_batch_end(struct store_batch *batch, bool abandon)
{
	char payload[ERRNO_BYTES];
	bool lost;
	int ret;

	/* The flag stands where other requests have their path. */
	put(batch, XS_TRANSACTION_END, abandon ? "F" : "T", NULL, 0);
	ret = send_all(batch);
	if (ret == 0)
		ret = read_reply(batch, payload, sizeof(payload), &lost);
	batch->tx_id = 0;
	return ret;
}
