/* SPDX-License-Identifier: MIT */
/*
 * Opening disk images: see image.h. The lock (flock) belongs to the open image and so lives as
 * long as the supervisor or the guest's process has it open, a crash of the latter included.
 */
#include "backends/blk/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/falloc.h>
#include <linux/fs.h>

#include "dom0-tools/lib/log.h"

struct complaint {
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4))) static int complain(struct complaint c, int ret,
							  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c.text, c.size, fmt, ap);
	va_end(ap);
	return ret;
}

/* Prefixes that name a driver; all of them mean "the raw contents of this path" to us. */
static const char *skip_prefixes(const char *params)
{
	static const char *const prefixes[] = { "tap:", "tap2:", "aio:", "raw:", "file:", "phy:" };
	bool again = true;

	while (again) {
		again = false;
		for (unsigned int i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
			size_t len = strlen(prefixes[i]);

			if (strncmp(params, prefixes[i], len) == 0) {
				params += len;
				again = true;
			}
		}
	}
	return params;
}

int disk_spec_parse(const char *params, const char *mode, struct disk_spec *spec, char *error,
		    size_t error_size)
{
	struct complaint c = { error, error_size };
	const char *path = skip_prefixes(params);
	int len;

	if (!*path)
		return complain(c, -EINVAL,
				"no disk image is named; give a path in the disk's target");
	len = snprintf(spec->path, sizeof(spec->path), "%s%s", *path == '/' ? "" : "/dev/", path);
	if (len < 0 || (size_t)len >= sizeof(spec->path))
		return complain(c, -EINVAL, "the path of the disk image is too long");
	spec->shared = strcmp(mode, "w!") == 0;
	spec->writable = spec->shared || !strcmp(mode, "w") || !strcmp(mode, "rw");
	if (!spec->writable && strcmp(mode, "r") && strcmp(mode, "ro"))
		return complain(c, -EINVAL, "disk %s: access mode \"%s\" is none of r, w, w!",
				spec->path, mode);
	return 0;
}

static int open_image(const struct disk_spec *spec, const struct stat *st, struct disk *disk)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (spec->writable ? O_RDWR : O_RDONLY);
	int fd;

	/* On a block device O_EXCL is the kernel's own claim, against mounts and the like. */
	if (S_ISBLK(st->st_mode) && spec->writable && !spec->shared)
		flags |= O_EXCL;
	fd = open(spec->path, flags | O_DIRECT);
	if (fd >= 0)
		disk->flags |= DISK_DIRECT;
	else if (errno == EINVAL)
		fd = open(spec->path, flags);
	return fd < 0 ? -errno : fd;
}

/*
 * Frontends may ask for single sectors of 512 bytes. Where direct I/O cannot do that (4096-byte
 * sectors below), go through the page cache, which can.
 */
static int check_direct(int fd, struct disk *disk)
{
	void *buf = NULL;
	int flags;

	if (!(disk->flags & DISK_DIRECT) || disk->sectors < 2)
		return 0;
	if (posix_memalign(&buf, 4096, 4096))
		return -ENOMEM;
	if (pread(fd, (uint8_t *)buf + SECTOR_SIZE, SECTOR_SIZE, SECTOR_SIZE) < 0 &&
	    errno == EINVAL) {
		disk->flags &= ~DISK_DIRECT;
		flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_DIRECT) < 0) {
			free(buf);
			return -errno;
		}
	}
	free(buf);
	return 0;
}

static void probe_blockdev_discard(const struct stat *st, struct disk *disk)
{
	static const char *const forms[] = { "/sys/dev/block/%u:%u/queue/discard_granularity",
					     "/sys/dev/block/%u:%u/../queue/discard_granularity" };
	char path[96];

	for (unsigned int i = 0; i < 2; i++) {
		FILE *f;
		unsigned int granularity = 0;

		/* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): both are constants above */
		snprintf(path, sizeof(path), forms[i], major(st->st_rdev), minor(st->st_rdev));
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%10u", &granularity) == 1 && granularity) {
			disk->flags |= DISK_DISCARD;
			disk->discard_granularity = granularity;
		}
		fclose(f);
		return;
	}
}

static int measure(int fd, const struct stat *st, struct disk *disk)
{
	uint64_t bytes = (uint64_t)st->st_size;

	disk->physical_sector = SECTOR_SIZE;
	if (S_ISBLK(st->st_mode)) {
		unsigned int physical = 0;

		disk->flags |= DISK_BLOCKDEV;
		if (ioctl(fd, BLKGETSIZE64, &bytes) < 0)
			return -errno;
		if (ioctl(fd, BLKPBSZGET, &physical) == 0 && physical >= SECTOR_SIZE)
			disk->physical_sector = physical;
		if (!(disk->flags & DISK_READONLY))
			probe_blockdev_discard(st, disk);
	} else if (!(disk->flags & DISK_READONLY) &&
		   fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, st->st_size, 4096) ==
			   0) {
		/* A hole behind the end changes nothing, and shows that holes can be made. */
		disk->flags |= DISK_DISCARD;
		disk->discard_granularity = (uint32_t)st->st_blksize;
	}
	disk->sectors = bytes >> SECTOR_SHIFT;
	return 0;
}

static int lock_image(int fd, const struct disk_spec *spec)
{
	bool alone = spec->writable && !spec->shared;

	return flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0 ? -errno : 0;
}

int disk_open(const struct disk_spec *spec, struct disk *disk, char *error, size_t error_size)
{
	struct complaint c = { error, error_size };
	struct stat st;
	int fd, ret;

	*disk = (struct disk){ .flags = spec->writable ? 0 : DISK_READONLY };
	if (stat(spec->path, &st) < 0)
		return complain(c, -errno, "disk %s: %s; check the path", spec->path,
				error_text(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return complain(c, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
				"disk %s: is %s; give a file or a block device", spec->path,
				S_ISDIR(st.st_mode) ? "a directory" : "not a disk");
	fd = open_image(spec, &st, disk);
	if (fd == -EBUSY)
		return complain(c, fd, "disk %s: is mounted or in use in dom0; unmount it or use r",
				spec->path);
	if (fd == -EACCES || fd == -EROFS || fd == -EPERM)
		return complain(c, fd, "disk %s: cannot be opened for %s: %s%s", spec->path,
				spec->writable ? "writing" : "reading", error_text(fd),
				spec->writable ? "; use mode r for a read-only disk" : "");
	if (fd < 0)
		return complain(c, fd, "disk %s: %s", spec->path, error_text(fd));

	ret = lock_image(fd, spec);
	if (ret == -EWOULDBLOCK)
		complain(c, ret, "disk %s: is in use by another guest; detach it there%s",
			 spec->path, spec->writable ? " or share it with w!" : "");
	else if (ret < 0)
		complain(c, ret, "disk %s: cannot be locked: %s", spec->path, error_text(ret));
	if (ret == 0) {
		ret = measure(fd, &st, disk);
		if (ret == 0)
			ret = check_direct(fd, disk);
		if (ret < 0)
			complain(c, ret, "disk %s: cannot be read: %s", spec->path,
				 error_text(ret));
	}
	if (ret == 0 && disk->sectors == 0)
		ret = complain(c, -EINVAL, "disk %s: is empty; give it a size with truncate -s",
			       spec->path);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}
