/* SPDX-License-Identifier: MIT */
/*
 * Domains and vCPUs: what they are made of, how they are found, how they end.
 *
 * A domain is kept alive by references: one for its existence until it is destroyed, one while it
 * owns any frame, and those that domain_get() hands out. After destruction starts (dying) nothing
 * new may be attached to it, and domain_relinquish() takes everything back, in preemptible steps.
 */
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include <public/sched.h>
#include <public/vcpu.h>
#include <public/xen.h>

#include "core/hypercall.h"
#include "cpu/cpumask.h"
#include "evtchn/evtchn.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/types.h"
#include "pv/pv.h"
#include "sched/sched.h"
#include "time/timer.h"

#define MAX_VCPUS 128

struct grant_table;
struct pirq_table;
struct cpu_policy;
struct e820_map;
struct cpupool;
struct shared_info;

enum dying { DOMDYING_ALIVE, DOMDYING_DYING, DOMDYING_DEAD };

struct vcpu {
	/* What every entry and exit looks at: cpu/entry.h knows where. */
	struct vcpu_info *vcpu_info;    /* in shared_info, or in the frame below */
	const hypercall_fn *hypercalls; /* by number, those it may make; core/hypercall.h */
	struct pv_vcpu pv;

	unsigned int vcpu_id;
	unsigned int processor; /* CPU it runs on, or ran on last */
	struct domain *domain;

	/* Guest registers while it is not running; while it runs they are in guest_regs(). */
	struct cpu_user_regs regs;
	void *fpu;            /* XSAVE or FXSAVE area, 64-byte aligned; cpu/fpu.h */
	bool fpu_initialised; /* it has had FPU registers */

	struct page_info *vcpu_info_page; /* its vcpu_info is in here; NULL: in shared_info */

	bool is_initialised;       /* has a context: may be brought up */
	unsigned long pause_flags; /* VPF_*: not runnable while any is set */
	unsigned int pause_count;  /* atomic: nested vcpu_pause() */

	struct vcpu_sched sched;

	struct vcpu_runstate_info runstate; /* under the run queue's lock */
	void *runstate_guest;               /* where the guest wants a copy, or NULL */
	void *time_info_guest;              /* likewise vcpu_time_info */
	struct vcpu_time_info time_info;    /* last published */

	struct timer periodic_timer;
	struct timer singleshot_timer;
	struct timer poll_timer;
	s_time_t periodic_period; /* ns, 0: off */
	s_time_t periodic_last;
	unsigned int poll_port; /* being polled; 0 with VPF_POLL: more than one */

	struct evtchn_vcpu evtchn;

	/* Continuation of the hypercall in progress: core/hypercall.h. */
	struct multicall_state {
		bool active;
		struct multicall_entry call;
	} mc;
};

#define VPF_BLOCKED   0 /* in SCHEDOP_block */
#define VPF_DOWN      1 /* not brought up, or taken down */
#define VPF_POLL      2 /* in SCHEDOP_poll */
#define VPF_MIGRATING 3 /* changing CPU */
#define VPF_PARKED    4 /* used up its cap */

struct domain {
	domid_t domain_id;
	bool is_privileged; /* may make every hypercall; dom0 */
	bool is_hardware;   /* owns devices and the console */
	xen_domain_handle_t handle;
	uint32_t ssidref;
	unsigned int refcount; /* atomic */

	spinlock_t lock; /* RANK_DOMAIN: the fields up to the next lock */
	enum dying dying;
	bool creation_finished;              /* has been unpaused once */
	bool is_shutting_down;               /* vCPUs are being stopped */
	bool is_shut_down;                   /* all stopped */
	unsigned int shutdown_code;          /* SHUTDOWN_*, valid when shutting down; ~0u before */
	unsigned int pause_count;            /* atomic: nested domain_pause() */
	unsigned int controller_pause_count; /* of those, by the toolstack */
	unsigned int max_vcpus;
	struct vcpu *vcpu[MAX_VCPUS];
	unsigned int relinquish_step; /* where domain_relinquish() goes on */
	mfn_t relinquish_frame;

	spinlock_t page_alloc_lock; /* RANK_PAGE_ALLOC: the fields up to the next comment */
	uint64_t tot_pages, max_pages;
	uint64_t xen_heap_pages; /* shared with it, not counted in tot_pages */
	/* A bit for each 2 MiB of machine memory in which it may own frames; see
	 * domain_next_frame(). */
	unsigned long *owned_chunks;

	struct shared_info *shared_info; /* a frame of ours shared with the guest */
	unsigned long vm_assist;         /* VMASST_TYPE_* bits */
	cpumask_t dirty_cpus;            /* CPUs whose TLB may hold its mappings */
	struct cpupool *cpupool;         /* sched/cpupool.h */

