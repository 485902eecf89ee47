/* SPDX-License-Identifier: MIT */
/*
 * Where the parts of the platform are on the host: hypervisor, kernel, initramfs, helper programs.
 */
#ifndef SHOJI_VM_PLATFORM_H
#define SHOJI_VM_PLATFORM_H

#include <limits.h>

struct platform {
	char hypervisor[PATH_MAX];
	char kernel[PATH_MAX];    /* bzImage as distributed */
	char initramfs[PATH_MAX]; /* dom0's root */
	char unpacker[PATH_MAX];  /* program: unpack-kernel BZIMAGE VMLINUX */
};

/*
 * Finds the parts beside the running program (in the build tree) or, when it is installed in
 * PREFIX/bin, in PREFIX/lib/shoji. @hypervisor replaces Shoji's image unless NULL. 0 or a negative
 * errno after a line on stderr that says which part is missing and how to get it.
 */
int platform_find(struct platform *p, const char *hypervisor);

/*
 * Gives the path of @p->kernel as ELF vmlinux in @path (PATH_MAX bytes), unpacking it if no earlier
 * run did: the result is kept in a cache directory under the hash of the contents. @tmp_dir is used
 * when no cache directory is writable. 0 or a negative errno after a line on stderr.
 */
int platform_vmlinux(const struct platform *p, const char *tmp_dir, char *path);

#endif
