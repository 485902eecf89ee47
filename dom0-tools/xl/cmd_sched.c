/* SPDX-License-Identifier: MIT */
/*
 * xl sched-credit2: weights and caps of domains, and the time slice limit of CPU pools. The other
 * sched- commands are for schedulers that are not managed here, and say so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/cpupool.h"
#include "dom0-tools/xl/domain_config.h"
#include "dom0-tools/xl/placement.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/units.h"

struct options {
	const char *domain, *weight, *cap, *pool, *ratelimit;
	bool pools; /* -s: about pools, not domains */
};

static void print_header(void)
{
	printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
}

static void print_domain(struct control *control, uint32_t domid,
			 const struct xen_domctl_sched_credit2 *shares)
{
	char *name = control_domain_name(control, domid);

	printf("%-33s %4u %6u %4u\n", name ? name : "", domid, shares->weight, shares->cap);
	free(name);
}

/* Domains of the pool. One that ends meanwhile is left out. */
static bool print_domains(struct control *control, const struct cpupool *pool)
{
	struct xen_domctl_sched_credit2 shares = { 0 };
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos), i;

	if (count < 0)
		report_error("cannot list the domains: %s", error_text(count));
	if (count >= 0)
		print_header();
	for (i = 0; i < count; i++) {
		if (infos[i].cpupool == pool->id &&
		    dom_get_sched(control->fd, infos[i].domain, pool->sched_id, &shares) == 0)
			print_domain(control, infos[i].domain, &shares);
	}
	free(infos);
	return count >= 0;
}

static bool print_pool(struct control *control, const struct cpupool *pool, bool domains)
{
	uint32_t us;
	int ret = cpupool_get_ratelimit(control->fd, pool->id, &us);

	if (ret < 0) {
		report_error("CPU pool %s: cannot read its parameters: %s", pool->name,
			     error_text(ret));
		return false;
	}
	printf("Cpupool %s: ratelimit=%uus\n", pool->name, us);
	return !domains || print_domains(control, pool);
}

/* Pools with another scheduler have nothing to show, as xl has it. */
static bool print_pools(struct control *control, const struct options *options)
{
	struct cpupool *pools = NULL, one;
	size_t count = 0, i;
	bool ok = true;

	if (options->pool) {
		if (!cpupool_find(control, options->pool, &one))
			return false;
		if (one.sched_id == XEN_SCHEDULER_CREDIT2)
			ok = print_pool(control, &one, !options->pools);
		free(one.name);
		return ok;
	}
	if (!cpupool_list(control, &pools, &count))
		return false;
	for (i = 0; i < count; i++) {
		if (pools[i].sched_id == XEN_SCHEDULER_CREDIT2)
			ok &= print_pool(control, &pools[i], !options->pools);
	}
	cpupool_free_list(pools, count);
	return ok;
}

static bool set_ratelimit(struct control *control, const struct options *options)
{
	struct cpupool pool;
	int64_t us;
	int ret;

	if (!parse_integer(options->ratelimit, &us) ||
	    (us != 0 &&
	     (us < XEN_SYSCTL_SCHED_RATELIMIT_MIN || us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))) {
		report_error("ratelimit %s is out of range: give %d to %d microseconds, or 0 for "
			     "none",
			     options->ratelimit, XEN_SYSCTL_SCHED_RATELIMIT_MIN,
			     XEN_SYSCTL_SCHED_RATELIMIT_MAX);
		return false;
	}
	if (!cpupool_find(control, options->pool ? options->pool : "0", &pool))
		return false;
	ret = pool.sched_id == XEN_SCHEDULER_CREDIT2
		      ? cpupool_set_ratelimit(control->fd, pool.id, (uint32_t)us)
		      : -EINVAL;
	if (pool.sched_id != XEN_SCHEDULER_CREDIT2)
		report_error("CPU pool %s: its scheduler is %s, which has no ratelimit; choose "
			     "another pool with -p",
			     pool.name, sched_name(pool.sched_id));
	else if (ret < 0)
		report_error("CPU pool %s: cannot set its ratelimit: %s", pool.name,
			     error_text(ret));
	free(pool.name);
	return ret == 0;
}

/* text, if any, as a number from min to max into *value. */
static bool parse_share(const char *name, const char *what, const char *text, uint32_t min,
			uint32_t max, uint16_t *value)
{
	int64_t number;

	if (!text)
		return true;
	if (!parse_integer(text, &number) || number < min || number > max) {
		report_error("%s: %s %s is out of range; give %u to %u", name, what, text, min,
			     max);
		return false;
	}
	*value = (uint16_t)number;
	return true;
}

/* What a cap may be goes up to UINT16_MAX on the wire. */
static uint32_t cap_limit(const struct xen_domctl_getdomaininfo *info)
{
	return (info->max_vcpu_id + 1) * CPU_CAP_PER_VCPU;
}

