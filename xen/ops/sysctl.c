/* SPDX-License-Identifier: MIT */
/* sysctl (public/sysctl.h): dispatch, the log, and lists. The caller is privileged. */
#include "ops/sysctl.h"

#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "ops/debug_keys.h"
#include "ops/domctl.h"

#define LOG_CHUNK 512u

static int sysctl_readconsole(struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *rc = &op->u.readconsole;
	uint32_t index = rc->incremental ? rc->index : 0, done = 0;
	char text[LOG_CHUNK];
	size_t n;

	while (done < rc->count) {
		n = console_ring_read(text, min(rc->count - done, LOG_CHUNK), &index);
		if (!n)
			break;
		if (copy_to_guest(rc->buffer + done, text, n))
			return -EFAULT;
		done += (uint32_t)n;
	}
	rc->index = index;
	rc->count = done;
	if (rc->clear)
		console_ring_clear();
	return 0;
}

static int sysctl_getdomaininfolist(struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *list = &op->u.getdomaininfolist;
	struct xen_domctl_getdomaininfo info;
	domid_t next = list->first_domain;
	uint32_t n;

	for (n = 0; n < list->max_domains; n++) {
		struct domain *d = domain_get_next(next);

		if (!d)
			break;
		domain_get_info(d, &info);
		next = d->domain_id + 1;
		domain_put(d);
		if (copy_to_guest_offset(list->buffer, n, &info, 1))
			return -EFAULT;
	}
	list->num_domains = n;
	return 0;
}

static int sysctl_availheap(struct xen_sysctl *op)
{
	op->u.availheap.avail_bytes = free_frame_count() << PAGE_SHIFT;
	return 0;
}

static int sysctl_debug_keys(struct xen_sysctl *op)
{
	const struct xen_sysctl_debug_keys *keys = &op->u.debug_keys;
	uint32_t i;
	char key;

	for (i = 0; i < keys->nr_keys && i < 64; i++) {
		if (copy_from_guest_offset(&key, keys->keys, i, 1))
			return -EFAULT;
		debug_key(key);
	}
	return 0;
}

/* CPUs cannot mask CPUID leaves per guest; PV guests go through emulation where they trap. */
static int sysctl_get_cpu_levelling_caps(struct xen_sysctl *op)
{
	op->u.cpu_levelling_caps.caps = 0;
	return 0;
}

static const struct {
	uint32_t cmd;
	int (*handler)(struct xen_sysctl *op);
} sysctls[] = {
	{ XEN_SYSCTL_readconsole, sysctl_readconsole },
	{ XEN_SYSCTL_physinfo, sysctl_physinfo },
	{ XEN_SYSCTL_sched_id, sysctl_sched_id },
	{ XEN_SYSCTL_getdomaininfolist, sysctl_getdomaininfolist },
	{ XEN_SYSCTL_debug_keys, sysctl_debug_keys },
	{ XEN_SYSCTL_getcpuinfo, sysctl_getcpuinfo },
	{ XEN_SYSCTL_availheap, sysctl_availheap },
	{ XEN_SYSCTL_cpu_hotplug, sysctl_cpu_hotplug },
	{ XEN_SYSCTL_cputopoinfo, sysctl_cputopoinfo },
	{ XEN_SYSCTL_numainfo, sysctl_numainfo },
	{ XEN_SYSCTL_pcitopoinfo, sysctl_pcitopoinfo },
	{ XEN_SYSCTL_cpupool_op, sysctl_cpupool_op },
	{ XEN_SYSCTL_scheduler_op, sysctl_scheduler_op },
	{ XEN_SYSCTL_get_cpu_levelling_caps, sysctl_get_cpu_levelling_caps },
	{ XEN_SYSCTL_get_cpu_featureset, sysctl_get_cpu_featureset },
	{ XEN_SYSCTL_get_cpu_policy, sysctl_get_cpu_policy },
};

long do_sysctl(struct xen_sysctl *arg)
{
	struct xen_sysctl op;
	unsigned int i;
	long rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	for (i = 0; i < ARRAY_SIZE(sysctls); i++) {
		if (sysctls[i].cmd != op.cmd)
			continue;
		rc = sysctls[i].handler(&op);
		/* -ENOBUFS comes with the room that is needed. */
		if ((!rc || rc == -ENOBUFS) && copy_to_guest(arg, &op, sizeof(op)))
			return -EFAULT;
		return rc;
	}
	return -ENOSYS;
}
