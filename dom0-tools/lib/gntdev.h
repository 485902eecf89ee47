/* SPDX-License-Identifier: MIT */
/*
 * Grants of other domains, for programs in dom0, over /dev/xen/gntdev
 * (linux/include/uapi/xen/gntdev.h). Negative errno on failure.
 */
#ifndef DOM0_LIB_GNTDEV_H
#define DOM0_LIB_GNTDEV_H

#include <stddef.h>
#include <stdint.h>

struct gntdev_copy_segment;

int gntdev_open(void);
/*
 * Maps refs[0..count) of domain domid as one contiguous range of pages, prot as for mmap(2).
 * NULL with errno set on failure; nothing stays mapped then.
 */
void *gntdev_map(int fd, uint32_t domid, const uint32_t *refs, size_t count, int prot);
int gntdev_unmap(int fd, void *addr, size_t count);
/*
 * When the mapping at addr goes away, for whatever reason (our death included), clear the byte at
 * byte_offset into it if that is >= 0, and notify port if that is >= 0.
 */
int gntdev_set_unmap_notify(int fd, void *addr, int byte_offset, int port);

/* One copy between local memory and a grant; neither side may cross a page boundary of the grant.
 */
struct gntdev_copy {
	void *local;     /* in our memory */
	uint32_t ref;    /* of the remote domain */
	uint16_t offset; /* into the granted page, bytes */
	uint16_t len;    /* bytes, offset + len <= 4096 */
	int to_grant;    /* 1: local to grant, 0: grant to local */
	int16_t status;  /* out: GNTST_* */
};
int gntdev_copy(int fd, uint32_t domid, struct gntdev_copy *ops, size_t count);

#endif