static bool set_shares(struct control *control, const struct options *options, const char *name,
		       const struct xen_domctl_getdomaininfo *info,
		       struct xen_domctl_sched_credit2 *shares)
{
	int ret;

	if (!parse_share(name, "weight", options->weight, 1, CPU_WEIGHT_MAX, &shares->weight) ||
	    !parse_share(name, "cap", options->cap, 0, cap_limit(info), &shares->cap))
		return false;
	ret = dom_set_sched(control->fd, info->domain, XEN_SCHEDULER_CREDIT2, shares);
	if (ret < 0) {
		report_error("%s: cannot set its weight and cap: %s", name, error_text(ret));
		return false;
	}
	placement_remember(control, info->domain);
	return true;
}

static bool run_domain(struct control *control, const struct options *options)
{
	struct xen_domctl_sched_credit2 shares = { 0 };
	struct xen_domctl_getdomaininfo info;
	struct cpupool pool;
	uint32_t domid;
	bool ok = false;
	char *name;
	int ret;

	if (!control_find(control, options->domain, &domid) ||
	    !cpupool_of_domain(control, domid, &pool))
		return false;
	name = control_describe(control, domid);
	ret = dom_getinfo(control->fd, domid, &info);
	if (ret == 0)
		ret = dom_get_sched(control->fd, domid, XEN_SCHEDULER_CREDIT2, &shares);
	if (pool.sched_id != XEN_SCHEDULER_CREDIT2) {
		report_error("%s: the scheduler of its CPU pool %s is %s, not credit2", name,
			     pool.name, sched_name(pool.sched_id));
	} else if (ret < 0) {
		report_error("%s: cannot read its weight and cap: %s", name, error_text(ret));
	} else if (options->weight || options->cap) {
		ok = set_shares(control, options, name, &info, &shares);
	} else {
		print_header();
		print_domain(control, domid, &shares);
		ok = true;
	}
	free(pool.name);
	free(name);
	return ok;
}

static bool check_options(const struct options *options)
{
	const char *wrong = NULL;

	if (!options->domain && (options->weight || options->cap))
		wrong = "-w and -c need a domain: -d DOMAIN";
	else if (options->domain && options->pool)
		wrong = "-d and -p exclude each other: a domain is in one pool";
	else if (options->pools && options->domain)
		wrong = "-s and -d exclude each other: -s is about CPU pools";
	else if (options->ratelimit && !options->pools)
		wrong = "-r is a parameter of CPU pools: give -s too";
	if (wrong)
		report_error("sched-credit2: %s", wrong);
	return !wrong;
}

static bool run(struct control *control, const struct options *options)
{
	if (options->ratelimit)
		return set_ratelimit(control, options);
	return options->domain ? run_domain(control, options) : print_pools(control, options);
}

int cmd_sched_credit2(int argc, char **argv)
{
	static const struct option long_options[] = { { "domain", required_argument, NULL, 'd' },
						      { "weight", required_argument, NULL, 'w' },
						      { "cap", required_argument, NULL, 'c' },
						      { "schedparam", no_argument, NULL, 's' },
						      { "ratelimit_us", required_argument, NULL,
							'r' },
						      { "cpupool", required_argument, NULL, 'p' },
						      { 0 } };
	struct options options = { 0 };
	struct control control;
	int option, status = 0;
	bool ok;

	while ((option = command_option(argc, argv, "d:w:c:p:r:s", long_options, 0, 0, &status)) !=
	       -1) {
		if (option == COMMAND_DONE)
			return status;
		options.domain = option == 'd' ? optarg : options.domain;
		options.weight = option == 'w' ? optarg : options.weight;
		options.cap = option == 'c' ? optarg : options.cap;
		options.pool = option == 'p' ? optarg : options.pool;
		options.ratelimit = option == 'r' ? optarg : options.ratelimit;
		options.pools |= option == 's';
	}
	if (!check_options(&options) || !control_open(&control))
		return 1;
	ok = run(&control, &options);
	control_close(&control);
	return ok ? 0 : 1;
}

/* Whatever the options: the hypervisor's scheduler is another one. */
int cmd_sched_other(int argc, char **argv)
{
	struct control control;
	struct cpupool pool;

	(void)argc;
	if (!control_open(&control))
		return 1;
	if (cpupool_get(&control, 0, &pool) == 0) {
		report_error("%s: the scheduler of CPU pool %s is %s; xl sched-credit2 shows and "
			     "sets weights and caps",
			     argv[0], pool.name, sched_name(pool.sched_id));
		free(pool.name);
	} else {
		report_error("%s: only xl sched-credit2 is supported", argv[0]);
	}
	control_close(&control);
	return 1;
}
