/* SPDX-License-Identifier: MIT */
/* What the toolstack may set of a domain's share of the CPUs. */
#include "core/domain.h"
#include "lib/errno.h"
#include "sched/run_queue.h"

int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap)
{
	struct vcpu *v;

	if (weight < 1 || weight > SCHED_WEIGHT_MAX || cap > 100 * d->max_vcpus)
		return -EINVAL;
	for_each_vcpu(d, v) {
		unsigned long flags;
		struct run_queue *rq = run_queue_lock(v, &flags);

		v->sched.weight = weight;
		spin_unlock_irqrestore(&rq->lock, flags);
	}
	return cap_set(d, cap);
}

void sched_get_params(struct domain *d, unsigned int *weight, unsigned int *cap)
{
	const struct vcpu *v = d->vcpu[0];

	*weight = v ? v->sched.weight : SCHED_WEIGHT_DEFAULT;
	*cap = v ? v->sched.cap : 0;
}
