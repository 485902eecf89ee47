/* SPDX-License-Identifier: MIT */
/*
 * The cpio writer. An archive is a sequence of entries: a 110-byte ASCII header, the name with its
 * NUL, and the data, the last two each padded to four bytes.
 */
#include "dom0-tools/vm/cpio.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CPIO_HEADER_LEN 110
#define CPIO_TRAILER    "TRAILER!!!"
#define CPIO_MAX_FILE   UINT32_MAX

void cpio_begin(struct cpio *c, FILE *f)
{
	c->f = f;
	c->next_ino = 1;
}

static void put_padding(struct cpio *c, size_t len)
{
	while (len++ % 4)
		putc(0, c->f);
}

static int put_header(struct cpio *c, const char *path, mode_t mode, size_t len)
{
	size_t name_len = strlen(path) + 1;
	unsigned int nlink = S_ISDIR(mode) ? 2 : 1;

	if (len > CPIO_MAX_FILE)
		return -EFBIG;
	/* magic, ino, mode, uid, gid, nlink, mtime, size, dev (2), rdev (2), name size, check */
	fprintf(c->f, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", c->next_ino++,
		(unsigned int)mode, 0, 0, nlink, 0, (unsigned int)len, 0, 0, 0, 0,
		(unsigned int)name_len, 0);
	fwrite(path, 1, name_len, c->f);
	put_padding(c, CPIO_HEADER_LEN + name_len);
	return ferror(c->f) ? -EIO : 0;
}

int cpio_add_data(struct cpio *c, const char *path, mode_t mode, const void *data, size_t len)
{
	int rc = put_header(c, path, mode, len);

	if (rc)
		return rc;
	if (len)
		fwrite(data, 1, len, c->f);
	put_padding(c, len);
	return ferror(c->f) ? -EIO : 0;
}

/* Copies exactly @len bytes; a file that shrinks meanwhile is an error, as the header is written.
 */
static int put_contents(struct cpio *c, int fd, size_t len)
{
	static char buf[65536];

	while (len) {
		ssize_t n = read(fd, buf, len < sizeof(buf) ? len : sizeof(buf));

		if (n < 0)
			return -errno;
		if (n == 0)
			return -ESTALE;
		if (fwrite(buf, 1, (size_t)n, c->f) != (size_t)n)
			return -EIO;
		len -= (size_t)n;
	}
	return 0;
}

int cpio_add_file(struct cpio *c, const char *path, mode_t mode, const char *host)
{
	struct stat st;
	int fd = open(host, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		rc = -errno;
	} else {
		rc = put_header(c, path, S_IFREG | (mode & 07777), (size_t)st.st_size);
		if (!rc)
			rc = put_contents(c, fd, (size_t)st.st_size);
		put_padding(c, (size_t)st.st_size);
	}
	close(fd);
	return rc;
}

static int add_symlink(struct cpio *c, const char *path, const char *host)
{
	char target[PATH_MAX];
	ssize_t n = readlink(host, target, sizeof(target));

	if (n < 0)
		return -errno;
	if (n == (ssize_t)sizeof(target))
		return -ENAMETOOLONG;
	return cpio_add_data(c, path, S_IFLNK | 0777, target, (size_t)n);
}

static int add_entry(struct cpio *c, const FTSENT *e, const char *path)
{
	mode_t mode = e->fts_statp->st_mode;

	switch (e->fts_info) {
	case FTS_D:
		return cpio_add_data(c, path, S_IFDIR | (mode & 07777), NULL, 0);
	case FTS_F:
		return cpio_add_file(c, path, mode, e->fts_accpath);
	case FTS_SL:
	case FTS_SLNONE:
		return add_symlink(c, path, e->fts_accpath);
	case FTS_DEFAULT:
		if (S_ISFIFO(mode))
			return cpio_add_data(c, path, S_IFIFO | (mode & 07777), NULL, 0);
		return -EOPNOTSUPP;
	case FTS_DP:
		return 0;
	default:
		return e->fts_errno ? -e->fts_errno : -EIO;
	}
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

int cpio_add_tree(struct cpio *c, const char *dir)
{
	char *roots[2] = { strdup(dir), NULL };
	FTS *fts = NULL;
	FTSENT *e;
	int rc = 0;

	if (roots[0])
		fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, compare_names);
	if (!fts) {
		free(roots[0]);
		return -errno;
	}
	while (!rc && (errno = 0, e = fts_read(fts))) {
		const char *path = e->fts_path + strlen(dir);

		while (*path == '/')
			path++;
		if (e->fts_level == 0 && e->fts_info == FTS_D)
			continue;
		rc = add_entry(c, e, path);
		if (rc)
			fprintf(stderr, "shoji-vm: %s: %s\n", e->fts_path, strerror(-rc));
	}
	if (!rc && errno)
		rc = -errno;
	fts_close(fts);
	free(roots[0]);
	return rc;
}

int cpio_end(struct cpio *c)
{
	return put_header(c, CPIO_TRAILER, 0, 0);
}
