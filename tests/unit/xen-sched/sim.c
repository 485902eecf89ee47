/* SPDX-License-Identifier: MIT */
/* The simulated machine: see sim.h. One thread plays all CPUs, one softirq run at a time. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "cpu/asm.h"
#include "cpu/remote.h"
#include "cpu/tlb.h"
#include "irq/lapic.h"
#include "lib/bitops.h"
#include "time/guest_area.h"

struct boot_options boot_options;
struct actor actors[SIM_ACTORS];
unsigned int actor_count, sim_switches;

static struct cpu_info cpus[HOST_CPUS];
static bool irqs_on[HOST_CPUS];
static s_time_t deadlines[HOST_CPUS];
static struct vcpu *loaded[HOST_CPUS];
static struct domain *domains[8];
static s_time_t clock;

/* ---- CPUs ---- */

void sim_on_cpu(unsigned int cpu)
{
	unsigned int old = host_cpu_info.cpu;

	cpus[old] = host_cpu_info;
	irqs_on[old] = host_irqs_on;
	host_cpu_info = cpus[cpu];
	host_irqs_on = irqs_on[cpu];
}

struct vcpu *sim_current(unsigned int cpu)
{
	unsigned int self = smp_processor_id();
	struct vcpu *v;

	sim_on_cpu(cpu);
	v = current;
	sim_on_cpu(self);
	return v;
}

s_time_t sim_timer(unsigned int cpu)
{
	return deadlines[cpu];
}

static void run_softirqs_of(unsigned int cpu)
{
	unsigned int self = smp_processor_id();

	sim_on_cpu(cpu);
	if (host_irqs_on)
		softirq_run();
	sim_on_cpu(self);
}

/* Who waits lets all CPUs work meanwhile, its own too: it is the test, not a vCPU there. */
void remote_serve(void)
{
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (softirq_pending(cpu))
			run_softirqs_of(cpu);
}

/* ---- what the scheduler calls ---- */

s_time_t now(void)
{
	return clock;
}

void lapic_timer_set(s_time_t deadline)
{
	deadlines[smp_processor_id()] = deadline;
}

void cpu_send_ipi(unsigned int cpu, uint8_t vector)
{
	assert_int_equal(vector, VECTOR_RESCHEDULE);
	assert_true(cpu < nr_cpu_ids);
}

static void replace_loaded(struct vcpu *next)
{
	unsigned int cpu = smp_processor_id();
	struct vcpu *v = loaded[cpu];

	loaded[cpu] = next;
	sim_switches++;
	if (!v)
		return;
	assert_int_equal(v->processor, cpu);
	assert_int_not_equal(v->sched.running, RUN_NOT);
	sched_context_saved(v);
}

void context_unload_wanted(void)
{
	struct vcpu *v = loaded[smp_processor_id()];

	assert_false(host_irqs_on);
	if (v && v->sched.running == RUN_WANTED)
		replace_loaded(NULL);
}

/* Returns, unlike the real one. */
void context_switch(struct vcpu *prev, struct vcpu *next)
{
	unsigned int cpu = smp_processor_id();

	assert_false(host_irqs_on);
	assert_ptr_equal(prev, current);
	assert_ptr_not_equal(prev, next);
	assert_int_not_equal(next->sched.running, RUN_NOT);
	assert_int_equal(next->processor, cpu);
	current = next;
	if (is_idle_vcpu(next))
		context_unload_wanted();
	else if (loaded[cpu] != next)
		replace_loaded(next);
	host_irqs_on = true;
}

bool guest_area_write(struct vcpu *v, void *va, const void *src, size_t len)
{
	(void)v, (void)va, (void)src, (void)len;
	return true;
}

bool evtchn_poll_end(struct vcpu *v)
{
	(void)v;
	return false;
}

void vcpu_poll_expired(void *v)
{
	(void)v;
}

void watchdog_destroy(struct vcpu *v)
{
	(void)v;
}

void domain_pause(struct domain *d)
{
	struct vcpu *v;

	d->pause_count++;
	for_each_vcpu(d, v) {
		vcpu_sleep_sync(v);
		assert_int_equal(v->sched.running, RUN_NOT);
	}
}

void domain_unpause(struct domain *d)
{
	struct vcpu *v;

	if (--d->pause_count == 0)
		for_each_vcpu(d, v)
			vcpu_wake(v);
}

/* ---- invariants ---- */

