/* SPDX-License-Identifier: MIT */
/* xen_version: what hypervisor this is. */
#ifndef PUBLIC_VERSION_H
#define PUBLIC_VERSION_H

#include <public/xen.h>
#include <public/features.h>

#define XENVER_version             0 /* result: major << 16 | minor */
#define XENVER_extraversion        1
#define XENVER_compile_info        2
#define XENVER_capabilities        3
#define XENVER_changeset           4
#define XENVER_platform_parameters 5
#define XENVER_get_features        6
#define XENVER_pagesize            7 /* result: 4096 */
#define XENVER_guest_handle        8 /* the domain's uuid */
#define XENVER_commandline         9
#define XENVER_build_id            10

typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))

struct xen_compile_info {
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
};

/* Guest types that can run, separated by spaces: "xen-3.0-x86_64" is a 64-bit PV guest. */
typedef char xen_capabilities_info_t[1024];
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))

typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))

struct xen_platform_parameters {
	xen_ulong_t virt_start; /* where the hypervisor's address range starts */
};

struct xen_feature_info {
	unsigned int submap_idx; /* in */
	uint32_t submap;         /* out: bits of XENFEAT_* */
};

typedef char xen_commandline_t[1024];

struct xen_build_id {
	uint32_t len; /* in: size of buf */
	unsigned char buf[XEN_FLEX_ARRAY_DIM];
};

#endif /* PUBLIC_VERSION_H */
