/* SPDX-License-Identifier: MIT */
/*
 * xl vcpu-pin: on which CPUs a vCPU may run (hard affinity) and should run (soft affinity).
 * Everything is checked before the first vCPU changes; when one cannot, those before it get back
 * what they had.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/cpupool.h"
#include "dom0-tools/xl/placement.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/units.h"

#define BOTH_AFFINITIES (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)

struct pin {
	struct control control;
	uint32_t domid;
	char *name;
	uint32_t first, last; /* vCPUs */
	uint32_t flags;       /* XEN_VCPUAFFINITY_* */
	const char *hard, *soft;
	struct affinity wanted;
	struct host_cpus host;
};

/* "-" leaves an affinity as it is. */
static bool is_given(const char *list)
{
	return list && strcmp(list, "-") != 0;
}

static bool parse_list(struct pin *pin, const char *what, const char *list, struct cpu_set *set)
{
	char error[CPU_LIST_ERROR_MAX];

	if (!is_given(list) || cpu_list_parse(list, &pin->host, set, error))
		return true;
	report_error("%s: %s affinity: %s", pin->name, what, error);
	return false;
}

static bool parse_vcpus(struct pin *pin, const char *text)
{
	struct xen_domctl_getdomaininfo info;
	int ret = dom_getinfo(pin->control.fd, pin->domid, &info);
	int64_t number;

	if (ret < 0 || info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID) {
		report_error("%s: cannot tell its vCPUs: %s", pin->name,
			     ret < 0 ? error_text(ret) : "it has none");
		return false;
	}
	pin->first = 0;
	pin->last = info.max_vcpu_id;
	if (strcmp(text, "all") == 0)
		return true;
	if (!parse_integer(text, &number)) {
		report_error("%s: \"%s\" is no vCPU; give a number or \"all\"", pin->name, text);
		return false;
	}
	if (number < 0 || number > info.max_vcpu_id) {
		report_error("%s has no vCPU %s; its vCPUs are 0-%u", pin->name, text,
			     info.max_vcpu_id);
		return false;
	}
	pin->first = pin->last = (uint32_t)number;
	return true;
}

/* A vCPU never leaves its domain's pool. */
static bool check_pool(struct pin *pin)
{
	struct cpupool pool;
	char *cpus;
	bool ok;

	if (!(pin->flags & XEN_VCPUAFFINITY_HARD))
		return true;
	if (!cpupool_of_domain(&pin->control, pin->domid, &pool))
		return false;
	ok = cpu_set_intersects(&pin->wanted.hard, &pool.cpus);
	if (!ok) {
		cpus = cpupool_describe_cpus(&pool.cpus);
		report_error("%s: none of CPUs %s is in its pool %s, which has %s; choose one of "
			     "these, or move it with xl cpupool-migrate",
			     pin->name, pin->hard, pool.name, cpus ? cpus : "others");
		free(cpus);
	}
	free(pool.name);
	return ok;
}

/* Back to what vCPUs first..end-1 had. */
static void undo(struct pin *pin, const struct affinity *before, uint32_t end)
{
	bool unreachable;
	uint32_t i;

	for (i = pin->first; i < end; i++)
		placement_pin(&pin->control, pin->domid, i, BOTH_AFFINITIES, &before[i], &pin->host,
			      &unreachable);
}

static bool set_all(struct pin *pin)
{
	struct affinity *before = placement_affinities(&pin->control, pin->name, pin->domid,
						       pin->last + 1, &pin->host);
	bool unreachable = false;
	uint32_t i;
	int ret = 0;

	if (!before)
		return false;
	for (i = pin->first; i <= pin->last && ret == 0; i++) {
		ret = placement_pin(&pin->control, pin->domid, i, pin->flags, &pin->wanted,
				    &pin->host, &unreachable);
		if (ret < 0) {
			report_error("%s: cannot pin vCPU %u: %s%s", pin->name, i, error_text(ret),
				     ret == -EBUSY ? "; its kernel has pinned it: -f overrides that"
						   : "");
			undo(pin, before, i);
		}
	}
	free(before);
	if (ret == 0 && unreachable)
		report_note("%s: no CPU of the soft affinity can be used, so only the hard one "
			    "counts",
			    pin->name);
	return ret == 0;
}

static bool run(struct pin *pin, char **words)
{
	bool ok;

	if (!control_find(&pin->control, words[0], &pin->domid))
		return false;
	pin->name = control_describe(&pin->control, pin->domid);
	pin->hard = words[2];
	pin->soft = words[3]; /* the NULL at the end of argv when it is not given */
	if (is_given(pin->hard))
		pin->flags |= XEN_VCPUAFFINITY_HARD;
	if (is_given(pin->soft))
		pin->flags |= XEN_VCPUAFFINITY_SOFT;
	ok = pin->name && host_cpus_read(&pin->control, &pin->host) && parse_vcpus(pin, words[1]) &&
	     parse_list(pin, "hard", pin->hard, &pin->wanted.hard) &&
	     parse_list(pin, "soft", pin->soft, &pin->wanted.soft) && check_pool(pin);
	if (ok && (pin->flags & BOTH_AFFINITIES) != 0) {
		ok = set_all(pin);
		if (ok)
			placement_remember(&pin->control, pin->domid);
	}
	free(pin->name);
	return ok;
}

int cmd_vcpu_pin(int argc, char **argv)
{
	static const struct option options[] = { { "force", no_argument, NULL, 'f' },
						 { "ignore-global-affinity-masks", no_argument,
						   NULL, 'i' },
						 { 0 } };
	struct pin pin = { 0 };
	int option, status = 0;
	bool ok;

	while ((option = command_option(argc, argv, "fi", options, 3, 4, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		if (option == 'f')
			pin.flags |= XEN_VCPUAFFINITY_FORCE;
	}
	if (!control_open(&pin.control))
		return 1;
	ok = run(&pin, argv + optind);
	control_close(&pin.control);
	return ok ? 0 : 1;
}
