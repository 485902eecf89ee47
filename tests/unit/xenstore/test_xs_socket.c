/* SPDX-License-Identifier: MIT */
/*
 * The daemon as a process, over its socket: the client library against it, raw bytes against it,
 * and clients that go away or do not listen.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"
#include "xenstore/daemon/hypervisor.h"
#include "xenstore/daemon/loop.h"
#include "xenstore/daemon/socket.h"
#include "xenstore/lib/xs.h"

static char dir[] = "/tmp/test_xs_XXXXXX";
static char path[64];
static pid_t daemon_pid;

/* In the child: serve until SIGTERM. */
static int serve(void)
{
	static char name[] = "test", foreground[] = "-f";
	char *argv[] = { name, foreground, NULL };
	struct daemon d = { .name = "xenstored", .summary = "" };
	struct loop loop = { .daemon = &d };

	if (daemon_parse_options(&d, 2, argv) >= 0 || daemon_start(&d) < 0)
		return 1;
	loop.store = store_new(&no_hypervisor);
	loop.listen_fd = socket_listen(path);
	if (!loop.store || loop.listen_fd < 0 || loop_open(&loop))
		return 1;
	if (loop_run(&loop))
		return 1;
	socket_close_all();
	loop_close(&loop);
	close(loop.listen_fd);
	store_free(loop.store);
	unlink(path);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", dir);
	setenv("XENSTORED_PATH", path, 1);
	daemon_pid = fork();
	if (!daemon_pid)
		exit(serve());
	for (int i = 0; i < 500 && access(path, F_OK); i++)
		usleep(10000);
	return 0;
}

static int teardown(void **state)
{
	int status;

	(void)state;
	kill(daemon_pid, SIGTERM);
	assert_int_equal(waitpid(daemon_pid, &status, 0), daemon_pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	rmdir(dir);
	return 0;
}

static struct xs_handle *open_handle(unsigned long flags)
{
	struct xs_handle *h = xs_open(flags);

	assert_non_null(h);
	return h;
}

static int raw_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path, path, strlen(path) + 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void test_nodes(void **state)
{
	struct xs_handle *h = open_handle(0);
	struct xs_permissions perms[2] = { { .id = 3, .perms = XS_PERM_NONE },
					   { .id = 4, .perms = XS_PERM_READ | XS_PERM_WRITE } };
	struct xs_permissions *got;
	unsigned int len;
	char *value, **names;

	(void)state;
	assert_true(xs_write(h, XBT_NULL, "/n/a", "value", 5));
	value = xs_read(h, XBT_NULL, "/n/a", &len);
	assert_non_null(value);
	assert_int_equal(len, 5);
	assert_string_equal(value, "value");
	free(value);
	assert_true(xs_mkdir(h, XBT_NULL, "/n/b"));
	names = xs_directory(h, XBT_NULL, "/n", &len);
	assert_int_equal(len, 2);
	assert_string_equal(names[0], "a");
	assert_string_equal(names[1], "b");
	free(names);
	assert_null(xs_read(h, XBT_NULL, "/n/c", &len));
	assert_int_equal(errno, ENOENT);
	assert_true(xs_set_permissions(h, XBT_NULL, "/n/b", perms, 2));
	got = xs_get_permissions(h, XBT_NULL, "/n/b", &len);
	assert_int_equal(len, 2);
	assert_memory_equal(got, perms, sizeof(perms));
	free(got);
	assert_true(xs_rm(h, XBT_NULL, "/n"));
	assert_null(xs_directory(h, XBT_NULL, "/n", &len));
	assert_int_equal(errno, ENOENT);
	value = xs_get_domain_path(h, 17);
	assert_string_equal(value, "/local/domain/17");
	free(value);
	assert_false(xs_is_domain_introduced(h, 17));
	assert_true(xs_is_domain_introduced(h, 0));
	xs_close(h);
}

static void test_long_directory(void **state)
{
	struct xs_handle *h = open_handle(0);
	char name[64], **names;
	unsigned int count;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "/long/entry-%05d", i);
		assert_true(xs_mkdir(h, XBT_NULL, name));
	}
	names = xs_directory(h, XBT_NULL, "/long", &count);
	assert_non_null(names);
	assert_int_equal(count, 3000);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "entry-%05d", i);
		assert_string_equal(names[i], name);
	}
	free(names);
	assert_true(xs_rm(h, XBT_NULL, "/long"));
	xs_close(h);
}