	struct evtchn_domain evtchn;
	struct grant_table *grant_table;
	struct pirq_table *pirqs; /* irq/pirq.h; NULL without physical interrupts */
	struct cpu_policy
		*policy; /* pv/cpuid.h: what CPUID and MSRs tell it; NULL: the host's default */
	unsigned long *ioport_denied; /* 65536 bits, hardware domain only; NULL: all denied */

	struct e820_map
		*memory_map; /* XENMEM_memory_map's answer, xfree()d with d; NULL: not set */

	int64_t time_offset_seconds; /* of its wallclock against ours */
	uint32_t tsc_mode, tsc_khz;
	uint64_t pv_l4_count; /* frames currently of type L4; statistics */

	/* guest_log() rate limit */
	s_time_t log_window;
	unsigned int log_lines, log_dropped;
};

/* dom0 and everything after it; the idle vCPUs' domain is not in the table. */
extern struct domain *hardware_domain;
extern struct domain *idle_domain;

static inline bool is_idle_vcpu(const struct vcpu *v)
{
	return v->domain == idle_domain;
}

/* It has a CPU at this moment. */
static inline bool vcpu_is_running(const struct vcpu *v)
{
	return READ_ONCE(v->runstate.state) == RUNSTATE_running;
}

/* ---- finding ---- */

/* A referenced domain; NULL if there is none with this id (DOMID_SELF is not resolved). */
struct domain *domain_get(domid_t domid);
/* As above, also for DOMID_SELF, which means the running domain. */
struct domain *domain_get_any(domid_t domid);
/* The first existing domain with an id >= domid, referenced; NULL at the end. */
struct domain *domain_get_next(domid_t domid);
void domain_put(struct domain *d);
/* Without a reference: only for a caller that knows it cannot vanish, as by owning frames. */
struct domain *domain_peek(domid_t domid);
/* Another reference for a caller that already holds one (or runs in d). */
void domain_hold(struct domain *d);
/* A reference for a caller that knows d's memory is still there; false: d is about to be freed. */
bool domain_hold_alive(struct domain *d);
/* vcpu_id from a guest, checked and clamped against speculation; NULL if there is none. */
struct vcpu *domain_vcpu(const struct domain *d, unsigned int vcpu_id);

#define for_each_vcpu(d, v)                                                 \
	for (unsigned int vcpu_i_ = 0; vcpu_i_ < (d)->max_vcpus; vcpu_i_++) \
		if (((v) = (d)->vcpu[vcpu_i_]) != NULL)

/* ---- life and death (core/domain.c) ---- */

struct domain_config {
	bool is_privileged, is_hardware;
	unsigned int max_vcpus; /* 1..MAX_VCPUS */
	uint32_t max_evtchn_port;
	uint32_t max_grant_frames, max_maptrack_frames;
	xen_domain_handle_t handle;
	uint32_t ssidref;
	uint32_t cpupool_id;
};

/* A new, paused domain without vCPUs or memory. domid must be free. Negative errno on failure. */
int domain_create(domid_t domid, const struct domain_config *config, struct domain **out);
/* A free domid from 1 up, or the first after the last one used; -ENOSPC if there is none. */
int domain_alloc_id(void);
/* vCPU id must not exist yet and be below d->max_vcpus. */
int vcpu_create(struct domain *d, unsigned int vcpu_id, struct vcpu **out);
/* Sets registers and tables from the ABI structure (pv/context.c); the vCPU must be down. */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *ctxt);
void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *ctxt);
/*
 * Destroys d: first call marks it dying, later calls go on. -ERESTART until all is taken back; then
 * 0, and the domain vanishes with its last reference (frames still mapped elsewhere hold one).
 */
int domain_kill(struct domain *d);

/* Nested; _sync waits until no vCPU of d runs. Not for the running domain itself. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
/* The toolstack's pause, which nests separately. -EINVAL when there is nothing to undo. */
int domain_pause_by_controller(struct domain *d);
int domain_unpause_by_controller(struct domain *d);
void vcpu_pause(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);

/* The guest asks to stop, reason SHUTDOWN_*; tells the toolstack by VIRQ_DOM_EXC. */
void domain_shutdown(struct domain *d, unsigned int reason);
/* The toolstack lets a suspended guest go on. */
void domain_resume(struct domain *d);
/* The guest cannot go on: log why with its registers and shut it down as crashed. Returns. */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

/* True when d is the running domain's own, or the running domain is privileged. */
bool may_control(const struct domain *d);

/* A dying domain's vcpu_info and shared_info are given back; what we still write goes nowhere. */
void domain_detach_shared_memory(struct domain *d);

/* Publishes a registered vcpu_info: mfn's frame of d, offset bytes into it. */
int vcpu_map_info(struct vcpu *v, mfn_t mfn, unsigned int offset);

#endif
