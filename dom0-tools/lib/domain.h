/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's control operations for the toolstack: thin typed wrappers over domctl, sysctl,
 * memory_op, event_channel_op, xen_version and sched_op, one function an operation.
 *
 * fd is from privcmd_open(). Structures are those of the public headers, filled in by the
 * hypervisor as it has them. Every function returns 0 (or the value named) or a negative errno,
 * copies what it passes into hypercall memory itself, and may be called from any thread. None
 * prints anything: the caller knows the object's name and says what failed (error_text() in log.h
 * has the words).
 *
 * Usual errnos: -ESRCH no such domain; -EPERM or -EACCES this domain may not, or another interface
 * version (see dom_check_interface()); -ENOMEM; -ENOSYS the hypervisor has no such operation.
 */
#ifndef DOM0_LIB_DOMAIN_H
#define DOM0_LIB_DOMAIN_H

#include <stddef.h>
#include <stdint.h>

#include <public/xen.h>
#include <public/domctl.h>
#include <public/sysctl.h>

#define PAGE_KIB 4u

/* --- Life of a domain --- */

/*
 * The defaults of a PV guest: no flags, max_vcpus vCPUs, 1023 event channels, the hypervisor's own
 * grant limits, grant table version 1. The handle (UUID) is zero: set it.
 */
void dom_config_pv(struct xen_domctl_createdomain *config, uint32_t max_vcpus);
/*
 * Creates a domain without memory, paused. want is the id to take, or 0 for any free one.
 * Returns the id. -EEXIST when want is taken. The vCPUs exist after dom_max_vcpus().
 */
int dom_create(int fd, uint32_t want, const struct xen_domctl_createdomain *config);
/* Ends it and frees all it has; goes on by itself until the domain is gone or is a zombie. */
int dom_destroy(int fd, uint32_t domid);
/* Pausing nests in the hypervisor for vCPUs but not for this call: one unpause undoes any pauses.
 */
int dom_pause(int fd, uint32_t domid);
int dom_unpause(int fd, uint32_t domid);
/* Marks it shut down from outside; reason is SHUTDOWN_poweroff and so on (public/sched.h). */
int dom_shutdown(int fd, uint32_t domid, uint32_t reason);
/* Resumes a domain that has shut down with SHUTDOWN_suspend. */
int dom_resume(int fd, uint32_t domid);
/* Changes the UUID. */
int dom_set_handle(int fd, uint32_t domid, const uint8_t handle[16]);

/* --- What there is --- */

/* One domain. -ESRCH when domid itself does not exist, whatever comes after it. */
int dom_getinfo(int fd, uint32_t domid, struct xen_domctl_getdomaininfo *info);
/* Domains with ids >= first in ascending order, at most max. Returns how many. */
int dom_list(int fd, uint32_t first, struct xen_domctl_getdomaininfo *infos, size_t max);
/* All domains in a malloc'ed array, which the caller frees. Returns how many. */
int dom_list_all(int fd, struct xen_domctl_getdomaininfo **infos);
/* Of a domain that has shut down: SHUTDOWN_*; -1 otherwise. */
int dom_shutdown_reason(const struct xen_domctl_getdomaininfo *info);
int dom_getvcpuinfo(int fd, uint32_t domid, uint32_t vcpu, struct xen_domctl_getvcpuinfo *info);

/* --- Limits --- */

/* The most memory it may own, in KiB. */
int dom_max_mem(int fd, uint32_t domid, uint64_t max_kib);
/* Allocates vCPUs 0..max-1; once, before memory is populated. */
int dom_max_vcpus(int fd, uint32_t domid, uint32_t max);

/* --- vCPUs --- */

/* context NULL resets (brings down) the vCPU. */
int dom_set_vcpu_context(int fd, uint32_t domid, uint32_t vcpu,
			 const struct vcpu_guest_context *context);
