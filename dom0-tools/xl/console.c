/* SPDX-License-Identifier: MIT */
/*
 * Console sessions; see console.h. The terminal is put back as it was however the session ends,
 * short of SIGKILL.
 */
#include "dom0-tools/xl/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/store.h"

#define ESCAPE         0x1d /* Ctrl-] */
#define TTY_TIMEOUT_MS 10000
#define TRANSFER_BYTES 4096

/* The pty's path, malloc'ed, once consoled has written it. */
static char *wait_for_tty(struct control *control, uint32_t domid)
{
	uint64_t deadline = monotonic_ms() + TTY_TIMEOUT_MS;
	char path[STORE_PATH_MAX], *tty = NULL;
	char **event;

	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domid);
	if (!xs_watch(control->xs, path, "console"))
		return NULL;
	while (!tty) {
		event = store_next_event(control->xs, deadline);
		if (!event)
			break;
		free(event);
		tty = xs_read(control->xs, XBT_NULL, path, NULL);
		if (tty && !*tty) {
			free(tty);
			tty = NULL;
		}
	}
	xs_unwatch(control->xs, path, "console");
	return tty;
}

int console_open(struct control *control, uint32_t domid)
{
	char *tty = wait_for_tty(control, domid);
	int fd;

	if (!tty) {
		report_error("domain %u has no console: %s; is consoled running?", domid,
			     error_text(errno));
		return -1;
	}
	fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		report_error("cannot open the console of domain %u, %s: %s; is consoled running?",
			     domid, tty, error_text(errno));
	free(tty);
	return fd;
}

static bool write_all(int fd, const char *data, size_t count)
{
	while (count) {
		ssize_t n = write(fd, data, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		count -= (size_t)n;
	}
	return true;
}

/* What the user types; false when the session is over. *open becomes false at end of input. */
static bool forward_input(int fd, bool *open)
{
	char data[TRANSFER_BYTES];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));
	const char *escape;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		*open = false;
		return true;
	}
	escape = memchr(data, ESCAPE, (size_t)n);
	if (escape)
		n = escape - data;
	return write_all(fd, data, (size_t)n) && !escape;
}

/* What the guest prints; false when its end of the pty is closed. */
static bool forward_output(int fd)
{
	char data[TRANSFER_BYTES];
	ssize_t n = read(fd, data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 && write_all(STDOUT_FILENO, data, (size_t)n);
}

/* False when a signal ended it. */
static bool copy_both_ways(int fd)
{
	struct pollfd pfds[2] = { { .fd = fd, .events = POLLIN },
				  { .fd = STDIN_FILENO, .events = POLLIN } };
	bool input = true, running = true;

	while (running) {
		/* At the end of input, as with stdin from /dev/null, output goes on. */
		if (poll(pfds, input ? 2 : 1, -1) < 0) {
			if (errno == EINTR)
				return false;
			continue;
		}
		if (pfds[0].revents)
			running = forward_output(fd);
		if (running && input && pfds[1].revents)
			running = forward_input(fd, &input);
	}
	return true;
}

bool console_run(int fd)
{
	struct termios saved, raw;
	bool terminal = tcgetattr(STDIN_FILENO, &saved) == 0, finished;

	if (terminal) {
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	/* Our side of the pty passes bytes on as they are. */
	if (tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	finished = copy_both_ways(fd);
	close(fd);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
		putchar('\n');
	}
	return finished;
}
