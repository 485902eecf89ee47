/* SPDX-License-Identifier: MIT */
/*
 * Time as a vCPU has it: its copies of the clock's parameters, its periodic timer and its one-shot
 * timer, both of which raise VIRQ_TIMER.
 *
 * The copies hold tsc_clock as it is, so they are the same for every vCPU and never change while
 * the host runs; they are written again only where a guest or its restorer wrote something else.
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "time/guest_area.h"
#include "time/time.h"

#define PERIOD_MIN     MILLISECS(1)
#define PERIOD_DEFAULT MILLISECS(10) /* what a PV guest has until it asks for something else */
#define PERIOD_MAX     (INT64_MAX / 4)
/* A deadline that no clock of ours reaches means "none", but is answered now and then. */
#define FAR_DEADLINE   MILLISECS(100)

/* Everything but the version. */
static void current_time_info(struct vcpu_time_info *t)
{
	*t = (struct vcpu_time_info){
		.tsc_timestamp = tsc_clock.base,
		.system_time = 0,
		.tsc_to_system_mul = tsc_clock.mul,
		.tsc_shift = tsc_clock.shift,
		.flags = tsc_synchronized ? XEN_PVCLOCK_TSC_STABLE_BIT : 0,
	};
}

static bool same_time_info(const struct vcpu_time_info *a, const struct vcpu_time_info *b)
{
	return a->tsc_timestamp == b->tsc_timestamp && a->system_time == b->system_time &&
	       a->tsc_to_system_mul == b->tsc_to_system_mul && a->tsc_shift == b->tsc_shift &&
	       a->flags == b->flags;
}

/* The copy in vcpu_info, which the hypervisor has mapped. */
static void publish_vcpu_info(struct vcpu *v, const struct vcpu_time_info *t)
{
	struct vcpu_time_info *g = &v->vcpu_info->time;
	uint32_t version = READ_ONCE(g->version) | 1;

	WRITE_ONCE(g->version, version);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	g->tsc_timestamp = t->tsc_timestamp;
	g->system_time = t->system_time;
	g->tsc_to_system_mul = t->tsc_to_system_mul;
	g->tsc_shift = t->tsc_shift;
	g->flags = t->flags;
	__atomic_store_n(&g->version, version + 1, __ATOMIC_RELEASE);
}

/* The registered copy, in guest virtual memory; v->time_info is what it holds. */
static void publish_registered(struct vcpu *v, const struct vcpu_time_info *t)
{
	struct vcpu_time_info *g = v->time_info_guest, next = *t;

	next.version = v->time_info.version | 1;
	if (!guest_area_write(v, &g->version, &next.version, sizeof(next.version)))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (!guest_area_write(v, g, &next, sizeof(next)))
		return;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	next.version++;
	if (guest_area_write(v, &g->version, &next.version, sizeof(next.version)))
		v->time_info = next;
}

void vcpu_publish_time(struct vcpu *v)
{
	struct vcpu_time_info t;

	current_time_info(&t);
	if (v->vcpu_info)
		publish_vcpu_info(v, &t);
	if (!v->time_info_guest)
		return;
	v->time_info.tsc_to_system_mul = 0; /* stale, also if it cannot be written now */
	if (v == current)
		publish_registered(v, &t);
}

/* Writes the copies that do not say what they should. */
static void refresh_copies(struct vcpu *v)
{
	struct vcpu_time_info t;

	current_time_info(&t);
	if (v->vcpu_info &&
	    (!same_time_info(&v->vcpu_info->time, &t) || (v->vcpu_info->time.version & 1)))
		publish_vcpu_info(v, &t);
	if (unlikely(v->time_info_guest && !same_time_info(&v->time_info, &t)))
		publish_registered(v, &t);
}

/* Raises the periodic timer's event if a period has passed, and arms the timer for the next. */
static void periodic_work(struct vcpu *v)
{
	s_time_t period = READ_ONCE(v->periodic_period), t = now();

	if (!period)
		return;
	if (t >= v->periodic_last + period) {
		v->periodic_last += (t - v->periodic_last) / period * period;
		send_vcpu_virq(v, VIRQ_TIMER);
	}
	timer_set(&v->periodic_timer, v->periodic_last + period);
}

static void periodic_expired(void *data)
{
	struct vcpu *v = data;

	if (vcpu_is_running(v))
		periodic_work(v);
}

static void singleshot_expired(void *data)
{
	send_vcpu_virq(data, VIRQ_TIMER);
}

int vcpu_set_periodic_timer(struct vcpu *v, s_time_t period)
{
	if (period && (period < PERIOD_MIN || period > PERIOD_MAX))
		return -EINVAL;
	if (!period) {
		WRITE_ONCE(v->periodic_period, 0);
		timer_stop(&v->periodic_timer);
		return 0;
	}
	v->periodic_last = now();
	WRITE_ONCE(v->periodic_period, period);
	if (vcpu_is_running(v))
		timer_set(&v->periodic_timer, v->periodic_last + period);
	return 0;
}

static void arm_singleshot(struct vcpu *v, s_time_t deadline)
{
	timer_set(&v->singleshot_timer, deadline >= 0 ? deadline : now() + FAR_DEADLINE);
}

int vcpu_set_singleshot_timer(struct vcpu *v, s_time_t deadline, bool only_future)
{
	if (only_future && deadline >= 0 && deadline < now())
		return -ETIME;
	arm_singleshot(v, deadline);
	return 0;
}

void vcpu_stop_singleshot_timer(struct vcpu *v)
{
	timer_stop(&v->singleshot_timer);
}

long do_set_timer_op(s_time_t deadline)
{
	struct vcpu *v = current;

	if (!deadline)
		timer_stop(&v->singleshot_timer);
	else
		arm_singleshot(v, deadline);
	return 0;
}

void vcpu_time_init(struct vcpu *v)
{
	timer_init(&v->periodic_timer, periodic_expired, v, v->processor);
	timer_init(&v->singleshot_timer, singleshot_expired, v, v->processor);
	v->periodic_period = is_idle_vcpu(v) ? 0 : PERIOD_DEFAULT;
	v->periodic_last = now();
}

void vcpu_time_destroy(struct vcpu *v)
{
	timer_kill(&v->periodic_timer);
	timer_kill(&v->singleshot_timer);
}

void vcpu_time_save(struct vcpu *v)
{
	if (v->periodic_period)
		timer_stop(&v->periodic_timer);
}

void vcpu_time_restore(struct vcpu *v)
{
	timer_migrate(&v->singleshot_timer, v->processor);
	if (v->periodic_period) {
		timer_migrate(&v->periodic_timer, v->processor);
		periodic_work(v);
	}
	refresh_copies(v);
	vcpu_runstate_publish(v);
}
