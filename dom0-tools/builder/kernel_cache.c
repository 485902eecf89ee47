/* SPDX-License-Identifier: MIT */
/*
 * An entry is a file DIR/KEY.elf: a header page, then the ELF image, with holes where it is all
 * zeroes. It gets its name after its data is on disk, so there are no half entries; the
 * header names the key again, so that a stray file is never taken for one.
 */
#include "dom0-tools/builder/kernel_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "dom0-tools/builder/decompress.h"
#include "dom0-tools/builder/pages.h"

#define HEADER_BYTES 4096u
#define CHUNK_BYTES  65536u
#define SUFFIX       ".elf"
#define ROOM_FACTOR  4u /* the disk keeps this many times an entry's size free */

static const char cache_magic[8] = { 'K', 'R', 'N', 'L', 'E', 'L', 'F', '1' };

/* One state of one file. */
struct cache_key {
	uint64_t device;
	uint64_t inode;
	uint64_t bytes;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

struct cache_header {
	char magic[8];
	struct cache_key key;
	uint64_t elf_bytes;
	char compression[16];
};

static int64_t to_ns(struct timespec ts)
{
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static bool get_key(const char *path, struct cache_key *key)
{
	struct stat st;

	memset(key, 0, sizeof(*key));
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	key->device = st.st_dev;
	key->inode = st.st_ino;
	key->bytes = (uint64_t)st.st_size;
	key->mtime_ns = to_ns(st.st_mtim);
	key->ctime_ns = to_ns(st.st_ctim);
	return true;
}

static bool entry_path(char *path, size_t size, const char *dir, const struct cache_key *key)
{
	return snprintf(path, size, "%s/%llx-%llx-%llx-%llx" SUFFIX, dir,
			(unsigned long long)key->device, (unsigned long long)key->inode,
			(unsigned long long)key->mtime_ns,
			(unsigned long long)key->ctime_ns) < (int)size;
}

static bool read_all(int fd, void *to, size_t bytes, off_t at)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t got = pread(fd, (char *)to + done, bytes - done, at + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static bool write_all(int fd, const void *from, size_t bytes, off_t at)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t put = pwrite(fd, (const char *)from + done, bytes - done, at + (off_t)done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

static bool read_entry(int fd, const struct cache_key *key, struct kernel_image *image)
{
	const struct decompressor *format;
	struct cache_header header;
	struct stat st;

	if (!read_all(fd, &header, sizeof(header), 0) || fstat(fd, &st) < 0)
		return false;
	header.compression[sizeof(header.compression) - 1] = '\0';
	if (memcmp(header.magic, cache_magic, sizeof(cache_magic)) != 0 ||
	    memcmp(&header.key, key, sizeof(*key)) != 0 || !header.elf_bytes ||
	    header.elf_bytes > KERNEL_UNPACKED_MAX ||
	    (uint64_t)st.st_size != HEADER_BYTES + header.elf_bytes)
		return false;
	format = decompressor_named(header.compression);
	if (!format)
		return false;
	image->compression = format->name;
	image->elf = pages_alloc(header.elf_bytes);
	if (!image->elf)
		return false;
	image->elf_bytes = header.elf_bytes;
	image->allocated = header.elf_bytes;
	image->container = "cached";
	return read_all(fd, image->elf, image->elf_bytes, HEADER_BYTES);
}

static bool load_entry(const char *path, const struct cache_key *key, struct kernel_image *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok;

	memset(image, 0, sizeof(*image));
	if (fd < 0)
		return false;
	ok = read_entry(fd, key, image);
	if (!ok)
		kernel_image_free(image);
	else if (futimens(fd, NULL) < 0)
		unlink(path); /* its age would be wrong for ever */
	close(fd);
	return ok;
}

static bool is_entry(const struct dirent *dirent)
{
	size_t len = strlen(dirent->d_name);

	return len > strlen(SUFFIX) && !strcmp(dirent->d_name + len - strlen(SUFFIX), SUFFIX);
}

/* Finds the entry used longest ago. How many entries there are. */
static unsigned int find_oldest(int dir_fd, char *oldest, size_t size)
{
	int copy = dup(dir_fd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	int64_t oldest_ns = INT64_MAX;
	unsigned int count = 0;
	struct dirent *dirent;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	rewinddir(dir);
	while ((dirent = readdir(dir))) {
		struct stat st;

		if (!is_entry(dirent) ||
		    fstatat(dir_fd, dirent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		count++;
		if (to_ns(st.st_mtim) < oldest_ns && strlen(dirent->d_name) < size) {
			oldest_ns = to_ns(st.st_mtim);
			memcpy(oldest, dirent->d_name, strlen(dirent->d_name) + 1);
		}
	}
	closedir(dir);
	return count;
}

/* Makes room for one more. */
static void drop_old_entries(int dir_fd)
{
	char name[NAME_MAX + 1] = "";

	while (find_oldest(dir_fd, name, sizeof(name)) >= KERNEL_CACHE_ENTRIES && *name)
		if (unlinkat(dir_fd, name, 0) < 0)
			return;
}

static bool has_room(int dir_fd, size_t bytes)
{
	struct statvfs vfs;

	return !fstatvfs(dir_fd, &vfs) &&
	       (uint64_t)vfs.f_bavail * vfs.f_frsize / ROOM_FACTOR >= bytes;
}

static bool is_zero(const uint8_t *data, size_t bytes)
{
	return !data[0] && !memcmp(data, data + 1, bytes - 1);
}

static bool write_entry(int fd, const struct cache_key *key, const struct kernel_image *image)
{
	struct cache_header header = { .key = *key, .elf_bytes = image->elf_bytes };

	memcpy(header.magic, cache_magic, sizeof(cache_magic));
	snprintf(header.compression, sizeof(header.compression), "%s", image->compression);
	if (ftruncate(fd, (off_t)(HEADER_BYTES + image->elf_bytes)) < 0 ||
	    !write_all(fd, &header, sizeof(header), 0))
		return false;
	for (size_t at = 0; at < image->elf_bytes; at += CHUNK_BYTES) {
		size_t bytes = image->elf_bytes - at < CHUNK_BYTES ? image->elf_bytes - at
								   : CHUNK_BYTES;

		if (!is_zero(image->elf + at, bytes) &&
		    !write_all(fd, image->elf + at, bytes, (off_t)(HEADER_BYTES + at)))
			return false;
	}
	return !fdatasync(fd);
}

/*
 * The file has no name until it is whole, so nothing is left when this process dies. A failure only
 * means that the next guest unpacks again.
 */
static void store_entry(const char *dir, const char *path, const struct cache_key *key,
			const struct kernel_image *image)
{
	char unnamed[64];
	int dir_fd, fd;
	bool room;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir_fd < 0)
		return;
	drop_old_entries(dir_fd);
	room = has_room(dir_fd, image->elf_bytes);
	close(dir_fd);
	fd = room ? open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return;
	snprintf(unnamed, sizeof(unnamed), "/proc/self/fd/%d", fd);
	/* An entry of that name that could not be loaded is useless, whoever made it. */
	if (write_entry(fd, key, image) && (!unlink(path) || errno == ENOENT) &&
	    linkat(AT_FDCWD, unnamed, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
		unlink(path);
	close(fd);
}

int kernel_cache_load(const char *dir, const char *path, struct kernel_image *image,
		      struct build_message *msg)
{
	struct cache_key before, after;
	char entry[PATH_MAX];
	bool cacheable = get_key(path, &before) && entry_path(entry, sizeof(entry), dir, &before);
	int ret;

	if (cacheable && load_entry(entry, &before, image))
		return 0;
	ret = kernel_image_load(path, image, msg);
	/* A plain ELF gains nothing, and a file that changed meanwhile has no key. */
	if (!ret && cacheable && strcmp(image->compression, "none") != 0 && get_key(path, &after) &&
	    !memcmp(&before, &after, sizeof(before)))
		store_entry(dir, entry, &before, image);
	return ret;
}
