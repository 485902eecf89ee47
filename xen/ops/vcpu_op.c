/* SPDX-License-Identifier: MIT */
/* vcpu_op (public/vcpu.h): what a domain does with its own vCPUs. */
#include <public/vcpu.h>

#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "evtchn/evtchn.h"
#include "irq/madt.h"
#include "lib/bitops.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "sched/sched.h"
#include "time/time.h"

/*
 * Guards initialise and register_vcpu_info, which attach frames to a vCPU that may be another than
 * the caller. Of the lowest rank, because taking references may look up domains.
 */
static spinlock_t vcpu_attach_lock = SPINLOCK_INIT(RANK_DOMCTL);

#define PERIOD_MIN_NS MILLISECS(1)

static long op_initialise(struct vcpu *v, const void *arg)
{
	struct vcpu_guest_context *ctxt = xmalloc_bytes(sizeof(*ctxt));
	long rc;

	if (!ctxt)
		return -ENOMEM;
	if (copy_from_guest(ctxt, arg, sizeof(*ctxt))) {
		rc = -EFAULT;
		goto out;
	}
	spin_lock(&vcpu_attach_lock);
	rc = v->is_initialised ? -EEXIST : vcpu_set_context(v, ctxt);
	spin_unlock(&vcpu_attach_lock);
	if (rc == -ERESTART)
		rc = hypercall_continue(__HYPERVISOR_vcpu_op, 3, (unsigned long)VCPUOP_initialise,
					(unsigned long)v->vcpu_id, arg);
out:
	xfree(ctxt);
	return rc;
}

static long op_up(struct vcpu *v)
{
	bool wake;

	if (!v->is_initialised)
		return -EINVAL;
	wake = test_and_clear_bit(VPF_DOWN, &v->pause_flags);
	if (wake)
		vcpu_wake(v);
	return 0;
}

/* The last vCPU that goes down takes the domain with it. */
static long op_down(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct vcpu *other;
	bool last = true;

	spin_lock(&d->lock); /* two that go down at once must not both see the other up */
	for_each_vcpu(d, other)
		if (other != v && !test_bit(VPF_DOWN, &other->pause_flags))
			last = false;
	if (!last && !test_and_set_bit(VPF_DOWN, &v->pause_flags))
		vcpu_sleep_nosync(v);
	spin_unlock(&d->lock);
	if (last)
		domain_shutdown(d, SHUTDOWN_poweroff);
	return 0;
}

static long op_get_runstate(struct vcpu *v, void *arg)
{
	struct vcpu_runstate_info info;

	vcpu_runstate_get(v, &info);
	return copy_to_guest(arg, &info, sizeof(info));
}

static long op_register_runstate(struct vcpu *v, const void *arg)
{
	struct vcpu_register_runstate_memory_area area;

	if (copy_from_guest(&area, arg, sizeof(area)))
		return -EFAULT;
	if (!guest_range_ok(area.addr.h, sizeof(struct vcpu_runstate_info)))
		return -EFAULT;
	v->runstate_guest = area.addr.h;
	if (v == current && area.addr.h)
		vcpu_runstate_publish(v); /* else when it next runs */
	return 0;
}

static long op_register_time(struct vcpu *v, const void *arg)
{
	struct vcpu_register_time_memory_area area;

	if (copy_from_guest(&area, arg, sizeof(area)))
		return -EFAULT;
	if (!guest_range_ok(area.addr.h, sizeof(struct vcpu_time_info)))
		return -EFAULT;
	v->time_info_guest = area.addr.h;
	vcpu_publish_time(v); /* another vCPU writes its copy when it next gets a CPU */
	return 0;
}

static long op_set_periodic(struct vcpu *v, const void *arg)
{
	struct vcpu_set_periodic_timer set;

	if (copy_from_guest(&set, arg, sizeof(set)))
		return -EFAULT;
	if (set.period_ns < (uint64_t)PERIOD_MIN_NS || set.period_ns > INT64_MAX)
		return -EINVAL;
	return vcpu_set_periodic_timer(v, (s_time_t)set.period_ns);
}

static long op_set_singleshot(struct vcpu *v, const void *arg)
{
	struct vcpu_set_singleshot_timer set;

	if (v != current)
		return -EINVAL;
	if (copy_from_guest(&set, arg, sizeof(set)))
		return -EFAULT;
	return vcpu_set_singleshot_timer(v, (s_time_t)min(set.timeout_abs_ns, (uint64_t)INT64_MAX),
					 set.flags & VCPU_SSHOTTMR_future);
}

static long op_register_info(struct vcpu *v, const void *arg)
{
	struct vcpu_register_vcpu_info info;
	long rc;

	if (copy_from_guest(&info, arg, sizeof(info)))
		return -EFAULT;
	spin_lock(&vcpu_attach_lock);
	rc = vcpu_map_info(v, info.mfn, info.offset);
	spin_unlock(&vcpu_attach_lock);
	return rc;
}

/* Only dom0, which sees the real processors, may match its vCPUs with them. */
static long op_get_physid(struct vcpu *v, void *arg)
{
	struct vcpu_get_physid id = { 0 };
	unsigned int cpu = v->processor;

	if (!v->domain->is_hardware || cpu >= madt.cpus)
		return -EINVAL;
	id.phys_id = madt.cpu[cpu].apic_id | (uint64_t)madt.cpu[cpu].acpi_id << 32;
	return copy_to_guest(arg, &id, sizeof(id));
}

long do_vcpu_op(int cmd, unsigned int vcpu_id, void *arg)
{
	struct vcpu *v = domain_vcpu(current->domain, vcpu_id);

	if (!v)
		return -ENOENT;
	switch (cmd) {
	case VCPUOP_initialise:
		return op_initialise(v, arg);
	case VCPUOP_up:
		return op_up(v);
	case VCPUOP_down:
		return op_down(v);
	case VCPUOP_is_up:
		return !test_bit(VPF_DOWN, &v->pause_flags);
	case VCPUOP_get_runstate_info:
		return op_get_runstate(v, arg);
	case VCPUOP_register_runstate_memory_area:
		return op_register_runstate(v, arg);
	case VCPUOP_set_periodic_timer:
		return op_set_periodic(v, arg);
	case VCPUOP_stop_periodic_timer:
		return vcpu_set_periodic_timer(v, 0);
	case VCPUOP_set_singleshot_timer:
		return op_set_singleshot(v, arg);
	case VCPUOP_stop_singleshot_timer:
		if (v != current)
			return -EINVAL;
		vcpu_stop_singleshot_timer(v);
		return 0;
	case VCPUOP_register_vcpu_info:
		return op_register_info(v, arg);
	case VCPUOP_get_physid:
		return op_get_physid(v, arg);
	case VCPUOP_register_vcpu_time_memory_area:
		return op_register_time(v, arg);
	default:
		return -ENOSYS;
	}
}
