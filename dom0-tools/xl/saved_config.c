/* SPDX-License-Identifier: MIT */
/*
 * Files of domains; see saved_config.h. The directory is not synced to disk: what it describes does
 * not outlive the host's memory either.
 */
#include "dom0-tools/xl/saved_config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"

#define PATH_BYTES 192
#define NEXT_BYTES (PATH_BYTES + 8)

const char *saved_config_dir = XEN_STATE_DIR;

static const char *const endings[SAVED_NONE] = {
	[SAVED_RESTART] = ".restart",
	[SAVED_DESTROY] = ".destroy",
	[SAVED_NEW] = ".new",
	[SAVED_CREATED] = ".cfg",
};

static void state_path(char path[PATH_BYTES], const uint8_t uuid[16], enum saved_state state)
{
	char text[UUID_STR_LEN];

	uuid_unparse_lower(uuid, text);
	snprintf(path, PATH_BYTES, "%s/%s%s", saved_config_dir, text, endings[state]);
}

/* Where a changed configuration is written before it takes its place. */
static void next_path(char path[NEXT_BYTES], const uint8_t uuid[16])
{
	char created[PATH_BYTES];

	state_path(created, uuid, SAVED_CREATED);
	snprintf(path, NEXT_BYTES, "%s.next", created);
}

bool saved_config_exists(const uint8_t uuid[16], enum saved_state state)
{
	char path[PATH_BYTES];

	state_path(path, uuid, state);
	return access(path, F_OK) == 0;
}

enum saved_state saved_config_state(const uint8_t uuid[16])
{
	int state = 0;

	while (state < SAVED_NONE && !saved_config_exists(uuid, (enum saved_state)state))
		state++;
	return (enum saved_state)state;
}

