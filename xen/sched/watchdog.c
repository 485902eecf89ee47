/* SPDX-License-Identifier: MIT */
/*
 * Watchdogs of a domain (SCHEDOP_watchdog): timers that the guest keeps pushing back; one that
 * expires shuts the domain down. Kept at the domain's vCPU 0 from the first use on.
 *
 * Lock: the domain's lock.
 */
#include "console/console.h"
#include "core/domain.h"
#include "cpu/percpu.h"
#include "lib/errno.h"
#include "mm/heap.h"
#include "time/time.h"

#define WATCHDOGS 2u

struct watchdog {
	struct timer timer[WATCHDOGS];
	bool in_use[WATCHDOGS];
};

static void watchdog_expired(void *data)
{
	struct domain *d = data;

	guest_log(d, LOG_WARN, "watchdog expired");
	domain_shutdown(d, SHUTDOWN_watchdog);
}

/* The domain's watchdogs, made at first use; the domain's lock is held. */
static struct watchdog *watchdog_of(struct domain *d)
{
	struct vcpu *v = d->vcpu[0];
	struct watchdog *w = v->sched.watchdog;

	if (w)
		return w;
	w = xzalloc(struct watchdog);
	if (!w)
		return NULL;
	for (unsigned int i = 0; i < WATCHDOGS; i++)
		timer_init(&w->timer[i], watchdog_expired, d, v->processor);
	v->sched.watchdog = w;
	return w;
}

static long set_locked(struct watchdog *w, uint32_t id, uint32_t timeout)
{
	uint32_t slot = id - 1;

	if (id == 0) {
		for (slot = 0; slot < WATCHDOGS && w->in_use[slot]; slot++)
			;
		if (!timeout)
			return -EINVAL;
		if (slot == WATCHDOGS)
			return -ENOSPC;
	} else if (slot >= WATCHDOGS || !w->in_use[slot]) {
		return -EINVAL;
	}
	w->in_use[slot] = timeout != 0;
	if (timeout)
		timer_set(&w->timer[slot], now() + SECONDS(timeout));
	else
		timer_stop(&w->timer[slot]);
	return id ? 0 : slot + 1;
}

long watchdog_set(uint32_t id, uint32_t timeout_seconds)
{
	struct domain *d = current->domain;
	struct watchdog *w;
	long rc;

	spin_lock(&d->lock);
	w = watchdog_of(d);
	rc = w ? set_locked(w, id, timeout_seconds) : -ENOMEM;
	spin_unlock(&d->lock);
	return rc;
}

void watchdog_destroy(struct vcpu *v)
{
	struct watchdog *w = v->sched.watchdog;

	if (!w)
		return;
	for (unsigned int i = 0; i < WATCHDOGS; i++)
		timer_kill(&w->timer[i]);
	v->sched.watchdog = NULL;
	xfree(w);
}
