/* SPDX-License-Identifier: MIT */
/*
 * Caps: a domain may use so many percent of one CPU, even when CPUs are idle. All its vCPUs draw on
 * one allowance, which is renewed every CAP_PERIOD. The renewals stop while nothing is used.
 *
 * No lock: the allowance is atomic. A vCPU's sched.cap and its parking are under its run queue's
 * lock.
 */
#include "core/domain.h"
#include "lib/bitops.h"
#include "lib/errno.h"
#include "mm/heap.h"
#include "sched/run_queue.h"
#include "time/time.h"

#define SAVINGS 8

struct cap_pool {
	struct domain *domain;
	struct timer renew;
	s_time_t allowance; /* ns of CPU time per period; 0: no cap any more */
	s_time_t left;      /* atomic; below 0 it is a debt */
};

static struct cap_pool *pool_of(const struct vcpu *v)
{
	return __atomic_load_n(&v->domain->vcpu[0]->sched.cap_pool, __ATOMIC_ACQUIRE);
}

void cap_charge(const struct vcpu *v, s_time_t spent)
{
	struct cap_pool *pool = pool_of(v);

	__atomic_fetch_sub(&pool->left, spent, __ATOMIC_SEQ_CST);
	if (!READ_ONCE(pool->renew.active))
		timer_set(&pool->renew, now() + CAP_PERIOD);
}

s_time_t cap_left(const struct vcpu *v)
{
	return max(__atomic_load_n(&pool_of(v)->left, __ATOMIC_SEQ_CST), (s_time_t)0);
}

/* The renewal clears the mark after it has added to the allowance: who looks last is right. */
bool cap_park(struct vcpu *v)
{
	if (cap_left(v) > 0)
		return false;
	set_bit(VPF_PARKED, &v->pause_flags);
	if (cap_left(v) <= 0)
		return true;
	clear_bit(VPF_PARKED, &v->pause_flags);
	return false;
}

static void unpark_all(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v)
		if (test_and_clear_bit(VPF_PARKED, &v->pause_flags))
			vcpu_wake(v);
}

/*
 * Debts are kept, and savings up to SAVINGS allowances: a domain that was kept from running, by
 * others or by a late timer, gets what its cap says all the same.
 */
static void renew(void *data)
{
	struct cap_pool *pool = data;
	s_time_t allowance = READ_ONCE(pool->allowance), t = now();
	s_time_t due = min(READ_ONCE(pool->renew.expires), t);
	s_time_t periods = 1 + (t - due) / CAP_PERIOD;
	s_time_t left = __atomic_load_n(&pool->left, __ATOMIC_SEQ_CST), next;

	do {
		next = min(left + periods * allowance, SAVINGS * allowance);
	} while (!__atomic_compare_exchange_n(&pool->left, &left, next, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	if (next < SAVINGS * allowance)
		timer_set(&pool->renew, due + periods * CAP_PERIOD);
	if (next > 0)
		unpark_all(pool->domain);
}

static struct cap_pool *make_pool(struct domain *d)
{
	struct cap_pool *pool = xzalloc(struct cap_pool);

	if (!pool)
		return NULL;
	pool->domain = d;
	timer_init(&pool->renew, renew, pool, d->vcpu[0]->processor);
	__atomic_store_n(&d->vcpu[0]->sched.cap_pool, pool, __ATOMIC_RELEASE);
	return pool;
}

int cap_set(struct domain *d, unsigned int cap)
{
	struct cap_pool *pool;
	struct vcpu *v;

	if (!d->vcpu[0])
		return cap ? -EINVAL : 0;
	pool = d->vcpu[0]->sched.cap_pool;
	if (!pool && !cap)
		return 0;
	if (!pool)
		pool = make_pool(d);
	if (!pool)
		return -ENOMEM;
	WRITE_ONCE(pool->allowance, CAP_PERIOD * cap / 100);
	for_each_vcpu(d, v) {
		unsigned long flags;
		struct run_queue *rq = run_queue_lock(v, &flags);

		if (rq->curr == v && rq->policy == &sched_policy_fair) {
			(void)run_queue_charge(rq, now()); /* what it had before the cap */
			softirq_raise_cpu(v->processor, SOFTIRQ_SCHEDULE);
		}
		v->sched.cap = cap;
		spin_unlock_irqrestore(&rq->lock, flags);
	}
	__atomic_store_n(&pool->left, pool->allowance, __ATOMIC_SEQ_CST);
	/* Nobody parks under the old cap any more. */
	unpark_all(d);
	return 0;
}

void cap_destroy(struct vcpu *v)
{
	struct cap_pool *pool = v->sched.cap_pool;

	if (!pool)
		return;
	timer_kill(&pool->renew);
	v->sched.cap_pool = NULL;
	xfree(pool);
}
