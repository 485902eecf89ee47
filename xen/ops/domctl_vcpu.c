/* SPDX-License-Identifier: MIT */
/* domctl: the state, CPU affinity and accounting of one vCPU. */
#include "ops/domctl.h"

#include "core/domain.h"
#include "cpu/percpu.h"
#include "lib/bitops.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "sched/sched.h"

/* Entry points are code addresses: canonical, and not the hypervisor's. */
static bool entry_point_ok(uint64_t address)
{
	return guest_range_ok((const void *)address, 1) && is_canonical(address);
}

int domctl_setvcpucontext(struct domain *d, struct xen_domctl *op)
{
	struct vcpu *v = domain_vcpu(d, op->u.vcpucontext.vcpu);
	struct vcpu_guest_context *ctxt;
	int rc = -EFAULT;

	if (d == current->domain)
		return -EINVAL;
	if (!v)
		return -ESRCH;
	ctxt = xmalloc_bytes(sizeof(*ctxt));
	if (!ctxt)
		return -ENOMEM;
	if (copy_from_guest(ctxt, op->u.vcpucontext.ctxt, sizeof(*ctxt)))
		goto out;
	domain_pause(d);
	rc = vcpu_set_context(v, ctxt);
	if (!rc && ctxt->flags & VGCF_online)
		clear_bit(VPF_DOWN, &v->pause_flags);
	else if (!rc)
		set_bit(VPF_DOWN, &v->pause_flags);
	domain_unpause(d);
out:
	xfree(ctxt);
	return rc;
}

int domctl_getvcpucontext(struct domain *d, struct xen_domctl *op)
{
	struct vcpu *v = domain_vcpu(d, op->u.vcpucontext.vcpu);
	struct vcpu_guest_context *ctxt;
	int rc;

	if (d == current->domain)
		return -EINVAL;
	if (!v)
		return -ESRCH;
	if (!v->is_initialised)
		return -ENODATA;
	ctxt = xzalloc(struct vcpu_guest_context);
	if (!ctxt)
		return -ENOMEM;
	vcpu_pause(v);
	vcpu_get_context(v, ctxt);
	vcpu_unpause(v);
	rc = copy_to_guest(op->u.vcpucontext.ctxt, ctxt, sizeof(*ctxt));
	xfree(ctxt);
	return rc;
}

int domctl_get_ext_vcpucontext(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_ext_vcpucontext *ext = &op->u.ext_vcpucontext;
	struct vcpu *v = domain_vcpu(d, ext->vcpu);

	if (!v)
		return -ESRCH;
	if (v == current)
		return -EINVAL;
	*ext = (struct xen_domctl_ext_vcpucontext){
		.vcpu = v->vcpu_id,
		.size = sizeof(*ext),
		.syscall32_callback_eip = v->pv.syscall32_callback,
		.sysenter_callback_eip = v->pv.sysenter_callback,
		.syscall32_callback_cs = v->pv.syscall32_callback_cs,
		.sysenter_callback_cs = v->pv.sysenter_callback_cs,
		.syscall32_disables_events = v->pv.syscall32_disables_events,
		.sysenter_disables_events = v->pv.sysenter_disables_events,
	};
	return 0;
}

/* Older tools pass less: then without the machine-check part, which does not exist here. */
int domctl_set_ext_vcpucontext(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_ext_vcpucontext *ext = &op->u.ext_vcpucontext;
	struct vcpu *v = domain_vcpu(d, ext->vcpu);

	if (!v)
		return -ESRCH;
	if (d == current->domain ||
	    ext->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap) ||
	    !entry_point_ok(ext->syscall32_callback_eip) ||
	    !entry_point_ok(ext->sysenter_callback_eip))
		return -EINVAL;
	vcpu_pause(v);
	v->pv.syscall32_callback = ext->syscall32_callback_eip;
	v->pv.sysenter_callback = ext->sysenter_callback_eip;
	v->pv.syscall32_callback_cs = ext->syscall32_callback_cs;
	v->pv.sysenter_callback_cs = ext->sysenter_callback_cs;
	v->pv.syscall32_disables_events = ext->syscall32_disables_events;
	v->pv.sysenter_disables_events = ext->sysenter_disables_events;
	vcpu_unpause(v);
	return 0;
}

/* No state beyond the FXSAVE image that getvcpucontext gives: size 0 says so. */
int domctl_getvcpuextstate(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuextstate *ext = &op->u.vcpuextstate;

	if (!domain_vcpu(d, ext->vcpu))
		return -ESRCH;
	ext->size = 0;
	ext->xfeature_mask = 0;
	return 0;
}

/* No MSR of a PV vCPU is kept outside of vcpu_guest_context. */
int domctl_get_vcpu_msrs(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpu_msrs *msrs = &op->u.vcpu_msrs;

	if (!domain_vcpu(d, msrs->vcpu))
		return -ESRCH;
	msrs->msr_count = 0;
	return 0;
}

int domctl_set_vcpu_msrs(struct domain *d, struct xen_domctl *op)
{
	if (!domain_vcpu(d, op->u.vcpu_msrs.vcpu))
		return -ESRCH;
	return op->u.vcpu_msrs.msr_count ? -EOPNOTSUPP : 0;
}

int domctl_getvcpuinfo(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	struct vcpu *v = domain_vcpu(d, info->vcpu);
	struct vcpu_runstate_info runstate;

	if (!v)
		return -ESRCH;
	vcpu_runstate_get(v, &runstate);
	info->online = !test_bit(VPF_DOWN, &v->pause_flags);
	info->blocked = test_bit(VPF_BLOCKED, &v->pause_flags);
	info->running = vcpu_is_running(v);
	info->cpu_time = runstate.time[RUNSTATE_running];
	info->cpu = v->processor;
	return 0;
}

int domctl_getvcpuaffinity(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *aff = &op->u.vcpuaffinity;
	const struct vcpu *v = domain_vcpu(d, aff->vcpu);
	int rc = 0;

	if (!v)
		return -ESRCH;
	if (!(aff->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)))
		return -EINVAL;
	if (aff->flags & XEN_VCPUAFFINITY_HARD)
		rc = cpumask_to_guest(&aff->cpumap_hard, &v->sched.hard_affinity);
	if (!rc && aff->flags & XEN_VCPUAFFINITY_SOFT)
		rc = cpumask_to_guest(&aff->cpumap_soft, &v->sched.soft_affinity);
	return rc;
}

/* Gives back the affinities in force. */
int domctl_setvcpuaffinity(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *aff = &op->u.vcpuaffinity;
	bool set_hard = aff->flags & XEN_VCPUAFFINITY_HARD;
	bool set_soft = aff->flags & XEN_VCPUAFFINITY_SOFT;
	struct vcpu *v = domain_vcpu(d, aff->vcpu);
	cpumask_t hard, soft;
	int rc = 0;

	if (!v)
		return -ESRCH;
	if (set_hard)
		rc = cpumask_from_guest(&hard, &aff->cpumap_hard);
	if (!rc && set_soft)
		rc = cpumask_from_guest(&soft, &aff->cpumap_soft);
	if (!rc)
		rc = sched_set_affinity(v, set_hard ? &hard : NULL, set_soft ? &soft : NULL);
	return rc ? rc : domctl_getvcpuaffinity(d, op);
}
