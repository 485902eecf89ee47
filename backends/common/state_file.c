/* SPDX-License-Identifier: MIT */
/* State files, the supervisor's side: see state_file.h. Stateless. */
#include "backends/common/state_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

static bool is_known(struct supervisor *sup, unsigned int domid, unsigned int devid)
{
	struct guest *guest = guest_find(sup, domid);

	for (struct source *src = guest ? guest->sources : NULL; src; src = src->next) {
		if (src->devid == devid)
			return true;
	}
	return false;
}

void state_file_sweep(struct supervisor *sup)
{
	size_t len = strlen(sup->cls->program);
	DIR *dir = opendir(XEN_RUN_DIR);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL) {
		unsigned int domid, devid;
		int used = 0;

		if (strncmp(entry->d_name, sup->cls->program, len) != 0 ||
		    sscanf(entry->d_name + len, "-%5u-%10u.state%n", &domid, &devid, &used) != 2 ||
		    !used || entry->d_name[len + (size_t)used])
			continue;
		if (!is_known(sup, domid, devid))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}
