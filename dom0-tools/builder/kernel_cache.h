/* SPDX-License-Identifier: MIT */
/*
 * Unpacked kernels kept on disk, so that the second guest of a kernel, and every reboot, starts
 * without unpacking it again: that is most of the time which creating a guest takes.
 *
 * An entry belongs to one state of one file (device, inode, size, times); any change of the file
 * makes a new entry. There are at most KERNEL_CACHE_ENTRIES, the ones used last; no entry is made
 * where the disk is nearly full. The directory is root's alone and may be emptied at any time.
 */
#ifndef BUILDER_KERNEL_CACHE_H
#define BUILDER_KERNEL_CACHE_H

#include "dom0-tools/builder/kernel_image.h"

#define KERNEL_CACHE_DIR     "/var/lib/xen/kernels"
#define KERNEL_CACHE_ENTRIES 4u

/*
 * kernel_image_load() through the cache in dir. What cannot be cached is loaded as without; only
 * the kernel's own errors are errors.
 */
int kernel_cache_load(const char *dir, const char *path, struct kernel_image *image,
		      struct build_message *msg);

#endif
