/* SPDX-License-Identifier: MIT */
/* vcpu_op: what a domain does with its own vCPUs: start, stop, timers, per-vCPU shared areas. */
#ifndef PUBLIC_VCPU_H
#define PUBLIC_VCPU_H

#include <public/xen.h>

#define VCPUOP_initialise                     0 /* argument: struct vcpu_guest_context */
#define VCPUOP_up                             1
#define VCPUOP_down                           2
#define VCPUOP_is_up                          3
#define VCPUOP_get_runstate_info              4
#define VCPUOP_register_runstate_memory_area  5
#define VCPUOP_set_periodic_timer             6
#define VCPUOP_stop_periodic_timer            7
#define VCPUOP_set_singleshot_timer           8
#define VCPUOP_stop_singleshot_timer          9
#define VCPUOP_register_vcpu_info             10
#define VCPUOP_send_nmi                       11
#define VCPUOP_get_physid                     12
#define VCPUOP_register_vcpu_time_memory_area 13

#define RUNSTATE_running  0
#define RUNSTATE_runnable 1
#define RUNSTATE_blocked  2
#define RUNSTATE_offline  3

/*
 * Where a vCPU's time went. While an area registered with the hypervisor is being written,
 * XEN_RUNSTATE_UPDATE is set in state_entry_time (if the guest asked for it by
 * VMASST_TYPE_runstate_update_flag).
 */
#define XEN_RUNSTATE_UPDATE (xen_mk_ulong(1) << 63)
struct vcpu_runstate_info {
	int state;                 /* RUNSTATE_* */
	uint64_t state_entry_time; /* system time, ns */
	uint64_t time[4];          /* ns spent in each state */
};

struct vcpu_register_runstate_memory_area {
	union {
		XEN_GUEST_HANDLE(struct vcpu_runstate_info) h;
		struct vcpu_runstate_info *v;
		uint64_t p;
	} addr;
};

struct vcpu_set_periodic_timer {
	uint64_t period_ns;
};

#define _VCPU_SSHOTTMR_future (0)
#define VCPU_SSHOTTMR_future  (1U << _VCPU_SSHOTTMR_future) /* -ETIME if it has passed */
struct vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns; /* system time */
	uint32_t flags;          /* VCPU_SSHOTTMR_* */
};

/* Move this vCPU's struct vcpu_info out of the shared page, into the guest's own memory. */
struct vcpu_register_vcpu_info {
	uint64_t mfn;
	uint32_t offset;
	uint32_t rsvd;
};

struct vcpu_get_physid {
	uint64_t phys_id; /* ACPI id in the high half, APIC id in the low half */
};
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

struct vcpu_register_time_memory_area {
	union {
		XEN_GUEST_HANDLE(struct vcpu_time_info) h;
		struct vcpu_time_info *v;
		uint64_t p;
	} addr;
};

#endif /* PUBLIC_VCPU_H */