static void test_transactions(void **state)
{
	struct xs_handle *h = open_handle(0), *other = open_handle(0);
	xs_transaction_t t = xs_transaction_start(h);

	(void)state;
	assert_int_not_equal(t, XBT_NULL);
	free(xs_read(h, t, "/t/counter", NULL));
	assert_true(xs_write(other, XBT_NULL, "/t/counter", "1", 1));
	assert_true(xs_write(h, t, "/t/counter", "2", 1));
	assert_false(xs_transaction_end(h, t, false));
	assert_int_equal(errno, EAGAIN);
	t = xs_transaction_start(h);
	assert_true(xs_write(h, t, "/t/counter", "2", 1));
	assert_true(xs_transaction_end(h, t, false));
	/* Another connection's id means nothing here. */
	t = xs_transaction_start(h);
	assert_false(xs_write(other, t + 1000, "/t/x", "", 0));
	assert_int_equal(errno, ENOENT);
	assert_true(xs_transaction_end(h, t, true));
	xs_close(h);
	xs_close(other);
}

static void next_event(struct xs_handle *h, const char *event_path, const char *token)
{
	char **event = xs_check_watch(h);

	assert_non_null(event);
	assert_string_equal(event[XS_WATCH_PATH], event_path);
	assert_string_equal(event[XS_WATCH_TOKEN], token);
	free(event);
}

static bool readable(struct xs_handle *h, int timeout)
{
	struct pollfd pfd = { .fd = xs_fileno(h), .events = POLLIN };

	assert_true(pfd.fd >= 0);
	return poll(&pfd, 1, timeout) == 1;
}

static void test_watches(void **state)
{
	struct xs_handle *h = open_handle(XS_UNWATCH_FILTER), *other = open_handle(0);
	char **event;
	unsigned int count;

	(void)state;
	assert_false(readable(h, 0));
	assert_null(xs_check_watch(h));
	assert_int_equal(errno, EAGAIN);
	assert_true(xs_watch(h, "/w", "tok en"));
	assert_true(readable(h, 1000));
	next_event(h, "/w", "tok en");
	assert_false(readable(h, 0));
	assert_true(xs_write(other, XBT_NULL, "/w/x", "1", 1));
	assert_true(readable(h, 1000));
	/* Events that arrive while a reply is awaited still make it readable. */
	free(xs_read(h, XBT_NULL, "/w/x", NULL));
	assert_true(readable(h, 0));
	next_event(h, "/w/x", "tok en");
	assert_false(readable(h, 0));
	assert_true(xs_write(other, XBT_NULL, "/w/y", "1", 1));
	event = xs_read_watch(h, &count);
	assert_non_null(event);
	assert_int_equal(count, 2);
	assert_string_equal(event[XS_WATCH_PATH], "/w/y");
	free(event);
	assert_true(xs_write(h, XBT_NULL, "/w/z", "1", 1));
	assert_true(xs_unwatch(h, "/w", "tok en"));
	assert_false(readable(h, 50));
	assert_false(xs_unwatch(h, "/w", "tok en"));
	assert_int_equal(errno, ENOENT);
	assert_true(xs_rm(h, XBT_NULL, "/w"));
	xs_close(h);
	xs_close(other);
}

static void test_too_long_is_disconnected(void **state)
{
	struct xsd_sockmsg hdr = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };
	char byte;
	int fd = raw_connect();

	(void)state;
	assert_int_equal(write(fd, &hdr, sizeof(hdr)), sizeof(hdr));
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

