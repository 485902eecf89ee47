/* SPDX-License-Identifier: MIT */
/*
 * One connection to the store. Input collects in a buffer of two messages' size; complete messages
 * leave it in order, events to the queue and the reply to its caller.
 *
 * Invariant: between calls the buffer holds no complete message, so the descriptor's readiness and
 * the queue together say everything there is to know.
 */
#include "xenstore/lib/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "xenstore/lib/wire.h"

#define DEFAULT_RUNDIR "/run/xenstored"
#define MESSAGE_MAX    (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)

struct xs_handle {
	int fd;
	bool is_socket;
	int broken; /* errno that ended the connection, 0 while it lives */
	unsigned long flags;
	uint32_t last_req_id;

	struct xs_event *events; /* oldest first */
	struct xs_event **events_end;
	int poll_fd;  /* epoll over fd and queue_fd, -1 until asked for */
	int queue_fd; /* eventfd, set while events is not empty */

	size_t in_len;
	char in[2 * MESSAGE_MAX];
};

struct message {
	struct xsd_sockmsg hdr;
	char *payload; /* hdr.len bytes and a NUL, malloced */
};

static int connect_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* A path may name a socket or a device; the caller learns which. */
static int open_path(const char *path, bool *is_socket)
{
	struct stat st;

	if (stat(path, &st))
		return -1;
	*is_socket = S_ISSOCK(st.st_mode);
	return *is_socket ? connect_socket(path) : open(path, O_RDWR | O_CLOEXEC);
}

static int open_connection(bool *is_socket)
{
	static const char *const devices[] = { "/dev/xen/xenbus", "/proc/xen/xenbus" };
	const char *path = getenv("XENSTORED_PATH");
	const char *rundir = getenv("XENSTORED_RUNDIR");
	char socket_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int fd;

	if (path)
		return open_path(path, is_socket);
	snprintf(socket_path, sizeof(socket_path), "%s/socket", rundir ? rundir : DEFAULT_RUNDIR);
	fd = open_path(socket_path, is_socket);
	/* A socket that nobody answers at is a dead daemon's: the kernel would wait for it. */
	if (fd >= 0 || errno != ENOENT)
		return fd;
	for (size_t i = 0; fd < 0 && i < sizeof(devices) / sizeof(devices[0]); i++)
		fd = open_path(devices[i], is_socket);
	return fd;
}

struct xs_handle *link_open(unsigned long flags)
{
	struct xs_handle *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->fd = open_connection(&h->is_socket);
	if (h->fd < 0) {
		int saved = errno;

		free(h);
		errno = saved;
		return NULL;
	}
	h->flags = flags;
	h->events_end = &h->events;
	h->poll_fd = -1;
	h->queue_fd = -1;
	return h;
}

void link_close(struct xs_handle *h)
{
	while (h->events) {
		struct xs_event *next = h->events->next;

		free(h->events);
		h->events = next;
	}
	if (h->queue_fd >= 0)
		close(h->queue_fd);
	if (h->poll_fd >= 0)
		close(h->poll_fd);
	close(h->fd);
	free(h);
}

unsigned long link_flags(const struct xs_handle *h)
{
	return h->flags;
}

/* Keeps queue_fd in step with the queue; called after every change to it. */
static void queue_changed(struct xs_handle *h)
{
	uint64_t value = 1;
	ssize_t n;

	if (h->queue_fd < 0)
		return;
	/* Non-blocking: both calls fail with EAGAIN only when the fd already shows the state. */
	if (h->events)
		n = write(h->queue_fd, &value, sizeof(value));
	else
		n = read(h->queue_fd, &value, sizeof(value));
	(void)n;
}

/* Ends the connection for good: after half a message nothing that follows has a meaning. */
static int break_link(struct xs_handle *h, int error)
{
	h->broken = error;
	errno = error;
	return -1;
}

