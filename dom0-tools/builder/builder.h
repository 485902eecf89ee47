/* SPDX-License-Identifier: MIT */
/*
 * Builds a PV guest: unpacks its kernel, gives the domain memory, lays out what the boot protocol
 * asks for (kernel, ramdisk, p2m list, start_info, console and xenstore pages, first page tables,
 * boot stack), and sets vCPU 0 so that the domain runs when it is unpaused.
 *
 * The caller has created the domain (dom_create(), dom_max_vcpus()) and its two event channels
 * (dom_evtchn_alloc_unbound()), and after success introduces it to xenstore with the frames that
 * come back. On failure nothing is left mapped or allocated outside the domain itself, and the
 * caller destroys the domain.
 *
 * Kernel images: see kernel_image.h. ABI: public/xen.h (start_info), public/elfnote.h.
 */
#ifndef BUILDER_BUILDER_H
#define BUILDER_BUILDER_H

#include <stdint.h>

#include "dom0-tools/builder/message.h"

struct build_params {
	uint32_t domid;
	const char *kernel;     /* path */
	const char *ramdisk;    /* path, or NULL or "" for none */
	const char *cmdline;    /* NULL for none; at most 1023 bytes */
	uint64_t memory_kib;    /* given to the guest now */
	uint64_t maxmem_kib;    /* the most it may grow to; 0 or less than memory_kib: memory_kib */
	uint32_t vcpus;         /* as for dom_max_vcpus() */
	uint32_t store_domid;   /* where xenstored runs, 0 */
	uint32_t store_port;    /* the guest's port to it */
	uint32_t console_domid; /* where consoled runs, 0 */
	uint32_t console_port;  /* the guest's port to it */
};

struct build_result {
	uint64_t store_mfn;   /* for xs_introduce_domain() */
	uint64_t console_mfn; /* for console/ring-ref */
	char guest_os[32];    /* of the kernel's notes, "linux"; printable */
	char guest_version[32];
};

/* A kernel that is unpacked and checked, with the layout of the guest around it. */
struct build_plan;

/*
 * Does all that needs neither hypervisor nor domain: files exist and are readable, the kernel is
 * whole and can run as a 64-bit PV guest, everything fits into memory_kib. Run it before
 * dom_create() to refuse bad input without any trace. The fields domid and *_port are not used yet.
 * 0 with *plan set (free it with build_plan_free()), or a negative errno with msg set.
 */
int build_plan(const struct build_params *params, struct build_plan **plan,
	       struct build_message *msg);
void build_plan_free(struct build_plan *plan);

/*
 * Builds params->domid from plan; the other fields of params are as they were for build_plan(). fd
 * is from privcmd_open(). 0, or a negative errno with msg set. A plan may be used again, as for a
 * reboot.
 */
int build_domain(int fd, const struct build_params *params, const struct build_plan *plan,
		 struct build_result *result, struct build_message *msg);

#endif
