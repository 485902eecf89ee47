/* SPDX-License-Identifier: MIT */
/*
 * Placement of domains; see placement.h. What a configuration does not mention is left to the
 * hypervisor and costs no hypercall.
 */
#include "dom0-tools/xl/placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/cpupool.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/saved_config.h"

#define BOTH_AFFINITIES (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)

bool host_cpus_read(struct control *control, struct host_cpus *host)
{
	struct xen_sysctl_cputopo *cpus = calloc(CPU_MAP_CPUS, sizeof(*cpus));
	int count = cpus ? host_cpu_topology(control->fd, cpus, CPU_MAP_CPUS) : -ENOMEM, i;

	memset(host, 0, sizeof(*host));
	if (count <= 0) {
		report_error("the hypervisor does not tell which CPUs there are: %s",
			     count < 0 ? error_text(count) : "none");
		free(cpus);
		return false;
	}
	host->count = (unsigned int)count;
	host->nodes = 1;
	for (i = 0; i < count; i++) {
		/* Of a lone CPU Xen knows neither core nor socket, but the node. */
		if (cpus[i].core == XEN_INVALID_CORE_ID &&
		    cpus[i].socket == XEN_INVALID_SOCKET_ID && cpus[i].node == XEN_INVALID_NODE_ID)
			continue;
		cpu_set_add(&host->online, (unsigned int)i);
		host->node[i] = cpus[i].node == XEN_INVALID_NODE_ID ? 0 : cpus[i].node;
		if (host->node[i] >= host->nodes)
			host->nodes = host->node[i] + 1;
	}
	free(cpus);
	return true;
}

/* One list of the configuration; pool NULL: it need not meet the pool's CPUs. */
static bool check_list(const struct domain_config *config, const char *key, const char *text,
		       const struct host_cpus *host, const struct cpupool *pool)
{
	char error[CPU_LIST_ERROR_MAX], *cpus;
	struct cpu_set set;

	if (!text)
		return true;
	if (!cpu_list_parse(text, host, &set, error)) {
		report_error("%s: %s: %s", config->name, key, error);
		return false;
	}
	if (!pool || cpu_set_intersects(&set, &pool->cpus))
		return true;
	cpus = cpupool_describe_cpus(&pool->cpus);
	report_error("%s: %s: none of CPUs %s is in pool %s, which has %s; change cpus= or pool=",
		     config->name, key, text, pool->name, cpus ? cpus : "others");
	free(cpus);
	return false;
}

static bool check_lists(struct control *control, const struct domain_config *config,
			const struct cpupool *pool)
{
	struct host_cpus host;
	bool ok = true;
	uint32_t i;

	if (config->cpus.count == 0 && config->cpus_soft.count == 0)
		return true;
	if (!host_cpus_read(control, &host))
		return false;
	for (i = 0; i < config->cpus.count && i < config->max_vcpus; i++)
		ok &= check_list(config, "cpus", config->cpus.items[i], &host, pool);
	for (i = 0; i < config->cpus_soft.count && i < config->max_vcpus; i++)
		ok &= check_list(config, "cpus_soft", config->cpus_soft.items[i], &host, NULL);
	return ok;
}

static bool check_pool(const struct domain_config *config, const struct cpupool *pool)
{
	if (cpu_set_count(&pool->cpus) == 0) {
		report_error("%s: CPU pool %s has no CPU; add one with xl cpupool-cpu-add",
			     config->name, pool->name);
		return false;
	}
	if ((config->cpu_weight || config->cap) && !sched_has_shares(pool->sched_id)) {
		report_error("%s: the scheduler of CPU pool %s, %s, knows no weights and caps; "
			     "remove cpu_weight= and cap=, or change pool=",
			     config->name, pool->name, sched_name(pool->sched_id));
		return false;
	}
	return true;
}

