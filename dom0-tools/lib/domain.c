/* SPDX-License-Identifier: MIT */
/*
 * domctl operations: life, limits and vCPUs of domains. Stateless.
 */
#include "dom0-tools/lib/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <public/event_channel.h>
#include <public/sched.h>

#include "dom0-tools/lib/bounce.h"
#include "dom0-tools/lib/privcmd.h"

#define DEFAULT_MAX_EVTCHN_PORT 1023u
#define LIST_BATCH              256u

int do_domctl(int fd, struct xen_domctl *op)
{
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return (int)hypercall_arg(fd, __HYPERVISOR_domctl, op, sizeof(*op));
}

/* A domctl that takes nothing but the domain. */
static int plain_domctl(int fd, uint32_t cmd, uint32_t domid)
{
	struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };

	return do_domctl(fd, &op);
}

void dom_config_pv(struct xen_domctl_createdomain *config, uint32_t max_vcpus)
{
	memset(config, 0, sizeof(*config));
	config->max_vcpus = max_vcpus;
	config->max_evtchn_port = DEFAULT_MAX_EVTCHN_PORT;
	config->max_grant_frames = -1;
	config->max_maptrack_frames = -1;
	config->grant_opts = XEN_DOMCTL_GRANT_version(1);
}

int dom_create(int fd, uint32_t want, const struct xen_domctl_createdomain *config)
{
	struct xen_domctl op = {
		.cmd = XEN_DOMCTL_createdomain,
		.domain = (domid_t)want,
		.u.createdomain = *config,
	};
	int ret = do_domctl(fd, &op);

	return ret < 0 ? ret : op.domain;
}

int dom_destroy(int fd, uint32_t domid)
{
	int ret;

	/* Freeing much memory comes back before it is done and wants to be asked again. */
	do {
		ret = plain_domctl(fd, XEN_DOMCTL_destroydomain, domid);
	} while (ret == -EAGAIN);
	return ret;
}

int dom_pause(int fd, uint32_t domid)
{
	return plain_domctl(fd, XEN_DOMCTL_pausedomain, domid);
}

int dom_unpause(int fd, uint32_t domid)
{
	return plain_domctl(fd, XEN_DOMCTL_unpausedomain, domid);
}

int dom_resume(int fd, uint32_t domid)
{
	return plain_domctl(fd, XEN_DOMCTL_resumedomain, domid);
}

int dom_shutdown(int fd, uint32_t domid, uint32_t reason)
{
	struct sched_remote_shutdown arg = { .domain_id = (domid_t)domid, .reason = reason };

	return (int)hypercall_cmd_arg(fd, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &arg,
				      sizeof(arg));
}

int dom_set_handle(int fd, uint32_t domid, const uint8_t handle[16])
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_setdomainhandle, .domain = (domid_t)domid };

	memcpy(op.u.setdomainhandle.handle, handle, sizeof(op.u.setdomainhandle.handle));
	return do_domctl(fd, &op);
}

int dom_getinfo(int fd, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid };
	int ret = do_domctl(fd, &op);

	if (ret < 0)
		return ret;
	/* The hypervisor answers with the next domain when this one is not there. */
	if (op.domain != domid)
		return -ESRCH;
	*info = op.u.getdomaininfo;
	return 0;
}

int dom_list(int fd, uint32_t first, struct xen_domctl_getdomaininfo *infos, size_t max)
{
	size_t bytes = max * sizeof(*infos);
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_getdomaininfolist };
	struct xen_domctl_getdomaininfo *buffer;
	size_t got = 0;
	int ret;

	if (!max)
		return 0;
	buffer = bounce_in(fd, NULL, bytes);
	if (!buffer)
		return -errno;
	op.u.getdomaininfolist.first_domain = (domid_t)first;
	op.u.getdomaininfolist.max_domains = (uint32_t)max;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, buffer);
	ret = do_sysctl(fd, &op);
	if (ret >= 0) {
		got = op.u.getdomaininfolist.num_domains;
		if (got > max)
			got = max;
		memcpy(infos, buffer, got * sizeof(*infos));
	}
	bounce_out(fd, buffer, NULL, bytes);
	return ret < 0 ? ret : (int)got;
}

int dom_list_all(int fd, struct xen_domctl_getdomaininfo **infos)
{
	struct xen_domctl_getdomaininfo *list = NULL;
	uint32_t first = 0;
	size_t used = 0;

	*infos = NULL;
	for (;;) {
		struct xen_domctl_getdomaininfo *more;
		int got;

		more = realloc(list, (used + LIST_BATCH) * sizeof(*list));
		if (!more) {
			free(list);
			return -ENOMEM;
		}
		list = more;
		memset(list + used, 0, LIST_BATCH * sizeof(*list));
		got = dom_list(fd, first, list + used, LIST_BATCH);
		if (got < 0) {
			free(list);
			return got;
		}
		used += (size_t)got;
		if (got < (int)LIST_BATCH)
			break;
		first = list[used - 1].domain + 1u;
	}
	*infos = list;
	return (int)used;
}

int dom_shutdown_reason(const struct xen_domctl_getdomaininfo *info)
{
	if (!(info->flags & XEN_DOMINF_shutdown))
		return -1;
	return (int)(info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
}

int dom_getvcpuinfo(int fd, uint32_t domid, uint32_t vcpu, struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = (domid_t)domid };
	int ret;

	op.u.getvcpuinfo.vcpu = vcpu;
	ret = do_domctl(fd, &op);
	if (ret < 0)
		return ret;
	*info = op.u.getvcpuinfo;
	return 0;
}

