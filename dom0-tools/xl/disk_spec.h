/* SPDX-License-Identifier: MIT */
/*
 * One entry of `disk = [ ... ]`, in the language of xl-disk-configuration(5), and the numbers of
 * virtual devices of xen-vbd-interface(7).
 */
#ifndef DOM0_XL_DISK_SPEC_H
#define DOM0_XL_DISK_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_format {
	DISK_FORMAT_RAW,
	DISK_FORMAT_QCOW,
	DISK_FORMAT_QCOW2,
	DISK_FORMAT_VHD,
	DISK_FORMAT_QED,
};

struct disk_spec {
	char *target;   /* absolute path; NULL for an empty cdrom drive */
	char *vdev;     /* as written: xvda, d0p1, 51712 */
	char *backend;  /* name or id of the backend domain, NULL for domain 0 */
	uint32_t devid; /* the number of vdev */
	enum disk_format format;
	bool readonly;
	bool shareable; /* w!: other domains may write to it as well */
	bool cdrom;
	bool direct_io_safe;
	bool no_discard;
	bool untrusted;
};

/* Room for the message that tells what is wrong with an entry. */
#define SPEC_ERROR_MAX 256

/* Fills disk from text. False with a message in error; nothing needs freeing then. */
bool disk_spec_parse(const char *text, struct disk_spec *disk, char error[SPEC_ERROR_MAX]);
void disk_spec_free(struct disk_spec *disk);
/* The canonical spelling, which parses to the same disk; malloc'ed, NULL without memory. */
char *disk_spec_format(const struct disk_spec *disk);

/* The number of a virtual device name, or of a number; false when it is none. */
bool disk_vdev_number(const char *vdev, uint32_t *devid);

#endif
