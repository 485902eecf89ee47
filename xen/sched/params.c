/* SPDX-License-Identifier: MIT */
/* What the toolstack may set of a domain's share of the CPUs. */
#include "core/domain.h"
#include "lib/errno.h"
#include "sched/run_queue.h"
#include "time/time.h"

void sched_set_weight(struct vcpu *v, unsigned int weight)
{
	v->sched.weight = weight;
	v->sched.charge_rate = (SCHED_WEIGHT_DEFAULT << SCHED_RATE_SHIFT) / weight;
}

int sched_set_vcpu_weight(struct vcpu *v, unsigned int weight)
{
	struct run_queue *rq;
	unsigned long flags;

	if (weight < 1 || weight > SCHED_WEIGHT_MAX)
		return -EINVAL;
	rq = run_queue_lock(v, &flags);
	if (rq->policy == &sched_policy_fair && rq->curr == v) {
		(void)run_queue_charge(rq, now());
		rq->curr_weight = weight;
	} else if (rq->policy == &sched_policy_fair && v->sched.queued) {
		rq->weight += weight - v->sched.weight;
	}
	sched_set_weight(v, weight);
	spin_unlock_irqrestore(&rq->lock, flags);
	return 0;
}

int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap)
{
	struct vcpu *v;

	if (weight < 1 || weight > SCHED_WEIGHT_MAX || cap > 100 * d->max_vcpus)
		return -EINVAL;
	for_each_vcpu(d, v)
		(void)sched_set_vcpu_weight(v, weight);
	return cap_set(d, cap);
}

void sched_get_params(struct domain *d, unsigned int *weight, unsigned int *cap)
{
	const struct vcpu *v = d->vcpu[0];

	*weight = v ? v->sched.weight : SCHED_WEIGHT_DEFAULT;
	*cap = v ? v->sched.cap : 0;
}
