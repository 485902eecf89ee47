/* SPDX-License-Identifier: MIT */
/*
 * Scheduling through domctl and sysctl; see sched.h. Stateless.
 */
#include "dom0-tools/lib/sched.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "dom0-tools/lib/bounce.h"
#include "dom0-tools/lib/domain.h"

#define REMOVE_TRIES 10000u

static const char *const names[] = {
	[XEN_SCHEDULER_CREDIT] = "credit",     [XEN_SCHEDULER_CREDIT2] = "credit2",
	[XEN_SCHEDULER_ARINC653] = "arinc653", [XEN_SCHEDULER_RTDS] = "rtds",
	[XEN_SCHEDULER_NULL] = "null",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

const char *sched_name(uint32_t sched_id)
{
	return sched_id < NAMES && names[sched_id] ? names[sched_id] : "unknown";
}

bool sched_has_shares(uint32_t sched_id)
{
	return sched_id == XEN_SCHEDULER_CREDIT || sched_id == XEN_SCHEDULER_CREDIT2;
}

int sched_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < NAMES; i++) {
		if (names[i] && strcmp(names[i], name) == 0)
			return (int)i;
	}
	return -EINVAL;
}

static int domain_op(int fd, uint32_t domid, uint32_t sched_id, uint32_t cmd,
		     struct xen_domctl_sched_credit2 *params)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = (domid_t)domid };
	int ret;

	op.u.scheduler_op.sched_id = sched_id;
	op.u.scheduler_op.cmd = cmd;
	op.u.scheduler_op.u.credit2 = *params;
	ret = do_domctl(fd, &op);
	if (ret >= 0)
		*params = op.u.scheduler_op.u.credit2;
	return ret;
}

int dom_get_sched(int fd, uint32_t domid, uint32_t sched_id,
		  struct xen_domctl_sched_credit2 *params)
{
	*params = (struct xen_domctl_sched_credit2){ 0 };
	return domain_op(fd, domid, sched_id, XEN_DOMCTL_SCHEDOP_getinfo, params);
}

int dom_set_sched(int fd, uint32_t domid, uint32_t sched_id,
		  const struct xen_domctl_sched_credit2 *params)
{
	struct xen_domctl_sched_credit2 copy = *params;

	return domain_op(fd, domid, sched_id, XEN_DOMCTL_SCHEDOP_putinfo, &copy);
}

/* map: CPU_MAP_BYTES that the operation fills, or NULL. */
static int pool_op(int fd, struct xen_sysctl_cpupool_op *pool, uint8_t *map)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_cpupool_op };
	uint8_t *buffer = NULL;
	int ret;

	if (map) {
		buffer = bounce_in(fd, NULL, CPU_MAP_BYTES);
		if (!buffer)
			return -errno;
		memset(buffer, 0, CPU_MAP_BYTES);
		set_xen_guest_handle(pool->cpumap.bitmap, buffer);
		pool->cpumap.nr_bits = CPU_MAP_CPUS;
	}
	op.u.cpupool_op = *pool;
	ret = do_sysctl(fd, &op);
	*pool = op.u.cpupool_op;
	if (buffer)
		bounce_out(fd, buffer, ret < 0 ? NULL : map, CPU_MAP_BYTES);
	return ret;
}

int cpupool_info(int fd, uint32_t first, struct cpupool_info *info)
{
	struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_INFO,
					      .cpupool_id = first };
	int ret = pool_op(fd, &pool, info->cpus);

	if (ret < 0)
		return ret;
	info->id = pool.cpupool_id;
	info->sched_id = pool.sched_id;
	info->n_dom = pool.n_dom;
	return 0;
}

int cpupool_create(int fd, uint32_t sched_id)
{
	struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_CREATE,
					      .cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY,
					      .sched_id = sched_id };
	int ret = pool_op(fd, &pool, NULL);

	return ret < 0 ? ret : (int)pool.cpupool_id;
}

int cpupool_destroy(int fd, uint32_t id)
{
	struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_DESTROY,
					      .cpupool_id = id };

	return pool_op(fd, &pool, NULL);
}

int cpupool_add_cpu(int fd, uint32_t id, uint32_t cpu)
{
	struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_ADDCPU,
					      .cpupool_id = id,
					      .cpu = cpu };

	return pool_op(fd, &pool, NULL);
}

int cpupool_remove_cpu(int fd, uint32_t id, uint32_t cpu)
{
	struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_RMCPU,
					      .cpupool_id = id,
					      .cpu = cpu };

	unsigned int tries = 0;
	int ret;

	/* A vCPU has to leave the CPU first, this process's own perhaps. */
	do {
		if (tries)
			sched_yield();
		ret = pool_op(fd, &pool, NULL);
	} while (ret == -EAGAIN && ++tries < REMOVE_TRIES);
	return ret;
}

int cpupool_move_domain(int fd, uint32_t id, uint32_t domid)
{
	struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN,
					      .cpupool_id = id,
					      .domid = domid };

	return pool_op(fd, &pool, NULL);
}

int cpupool_free_cpus(int fd, uint8_t *cpus)
{
	struct xen_sysctl_cpupool_op pool = { .op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO };

	return pool_op(fd, &pool, cpus);
}

static int ratelimit_op(int fd, uint32_t id, uint32_t cmd, uint32_t *us)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_scheduler_op };
	int ret;

	op.u.scheduler_op.cpupool_id = id;
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op.u.scheduler_op.cmd = cmd;
	op.u.scheduler_op.u.sched_credit2.ratelimit_us = *us;
	ret = do_sysctl(fd, &op);
	if (ret >= 0)
		*us = op.u.scheduler_op.u.sched_credit2.ratelimit_us;
	return ret;
}

int cpupool_get_ratelimit(int fd, uint32_t id, uint32_t *us)
{
	*us = 0;
	return ratelimit_op(fd, id, XEN_SYSCTL_SCHEDOP_getinfo, us);
}

int cpupool_set_ratelimit(int fd, uint32_t id, uint32_t us)
{
	return ratelimit_op(fd, id, XEN_SYSCTL_SCHEDOP_putinfo, &us);
}

int host_cpu_topology(int fd, struct xen_sysctl_cputopo *cpus, size_t max)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_cputopoinfo };
	size_t bytes = max * sizeof(*cpus), got = 0;
	struct xen_sysctl_cputopo *buffer;
	int ret;

	if (!max)
		return 0;
	buffer = bounce_in(fd, NULL, bytes);
	if (!buffer)
		return -errno;
	op.u.cputopoinfo.num_cpus = (uint32_t)max;
	set_xen_guest_handle(op.u.cputopoinfo.cputopo, buffer);
	ret = do_sysctl(fd, &op);
	if (ret >= 0) {
		got = op.u.cputopoinfo.num_cpus < max ? op.u.cputopoinfo.num_cpus : max;
		memcpy(cpus, buffer, got * sizeof(*cpus));
	}
	bounce_out(fd, buffer, NULL, bytes);
	return ret < 0 ? ret : (int)got;
}
