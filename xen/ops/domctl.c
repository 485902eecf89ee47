/* SPDX-License-Identifier: MIT */
/*
 * domctl (public/domctl.h): finds the handler and the domain, one operation at a time.
 *
 * Lock: domctl_lock (RANK_DOMCTL). Nobody waits for it with a guest's CPU: whoever finds it taken
 * tries the hypercall again.
 */
#include "ops/domctl.h"

#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "mm/guest_access.h"

static spinlock_t domctl_lock = SPINLOCK_INIT(RANK_DOMCTL);

#define NO_DOMAIN   0x1u /* the handler gets none */
#define NEXT_DOMAIN 0x2u /* it gets the first one with this id or a higher one */
#define RESULT      0x4u /* the structure goes back to the caller */

static const struct {
	uint32_t cmd;
	unsigned int flags;
	int (*handler)(struct domain *d, struct xen_domctl *op);
} domctls[] = {
	{ XEN_DOMCTL_createdomain, NO_DOMAIN | RESULT, domctl_createdomain },
	{ XEN_DOMCTL_destroydomain, 0, domctl_destroydomain },
	{ XEN_DOMCTL_pausedomain, 0, domctl_pausedomain },
	{ XEN_DOMCTL_unpausedomain, 0, domctl_unpausedomain },
	{ XEN_DOMCTL_resumedomain, 0, domctl_resumedomain },
	{ XEN_DOMCTL_getdomaininfo, NEXT_DOMAIN | RESULT, domctl_getdomaininfo },
	{ XEN_DOMCTL_max_vcpus, 0, domctl_max_vcpus },
	{ XEN_DOMCTL_max_mem, 0, domctl_max_mem },
	{ XEN_DOMCTL_setdomainhandle, 0, domctl_setdomainhandle },
	{ XEN_DOMCTL_settimeoffset, 0, domctl_settimeoffset },
	{ XEN_DOMCTL_settscinfo, 0, domctl_settscinfo },
	{ XEN_DOMCTL_gettscinfo, RESULT, domctl_gettscinfo },
	{ XEN_DOMCTL_scheduler_op, RESULT, domctl_scheduler_op },
	{ XEN_DOMCTL_set_address_size, 0, domctl_set_address_size },
	{ XEN_DOMCTL_get_address_size, RESULT, domctl_get_address_size },
	{ XEN_DOMCTL_setvcpucontext, 0, domctl_setvcpucontext },
	{ XEN_DOMCTL_getvcpucontext, RESULT, domctl_getvcpucontext },
	{ XEN_DOMCTL_set_ext_vcpucontext, 0, domctl_set_ext_vcpucontext },
	{ XEN_DOMCTL_get_ext_vcpucontext, RESULT, domctl_get_ext_vcpucontext },
	{ XEN_DOMCTL_getvcpuextstate, RESULT, domctl_getvcpuextstate },
	{ XEN_DOMCTL_get_vcpu_msrs, RESULT, domctl_get_vcpu_msrs },
	{ XEN_DOMCTL_set_vcpu_msrs, 0, domctl_set_vcpu_msrs },
	{ XEN_DOMCTL_getvcpuinfo, RESULT, domctl_getvcpuinfo },
	{ XEN_DOMCTL_setvcpuaffinity, RESULT, domctl_setvcpuaffinity },
	{ XEN_DOMCTL_getvcpuaffinity, RESULT, domctl_getvcpuaffinity },
	{ XEN_DOMCTL_setnodeaffinity, 0, domctl_setnodeaffinity },
	{ XEN_DOMCTL_getnodeaffinity, RESULT, domctl_getnodeaffinity },
	{ XEN_DOMCTL_hypercall_init, 0, domctl_hypercall_init },
	{ XEN_DOMCTL_getpageframeinfo3, RESULT, domctl_getpageframeinfo3 },
	{ XEN_DOMCTL_shadow_op, RESULT, domctl_shadow_op },
	{ XEN_DOMCTL_get_cpu_policy, RESULT, domctl_get_cpu_policy },
	{ XEN_DOMCTL_set_cpu_policy, RESULT, domctl_set_cpu_policy },
};

static struct domain *find_domain(domid_t domid, unsigned int flags)
{
	if (flags & NEXT_DOMAIN)
		return domain_get_next(domid);
	return domain_get_any(domid);
}

static long run_handler(unsigned int i, struct xen_domctl *op)
{
	struct domain *d = NULL;
	long rc;

	if (!(domctls[i].flags & NO_DOMAIN)) {
		d = find_domain(op->domain, domctls[i].flags);
		if (!d)
			return -ESRCH;
	}
	if (!spin_trylock(&domctl_lock)) {
		rc = -ERESTART;
	} else {
		rc = domctls[i].handler(d, op);
		spin_unlock(&domctl_lock);
	}
	if (d)
		domain_put(d);
	return rc;
}

long do_domctl(struct xen_domctl *arg)
{
	struct xen_domctl op;
	unsigned int i;
	long rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	for (i = 0; i < ARRAY_SIZE(domctls) && domctls[i].cmd != op.cmd; i++)
		;
	if (i == ARRAY_SIZE(domctls))
		return -ENOSYS;
	rc = run_handler(i, &op);
	if (rc == -ERESTART)
		return hypercall_continue(__HYPERVISOR_domctl, 1, arg);
	/* A refused CPU policy says in the structure what was refused. */
	if ((!rc || op.cmd == XEN_DOMCTL_set_cpu_policy) && domctls[i].flags & RESULT &&
	    copy_to_guest(arg, &op, sizeof(op)))
		return -EFAULT;
	return rc;
}

int cpumask_from_guest(cpumask_t *mask, const struct xenctl_bitmap *bitmap)
{
	size_t bytes = min((size_t)DIV_ROUND_UP((size_t)bitmap->nr_bits, 8), sizeof(mask->bits));
	unsigned int cpu;

	*mask = (cpumask_t){ 0 };
	if (copy_from_guest(mask->bits, bitmap->bitmap, bytes))
		return -EFAULT;
	for (cpu = bitmap->nr_bits; cpu < NR_CPUS && cpu < ROUND_UP(bitmap->nr_bits, 8u); cpu++)
		cpumask_clear(cpu, mask);
	return 0;
}

int cpumask_to_guest(const struct xenctl_bitmap *bitmap, const cpumask_t *mask)
{
	size_t bytes = DIV_ROUND_UP((size_t)bitmap->nr_bits, 8);
	size_t ours = min(bytes, sizeof(mask->bits));

	if (copy_to_guest(bitmap->bitmap, mask->bits, ours))
		return -EFAULT;
	if (bytes > ours &&
	    clear_guest(bitmap->bitmap + ours, min(bytes - ours, (size_t)PAGE_SIZE)))
		return -EFAULT;
	return 0;
}
