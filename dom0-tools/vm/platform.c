/* SPDX-License-Identifier: MIT */
/*
 * Locates the parts of the platform and keeps the unpacked kernel. A cache entry appears by rename,
 * so it is either absent or whole, also when several runs race for it.
 */
#include "dom0-tools/vm/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FNV64_OFFSET 0xcbf29ce484222325ULL
#define FNV64_PRIME  0x100000001b3ULL

__attribute__((format(printf, 2, 3))) static int join(char *path, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, PATH_MAX, fmt, ap);
	va_end(ap);
	return n >= 0 && n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* The directory of the running program, without a trailing slash. */
static int program_dir(char *dir)
{
	ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return -errno;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	return 0;
}

static int need(const char *what, const char *path, const char *remedy)
{
	if (access(path, R_OK) == 0)
		return 0;
	fprintf(stderr, "shoji-vm: %s %s: %s; %s\n", what, path, strerror(errno), remedy);
	return -errno;
}

int platform_find(struct platform *p, const char *hypervisor)
{
	char dir[PATH_MAX];
	char probe[PATH_MAX];
	bool installed;
	int rc = program_dir(dir);

	if (rc)
		return rc;
	rc = join(probe, "%s/image", dir);
	installed = !rc && access(probe, F_OK) != 0;
	if (installed) {
		rc = join(probe, "%s/../lib/shoji", dir);
		if (!rc && access(probe, F_OK) == 0)
			memcpy(dir, probe, sizeof(dir));
	}
	rc = rc
		     ?: hypervisor ? join(p->hypervisor, "%s", hypervisor)
				   : join(p->hypervisor, "%s/shoji", dir);
	rc = rc ?: join(p->kernel, "%s/image/vmlinuz", dir);
	rc = rc ?: join(p->initramfs, "%s/image/initramfs", dir);
	rc = rc ?: join(p->unpacker, "%s/bin/unpack-kernel", dir);
	if (rc) {
		fprintf(stderr, "shoji-vm: %s: %s\n", dir, strerror(-rc));
		return rc;
	}
	rc = need("hypervisor", p->hypervisor, "build it with make, or give --hypervisor FILE");
	rc = rc ?: need("kernel", p->kernel, "build it with make image");
	return rc ?: need("initramfs", p->initramfs, "build it with make image");
}

/* FNV-1a over eight bytes a step: names a cache entry, guards against nothing else. */
static int hash_file(const char *path, uint64_t *hash)
{
	struct stat st;
	const uint8_t *data;
	uint64_t h = FNV64_OFFSET;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_size == 0) {
		close(fd);
		return st.st_size == 0 ? -ENOEXEC : -errno;
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return -errno;
	for (off_t i = 0; i < st.st_size; i++)
		h = (h ^ data[i]) * FNV64_PRIME;
	munmap((void *)data, (size_t)st.st_size);
	*hash = h;
	return 0;
}

static int run_unpacker(const struct platform *p, const char *vmlinux)
{
	int status;
	pid_t pid;

	if (need("kernel unpacker", p->unpacker, "build it with make"))
		return -ENOENT;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* Standard output is the script's alone. */
		int null = open("/dev/null", O_WRONLY);

		if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
			_exit(127);
		execl(p->unpacker, "unpack-kernel", p->kernel, vmlinux, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOEXEC;
}

/* A directory that outlives this run: beside the image, or the user's cache; else @tmp_dir. */
static int cache_dir(const struct platform *p, const char *tmp_dir, char *dir)
{
	const char *home = getenv("HOME");
	const char *xdg = getenv("XDG_CACHE_HOME");
	int image_len = (int)(strrchr(p->kernel, '/') - p->kernel);

	if (!join(dir, "%.*s/../cache", image_len, p->kernel) &&
	    (!mkdir(dir, 0755) || errno == EEXIST) && access(dir, W_OK) == 0)
		return 0;
	if (xdg && *xdg == '/' && !join(dir, "%s/shoji", xdg) &&
	    (!mkdir(dir, 0755) || errno == EEXIST) && access(dir, W_OK) == 0)
		return 0;
	if (home && *home == '/' && !join(dir, "%s/.cache", home))
		mkdir(dir, 0700);
	if (home && *home == '/' && !join(dir, "%s/.cache/shoji", home) &&
	    (!mkdir(dir, 0755) || errno == EEXIST) && access(dir, W_OK) == 0)
		return 0;
	return join(dir, "%s", tmp_dir);
}

int platform_vmlinux(const struct platform *p, const char *tmp_dir, char *path)
{
	char dir[PATH_MAX];
	char partial[PATH_MAX];
	uint64_t hash = 0;
	int rc = hash_file(p->kernel, &hash);

	rc = rc ?: cache_dir(p, tmp_dir, dir);
	rc = rc ?: join(path, "%s/vmlinux-%016llx", dir, (unsigned long long)hash);
	rc = rc ?: join(partial, "%s/vmlinux-%016llx.%d", dir, (unsigned long long)hash, getpid());
	if (!rc && access(path, R_OK) == 0)
		return 0;
	rc = rc ?: run_unpacker(p, partial);
	if (!rc && rename(partial, path))
		rc = -errno;
	if (rc) {
		unlink(partial);
		fprintf(stderr, "shoji-vm: kernel %s: cannot be unpacked: %s\n", p->kernel,
			strerror(-rc));
	}
	return rc;
}