/* Many requests in one write, and one request in many. */
static void test_batches(void **state)
{
	struct {
		struct xsd_sockmsg hdr;
		char payload[2];
	} __attribute__((packed)) request = { .hdr = { .type = XS_DIRECTORY, .len = 2 } };
	char batch[100 * sizeof(request)], reply[4096];
	size_t got = 0;
	int fd = raw_connect();

	(void)state;
	memcpy(request.payload, "/", 2);
	for (uint32_t i = 0; i < 100; i++) {
		request.hdr.req_id = i;
		memcpy(batch + i * sizeof(request), &request, sizeof(request));
	}
	assert_int_equal(write(fd, batch, sizeof(batch)), sizeof(batch));
	for (uint32_t i = 0; i < 100; i++) {
		struct xsd_sockmsg hdr;

		assert_int_equal(recv(fd, &hdr, sizeof(hdr), MSG_WAITALL), sizeof(hdr));
		assert_int_equal(hdr.req_id, i);
		assert_int_equal(hdr.type, XS_DIRECTORY);
		assert_true(hdr.len <= sizeof(reply));
		if (hdr.len)
			assert_int_equal(recv(fd, reply, hdr.len, MSG_WAITALL), hdr.len);
	}
	for (size_t i = 0; i < sizeof(request); i++) {
		assert_int_equal(write(fd, (char *)&request + i, 1), 1);
		usleep(1000);
	}
	while (got < sizeof(struct xsd_sockmsg)) {
		ssize_t n = recv(fd, reply + got, sizeof(reply) - got, 0);

		assert_true(n > 0);
		got += (size_t)n;
	}
	close(fd);
}

/* One that writes requests and never reads neither blocks the daemon nor makes it grow. */
static void test_deaf_client(void **state)
{
	struct {
		struct xsd_sockmsg hdr;
		char payload[7];
	} __attribute__((packed)) request = { .hdr = { .type = XS_READ, .len = 7 } };
	struct xs_handle *h;
	ssize_t n;
	int fd = raw_connect();

	(void)state;
	memcpy(request.payload, "/deaf/", 7);
	do {
		n = send(fd, &request, sizeof(request), MSG_DONTWAIT);
		if (n < 0)
			usleep(10000);
	} while (n > 0 || send(fd, &request, sizeof(request), MSG_DONTWAIT) > 0);
	h = open_handle(0);
	for (int i = 0; i < 100; i++)
		assert_true(xs_write(h, XBT_NULL, "/deaf", "1", 1));
	xs_close(h);
	close(fd);
}

static void test_garbage(void **state)
{
	unsigned char bytes[600];
	struct xs_handle *h;

	(void)state;
	srand(3);
	for (int round = 0; round < 300; round++) {
		int fd = raw_connect();

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)(rand() % 3 ? 0 : rand() % 24);
		/* The daemon may have hung up half-way. */
		if (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) < 0)
			assert_int_equal(errno, EPIPE);
		close(fd);
	}
	h = open_handle(0);
	assert_true(xs_write(h, XBT_NULL, "/alive", "1", 1));
	xs_close(h);
}

/* A client that leaves in the middle of everything takes it all with it. */
static void test_disappearing(void **state)
{
	struct xs_handle *h;
	char *report;

	(void)state;
	for (int i = 0; i < 50; i++) {
		h = open_handle(0);
		assert_true(xs_watch(h, "/", "t"));
		assert_int_not_equal(xs_transaction_start(h), XBT_NULL);
		xs_close(h);
	}
	h = open_handle(0);
	report = xs_control_command(h, "quota", (char[]){ "0" }, 2);
	assert_non_null(report);
	assert_non_null(strstr(report, "watches             :        0"));
	assert_non_null(strstr(report, "transactions        :        0"));
	free(report);
	xs_close(h);
}

static void test_second_daemon_is_refused(void **state)
{
	(void)state;
	assert_int_equal(socket_listen(path), -EADDRINUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_long_directory),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_watches),
		cmocka_unit_test(test_too_long_is_disconnected),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_deaf_client),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_disappearing),
		cmocka_unit_test(test_second_daemon_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