int dom_max_mem(int fd, uint32_t domid, uint64_t max_kib)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_max_mem, .domain = (domid_t)domid };

	op.u.max_mem.max_memkb = max_kib;
	return do_domctl(fd, &op);
}

int dom_max_vcpus(int fd, uint32_t domid, uint32_t max)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus, .domain = (domid_t)domid };

	op.u.max_vcpus.max = max;
	return do_domctl(fd, &op);
}

static int vcpu_context_op(int fd, uint32_t cmd, uint32_t domid, uint32_t vcpu,
			   struct vcpu_guest_context *buffer)
{
	struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };

	op.u.vcpucontext.vcpu = vcpu;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, (void *)buffer);
	return do_domctl(fd, &op);
}

int dom_set_vcpu_context(int fd, uint32_t domid, uint32_t vcpu,
			 const struct vcpu_guest_context *context)
{
	struct vcpu_guest_context *buffer = NULL;
	int ret;

	if (context) {
		buffer = bounce_in(fd, context, sizeof(*context));
		if (!buffer)
			return -errno;
	}
	ret = vcpu_context_op(fd, XEN_DOMCTL_setvcpucontext, domid, vcpu, buffer);
	bounce_out(fd, buffer, NULL, sizeof(*context));
	return ret;
}

int dom_get_vcpu_context(int fd, uint32_t domid, uint32_t vcpu, struct vcpu_guest_context *context)
{
	struct vcpu_guest_context *buffer = bounce_in(fd, NULL, sizeof(*context));
	int ret;

	if (!buffer)
		return -errno;
	ret = vcpu_context_op(fd, XEN_DOMCTL_getvcpucontext, domid, vcpu, buffer);
	bounce_out(fd, buffer, ret < 0 ? NULL : context, sizeof(*context));
	return ret;
}

static int vcpu_affinity_op(int fd, uint32_t cmd, uint32_t domid, uint32_t vcpu, uint32_t flags,
			    uint8_t *hard, uint8_t *soft, uint32_t nr_cpus)
{
	struct xen_domctl op = { .cmd = cmd, .domain = (domid_t)domid };
	struct xen_domctl_vcpuaffinity *affinity = &op.u.vcpuaffinity;
	size_t bytes = (nr_cpus + 7) / 8;
	uint8_t *buffer = hypercall_buffer_alloc(fd, 2 * bytes);
	int ret;

	if (!buffer)
		return -errno;
	if (flags & XEN_VCPUAFFINITY_HARD)
		memcpy(buffer, hard, bytes);
	if (flags & XEN_VCPUAFFINITY_SOFT)
		memcpy(buffer + bytes, soft, bytes);
	affinity->vcpu = vcpu;
	affinity->flags = flags;
	set_xen_guest_handle(affinity->cpumap_hard.bitmap, buffer);
	affinity->cpumap_hard.nr_bits = flags & XEN_VCPUAFFINITY_HARD ? nr_cpus : 0;
	set_xen_guest_handle(affinity->cpumap_soft.bitmap, buffer + bytes);
	affinity->cpumap_soft.nr_bits = flags & XEN_VCPUAFFINITY_SOFT ? nr_cpus : 0;
	ret = do_domctl(fd, &op);
	if (ret >= 0 && (flags & XEN_VCPUAFFINITY_HARD))
		memcpy(hard, buffer, bytes);
	if (ret >= 0 && (flags & XEN_VCPUAFFINITY_SOFT))
		memcpy(soft, buffer + bytes, bytes);
	hypercall_buffer_free(fd, buffer, 2 * bytes);
	return ret;
}

int dom_set_vcpu_affinity(int fd, uint32_t domid, uint32_t vcpu, uint32_t flags, uint8_t *hard,
			  uint8_t *soft, uint32_t nr_cpus)
{
	return vcpu_affinity_op(fd, XEN_DOMCTL_setvcpuaffinity, domid, vcpu, flags, hard, soft,
				nr_cpus);
}

int dom_get_vcpu_affinity(int fd, uint32_t domid, uint32_t vcpu, uint32_t flags, uint8_t *hard,
			  uint8_t *soft, uint32_t nr_cpus)
{
	return vcpu_affinity_op(fd, XEN_DOMCTL_getvcpuaffinity, domid, vcpu, flags, hard, soft,
				nr_cpus);
}

int dom_hypercall_init(int fd, uint32_t domid, uint64_t mfn)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_hypercall_init, .domain = (domid_t)domid };

	op.u.hypercall_init.gmfn = mfn;
	return do_domctl(fd, &op);
}

int dom_evtchn_alloc_unbound(int fd, uint32_t domid, uint32_t remote)
{
	struct evtchn_alloc_unbound arg = {
		.dom = (domid_t)domid,
		.remote_dom = (domid_t)remote,
	};
	long ret = hypercall_cmd_arg(fd, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
				     &arg, sizeof(arg));

	return ret < 0 ? (int)ret : (int)arg.port;
}

int dom_check_interface(int fd)
{
	struct xen_domctl_getdomaininfo info;
	struct host_version version;
	int ret = dom_getinfo(fd, 0, &info);

	if (!ret || ret == -ESRCH)
		return 0;
	/* A wrong version is refused as -EACCES, missing rights as -EPERM. */
	if (ret == -EACCES)
		return host_version(fd, &version) < 0 ? ret : -EPROTO;
	return ret;
}