bool placement_check(struct control *control, const struct domain_config *config, uint32_t *pool)
{
	struct cpupool found;
	bool ok;

	*pool = 0;
	if (!config->pool && config->cpus.count == 0 && config->cpus_soft.count == 0 &&
	    !config->cpu_weight && !config->cap)
		return true;
	if (!cpupool_find(control, config->pool ? config->pool : "0", &found))
		return false;
	*pool = found.id;
	ok = check_pool(config, &found) && check_lists(control, config, &found);
	free(found.name);
	return ok;
}

struct affinity *placement_affinities(struct control *control, const char *name, uint32_t domid,
				      uint32_t count, const struct host_cpus *host)
{
	struct affinity *list = calloc(count, sizeof(*list));
	int ret = list ? 0 : -ENOMEM;
	uint32_t i;

	for (i = 0; i < count && ret == 0; i++)
		ret = dom_get_vcpu_affinity(control->fd, domid, i, BOTH_AFFINITIES,
					    list[i].hard.bits, list[i].soft.bits, host->count);
	if (ret == 0)
		return list;
	report_error("%s: cannot read the affinity of its vCPUs: %s", name, error_text(ret));
	free(list);
	return NULL;
}

int placement_pin(struct control *control, uint32_t domid, uint32_t vcpu, uint32_t flags,
		  const struct affinity *affinity, const struct host_cpus *host, bool *unreachable)
{
	/* The hypervisor answers with what can be used of them. */
	struct affinity usable = *affinity;
	int ret = dom_set_vcpu_affinity(control->fd, domid, vcpu, flags, usable.hard.bits,
					usable.soft.bits, host->count);

	if (ret == 0 && (flags & XEN_VCPUAFFINITY_SOFT) && cpu_set_count(&usable.soft) == 0)
		*unreachable = true;
	return ret;
}

static bool apply_affinity(struct control *control, const struct domain_config *config,
			   uint32_t domid, uint32_t vcpu, const struct host_cpus *host,
			   bool *unreachable)
{
	const char *hard = cpu_lists_get(&config->cpus, vcpu);
	const char *soft = cpu_lists_get(&config->cpus_soft, vcpu);
	uint32_t flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) | (soft ? XEN_VCPUAFFINITY_SOFT : 0);
	char error[CPU_LIST_ERROR_MAX];
	struct affinity affinity = { { { 0 } }, { { 0 } } };
	int ret;

	if (!flags)
		return true;
	if ((hard && !cpu_list_parse(hard, host, &affinity.hard, error)) ||
	    (soft && !cpu_list_parse(soft, host, &affinity.soft, error))) {
		report_error("%s: vCPU %u: %s", config->name, vcpu, error);
		return false;
	}
	ret = placement_pin(control, domid, vcpu, flags, &affinity, host, unreachable);
	if (ret < 0)
		report_error("%s: cannot let vCPU %u run on CPUs %s: %s; change cpus=",
			     config->name, vcpu, hard ? hard : soft, error_text(ret));
	return ret == 0;
}

static bool apply_shares(struct control *control, const struct domain_config *config,
			 uint32_t domid)
{
	struct xen_domctl_sched_credit2 shares = { .weight = (uint16_t)config->cpu_weight,
						   .cap = (uint16_t)config->cap };
	struct cpupool pool;
	int ret;

	if (!config->cpu_weight && !config->cap)
		return true;
	if (!cpupool_of_domain(control, domid, &pool))
		return false;
	free(pool.name);
	if (!shares.weight) {
		struct xen_domctl_sched_credit2 now;

		ret = dom_get_sched(control->fd, domid, pool.sched_id, &now);
		shares.weight = now.weight;
	} else {
		ret = 0;
	}
	if (ret == 0)
		ret = dom_set_sched(control->fd, domid, pool.sched_id, &shares);
	if (ret < 0)
		report_error("%s: cannot set cpu_weight and cap: %s", config->name,
			     error_text(ret));
	return ret == 0;
}

