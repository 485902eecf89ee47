/* SPDX-License-Identifier: MIT */
/*
 * Disk images: from the text that names one to an open, locked file of known size and abilities.
 */
#ifndef BACKENDS_BLK_IMAGE_H
#define BACKENDS_BLK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "backends/blk/disk.h"

struct disk_spec {
	char path[1024]; /* of the image, absolute */
	bool writable;
	bool shared; /* "w!": other writers are the administrator's business */
};

/*
 * Understands params ("[aio:|raw:|file:|phy:|tap:...]PATH"; a relative PATH is below /dev) and mode
 * ("r", "ro", "w", "rw", "w!"). 0, or -EINVAL with what is wrong in error.
 */
int disk_spec_parse(const char *params, const char *mode, struct disk_spec *spec, char *error,
		    size_t error_size);

/*
 * Opens and locks the image: alone for a writer, together with others for readers and "w!". The
 * descriptor, with *disk filled in; or a negative errno with all of the reason in error.
 */
int disk_open(const struct disk_spec *spec, struct disk *disk, char *error, size_t error_size);

#endif
