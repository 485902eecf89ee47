/* SPDX-License-Identifier: MIT */
/* CPU pools: see sched/cpupool.h. */
#include "sched/cpupool.h"

#include "boot/boot.h"
#include "console/console.h"
#include "core/domain.h"
#include "core/panic.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/heap.h"
#include "sched/run_queue.h"
#include "time/time.h"

static const struct sched_policy *const policies[] = { &sched_policy_fair, &sched_policy_null };

static spinlock_t pools_lock = SPINLOCK_INIT(RANK_CPUPOOL);
static struct cpupool pool0;
static struct cpupool *pools;

void cpupool_lock(void)
{
	spin_lock(&pools_lock);
}

void cpupool_unlock(void)
{
	spin_unlock(&pools_lock);
}

void cpupool_init(void)
{
	pool0 = (struct cpupool){ .policy = &sched_policy_fair };
	if (!strcmp(boot_options.sched, sched_policy_null.name))
		pool0.policy = &sched_policy_null;
	pools = &pool0;
}

/* ---- with the lock held ---- */

struct cpupool *cpupool_find_next(uint32_t id)
{
	struct cpupool *pool = pools;

	while (pool && pool->id < id)
		pool = pool->next;
	return pool;
}

struct cpupool *cpupool_find(uint32_t id)
{
	struct cpupool *pool = cpupool_find_next(id);

	return pool && pool->id == id ? pool : NULL;
}

void cpupool_free_cpus(cpumask_t *out)
{
	unsigned int cpu;

	*out = (cpumask_t){ 0 };
	for_each_online_cpu(cpu)
		if (!per_cpu(run_queue, cpu).pool)
			cpumask_set(cpu, out);
}

/* Calls function for each vCPU of the pool until it returns something else than 0. */
static int for_each_vcpu_in(const struct cpupool *pool, int (*function)(struct vcpu *v, void *data),
			    void *data)
{
	struct domain *d;
	domid_t next = 0;
	int rc = 0;

	while (!rc && (d = domain_get_next(next)) != NULL) {
		struct vcpu *v;

		next = d->domain_id + 1;
		if (d->cpupool == pool) {
			for_each_vcpu(d, v) {
				rc = function(v, data);
				if (rc)
					break;
			}
		}
		domain_put(d);
	}
	return rc;
}

static int update_vcpu(struct vcpu *v, void *data)
{
	(void)data;
	sched_update_allowed(v);
	return 0;
}

/* With none of its CPUs left in the pool, an affinity is given up. */
static int leave_cpu(struct vcpu *v, void *data)
{
	const struct cpupool *pool = data;

	if (!cpumask_intersects(&v->sched.hard_affinity, &pool->cpus)) {
		guest_log(v->domain, LOG_INFO, "vCPU %u loses its affinity with its CPU",
			  v->vcpu_id);
		memset(&v->sched.hard_affinity, 0xff, sizeof(v->sched.hard_affinity));
	}
	sched_update_allowed(v);
	return 0;
}

static int check_confined(struct vcpu *v, void *data)
{
	const unsigned int *cpu = data;

	return v->sched.override && cpumask_test(*cpu, &v->sched.hard_affinity) ? -EADDRINUSE : 0;
}

static void set_policy(unsigned int cpu, struct cpupool *pool)
{
	struct run_queue *rq = &per_cpu(run_queue, cpu);
	unsigned long flags = spin_lock_irqsave(&rq->lock);

	rq->pool = pool;
	rq->policy = pool ? pool->policy : &sched_policy_none;
	rq->turn_end = INT64_MAX;
	rq->turn = rq->charged = now();
	rq->curr_weight = 0;
	rq->misplaced = false;
	cpumask_clear(cpu, &idle_cpus);
	spin_unlock_irqrestore(&rq->lock, flags);
	softirq_raise_cpu(cpu, SOFTIRQ_SCHEDULE);
}

static void add_cpu(struct cpupool *pool, unsigned int cpu)
{
	set_policy(cpu, pool);
	cpumask_set(cpu, &pool->cpus);
	(void)for_each_vcpu_in(pool, update_vcpu, NULL);
	if (pool->policy->cpu_added)
		pool->policy->cpu_added(cpu);
}

static void move_domain(struct domain *d, struct cpupool *to)
{
	struct cpupool *from = d->cpupool;
	struct vcpu *v;

	__atomic_fetch_add(&to->domains, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v)
		if (from->policy->remove)
			from->policy->remove(v);
	d->cpupool = to;
	for_each_vcpu(d, v) {
		sched_pin_override_end(v);
		sched_reset_affinity(v);
		sched_update_allowed(v);
	}
	__atomic_fetch_sub(&from->domains, 1, __ATOMIC_SEQ_CST);
}

/* Dying domains, which may linger, go to Pool-0; others keep the pool's last CPU in it. */
static int empty_pool(struct cpupool *pool)
{
	struct domain *d;
	domid_t next = 0;
	int rc = 0;

	while (!rc && (d = domain_get_next(next)) != NULL) {
		next = d->domain_id + 1;
		if (d->cpupool == pool && READ_ONCE(d->dying) == DOMDYING_ALIVE) {
			rc = -EBUSY;
		} else if (d->cpupool == pool) {
			domain_pause(d);
			move_domain(d, &pool0);
			domain_unpause(d);
		}
		domain_put(d);
	}
	if (!rc && __atomic_load_n(&pool->domains, __ATOMIC_SEQ_CST))
		rc = -EBUSY; /* one that is just being made */
	return rc;
}

