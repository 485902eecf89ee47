/* SPDX-License-Identifier: MIT */
#include "ops/debug_keys.h"

#include "console/console.h"
#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/cpumask.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"
#include "irq/acpi.h"
#include "mm/buddy.h"
#include "sched/sched.h"
#include "time/time.h"

static void each_domain(void (*dump)(struct domain *d))
{
	struct domain *d;
	domid_t id = 0;

	while ((d = domain_get_next(id)) != NULL) {
		id = d->domain_id + 1;
		dump(d);
		domain_put(d);
	}
}

static void dump_domain(struct domain *d)
{
	struct vcpu *v;

	pr_info("d%u: %lu of %lu pages, refcount %u, paused %u, dying %d, shutdown code %d\n",
		d->domain_id, (unsigned long)d->tot_pages, (unsigned long)d->max_pages, d->refcount,
		d->pause_count, d->dying, (int)d->shutdown_code);
	for_each_vcpu(d, v)
		pr_info("  v%u: CPU %u, flags %#lx, paused %u, %s, events %s%s\n", v->vcpu_id,
			v->processor, v->pause_flags, v->pause_count,
			vcpu_is_running(v) ? "running" : "not running",
			v->vcpu_info->evtchn_upcall_pending ? "pending" : "none",
			v->vcpu_info->evtchn_upcall_mask ? ", masked" : "");
}

static void key_domains(void)
{
	each_domain(dump_domain);
}

static void key_events(void)
{
	each_domain(evtchn_dump);
}

static void key_grants(void)
{
	each_domain(grant_dump);
}

static void key_memory(void)
{
	pr_info("%lu of %lu frames are free\n", (unsigned long)free_frame_count(),
		(unsigned long)total_frame_count());
}

static void key_time(void)
{
	unsigned int cpu;

	pr_info("System time %ld ns, TSC %u kHz\n", (long)now(), tsc_khz);
	for_each_online_cpu(cpu)
		pr_info("  CPU %u: idle for %ld ns\n", cpu, (long)cpu_idle_time(cpu));
}

#ifdef DEBUG
/* For the watchdog's test. */
static void key_hang(void)
{
	irq_disable();
	for (;;)
		cpu_relax();
}
#endif

static void key_help(void);

static const struct {
	char key;
	const char *what;
	void (*action)(void);
} keys[] = {
	{ 'e', "event channels", key_events },
	{ 'g', "grant tables", key_grants },
	{ 'h', "this list", key_help },
	{ 'm', "memory", key_memory },
	{ 'q', "domains and vCPUs", key_domains },
	{ 't', "time", key_time },
#ifdef DEBUG
	{ 'H', "hang this CPU", key_hang },
#endif
	{ 'R', "restart the machine", machine_restart },
};

static void key_help(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		pr_info("key '%c': %s\n", keys[i].key, keys[i].what);
}

void debug_key(char key)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].key == key)
			keys[i].action();
	}
}
