/* SPDX-License-Identifier: MIT */
/*
 * Where vCPUs may run: hard affinity within the CPUs of the domain's pool. Soft affinity is a
 * preference among those.
 *
 * Lock: the pools' (cpupool_lock()) for the affinities and what follows from them; sched.allowed,
 * sched.cpus and the flags are written under the run queue's lock as well, and read under it.
 */
#include "core/domain.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "sched/cpupool.h"
#include "sched/run_queue.h"

static void set_allowed(struct vcpu *v)
{
	const struct cpupool *pool = v->domain->cpupool;

	cpumask_and(&v->sched.allowed, &v->sched.hard_affinity, &pool->cpus);
	v->sched.has_soft = !cpumask_subset(&v->sched.allowed, &v->sched.soft_affinity) &&
			    cpumask_intersects(&v->sched.allowed, &v->sched.soft_affinity);
	pool->policy->set_allowed(v);
}

void sched_update_allowed(struct vcpu *v)
{
	unsigned long flags;
	struct run_queue *rq = run_queue_lock(v, &flags);

	set_allowed(v);
	if (v->sched.queued)
		rq->policy->dequeue(rq, v); /* and again below, on another CPU if need be */
	else if (rq->curr == v)
		softirq_raise_cpu(v->processor, SOFTIRQ_SCHEDULE);
	spin_unlock_irqrestore(&rq->lock, flags);
	if (vcpu_runnable(v))
		queue_vcpu(v);
}

void sched_reset_affinity(struct vcpu *v)
{
	memset(&v->sched.hard_affinity, 0xff, sizeof(v->sched.hard_affinity));
	memset(&v->sched.soft_affinity, 0xff, sizeof(v->sched.soft_affinity));
}

/* The vCPUs of a domain start spread over the CPUs of its pool. */
void sched_place_new(struct vcpu *v)
{
	const struct cpupool *pool = v->domain->cpupool;
	unsigned int cpu, skip;

	sched_reset_affinity(v);
	skip = (v->domain->domain_id + v->vcpu_id) % max(cpumask_weight(&pool->cpus), 1u);
	v->processor = cpumask_first(&cpu_online_map);
	for_each_cpu(cpu, &pool->cpus)
	{
		v->processor = cpu;
		if (!skip--)
			break;
	}
	set_allowed(v);
	v->sched.vruntime = READ_ONCE(per_cpu(run_queue, v->processor).min_vruntime);
}

void sched_vcpu_created(struct vcpu *v)
{
	cpupool_lock();
	sched_update_allowed(v);
	cpupool_unlock();
}

int sched_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft)
{
	int rc = 0;

	cpupool_lock();
	if (hard && !cpumask_intersects(hard, &v->domain->cpupool->cpus))
		rc = -EINVAL;
	else if (hard && v->sched.override)
		rc = -EBUSY;
	if (!rc) {
		if (hard)
			v->sched.hard_affinity = *hard;
		if (soft)
			v->sched.soft_affinity = *soft;
		sched_update_allowed(v);
	}
	cpupool_unlock();
	return rc;
}

static int override_begin(struct vcpu *v, unsigned int cpu)
{
	cpumask_t *saved;

	if (cpu >= nr_cpu_ids || !cpumask_test(cpu, &v->domain->cpupool->cpus))
		return -EINVAL;
	if (v->sched.override)
		return -EBUSY;
	saved = xmalloc_bytes(sizeof(*saved));
	if (!saved)
		return -ENOMEM;
	*saved = v->sched.hard_affinity;
	v->sched.override = saved;
	v->sched.hard_affinity = (cpumask_t){ 0 };
	cpumask_set(cpu, &v->sched.hard_affinity);
	sched_update_allowed(v);
	return 0;
}

void sched_pin_override_end(struct vcpu *v)
{
	xfree(v->sched.override);
	v->sched.override = NULL;
}

int sched_pin_override(struct vcpu *v, int cpu)
{
	int rc = 0;

	cpupool_lock();
	if (cpu >= 0) {
		rc = override_begin(v, (unsigned int)cpu);
	} else if (!v->sched.override) {
		rc = -EINVAL;
	} else {
		v->sched.hard_affinity = *v->sched.override;
		sched_pin_override_end(v);
		sched_update_allowed(v);
	}
	cpupool_unlock();
	return rc;
}