bool placement_apply(struct control *control, const struct domain_config *config, uint32_t domid)
{
	struct host_cpus host;
	bool ok = apply_shares(control, config, domid), unreachable = false;
	uint32_t i;

	if (!ok || (config->cpus.count == 0 && config->cpus_soft.count == 0))
		return ok;
	ok = host_cpus_read(control, &host);
	for (i = 0; i < config->max_vcpus && ok; i++)
		ok = apply_affinity(control, config, domid, i, &host, &unreachable);
	if (ok && unreachable)
		report_note("%s: cpus_soft does nothing for vCPUs that may use none of its CPUs",
			    config->name);
	return ok;
}

/* --- What is kept --- */

/* What is in force, to be put into a configuration. */
struct state {
	const struct affinity *affinities;
	uint32_t count;
	const struct host_cpus *host;
	const struct cpupool *pool;
	struct xen_domctl_sched_credit2 shares; /* weight 0: not known */
	bool failed;
};

/* Lists with one item a vCPU; none at all when every vCPU may use every CPU. */
static bool lists_from(struct cpu_lists *lists, const struct state *state, bool soft)
{
	bool all = true;
	uint32_t i;

	cpu_lists_free(lists);
	lists->items = calloc(state->count, sizeof(*lists->items));
	for (i = 0; i < state->count && lists->items; i++) {
		const struct affinity *affinity = &state->affinities[i];

		lists->items[i] = cpu_list_format(soft ? &affinity->soft : &affinity->hard,
						  state->host->count);
		if (!lists->items[i])
			break;
		lists->count++;
		all &= strcmp(lists->items[i], "all") == 0;
	}
	if (!lists->items || i < state->count)
		return false;
	if (all)
		cpu_lists_free(lists);
	return true;
}

static void change(struct domain_config *config, void *arg)
{
	struct state *state = arg;

	if (!lists_from(&config->cpus, state, false) ||
	    !lists_from(&config->cpus_soft, state, true))
		state->failed = true;
	if (state->shares.weight) {
		config->cpu_weight = state->shares.weight;
		config->cap = state->shares.cap;
	}
	free(config->pool);
	config->pool = state->pool->id ? strdup(state->pool->name) : NULL;
	if (state->pool->id && !config->pool)
		state->failed = true;
}

static void tell(struct control *control, uint32_t domid, int ret)
{
	char *name;

	if (ret == 0 || ret == -ENOENT)
		return;
	name = control_describe(control, domid);
	report_note("%s: the change holds only until its restart: its configuration in %s cannot "
		    "be changed: %s",
		    name ? name : "the domain", saved_config_dir, error_text(ret));
	free(name);
}

void placement_remember(struct control *control, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;
	struct affinity *affinities;
	struct host_cpus host;
	struct cpupool pool;
	struct state state;
	int ret;

	if (dom_getinfo(control->fd, domid, &info) < 0 ||
	    saved_config_state(info.handle) == SAVED_NONE || !host_cpus_read(control, &host))
		return;
	if (!cpupool_of_domain(control, domid, &pool))
		return;
	affinities =
		placement_affinities(control, "the domain", domid, info.max_vcpu_id + 1, &host);
	if (affinities) {
		state = (struct state){ .affinities = affinities,
					.count = info.max_vcpu_id + 1,
					.host = &host,
					.pool = &pool };
		if (dom_get_sched(control->fd, domid, pool.sched_id, &state.shares) < 0)
			state.shares.weight = 0;
		ret = saved_config_change(info.handle, change, &state);
		tell(control, domid, state.failed ? -ENOMEM : ret);
	}
	free(affinities);
	free(pool.name);
}

static void change_vcpus(struct domain_config *config, void *arg)
{
	const uint32_t *vcpus = arg;

	if (*vcpus <= config->max_vcpus)
		config->vcpus = *vcpus;
}

void placement_remember_vcpus(struct control *control, uint32_t domid, uint32_t vcpus)
{
	struct xen_domctl_getdomaininfo info;

	if (dom_getinfo(control->fd, domid, &info) == 0)
		tell(control, domid, saved_config_change(info.handle, change_vcpus, &vcpus));
}
