/* SPDX-License-Identifier: MIT */
/*
 * Appends to and rotates a guest's log file.
 */
#include "dom0-tools/consoled/guest_log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dom0-tools/lib/daemon.h"

#define NAME_BYTES 128

static void make_file_name(char *to, size_t size, const char *name)
{
	size_t i;

	for (i = 0; i < size - 1 && name[i]; i++)
		to[i] = isalnum((unsigned char)name[i]) || strchr("._-+", name[i]) ? name[i] : '_';
	to[i] = '\0';
}

static int open_file(struct guest_log *log)
{
	struct stat st;
	int fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
		      0600);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	log->fd = fd;
	log->size = (uint64_t)st.st_size;
	return 0;
}

int guest_log_open(struct guest_log *log, const char *dir, const char *name, uint64_t limit)
{
	char file[NAME_BYTES];
	int ret;

	log->fd = -1;
	log->size = 0;
	log->limit = limit;
	make_file_name(file, sizeof(file), name);
	if (snprintf(log->path, sizeof(log->path), "%s/guest-%s.log", dir, file) >=
	    (int)sizeof(log->path) - 2)
		return -ENAMETOOLONG;
	ret = make_directories(dir);
	return ret < 0 ? ret : open_file(log);
}

static int rotate(struct guest_log *log)
{
	char old[PATH_MAX + 2];

	snprintf(old, sizeof(old), "%s.1", log->path);
	if (rename(log->path, old) < 0 && errno != ENOENT)
		return -errno;
	return guest_log_reopen(log);
}

int guest_log_write(struct guest_log *log, const char *data, size_t bytes)
{
	int ret;

	if (log->fd < 0)
		return 0;
	if (log->size && log->size + bytes > log->limit) {
		ret = rotate(log);
		if (ret < 0)
			return ret;
	}
	while (bytes) {
		ssize_t put = write(log->fd, data, bytes);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		bytes -= (size_t)put;
		log->size += (uint64_t)put;
	}
	return 0;
}

int guest_log_reopen(struct guest_log *log)
{
	int old = log->fd;
	int ret = open_file(log);

	/* Better the old file than none. */
	if (!ret && old >= 0)
		close(old);
	return ret;
}

void guest_log_close(struct guest_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}
