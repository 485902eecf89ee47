/* SPDX-License-Identifier: MIT */
/* domctl: life and death of domains, and what they are as a whole. */
#include "ops/domctl.h"

#include "core/domain.h"
#include "cpu/cpu.h"
#include "cpu/percpu.h"
#include "grant/grant.h"
#include "lib/bitops.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page.h"
#include "sched/cpupool.h"
#include "sched/sched.h"
#include "time/time.h"

/* Flags that mean nothing to a PV domain without devices, but that tools may set. */
#define CREATE_FLAGS_IGNORED XEN_DOMCTL_CDF_xs_domain
#define TSC_MODE_DEFAULT     0
#define TSC_MODE_NEVER       2

static int check_create(const struct xen_domctl_createdomain *c)
{
	if (c->flags & ~CREATE_FLAGS_IGNORED)
		return -EINVAL; /* HVM, IOMMU, nested virtualization: not here */
	if (c->max_vcpus < 1 || c->max_vcpus > MAX_VCPUS)
		return -EINVAL;
	if (c->vmtrace_size || c->iommu_opts)
		return -EINVAL;
	if (c->arch.emulation_flags & ~XEN_X86_EMU_PIT || c->arch.misc_flags & ~XEN_X86_MSR_RELAXED)
		return -EINVAL;
	if (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask ||
	    XEN_DOMCTL_GRANT_version(c->grant_opts) < 1 ||
	    XEN_DOMCTL_GRANT_version(c->grant_opts) > 2)
		return -EINVAL;
	return 0;
}

static int choose_domid(domid_t wanted)
{
	struct domain *d;

	if (wanted == 0 || wanted >= DOMID_FIRST_RESERVED)
		return domain_alloc_id();
	d = domain_get(wanted);
	if (!d)
		return wanted;
	domain_put(d);
	return -EEXIST;
}

int domctl_createdomain(struct domain *none, struct xen_domctl *op)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_config config = {
		.max_vcpus = c->max_vcpus,
		.max_evtchn_port = c->max_evtchn_port,
		.max_grant_frames = c->max_grant_frames < 0 ? GRANT_FRAMES_DEFAULT
							    : (uint32_t)c->max_grant_frames,
		.max_maptrack_frames = c->max_maptrack_frames < 0
					       ? MAPTRACK_FRAMES_DEFAULT
					       : (uint32_t)c->max_maptrack_frames,
		.ssidref = c->ssidref,
		.cpupool_id = c->cpupool_id,
	};
	struct domain *d;
	int domid, rc = check_create(c);

	(void)none;
	if (rc)
		return rc;
	memcpy(config.handle, c->handle, sizeof(config.handle));
	domid = choose_domid(op->domain);
	if (domid < 0)
		return domid;
	rc = domain_create((domid_t)domid, &config, &d);
	if (!rc)
		op->domain = (domid_t)domid;
	return rc;
}

/* Nobody may saw off the branch they sit on. */
static bool is_own_or_hardware(const struct domain *d)
{
	return d == current->domain || d == hardware_domain;
}

int domctl_destroydomain(struct domain *d, struct xen_domctl *op)
{
	(void)op;
	return is_own_or_hardware(d) ? -EINVAL : domain_kill(d);
}

int domctl_pausedomain(struct domain *d, struct xen_domctl *op)
{
	(void)op;
	return d == current->domain ? -EINVAL : domain_pause_by_controller(d);
}

int domctl_unpausedomain(struct domain *d, struct xen_domctl *op)
{
	(void)op;
	return domain_unpause_by_controller(d);
}

int domctl_resumedomain(struct domain *d, struct xen_domctl *op)
{
	(void)op;
	if (d == current->domain)
		return -EINVAL;
	domain_resume(d);
	return 0;
}

/* The number was fixed at creation; now the vCPUs come into being. */
int domctl_max_vcpus(struct domain *d, struct xen_domctl *op)
{
	unsigned int max = op->u.max_vcpus.max, id;

	if (max == 0 || max > d->max_vcpus || d == current->domain)
		return -EINVAL;
	domain_pause(d);
	for (id = 0; id < max; id++) {
		struct vcpu *v;
		int rc;

		if (d->vcpu[id])
			continue;
		rc = vcpu_create(d, id, &v);
		if (rc) {
			domain_unpause(d);
			return rc;
		}
	}
	domain_unpause(d);
	return 0;
}

