/* SPDX-License-Identifier: MIT */
/*
 * Where vCPUs' time goes (struct vcpu_runstate_info, public/vcpu.h), and the copy that a guest may
 * have registered.
 *
 * Lock: v->runstate is under the lock of its run queue.
 */
#include "core/domain.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "sched/run_queue.h"
#include "time/guest_area.h"
#include "time/time.h"

void runstate_change(struct vcpu *v, int state, s_time_t t)
{
	struct vcpu_runstate_info *r = &v->runstate;
	s_time_t spent = t - (s_time_t)r->state_entry_time;

	if (r->state == state)
		return;
	if (spent > 0) {
		r->time[r->state] += (uint64_t)spent;
		r->state_entry_time = (uint64_t)t;
	}
	r->state = state;
}

static void runstate_copy(struct vcpu *v, struct vcpu_runstate_info *out)
{
	unsigned long flags;
	struct run_queue *rq = run_queue_lock(v, &flags);

	memcpy(out, &v->runstate, sizeof(*out)); /* with its padding: guests see it */
	spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
	s_time_t spent;

	runstate_copy(v, out);
	spent = now() - (s_time_t)out->state_entry_time;
	if (spent > 0)
		out->time[out->state] += (uint64_t)spent;
}

/*
 * With VMASST_TYPE_runstate_update_flag the top bit of state_entry_time is set before and cleared
 * after the rest is written, as one 64-bit word each time.
 */
void vcpu_runstate_publish(struct vcpu *v)
{
	struct vcpu_runstate_info *g = v->runstate_guest, r;
	uint64_t entry;

	if (!g)
		return;
	runstate_copy(v, &r);
	if (!(READ_ONCE(v->domain->vm_assist) & BIT(VMASST_TYPE_runstate_update_flag))) {
		(void)guest_area_write(v, g, &r, sizeof(r));
		return;
	}
	entry = r.state_entry_time;
	/* cppcheck-suppress shiftTooManyBits ; it is an unsigned long in C */
	r.state_entry_time |= XEN_RUNSTATE_UPDATE;
	if (!guest_area_write(v, &g->state_entry_time, &r.state_entry_time, sizeof(entry)))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (!guest_area_write(v, g, &r, sizeof(r)))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	(void)guest_area_write(v, &g->state_entry_time, &entry, sizeof(entry));
}

s_time_t domain_cpu_time(struct domain *d)
{
	struct vcpu_runstate_info r;
	uint64_t total = 0;
	struct vcpu *v;

	for_each_vcpu(d, v) {
		vcpu_runstate_get(v, &r);
		total += r.time[RUNSTATE_running];
	}
	return (s_time_t)total;
}

s_time_t cpu_idle_time(unsigned int cpu)
{
	struct vcpu_runstate_info r;

	vcpu_runstate_get(sched_idle_vcpu(cpu), &r);
	return (s_time_t)r.time[RUNSTATE_running];
}
