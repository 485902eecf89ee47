/* SPDX-License-Identifier: MIT */
/* What is known of a virtual disk once its image is open: handed from supervisor to process. */
#ifndef BACKENDS_BLK_DISK_H
#define BACKENDS_BLK_DISK_H

#include <stdint.h>

#define SECTOR_SIZE  512u
#define SECTOR_SHIFT 9u

#define DISK_READONLY  (1u << 0)
#define DISK_CDROM     (1u << 1)
#define DISK_REMOVABLE (1u << 2)
#define DISK_DIRECT    (1u << 3) /* O_DIRECT: I/O is asynchronous */
#define DISK_BLOCKDEV  (1u << 4) /* else a regular file */
#define DISK_DISCARD   (1u << 5)

struct disk {
	uint64_t sectors;             /* of 512 bytes */
	uint32_t physical_sector;     /* bytes */
	uint32_t discard_granularity; /* bytes */
	uint32_t flags;               /* DISK_* */
};

/* The descriptors that come with it. */
enum { DISK_FD_IMAGE, DISK_FD_JOURNAL };

#endif
