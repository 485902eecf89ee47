/* SPDX-License-Identifier: MIT */
/* sysctl: CPU pools and their schedulers. */
#include "ops/sysctl.h"

#include "core/domain.h"
#include "cpu/cpumask.h"
#include "cpu/percpu.h"
#include "lib/errno.h"
#include "ops/domctl.h"
#include "sched/cpupool.h"
#include "sched/policy.h"
#include "time/time.h"

int sysctl_sched_id(struct xen_sysctl *op)
{
	cpupool_lock();
	op->u.sched_id.sched_id = cpupool_find(0)->policy->id;
	cpupool_unlock();
	return 0;
}

/* CPUs stay as they are once the host is up. */
int sysctl_cpu_hotplug(struct xen_sysctl *op)
{
	(void)op;
	return -EOPNOTSUPP;
}

/* The first pool from an id on. */
static int pool_info(struct xen_sysctl_cpupool_op *info)
{
	const struct cpupool *pool;
	cpumask_t cpus;

	cpupool_lock();
	pool = cpupool_find_next(info->cpupool_id == XEN_SYSCTL_CPUPOOL_PAR_ANY ? 0
										: info->cpupool_id);
	if (pool) {
		info->cpupool_id = pool->id;
		info->sched_id = pool->policy->id;
		info->n_dom = READ_ONCE(pool->domains);
		cpus = pool->cpus;
	}
	cpupool_unlock();
	return pool ? cpumask_to_guest(&info->cpumap, &cpus) : -ENOENT;
}

static int pool_free_info(const struct xen_sysctl_cpupool_op *info)
{
	cpumask_t cpus;

	cpupool_lock();
	cpupool_free_cpus(&cpus);
	cpupool_unlock();
	return cpumask_to_guest(&info->cpumap, &cpus);
}

static int pool_move_domain(const struct xen_sysctl_cpupool_op *move)
{
	struct domain *d = NULL;
	int rc;

	if (move->domid < DOMID_FIRST_RESERVED)
		d = domain_get((domid_t)move->domid);
	if (!d)
		return -ESRCH;
	rc = d == current->domain ? -EPERM : cpupool_move_domain(d, move->cpupool_id);
	domain_put(d);
	return rc;
}

int sysctl_cpupool_op(struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *pool = &op->u.cpupool_op;

	switch (pool->op) {
	case XEN_SYSCTL_CPUPOOL_OP_CREATE:
		return cpupool_create(&pool->cpupool_id, pool->sched_id);
	case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
		return cpupool_destroy(pool->cpupool_id);
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		return pool_info(pool);
	case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
		return cpupool_add_cpu(pool->cpupool_id, pool->cpu);
	case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
		return cpupool_remove_cpu(pool->cpupool_id, pool->cpu);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return pool_move_domain(pool);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return pool_free_info(pool);
	default:
		return -ENOSYS;
	}
}

static int put_ratelimit(struct cpupool *pool, uint32_t us)
{
	if (us && (us < XEN_SYSCTL_SCHED_RATELIMIT_MIN || us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
		return -EINVAL;
	WRITE_ONCE(pool->ratelimit, MICROSECS(us));
	return 0;
}

/* The null policy has no parameter. */
static int pool_parameters(struct cpupool *pool, struct xen_sysctl_scheduler_op *sched)
{
	struct xen_sysctl_credit2_schedule *params = &sched->u.sched_credit2;

	if (sched->sched_id != pool->policy->id)
		return -EINVAL;
	if (sched->cmd != XEN_SYSCTL_SCHEDOP_getinfo && sched->cmd != XEN_SYSCTL_SCHEDOP_putinfo)
		return -EINVAL;
	if (pool->policy != &sched_policy_fair)
		return 0;
	if (sched->cmd == XEN_SYSCTL_SCHEDOP_putinfo)
		return put_ratelimit(pool, params->ratelimit_us);
	params->ratelimit_us = (uint32_t)(pool->ratelimit / MICROSECS(1));
	return 0;
}

int sysctl_scheduler_op(struct xen_sysctl *op)
{
	struct cpupool *pool;
	int rc;

	cpupool_lock();
	pool = cpupool_find(op->u.scheduler_op.cpupool_id);
	rc = pool ? pool_parameters(pool, &op->u.scheduler_op) : -ESRCH;
	cpupool_unlock();
	return rc;
}