static void check_vcpu(const struct vcpu *v)
{
	const struct run_queue *rq = &per_cpu(run_queue, v->processor);
	const struct cpupool *pool = v->domain->cpupool;
	unsigned int cpu, here = 0, held = 0;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		here += sim_current(cpu) == v;
		held += loaded[cpu] == v;
	}
	assert_in_range(here, 0, 1);
	assert_int_equal(held, v->sched.running != RUN_NOT);
	assert_true(!held || loaded[v->processor] == v);
	assert_true(cpumask_subset(&v->sched.cpus, &v->sched.allowed));
	assert_true(cpumask_subset(&v->sched.allowed, &pool->cpus));
	if (here) {
		assert_ptr_equal(sim_current(v->processor), v);
		assert_ptr_equal(rq->curr, v);
		assert_int_equal(v->runstate.state, RUNSTATE_running);
		assert_true(vcpu_runnable(v) && !v->sched.queued);
	}
	if (here || v->sched.queued) {
		assert_true(vcpu_runnable(v));
		assert_ptr_equal(rq->pool, pool);
		assert_true(may_run_on(v, v->processor));
	}
	/* No wake-up is lost; only under the null policy a vCPU may have to wait for a CPU. */
	if (vcpu_runnable(v) && !here && !v->sched.queued) {
		assert_ptr_equal(pool->policy, &sched_policy_null);
		assert_false(list_empty(&v->sched.unplaced));
		for_each_cpu(cpu, &v->sched.allowed)
			assert_non_null(per_cpu(run_queue, cpu).assigned);
	}
	if (vcpu_runnable(v) && !here)
		assert_int_equal(v->runstate.state, RUNSTATE_runnable);
}

static void check_cpu(unsigned int cpu)
{
	const struct run_queue *rq = &per_cpu(run_queue, cpu);
	unsigned int length = 0, weight = 0;
	const struct tree_node *node;
	s_time_t last = INT64_MIN;

	assert_false(spin_is_locked(&rq->lock));
	assert_ptr_equal(rq->curr, sim_current(cpu));
	for (node = tree_first(&rq->queue); node; node = tree_next(node)) {
		const struct vcpu *v = container_of(node, struct vcpu, sched.node);

		assert_true(v->sched.queued && node->key >= last);
		assert_int_equal(v->processor, cpu);
		last = node->key;
		length++;
		weight += v->sched.weight;
		/* Nobody waits while a CPU where it could run idles. */
		assert_false(cpumask_intersects(&idle_cpus, &v->sched.cpus));
	}
	assert_int_equal(rq->length, length);
	assert_int_equal(rq->weight, weight);
	if (rq->pool && rq->pool->policy == &sched_policy_fair) {
		assert_int_equal(cpumask_test(cpu, &idle_cpus), rq->curr == rq->idle);
		assert_true(!length || rq->curr != rq->idle);
		assert_int_equal(rq->curr_weight,
				 rq->curr == rq->idle ? 0 : rq->curr->sched.weight);
		if (length)
			assert_true(sim_timer(cpu) != 0);
	} else {
		assert_false(length || cpumask_test(cpu, &idle_cpus));
	}
}

void sim_settle(void)
{
	unsigned int self = smp_processor_id();
	bool busy = true;

	for (unsigned int rounds = 0; busy; rounds++) {
		assert_in_range(rounds, 0, 1000);
		busy = false;
		for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
			if (!softirq_pending(cpu))
				continue;
			run_softirqs_of(cpu);
			busy = true;
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++)
		for (unsigned int j = 0; domains[i] && j < domains[i]->max_vcpus; j++)
			check_vcpu(domains[i]->vcpu[j]);
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		check_cpu(cpu);
	sim_on_cpu(self);
}

/* ---- time ---- */

static bool is_on_cpu(const struct actor *a)
{
	return sim_current(a->v->processor) == a->v;
}

static s_time_t next_event(s_time_t end)
{
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (deadlines[cpu])
			end = min(end, deadlines[cpu]);
	for (unsigned int i = 0; i < actor_count; i++) {
		if (actors[i].wake_at)
			end = min(end, actors[i].wake_at);
		if (actors[i].burst && is_on_cpu(&actors[i]))
			end = min(end, clock + actors[i].left);
	}
	return max(end, clock);
}

static void advance(s_time_t t)
{
	for (unsigned int i = 0; i < actor_count; i++) {
		struct actor *a = &actors[i];

		if (!is_on_cpu(a))
			continue;
		a->ran += t - clock;
		a->ran_on[a->v->processor] += t - clock;
		a->left -= t - clock;
	}
	clock = t;
}

/* Its burst is over: it sleeps or yields. */
static void end_burst(struct actor *a)
{
	unsigned int self = smp_processor_id();

	sim_on_cpu(a->v->processor);
	if (a->pause) {
		set_bit(VPF_BLOCKED, &a->v->pause_flags);
		a->wake_at = clock + a->pause;
	} else {
		a->v->sched.yielded = true;
		a->left = a->burst;
	}
	softirq_raise(SOFTIRQ_SCHEDULE);
	sim_on_cpu(self);
}

static void fire_timers(void)
{
	unsigned int self = smp_processor_id();

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (!deadlines[cpu] || deadlines[cpu] > clock)
			continue;
		sim_on_cpu(cpu);
		deadlines[cpu] = 0;
		timer_interrupt();
		sim_on_cpu(self);
	}
}