static uint32_t run_state_flags(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	uint32_t flags = XEN_DOMINF_blocked;
	struct vcpu *v;

	for_each_vcpu(d, v) {
		unsigned long pause_flags = READ_ONCE(v->pause_flags);

		info->max_vcpu_id = v->vcpu_id;
		if (test_bit(VPF_DOWN, &pause_flags))
			continue;
		info->nr_online_vcpus++;
		if (!test_bit(VPF_BLOCKED, &pause_flags))
			flags &= ~XEN_DOMINF_blocked;
		if (vcpu_is_running(v))
			flags |= XEN_DOMINF_running;
	}
	return info->nr_online_vcpus ? flags : 0;
}

void domain_get_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = d->domain_id;
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	info->flags = run_state_flags(d, info);
	info->cpu_time = (uint64_t)domain_cpu_time(d);
	if (READ_ONCE(d->dying) == DOMDYING_DEAD)
		info->flags |= XEN_DOMINF_dying;
	if (READ_ONCE(d->is_shut_down))
		info->flags |= XEN_DOMINF_shutdown;
	if (READ_ONCE(d->controller_pause_count))
		info->flags |= XEN_DOMINF_paused;
	info->flags |= (READ_ONCE(d->shutdown_code) & XEN_DOMINF_shutdownmask)
		       << XEN_DOMINF_shutdownshift;
	info->tot_pages = READ_ONCE(d->tot_pages);
	info->max_pages = READ_ONCE(d->max_pages);
	info->shared_info_frame =
		READ_ONCE(d->dying) == DOMDYING_ALIVE ? virt_to_mfn(d->shared_info) : INVALID_MFN;
	info->ssidref = d->ssidref;
	info->cpupool = cpupool_of_domain(d);
	memcpy(info->handle, d->handle, sizeof(info->handle));
	info->gpaddr_bits = cpu_features.phys_addr_bits;
}

int domctl_getdomaininfo(struct domain *d, struct xen_domctl *op)
{
	domain_get_info(d, &op->u.getdomaininfo);
	op->domain = d->domain_id;
	return 0;
}

int domctl_setdomainhandle(struct domain *d, struct xen_domctl *op)
{
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	return 0;
}

int domctl_settimeoffset(struct domain *d, struct xen_domctl *op)
{
	d->time_offset_seconds = op->u.settimeoffset.time_offset_seconds;
	domain_publish_wallclock(d);
	return 0;
}

/* Guests always read the CPU's own time stamp counter; emulating it cannot be asked for. */
int domctl_settscinfo(struct domain *d, struct xen_domctl *op)
{
	uint32_t mode = op->u.tsc_info.tsc_mode;

	if (mode != TSC_MODE_DEFAULT && mode != TSC_MODE_NEVER)
		return -EOPNOTSUPP;
	d->tsc_mode = mode;
	d->tsc_khz = op->u.tsc_info.gtsc_khz ? op->u.tsc_info.gtsc_khz : tsc_khz;
	return 0;
}

int domctl_gettscinfo(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_tsc_info *info = &op->u.tsc_info;

	memset(info, 0, sizeof(*info));
	info->tsc_mode = d->tsc_mode;
	info->gtsc_khz = d->tsc_khz ? d->tsc_khz : tsc_khz;
	return 0;
}

int domctl_scheduler_op(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_sched_credit2 *params = &op->u.scheduler_op.u.credit2;
	unsigned int weight, cap;

	if (op->u.scheduler_op.sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	sched_get_params(d, &weight, &cap);
	switch (op->u.scheduler_op.cmd) {
	case XEN_DOMCTL_SCHEDOP_getinfo:
		params->weight = (uint16_t)weight;
		params->cap = (uint16_t)cap;
		return 0;
	case XEN_DOMCTL_SCHEDOP_putinfo:
		/* Weight 0 and cap ~0 mean: as it is. */
		return sched_set_params(d, params->weight ? params->weight : weight,
					params->cap != UINT16_MAX ? params->cap : cap);
	default:
		return -EOPNOTSUPP; /* per-vCPU parameters */
	}
}

int domctl_set_address_size(struct domain *d, struct xen_domctl *op)
{
	(void)d;
	return op->u.address_size.size == 64 ? 0 : -EOPNOTSUPP;
}

int domctl_get_address_size(struct domain *d, struct xen_domctl *op)
{
	(void)d;
	op->u.address_size.size = 64;
	return 0;
}
