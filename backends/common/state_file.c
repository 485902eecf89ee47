/* SPDX-License-Identifier: MIT */
/* State files: see state_file.h. Stateless. */
#include "backends/common/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backends/common/supervisor.h"
#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"

#define PATH_BYTES 96

static void state_path(const struct source *src, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, XEN_RUN_DIR "/%s-%u-%u.state", src->sup->cls->program,
		 src->guest->domid, src->devid);
}

int state_file_open(struct source *src, size_t bytes)
{
	char path[PATH_BYTES];
	int fd, ret;

	state_path(src, path);
	make_directories(XEN_RUN_DIR);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0)
		return fd;
	ret = -errno;
	snprintf(src->error, sizeof(src->error), "cannot create %s: %s", path, error_text(ret));
	if (fd >= 0)
		close(fd);
	return ret;
}

void state_file_remove(const struct source *src)
{
	char path[PATH_BYTES];

	state_path(src, path);
	unlink(path);
}

void *state_file_map(int fd, size_t bytes)
{
	void *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return addr == MAP_FAILED ? NULL : addr;
}

void state_file_unmap(void *addr, size_t bytes)
{
	if (addr)
		munmap(addr, bytes);
}