int dom_get_vcpu_context(int fd, uint32_t domid, uint32_t vcpu, struct vcpu_guest_context *context);
/*
 * CPU bitmaps are arrays of bytes, CPU n in bit n % 8 of byte n / 8. flags: which of
 * XEN_VCPUAFFINITY_HARD, XEN_VCPUAFFINITY_SOFT; each map named by flags must not be NULL and is
 * nr_cpus bits long. What the hypervisor made of the maps comes back in them.
 */
int dom_set_vcpu_affinity(int fd, uint32_t domid, uint32_t vcpu, uint32_t flags, uint8_t *hard,
			  uint8_t *soft, uint32_t nr_cpus);
int dom_get_vcpu_affinity(int fd, uint32_t domid, uint32_t vcpu, uint32_t flags, uint8_t *hard,
			  uint8_t *soft, uint32_t nr_cpus);

/* --- Memory --- */

/*
 * Gives domid nr_extents extents of 1 << order frames. On input extents[i] is the first pfn that
 * extent i is to have, on output its first mfn. Returns how many extents were allocated, which may
 * be fewer than asked (out of memory, or over max_mem).
 */
long dom_populate(int fd, uint32_t domid, uint64_t *extents, size_t nr_extents, unsigned int order);
/* Takes order-0 frames away again, given by mfn. Returns how many. */
long dom_decrease(int fd, uint32_t domid, const uint64_t *mfns, size_t count);
/* The memory map that a PV guest sees: one RAM entry of kib KiB from 0. */
int dom_set_memory_map(int fd, uint32_t domid, uint64_t kib);
/* The highest pfn the guest has told of, plus 1. */
long dom_maximum_gpfn(int fd, uint32_t domid);
/* Fills frame mfn of the guest with hypercall stubs. */
int dom_hypercall_init(int fd, uint32_t domid, uint64_t mfn);
/* One MMUEXT_* operation without a vcpumask on behalf of domid, e.g. MMUEXT_PIN_L4_TABLE. */
int dom_mmuext(int fd, uint32_t domid, unsigned int cmd, uint64_t mfn);
/* The mfn of the first frame of its grant table, which this call makes sure exists. */
int dom_grant_table_frame(int fd, uint32_t domid, uint64_t *mfn);

/* --- Event channels --- */

/* A port of domid that remote (normally dom0) may bind to. Returns the port. */
int dom_evtchn_alloc_unbound(int fd, uint32_t domid, uint32_t remote);

/* --- The host --- */

int host_physinfo(int fd, struct xen_sysctl_physinfo *info);
/* Idle time of each CPU in ns. Returns how many were filled in. */
int host_cpuinfo(int fd, struct xen_sysctl_cpuinfo *infos, size_t max);
/* XEN_SCHEDULER_*, positive. */
int host_sched_id(int fd);
/* Injects debug keys, as typed on the serial console. */
int host_debug_keys(int fd, const char *keys);
/*
 * The console ring from its start, in a malloc'ed string (ended by a 0 byte) that the caller
 * frees. clear empties the ring.
 */
int host_read_console(int fd, int clear, char **text);

/* What xen_version tells. */
struct host_version {
	uint32_t major, minor; /* 4, 17 */
	char extra[16];        /* ".4" */
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
	char capabilities[1024]; /* "xen-3.0-x86_64 ..." */
	char changeset[64];
	char command_line[1024];
	uint64_t virt_start;
	uint32_t page_bytes;
};
int host_version(int fd, struct host_version *version);

/*
 * Whether the hypervisor speaks our interface versions of domctl and sysctl: 0, -EPERM when this
 * domain has no control rights, -EPROTO when another version runs.
 */
int dom_check_interface(int fd);

/* --- Anything else --- */

/*
 * A whole domctl or sysctl by hand: interface_version is filled in, op is copied in and out;
 * handles in it must point to hypercall memory (hypercall_buffer_alloc()).
 */
int do_domctl(int fd, struct xen_domctl *op);
int do_sysctl(int fd, struct xen_sysctl *op);

#endif