static int send_all(struct xs_handle *h, const char *data, size_t len)
{
	while (len) {
		ssize_t n = h->is_socket ? send(h->fd, data, len, MSG_NOSIGNAL)
					 : write(h->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		/* The kernel's device checks each request; a refused one leaves it intact. */
		if (n < 0 && !h->is_socket)
			return -1;
		if (n <= 0)
			return break_link(h, n ? errno : EPIPE);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Reads what there is, at least one byte. -1 with EAGAIN if there is none and wait is false. */
static int fill(struct xs_handle *h, bool wait)
{
	struct pollfd pfd = { .fd = h->fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		if (!wait) {
			int ready = poll(&pfd, 1, 0);

			if (ready < 0 && errno != EINTR)
				return -1;
			if (ready <= 0) {
				errno = EAGAIN;
				return -1;
			}
		}
		n = read(h->fd, h->in + h->in_len, sizeof(h->in) - h->in_len);
		if (n > 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		return break_link(h, n ? errno : ECONNRESET);
	}
	h->in_len += (size_t)n;
	return 0;
}

/* Takes the first complete message off the buffer. 1 if there was one, 0 if not, -1 with errno. */
static int take_message(struct xs_handle *h, struct message *msg)
{
	size_t total;

	if (h->in_len < sizeof(msg->hdr))
		return 0;
	memcpy(&msg->hdr, h->in, sizeof(msg->hdr));
	if (msg->hdr.len > XENSTORE_PAYLOAD_MAX)
		return break_link(h, EPROTO);
	total = sizeof(msg->hdr) + msg->hdr.len;
	if (h->in_len < total)
		return 0;
	msg->payload = malloc(msg->hdr.len + 1);
	if (!msg->payload)
		return break_link(h, ENOMEM);
	memcpy(msg->payload, h->in + sizeof(msg->hdr), msg->hdr.len);
	msg->payload[msg->hdr.len] = '\0';
	h->in_len -= total;
	memmove(h->in, h->in + total, h->in_len);
	return 1;
}

static int queue_event(struct xs_handle *h, const struct message *msg)
{
	const char *token = memchr(msg->payload, '\0', msg->hdr.len);
	struct xs_event *event;

	/* Two strings, both ended inside the payload. */
	if (!token || !memchr(token + 1, '\0', msg->payload + msg->hdr.len - (token + 1)))
		return break_link(h, EPROTO);
	event = malloc(sizeof(*event) + msg->hdr.len);
	if (!event)
		return break_link(h, ENOMEM);
	event->next = NULL;
	event->len = msg->hdr.len;
	memcpy(event->payload, msg->payload, msg->hdr.len);
	*h->events_end = event;
	h->events_end = &event->next;
	queue_changed(h);
	return 0;
}

/*
 * Moves complete messages out of the buffer: events to the queue, the one reply there can be to
 * *reply. -1 with errno when the connection ended.
 */
static int sort_input(struct xs_handle *h, struct message *reply)
{
	struct message msg;
	int got, ret;

	while ((got = take_message(h, &msg)) > 0) {
		if (msg.hdr.type != XS_WATCH_EVENT) {
			if (!reply || reply->payload || msg.hdr.req_id != h->last_req_id) {
				free(msg.payload);
				return break_link(h, EPROTO);
			}
			*reply = msg;
			continue;
		}
		ret = queue_event(h, &msg);
		free(msg.payload);
		if (ret)
			return ret;
	}
	return got;
}

static char *reply_result(const struct message *reply, enum xsd_sockmsg_type type,
			  unsigned int *len)
{
	if (reply->hdr.type == XS_ERROR) {
		errno = xs_error_number(reply->payload);
	} else if (reply->hdr.type != (uint32_t)type) {
		errno = EPROTO;
	} else {
		if (len)
			*len = reply->hdr.len;
		return reply->payload;
	}
	int saved = errno;

	free(reply->payload);
	errno = saved;
	return NULL;
}

char *link_talk(struct xs_handle *h, enum xsd_sockmsg_type type, xs_transaction_t t,
		const struct iovec *parts, unsigned int nr_parts, unsigned int *len)
{
	struct xsd_sockmsg hdr = { .type = type, .req_id = ++h->last_req_id, .tx_id = t };
	struct message reply = { .payload = NULL };
	char out[MESSAGE_MAX];
	size_t used = sizeof(hdr);

	if (h->broken) {
		errno = h->broken;
		return NULL;
	}
	for (unsigned int i = 0; i < nr_parts; i++) {
		if (parts[i].iov_len > sizeof(out) - used) {
			errno = E2BIG;
			return NULL;
		}
		if (parts[i].iov_len)
			memcpy(out + used, parts[i].iov_base, parts[i].iov_len);
		used += parts[i].iov_len;
	}
	hdr.len = (uint32_t)(used - sizeof(hdr));
	memcpy(out, &hdr, sizeof(hdr));
	if (send_all(h, out, used))
		return NULL;
	while (!reply.payload) {
		if (fill(h, true))
			return NULL;
		if (sort_input(h, &reply)) {
			free(reply.payload);
			errno = h->broken;
			return NULL;
		}
	}
	return reply_result(&reply, type, len);
}

struct xs_event *link_next_event(struct xs_handle *h, bool wait)
{
	struct xs_event *event;

	while (!h->events) {
		if (h->broken) {
			errno = h->broken;
			return NULL;
		}
		if (fill(h, wait))
			return NULL;
		if (sort_input(h, NULL) && !h->events)
			return NULL;
	}
	event = h->events;
	h->events = event->next;
	if (!h->events)
		h->events_end = &h->events;
	queue_changed(h);
	return event;
}

void link_drop_events(struct xs_handle *h, const char *wpath, const char *token)
{
	struct xs_event **link = &h->events;

	while (*link) {
		struct xs_event *event = *link;
		const char *event_token = event->payload + strlen(event->payload) + 1;

		if (!strcmp(event_token, token) && xs_path_is_subpath(wpath, event->payload)) {
			*link = event->next;
			free(event);
		} else {
			link = &event->next;
		}
	}
	h->events_end = link;
	queue_changed(h);
}

int link_poll_fd(struct xs_handle *h)
{
	struct epoll_event readable = { .events = EPOLLIN };
	int saved;

	if (h->poll_fd >= 0)
		return h->poll_fd;
	h->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	h->queue_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->poll_fd >= 0 && h->queue_fd >= 0 &&
	    !epoll_ctl(h->poll_fd, EPOLL_CTL_ADD, h->fd, &readable) &&
	    !epoll_ctl(h->poll_fd, EPOLL_CTL_ADD, h->queue_fd, &readable)) {
		queue_changed(h);
		return h->poll_fd;
	}
	saved = errno;
	if (h->poll_fd >= 0)
		close(h->poll_fd);
	if (h->queue_fd >= 0)
		close(h->queue_fd);
	h->poll_fd = -1;
	h->queue_fd = -1;
	errno = saved;
	return -1;
}
