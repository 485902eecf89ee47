/* SPDX-License-Identifier: MIT */
/*
 * The daemons' log. State: the program's name, the level and the fd that lines go to; set up before
 * any thread starts, read only afterwards (log_reopen() replaces what the fd refers to with dup3).
 */
#include "dom0-tools/lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dom0-tools/lib/daemon.h"

#define LINE_MAX_BYTES 2048

static const char *log_name = "?";
static enum log_level log_threshold = LOG_LEVEL_INFO;
static int log_fd = STDERR_FILENO;
static char log_path[PATH_MAX];

void log_init(const char *name, bool verbose)
{
	log_name = name;
	log_threshold = verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

static int open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);

	return fd < 0 ? -errno : fd;
}

int log_to_file(const char *path)
{
	char dir[PATH_MAX];
	char *slash;
	int fd;

	if (strlen(path) >= sizeof(log_path))
		return -ENAMETOOLONG;
	memcpy(dir, path, strlen(path) + 1);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		fd = make_directories(dir);
		if (fd < 0)
			return fd;
	}
	fd = open_log(path);
	if (fd < 0)
		return fd;
	memcpy(log_path, path, strlen(path) + 1);
	if (log_fd != STDERR_FILENO)
		close(log_fd);
	log_fd = fd;
	return 0;
}

int log_reopen(void)
{
	int fd, ret = 0;

	if (log_fd == STDERR_FILENO)
		return 0;
	fd = open_log(log_path);
	if (fd < 0)
		return fd;
	if (dup3(fd, log_fd, O_CLOEXEC) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Guests choose some of what is logged: nothing but printable text reaches the file. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void log_message(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[LINE_MAX_BYTES];
	size_t used = 0;
	struct tm tm;
	time_t now;
	va_list ap;
	int len;

	if (level > log_threshold)
		return;
	if (log_fd != STDERR_FILENO) {
		now = time(NULL);
		localtime_r(&now, &tm);
		used = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S ", &tm);
	}
	len = snprintf(line + used, sizeof(line) - used, "%s[%d] %s: ", log_name, (int)getpid(),
		       names[level]);
	if (len > 0)
		used += (size_t)len;
	if (used >= sizeof(line) - 2)
		used = sizeof(line) - 2;
	va_start(ap, fmt);
	len = vsnprintf(line + used, sizeof(line) - 1 - used, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	make_printable(line + used);
	used = strlen(line);
	line[used++] = '\n';
	/* There is nowhere left to report a log that cannot be written. */
	if (write(log_fd, line, used) < 0)
		return;
}

const char *error_text(long err)
{
	static __thread char text[128];
	int number = (int)(err < 0 ? -err : err);

	return strerror_r(number, text, sizeof(text));
}

uint64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint32_t rate_limit_take_at(struct rate_limit *limit, uint32_t want, uint64_t now_ms)
{
	uint64_t full = (uint64_t)limit->burst * 1000;
	uint64_t elapsed, have;

	if (!limit->started) {
		limit->started = true;
		limit->tokens_milli = full;
		limit->last_ms = now_ms;
	}
	elapsed = now_ms > limit->last_ms ? now_ms - limit->last_ms : 0;
	limit->last_ms += elapsed;
	if (limit->rate && elapsed > full / limit->rate)
		limit->tokens_milli = full;
	else
		limit->tokens_milli += elapsed * limit->rate;
	if (limit->tokens_milli > full)
		limit->tokens_milli = full;

	have = limit->tokens_milli / 1000;
	if (have < want) {
		limit->suppressed += want - have;
		want = (uint32_t)have;
	}
	limit->tokens_milli -= (uint64_t)want * 1000;
	return want;
}

uint32_t rate_limit_take(struct rate_limit *limit, uint32_t want)
{
	return rate_limit_take_at(limit, want, monotonic_ms());
}
