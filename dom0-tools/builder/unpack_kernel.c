/* SPDX-License-Identifier: MIT */
/*
 * unpack-kernel IN OUT: the ELF vmlinux inside a kernel image, for boot loaders that hand an ELF to
 * the hypervisor. OUT appears whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dom0-tools/builder/kernel_image.h"

static int write_all(int fd, const uint8_t *data, size_t bytes)
{
	while (bytes) {
		ssize_t put = write(fd, data, bytes);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		bytes -= (size_t)put;
	}
	return 0;
}

static int save(const char *path, const struct kernel_image *image)
{
	char temp[PATH_MAX];
	int fd, ret;

	if (snprintf(temp, sizeof(temp), "%s.tmp.%d", path, (int)getpid()) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, image->elf, image->elf_bytes);
	if (close(fd) < 0 && !ret)
		ret = -errno;
	if (!ret && rename(temp, path) < 0)
		ret = -errno;
	if (ret)
		unlink(temp);
	return ret;
}

int main(int argc, char **argv)
{
	struct build_message msg;
	struct kernel_image image;
	int ret;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		puts("Usage: unpack-kernel IN OUT\n"
		     "Writes the ELF vmlinux inside kernel image IN (bzImage, ELF) to OUT.");
		return 0;
	}
	if (argc != 3) {
		fputs("Usage: unpack-kernel IN OUT\n", stderr);
		return 2;
	}
	if (kernel_image_load(argv[1], &image, &msg) < 0) {
		fprintf(stderr, "unpack-kernel: %s\n", msg.text);
		return 1;
	}
	ret = save(argv[2], &image);
	if (ret < 0)
		fprintf(stderr, "unpack-kernel: cannot write '%s': %s\n", argv[2], strerror(-ret));
	else
		printf("%s: %s, %s, %zu bytes of ELF\n", argv[1], image.container,
		       image.compression, image.elf_bytes);
	kernel_image_free(&image);
	return ret < 0;
}