static int remove_cpu(struct cpupool *pool, unsigned int cpu)
{
	int rc;

	if (!cpumask_test(cpu, &pool->cpus))
		return -EADDRNOTAVAIL;
	if (cpumask_weight(&pool->cpus) == 1) {
		rc = empty_pool(pool);
		if (rc)
			return rc;
	}
	rc = for_each_vcpu_in(pool, check_confined, &cpu);
	if (rc)
		return rc;
	cpumask_clear(cpu, &pool->cpus);
	(void)for_each_vcpu_in(pool, leave_cpu, pool);
	set_policy(cpu, NULL);
	return 0;
}

static int create(uint32_t *id, uint32_t policy_id, struct cpupool *fresh)
{
	struct cpupool **link = &pools;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policies) && policies[i]->id != policy_id; i++)
		;
	if (*id == CPUPOOL_ANY) {
		/* The lowest that is not taken. */
		for (*id = 0; *link && (*link)->id == *id; link = &(*link)->next)
			(*id)++;
	} else {
		while (*link && (*link)->id < *id)
			link = &(*link)->next;
		if (*link && (*link)->id == *id)
			return -EEXIST;
	}
	if (i == ARRAY_SIZE(policies))
		return -ENOENT;
	*fresh = (struct cpupool){ .id = *id, .policy = policies[i], .next = *link };
	*link = fresh;
	return 0;
}

static struct cpupool *unlink_unused(uint32_t id, int *rc)
{
	struct cpupool **link = &pools, *pool = cpupool_find(id);

	*rc = -ENOENT;
	if (!pool)
		return NULL;
	*rc = -EBUSY;
	if (pool == &pool0 || __atomic_load_n(&pool->domains, __ATOMIC_SEQ_CST) ||
	    cpumask_weight(&pool->cpus))
		return NULL;
	while (*link != pool)
		link = &(*link)->next;
	*link = pool->next;
	*rc = 0;
	return pool;
}

/* ---- operations ---- */

void sched_cpu_online(unsigned int cpu)
{
	cpupool_lock();
	add_cpu(&pool0, cpu);
	cpupool_unlock();
}

int cpupool_add_domain(struct domain *d, uint32_t id)
{
	struct cpupool *pool;
	int rc = 0;

	cpupool_lock();
	pool = cpupool_find(id);
	if (!pool) {
		rc = -ESRCH;
	} else if (!cpumask_weight(&pool->cpus)) {
		rc = -ENODEV;
	} else {
		__atomic_fetch_add(&pool->domains, 1, __ATOMIC_SEQ_CST);
		d->cpupool = pool;
	}
	cpupool_unlock();
	return rc;
}

uint32_t cpupool_of_domain(const struct domain *d)
{
	uint32_t id;

	cpupool_lock();
	id = d->cpupool->id;
	cpupool_unlock();
	return id;
}

void cpupool_remove_domain(struct domain *d)
{
	__atomic_fetch_sub(&d->cpupool->domains, 1, __ATOMIC_SEQ_CST);
}

int cpupool_create(uint32_t *id, uint32_t policy_id)
{
	struct cpupool *fresh = xzalloc(struct cpupool);
	int rc;

	if (!fresh)
		return -ENOMEM;
	cpupool_lock();
	rc = create(id, policy_id, fresh);
	cpupool_unlock();
	if (rc)
		xfree(fresh);
	return rc;
}

int cpupool_destroy(uint32_t id)
{
	struct cpupool *pool;
	int rc;

	cpupool_lock();
	pool = unlink_unused(id, &rc);
	cpupool_unlock();
	xfree(pool);
	return rc;
}

int cpupool_add_cpu(uint32_t id, uint32_t cpu)
{
	struct cpupool *pool;
	cpumask_t free_cpus;
	int rc = 0;

	cpupool_lock();
	pool = cpupool_find(id);
	cpupool_free_cpus(&free_cpus);
	if (!pool)
		rc = -ENOENT;
	else if (cpu == CPUPOOL_ANY && (cpu = cpumask_first(&free_cpus)) == NR_CPUS)
		rc = -ENODEV;
	else if (cpu >= nr_cpu_ids)
		rc = -EINVAL;
	else if (!cpumask_test(cpu, &free_cpus))
		rc = -ENODEV;
	else
		add_cpu(pool, cpu);
	cpupool_unlock();
	return rc;
}

/* The pool's last CPU, by number; nr_cpu_ids if it has none. */
static unsigned int last_cpu(const struct cpupool *pool)
{
	unsigned int cpu, last = nr_cpu_ids;

	for_each_cpu(cpu, &pool->cpus) last = cpu;
	return last;
}

int cpupool_remove_cpu(uint32_t id, uint32_t cpu)
{
	struct cpupool *pool;
	int rc;

	cpupool_lock();
	pool = cpupool_find(id);
	if (pool && cpu == CPUPOOL_ANY)
		cpu = last_cpu(pool);
	if (!pool)
		rc = -ENOENT;
	else if (cpu >= nr_cpu_ids || !cpumask_test(cpu, &cpu_online_map) ||
		 (pool == &pool0 && cpu == 0))
		rc = -EINVAL;
	else
		rc = remove_cpu(pool, cpu);
	cpupool_unlock();
	return rc;
}

int cpupool_move_domain(struct domain *d, uint32_t id)
{
	struct cpupool *pool;
	int rc = 0;

	domain_pause(d);
	cpupool_lock();
	pool = cpupool_find(id);
	if (!pool || !cpumask_weight(&pool->cpus))
		rc = -ENOENT;
	else if (pool != d->cpupool)
		move_domain(d, pool);
	cpupool_unlock();
	domain_unpause(d);
	return rc;
}
