/* SPDX-License-Identifier: MIT */
/*
 * Clients on the socket. Each has a buffer, so that a request usually costs one recv(), and an
 * epoll registration that follows what it waits for: input while it may send requests, output while
 * some is queued.
 */
#include "xenstore/daemon/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"
#include "xenstore/daemon/conn.h"

#define DEFAULT_RUNDIR "/run/xenstored"
#define BACKLOG        64

struct client {
	LIST_ENTRY(client) link;
	struct conn *conn;
	int fd;
	int epoll_fd;
	uint32_t interest; /* epoll events registered */
	uint32_t in_begin;
	uint32_t in_end;
	char in[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
};

LIST_HEAD(client_list, client);
static struct client_list clients = LIST_HEAD_INITIALIZER(clients);

static struct client *client_of(const struct conn *conn)
{
	return conn->transport_data;
}

static ssize_t socket_read(struct conn *conn, void *buf, size_t len)
{
	struct client *client = client_of(conn);

	if (!len)
		return 0;
	if (client->in_begin == client->in_end) {
		ssize_t n = recv(client->fd, client->in, sizeof(client->in), MSG_DONTWAIT);

		if (!n)
			return -ECONNRESET;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		client->in_begin = 0;
		client->in_end = (uint32_t)n;
	}
	if (len > client->in_end - client->in_begin)
		len = client->in_end - client->in_begin;
	memcpy(buf, client->in + client->in_begin, len);
	client->in_begin += (uint32_t)len;
	return (ssize_t)len;
}

static ssize_t socket_write(struct conn *conn, const void *buf, size_t len)
{
	ssize_t n = send(client_of(conn)->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return n;
}

static void socket_settle(struct conn *conn)
{
	struct client *client = client_of(conn);
	struct epoll_event event = { .data.ptr = conn };
	bool accepts = conn_accepts(conn);

	if (accepts)
		event.events |= EPOLLIN;
	if (!TAILQ_EMPTY(&conn->out))
		event.events |= EPOLLOUT;
	if (event.events != client->interest) {
		if (epoll_ctl(client->epoll_fd, EPOLL_CTL_MOD, client->fd, &event))
			log_error("cannot wait for a client: %s", error_text(errno));
		client->interest = event.events;
	}
	if (accepts && client->in_begin != client->in_end)
		conn_wake(conn);
}

static void socket_failed(struct conn *conn, int error)
{
	static struct rate_limit limit = { .rate = 1, .burst = 10 };
	bool left = error == ECONNRESET || error == EPIPE;

	if (!left && rate_limit_take(&limit, 1))
		log_warn("a client was disconnected: %s",
			 error == EPROTO ? "its request is longer than the protocol allows"
					 : error_text(error));
	conn_free(conn);
}

static void socket_destroy(struct conn *conn)
{
	struct client *client = client_of(conn);

	LIST_REMOVE(client, link);
	close(client->fd);
	free(client);
}

static const struct transport socket_transport = {
	.read = socket_read,
	.write = socket_write,
	.settle = socket_settle,
	.failed = socket_failed,
	.destroy = socket_destroy,
};

const char *socket_default_path(void)
{
	static char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *whole = getenv("XENSTORED_PATH");
	const char *rundir = getenv("XENSTORED_RUNDIR");

	if (whole)
		return whole;
	snprintf(path, sizeof(path), "%s/socket", rundir ? rundir : DEFAULT_RUNDIR);
	return path;
}

/* Makes sure nobody answers at addr and its name is free. 0 or a negative errno. */
static int clear_name(int fd, const struct sockaddr_un *addr)
{
	char dir[sizeof(addr->sun_path)];
	char *slash;

	memcpy(dir, addr->sun_path, sizeof(dir));
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		int ret = make_directories(dir);

		if (ret)
			return ret;
	}
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return -EADDRINUSE;
	if (unlink(addr->sun_path) && errno != ENOENT)
		return -errno;
	return 0;
}

static int bind_and_listen(int fd, const struct sockaddr_un *addr)
{
	mode_t mask = umask(0177);
	int ret = 0;

	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) || listen(fd, BACKLOG))
		ret = -errno;
	umask(mask);
	return ret;
}

int socket_listen(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int probe, fd, ret;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		log_error("socket %s: %s", path, error_text(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0 || fd < 0)
		ret = -errno;
	else
		ret = clear_name(probe, &addr);
	if (probe >= 0)
		close(probe);
	if (!ret)
		ret = bind_and_listen(fd, &addr);
	if (!ret)
		return fd;
	log_error("socket %s: %s", path,
		  ret == -EADDRINUSE ? "another xenstored is running" : error_text(ret));
	if (fd >= 0)
		close(fd);
	return ret;
}

static void accept_one(struct store *store, int fd, int epoll_fd)
{
	struct client *client = calloc(1, sizeof(*client));
	struct conn *conn =
		client ? conn_new(store, domain_find(store, 0), &socket_transport, client) : NULL;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = conn };

	if (!conn) {
		log_error("a client was refused: out of memory");
		free(client);
		close(fd);
		return;
	}
	client->conn = conn;
	client->fd = fd;
	client->epoll_fd = epoll_fd;
	client->interest = event.events;
	LIST_INSERT_HEAD(&clients, client, link);
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		log_error("a client was refused: %s", error_text(errno));
		conn_free(conn);
	}
}

void socket_accept(struct store *store, int listen_fd, int epoll_fd)
{
	static struct rate_limit limit = { .rate = 1, .burst = 10 };
	int fd;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		accept_one(store, fd, epoll_fd);
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED &&
	    rate_limit_take(&limit, 1))
		log_error("cannot accept a client: %s", error_text(errno));
}

void socket_event(struct conn *conn)
{
	conn_wake(conn);
}

void socket_close_all(void)
{
	while (!LIST_EMPTY(&clients))
		conn_free(LIST_FIRST(&clients)->conn);
}
