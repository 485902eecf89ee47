/* SPDX-License-Identifier: MIT */
/*
 * The ioctl numbers and argument structures of Linux's /dev/xen/{privcmd,evtchn,gntdev}, for the
 * files of this folder alone. Layouts are those of linux/include/uapi/xen/{privcmd,evtchn,gntdev}.h
 * and are fixed by the size encoded in each number.
 */
#ifndef DOM0_LIB_XEN_IOCTL_H
#define DOM0_LIB_XEN_IOCTL_H

#include <linux/ioctl.h>
#include <stdint.h>

/* /dev/xen/privcmd */

struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

struct privcmd_mmapbatch_v2 {
	uint32_t num;
	uint16_t dom;
	uint64_t addr;       /* start of a mapping of the fd, num pages long */
	const uint64_t *arr; /* frames */
	int *err;            /* out: 0 or a negative errno for each frame */
};

struct privcmd_mmap_resource {
	uint16_t dom;
	uint32_t type; /* XENMEM_resource_* */
	uint32_t id;
	uint32_t idx; /* first frame */
	uint64_t num; /* frames */
	uint64_t addr;
};

#define IOCTL_PRIVCMD_HYPERCALL     _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define IOCTL_PRIVCMD_MMAPBATCH_V2  _IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_mmapbatch_v2))
#define IOCTL_PRIVCMD_MMAP_RESOURCE _IOC(_IOC_NONE, 'P', 7, sizeof(struct privcmd_mmap_resource))

/* /dev/xen/evtchn */

struct ioctl_evtchn_bind_virq {
	uint32_t virq;
};

struct ioctl_evtchn_bind_interdomain {
	uint32_t remote_domain;
	uint32_t remote_port;
};

struct ioctl_evtchn_bind_unbound_port {
	uint32_t remote_domain;
};

struct ioctl_evtchn_port {
	uint32_t port;
};

#define IOCTL_EVTCHN_BIND_VIRQ _IOC(_IOC_NONE, 'E', 0, sizeof(struct ioctl_evtchn_bind_virq))
#define IOCTL_EVTCHN_BIND_INTERDOMAIN \
	_IOC(_IOC_NONE, 'E', 1, sizeof(struct ioctl_evtchn_bind_interdomain))
#define IOCTL_EVTCHN_BIND_UNBOUND_PORT \
	_IOC(_IOC_NONE, 'E', 2, sizeof(struct ioctl_evtchn_bind_unbound_port))
#define IOCTL_EVTCHN_UNBIND _IOC(_IOC_NONE, 'E', 3, sizeof(struct ioctl_evtchn_port))
#define IOCTL_EVTCHN_NOTIFY _IOC(_IOC_NONE, 'E', 4, sizeof(struct ioctl_evtchn_port))

/* /dev/xen/gntdev */

struct ioctl_gntdev_grant_ref {
	uint32_t domid;
	uint32_t ref;
};

/* Followed in memory by count - 1 more refs; the number encodes the size with one. */
struct ioctl_gntdev_map_grant_ref {
	uint32_t count;
	uint32_t pad;
	uint64_t index; /* out: offset for mmap(2) */
	struct ioctl_gntdev_grant_ref refs[1];
};

struct ioctl_gntdev_unmap_grant_ref {
	uint64_t index;
	uint32_t count;
	uint32_t pad;
};

struct ioctl_gntdev_get_offset_for_vaddr {
	uint64_t vaddr;
	uint64_t offset; /* out */
	uint32_t count;  /* out */
	uint32_t pad;
};

struct ioctl_gntdev_unmap_notify {
	uint64_t index; /* mmap offset plus byte offset */
	uint32_t action;
	uint32_t event_channel_port;
};

union ioctl_gntdev_copy_ptr {
	void *virt;
	struct {
		uint32_t ref;
		uint16_t offset;
		uint16_t domid;
	} foreign;
};

struct ioctl_gntdev_copy_segment {
	union ioctl_gntdev_copy_ptr source;
	union ioctl_gntdev_copy_ptr dest;
	uint16_t len;
	uint16_t flags;
	int16_t status;
};

struct ioctl_gntdev_grant_copy {
	unsigned int count;
	struct ioctl_gntdev_copy_segment *segments;
};

#define GNTDEV_COPY_SOURCE_GREF  (1u << 0)
#define GNTDEV_COPY_DEST_GREF    (1u << 1)
#define GNTDEV_NOTIFY_CLEAR_BYTE 0x1u
#define GNTDEV_NOTIFY_SEND_EVENT 0x2u

#define IOCTL_GNTDEV_MAP_GRANT_REF \
	_IOC(_IOC_NONE, 'G', 0, sizeof(struct ioctl_gntdev_map_grant_ref))
#define IOCTL_GNTDEV_UNMAP_GRANT_REF \
	_IOC(_IOC_NONE, 'G', 1, sizeof(struct ioctl_gntdev_unmap_grant_ref))
#define IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR \
	_IOC(_IOC_NONE, 'G', 2, sizeof(struct ioctl_gntdev_get_offset_for_vaddr))
#define IOCTL_GNTDEV_SET_UNMAP_NOTIFY \
	_IOC(_IOC_NONE, 'G', 7, sizeof(struct ioctl_gntdev_unmap_notify))
#define IOCTL_GNTDEV_GRANT_COPY _IOC(_IOC_NONE, 'G', 8, sizeof(struct ioctl_gntdev_grant_copy))

#endif
