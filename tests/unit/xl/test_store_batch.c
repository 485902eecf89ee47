/* SPDX-License-Identifier: MIT */
/*
 * Pipelined writes against a daemon played by a child process: order, many requests, failures in
 * the middle, conflicts, and a daemon that goes away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dom0-tools/xl/store.h"
#include "dom0-tools/xl/store_batch.h"

static char dir[] = "/tmp/store-batch-XXXXXX";
static char path[sizeof(dir) + 16];

/* What the played daemon does: how many commits it refuses, and at which write it fails or leaves.
 */
struct play {
	int refused_commits;
	const char *failing_path;
	int leaves_at;       /* number of the write, 0 for never */
	int expected_writes; /* in the last transaction, 0: any */
};

static bool take(int fd, void *data, size_t bytes)
{
	char *to = data;

	while (bytes) {
		ssize_t n = read(fd, to, bytes);

		if (n <= 0)
			return false;
		to += n;
		bytes -= (size_t)n;
	}
	return true;
}

static void answer(int fd, const struct xsd_sockmsg *request, uint32_t type, const char *text)
{
	struct xsd_sockmsg header = *request;

	header.type = type;
	header.len = (uint32_t)strlen(text) + 1;
	if (write(fd, &header, sizeof(header)) != sizeof(header) ||
	    write(fd, text, header.len) != (ssize_t)header.len)
		_exit(3);
}

static void serve(int fd, struct play play)
{
	static char payload[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg request;
	int writes = 0;

	while (take(fd, &request, sizeof(request))) {
		if (!take(fd, payload, request.len))
			_exit(4);
		payload[request.len] = '\0';
		if (request.type == XS_TRANSACTION_START) {
			writes = 0;
			answer(fd, &request, request.type, "7");
			continue;
		}
		if (request.type == XS_READ) {
			if (strcmp(payload, "/none") == 0)
				answer(fd, &request, XS_ERROR, "ENOENT");
			else
				answer(fd, &request, request.type, payload + 1);
			continue;
		}
		if (request.tx_id != 7)
			_exit(5);
		if (request.type == XS_TRANSACTION_END) {
			if (payload[0] == 'T' && play.refused_commits-- > 0)
				answer(fd, &request, XS_ERROR, "EAGAIN");
			else
				answer(fd, &request, request.type, "OK");
			continue;
		}
		writes++;
		if (writes == play.leaves_at)
			_exit(0);
		if (play.failing_path && strcmp(payload, play.failing_path) == 0)
			answer(fd, &request, XS_ERROR, "ENOSPC");
		else if (request.type == XS_RM)
			answer(fd, &request, XS_ERROR, "ENOENT");
		else
			answer(fd, &request, request.type, "OK");
	}
	_exit(play.expected_writes && writes != play.expected_writes ? 6 : 0);
}

static pid_t start_daemon(struct play play)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t child;

	unlink(path);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 1), 0);
	child = fork();
	if (child == 0)
		serve(accept(listener, NULL, NULL), play);
	close(listener);
	return child;
}

static void expect_daemon_content(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static unsigned int bodies;

/* 1 + 2 + 300 requests. */
static void body(struct store_writer *writer, void *arg)
{
	int i;

	(void)arg;
	bodies++;
	store_remove(writer, "/d");
	store_make(writer, "/d", 0, 5);
	for (i = 0; i < 300; i++)
		store_put(writer, "/d", "node", "%d", i);
}

static int run(struct play play, char *failed)
{
	pid_t child = start_daemon(play);
	int ret;

	bodies = 0;
	ret = store_write_all(NULL, body, NULL, failed);
	expect_daemon_content(child);
	return ret;
}

static void test_many(void **state)
{
	(void)state;
	assert_int_equal(run((struct play){ .expected_writes = 303 }, NULL), 0);
	assert_int_equal(bodies, 1);
}

static void test_conflict_is_tried_again(void **state)
{
	(void)state;
	assert_int_equal(run((struct play){ .refused_commits = 2, .expected_writes = 303 }, NULL),
			 0);
	assert_int_equal(bodies, 3);
}

static void test_failure_has_its_path(void **state)
{
	char failed[STORE_PATH_MAX];

	(void)state;
	assert_int_equal(run((struct play){ .failing_path = "/d" }, failed), -ENOSPC);
	assert_string_equal(failed, "/d");
	assert_int_equal(run((struct play){ .failing_path = "/d/node" }, failed), -ENOSPC);
	assert_string_equal(failed, "/d/node");
	assert_int_equal(bodies, 1);
}

static void test_daemon_leaves(void **state)
{
	char failed[STORE_PATH_MAX];
	int at;

	(void)state;
	for (at = 1; at <= 300; at += 23)
		assert_true(run((struct play){ .leaves_at = at }, failed) < 0);
}

static void big_body(struct store_writer *writer, void *arg)
{
	store_put(writer, "/d", "big", "%s", (const char *)arg);
}

static void test_too_large(void **state)
{
	char *text = calloc(1, 5000), failed[STORE_PATH_MAX];
	pid_t child = start_daemon((struct play){ 0 });

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 4999);
	assert_int_equal(store_write_all(NULL, big_body, text, failed), -E2BIG);
	assert_string_equal(failed, "/d/big");
	free(text);
	expect_daemon_content(child);
}

static void test_reads(void **state)
{
	char *paths[150], *values[150], text[150][16];
	struct store_batch *batch;
	pid_t child = start_daemon((struct play){ 0 });
	size_t i;

	(void)state;
	for (i = 0; i < 150; i++) {
		snprintf(text[i], sizeof(text[i]), "/v%zu", i);
		paths[i] = text[i];
	}
	snprintf(text[70], sizeof(text[70]), "/none");
	batch = store_batch_open();
	assert_non_null(batch);
	assert_int_equal(store_batch_read(batch, paths, 150, values), 0);
	store_batch_close(batch);
	expect_daemon_content(child);
	for (i = 0; i < 150; i++) {
		if (i == 70)
			assert_null(values[i]);
		else
			assert_string_equal(values[i], text[i] + 1);
		free(values[i]);
	}
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", dir);
	return setenv("XENSTORED_PATH", path, 1);
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_conflict_is_tried_again),
		cmocka_unit_test(test_failure_has_its_path),
		cmocka_unit_test(test_daemon_leaves),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_reads),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