static void act(struct actor *a)
{
	if (a->wake_at && a->wake_at <= clock) {
		a->wake_at = 0;
		a->left = a->burst;
		a->woken = clock;
		vcpu_unblock(a->v);
	} else if (a->burst && is_on_cpu(a) && a->left <= 0) {
		end_burst(a);
	}
}

void sim_run(s_time_t duration)
{
	s_time_t end = clock + duration;

	sim_settle();
	while (clock < end) {
		advance(next_event(end));
		fire_timers();
		for (unsigned int i = 0; i < actor_count; i++)
			act(&actors[i]);
		sim_settle();
		for (unsigned int i = 0; i < actor_count; i++) {
			struct actor *a = &actors[i];

			if (!a->woken)
				continue;
			a->waited = max(a->waited, clock - a->woken);
			if (is_on_cpu(a))
				a->woken = 0;
		}
	}
}

void sim_reset_counts(void)
{
	for (unsigned int i = 0; i < actor_count; i++) {
		actors[i].ran = actors[i].waited = 0;
		memset(actors[i].ran_on, 0, sizeof(actors[i].ran_on));
	}
}

/* ---- domains ---- */

struct domain *sim_domain(unsigned int vcpus, uint32_t pool)
{
	domid_t id = 1;
	struct domain *d;

	while (id < ARRAY_SIZE(domains) && domains[id])
		id++;
	assert_true(id < ARRAY_SIZE(domains));
	d = host_domain_new(id, vcpus, false);
	assert_int_equal(cpupool_add_domain(d, pool), 0);
	for (unsigned int i = 0; i < vcpus; i++) {
		d->vcpu[i]->pause_flags = BIT(VPF_DOWN);
		sched_init_vcpu(d->vcpu[i]);
		sched_vcpu_created(d->vcpu[i]);
	}
	domains[id] = d;
	return d;
}

void sim_domain_end(struct domain *d)
{
	unsigned int i, kept = 0;
	struct vcpu *v;

	domain_pause(d);
	sim_settle();
	for (i = 0; i < actor_count; i++)
		if (actors[i].v->domain != d)
			actors[kept++] = actors[i];
	actor_count = kept;
	domains[d->domain_id] = NULL;
	for (i = d->max_vcpus; i-- > 0;) {
		v = d->vcpu[i];
		sched_destroy_vcpu(v);
	}
	cpupool_remove_domain(d);
	assert_int_equal(d->refcount, 1);
	host_domain_free(d);
}

struct actor *sim_actor(struct vcpu *v, s_time_t burst, s_time_t pause)
{
	struct actor *a = &actors[actor_count++];

	assert_in_range(actor_count, 0, SIM_ACTORS);
	*a = (struct actor){ .v = v, .burst = burst, .pause = pause, .left = burst };
	clear_bit(VPF_DOWN, &v->pause_flags);
	vcpu_wake(v);
	return a;
}

struct actor *sim_hog(unsigned int weight)
{
	struct domain *d = sim_domain(1, 0);

	assert_int_equal(sched_set_params(d, weight, 0), 0);
	return sim_actor(d->vcpu[0], 0, 0);
}

void sim_pin(struct vcpu *v, unsigned long hard, unsigned long soft)
{
	cpumask_t hard_mask = { { hard } }, soft_mask = { { soft } };

	assert_int_equal(sched_set_affinity(v, hard ? &hard_mask : NULL, soft ? &soft_mask : NULL),
			 0);
}

/* ---- the machine ---- */

void sim_start(unsigned int count, const char *policy)
{
	clock = SECONDS(1);
	actor_count = sim_switches = 0;
	idle_domain = NULL;
	nr_cpu_ids = count;
	cpu_online_map = (cpumask_t){ { (1ul << count) - 1 } };
	idle_cpus = (cpumask_t){ 0 };
	snprintf(boot_options.sched, sizeof(boot_options.sched), "%s", policy);
	memset(deadlines, 0, sizeof(deadlines));
	memset(loaded, 0, sizeof(loaded));
	for (unsigned int cpu = 0; cpu < count; cpu++) {
		cpus[cpu] = (struct cpu_info){ .cpu = cpu };
		irqs_on[cpu] = true;
	}
	host_cpu_info = cpus[0];
	host_irqs_on = true;
	timer_subsys_init();
	sched_init();
	for (unsigned int cpu = 1; cpu < count; cpu++) {
		assert_int_equal(sched_init_cpu(cpu), 0);
		timer_init_cpu(cpu);
		sched_cpu_online(cpu);
		sim_on_cpu(cpu);
		current = sched_idle_vcpu(cpu);
		sim_on_cpu(0);
	}
	sim_settle();
}

void sim_end(void)
{
	sim_on_cpu(0);
	for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++)
		if (domains[i])
			sim_domain_end(domains[i]);
	sim_settle();
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		assert_ptr_equal(sim_current(cpu), sched_idle_vcpu(cpu));
		free(sched_idle_vcpu(cpu));
	}
	free(idle_domain);
}
