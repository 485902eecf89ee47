/* SPDX-License-Identifier: MIT */
/*
 * Saved configurations; see saved_config.h. The directory is not synced to disk: what it describes
 * does not outlive the host's memory either.
 */
#include "dom0-tools/xl/saved_config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"

static void config_path(char path[PATH_MAX], uint32_t domid, const uint8_t uuid[16])
{
	char text[UUID_STR_LEN];

	uuid_unparse_lower(uuid, text);
	snprintf(path, PATH_MAX, XEN_STATE_DIR "/domain-%u-%s.cfg", domid, text);
}

static int write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "wex");
	int ret = 0;

	if (!file)
		return -errno;
	if (fputs(text, file) == EOF)
		ret = -EIO;
	if (fclose(file) != 0 && ret == 0)
		ret = -errno;
	if (ret < 0)
		unlink(path);
	return ret;
}

int saved_config_write(uint32_t domid, const struct domain_config *config)
{
	char path[PATH_MAX], temporary[PATH_MAX + 16];
	char *text = domain_config_format(config);
	int ret;

	if (!text)
		return -ENOMEM;
	config_path(path, domid, config->uuid);
	snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	ret = make_directories(XEN_STATE_DIR);
	if (ret == 0)
		ret = write_file(temporary, text);
	if (ret == 0 && rename(temporary, path) < 0) {
		ret = -errno;
		unlink(temporary);
	}
	free(text);
	return ret;
}

bool saved_config_load(uint32_t domid, const uint8_t uuid[16], struct domain_config *config)
{
	char path[PATH_MAX];
	struct cfg cfg;
	bool ok;

	config_path(path, domid, uuid);
	if (access(path, F_OK) < 0)
		return false;
	cfg_init(&cfg);
	ok = cfg_parse_file(&cfg, path) && domain_config_load(&cfg, config);
	cfg_free(&cfg);
	return ok;
}

void saved_config_remove(uint32_t domid)
{
	DIR *dir = opendir(XEN_STATE_DIR);
	struct dirent *entry;
	char prefix[32];

	if (!dir)
		return;
	snprintf(prefix, sizeof(prefix), "domain-%u-", domid);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

int saved_config_lock(uint32_t domid, const uint8_t uuid[16])
{
	char path[PATH_MAX];
	struct stat ours, now;
	int fd;

	config_path(path, domid, uuid);
	for (;;) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX) < 0) {
			int ret = -errno;

			close(fd);
			return ret;
		}
		/* The file may have been replaced or removed while we waited. */
		if (fstat(fd, &ours) == 0 && stat(path, &now) == 0 && ours.st_ino == now.st_ino &&
		    ours.st_dev == now.st_dev)
			return fd;
		close(fd);
	}
}