static int write_text(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t n;

	while (left) {
		n = write(fd, text, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

/*
 * Creates the file and locks it before it has a name, so that nobody sees it unlocked. -EEXIST when
 * there is one, which xld removes once its creator is known to be dead.
 */
static int create_locked(const char *path, const char *text)
{
	char self[32];
	int fd = open(saved_config_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	ret = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : write_text(fd, text);
	if (ret == 0 && linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
		ret = -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

/* A file that a dead creator left; false while its creator lives. */
static bool remove_stale(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool stale = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (stale)
		unlink(path);
	if (fd >= 0)
		close(fd);
	return stale;
}

int saved_config_begin(const struct domain_config *config)
{
	char path[PATH_BYTES];
	char *text = domain_config_format(config);
	int ret;

	if (!text)
		return -ENOMEM;
	state_path(path, config->uuid, SAVED_NEW);
	ret = make_directories(saved_config_dir);
	if (ret == 0)
		ret = create_locked(path, text);
	if (ret == -EEXIST && remove_stale(path))
		ret = create_locked(path, text);
	free(text);
	return ret;
}

int saved_config_move(const uint8_t uuid[16], enum saved_state from, enum saved_state to)
{
	char old[PATH_BYTES], new[PATH_BYTES];

	state_path(old, uuid, from);
	state_path(new, uuid, to);
	return rename(old, new) < 0 ? -errno : 0;
}

bool saved_config_load(const uint8_t uuid[16], enum saved_state state, struct domain_config *config)
{
	char path[PATH_BYTES];
	struct cfg cfg;
	bool ok;

	state_path(path, uuid, state);
	cfg_init(&cfg);
	ok = cfg_parse_file(&cfg, path) && domain_config_load(&cfg, config);
	cfg_free(&cfg);
	return ok;
}

void saved_config_remove_state(const uint8_t uuid[16], enum saved_state state)
{
	char path[PATH_BYTES];

	state_path(path, uuid, state);
	unlink(path);
}

void saved_config_remove(const uint8_t uuid[16])
{
	char next[NEXT_BYTES];
	int state;

	next_path(next, uuid);
	unlink(next);
	for (state = 0; state < SAVED_NONE; state++)
		saved_config_remove_state(uuid, (enum saved_state)state);
}

void saved_config_remove_foreign(uint32_t domid, const uint8_t uuid[16])
{
	char text[UUID_STR_LEN], middle[64];
	DIR *dir = opendir(saved_config_dir);
	struct dirent *entry;

	if (!dir)
		return;
	/* userdata-X.DOMID.UUID.NAME */
	uuid_unparse_lower(uuid, text);
	snprintf(middle, sizeof(middle), ".%u.%s.", domid, text);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "userdata-", 9) == 0 && strstr(entry->d_name, middle))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

/* Whether fd is still the domain's file, under whatever ending. */
static bool is_current(int fd, const uint8_t uuid[16], enum saved_state *state)
{
	char path[PATH_BYTES];
	struct stat ours, now;

	*state = saved_config_state(uuid);
	if (*state == SAVED_NONE)
		return false;
	state_path(path, uuid, *state);
	return fstat(fd, &ours) == 0 && stat(path, &now) == 0 && ours.st_ino == now.st_ino &&
	       ours.st_dev == now.st_dev;
}

int saved_config_lock(const uint8_t uuid[16], enum saved_state *state)
{
	char path[PATH_BYTES];
	int fd, ret;

	for (;;) {
		*state = saved_config_state(uuid);
		if (*state == SAVED_NONE)
			return -ENOENT;
		state_path(path, uuid, *state);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue; /* renamed just now */
		if (fd < 0)
			return -errno;
		ret = flock(fd, LOCK_EX) < 0 ? -errno : 0;
		if (ret == 0 && is_current(fd, uuid, state))
			return fd;
		close(fd);
		if (ret < 0 && ret != -EINTR)
			return ret;
	}
}

/*
 * A new file takes the old one's name. It is locked before, as the old one is: who waits for the
 * old one's lock finds out that it is not current any more.
 */
static int replace(const uint8_t uuid[16], const char *text)
{
	char path[PATH_BYTES], next[NEXT_BYTES];
	int fd, ret = 0;

	state_path(path, uuid, SAVED_CREATED);
	next_path(next, uuid);
	unlink(next); /* of a process that died right here */
	fd = create_locked(next, text);
	if (fd < 0)
		return fd;
	if (rename(next, path) < 0) {
		ret = -errno;
		unlink(next);
	}
	close(fd);
	return ret;
}

int saved_config_change(const uint8_t uuid[16], saved_change_fn *change, void *arg)
{
	struct domain_config config;
	enum saved_state state;
	char *text;
	int ret = -ENOENT, lock = saved_config_lock(uuid, &state);

	if (lock < 0)
		return lock;
	if (state == SAVED_CREATED) {
		ret = -EINVAL;
		if (saved_config_load(uuid, state, &config)) {
			change(&config, arg);
			text = domain_config_format(&config);
			ret = text ? replace(uuid, text) : -ENOMEM;
			free(text);
			domain_config_free(&config);
		}
	}
	close(lock);
	return ret;
}

/* A line of /proc/locks: "1: FLOCK  ADVISORY  WRITE 123 00:1b:456 0 EOF"; the pid if it is st's. */
static int lock_line_pid(const char *line, const struct stat *st)
{
	unsigned int major_number, minor_number;
	unsigned long inode;
	char kind[16];
	int pid;

	if (sscanf(line, "%*d: %15s %*s %*s %d %x:%x:%lu", kind, &pid, &major_number, &minor_number,
		   &inode) != 5 ||
	    strcmp(kind, "FLOCK") != 0)
		return 0;
	return major(st->st_dev) == major_number && minor(st->st_dev) == minor_number &&
			       st->st_ino == inode
		       ? pid
		       : 0;
}

int saved_config_holder(const uint8_t uuid[16])
{
	enum saved_state state = saved_config_state(uuid);
	char path[PATH_BYTES], line[128];
	struct stat st;
	FILE *locks;
	int pid = 0;

	if (state == SAVED_NONE)
		return 0;
	state_path(path, uuid, state);
	locks = stat(path, &st) == 0 ? fopen("/proc/locks", "re") : NULL;
	if (!locks)
		return 0;
	while (pid == 0 && fgets(line, sizeof(line), locks))
		pid = lock_line_pid(line, &st);
	fclose(locks);
	return pid;
}

/* UUID.ending; the rest of the directory is other programs'. */
bool saved_config_parse_name(const char *name, uint8_t uuid[16])
{
	char text[UUID_STR_LEN];
	size_t i;

	if (strlen(name) < UUID_STR_LEN)
		return false;
	memcpy(text, name, UUID_STR_LEN - 1);
	text[UUID_STR_LEN - 1] = '\0';
	for (i = 0; i < SAVED_NONE; i++) {
		if (strcmp(name + UUID_STR_LEN - 1, endings[i]) == 0)
			return uuid_parse(text, uuid) == 0;
	}
	return false;
}

static int add_uuid(uint8_t (**uuids)[16], size_t *count, const uint8_t uuid[16])
{
	uint8_t(*grown)[16];
	size_t i;

	for (i = 0; i < *count; i++) {
		if (memcmp((*uuids)[i], uuid, 16) == 0)
			return 0;
	}
	grown = reallocarray(*uuids, *count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memcpy(grown[*count], uuid, 16);
	*uuids = grown;
	(*count)++;
	return 0;
}

int saved_config_list(uint8_t (**uuids)[16], size_t *count)
{
	DIR *dir = opendir(saved_config_dir);
	struct dirent *entry;
	uint8_t uuid[16];
	int ret = 0;

	*uuids = NULL;
	*count = 0;
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (ret == 0 && (entry = readdir(dir))) {
		if (saved_config_parse_name(entry->d_name, uuid))
			ret = add_uuid(uuids, count, uuid);
	}
	closedir(dir);
	if (ret < 0) {
		free(*uuids);
		*uuids = NULL;
		*count = 0;
	}
	return ret;
}
