/* SPDX-License-Identifier: MIT */
/*
 * Reads files for the builder, with messages that name the file and the cause.
 */
#include "dom0-tools/builder/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dom0-tools/builder/pages.h"

/* Opens a regular file of at most limit bytes: its fd, or a negative errno with msg set. */
static int open_regular(const char *what, const char *path, size_t limit, struct stat *st,
			struct build_message *msg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err = 0;

	if (fd < 0 || fstat(fd, st) < 0) {
		err = errno;
		if (fd >= 0)
			close(fd);
		return build_fail(
			msg, -err, "%s '%s' cannot be opened: %s; %s", what, path, strerror(err),
			err == ENOENT ? "check the path" : "check the file's permissions");
	}
	if (!S_ISREG(st->st_mode)) {
		close(fd);
		return build_fail(msg, S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL,
				  "%s '%s' is %s; give the path of a file", what, path,
				  S_ISDIR(st->st_mode) ? "a directory" : "not a regular file");
	}
	if (st->st_size < 0 || (uint64_t)st->st_size > limit) {
		close(fd);
		return build_fail(
			msg, -EFBIG,
			"%s '%s' is too large: %lld bytes, the limit is %zu MiB; use a smaller "
			"one",
			what, path, (long long)st->st_size, limit >> 20);
	}
	return fd;
}

int stat_file(const char *what, const char *path, size_t limit, size_t *bytes,
	      struct build_message *msg)
{
	struct stat st = { 0 };
	int fd = open_regular(what, path, limit, &st, msg);

	if (fd < 0)
		return fd;
	close(fd);
	*bytes = (size_t)st.st_size;
	return 0;
}

int read_file(const char *what, const char *path, size_t limit, struct file_bytes *file,
	      struct build_message *msg)
{
	struct stat st = { 0 };
	size_t done = 0;
	int fd = open_regular(what, path, limit, &st, msg);

	memset(file, 0, sizeof(*file));
	if (fd < 0)
		return fd;
	file->bytes = (size_t)st.st_size;
	file->data = pages_alloc(file->bytes);
	if (!file->data) {
		close(fd);
		return build_fail(msg, -ENOMEM, "%s '%s': not enough memory here for its %zu bytes",
				  what, path, file->bytes);
	}
	while (done < file->bytes) {
		ssize_t got = read(fd, file->data + done, file->bytes - done);
		int err = got < 0 ? errno : 0;

		if (err == EINTR)
			continue;
		if (got <= 0) {
			close(fd);
			free_file(file);
			return build_fail(msg, err ? -err : -EIO, "%s '%s' cannot be read: %s",
					  what, path,
					  err ? strerror(err) : "it became shorter meanwhile");
		}
		done += (size_t)got;
	}
	close(fd);
	return 0;
}

void free_file(struct file_bytes *file)
{
	pages_free(file->data, file->bytes);
	memset(file, 0, sizeof(*file));
}
