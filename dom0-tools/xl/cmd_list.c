/* SPDX-License-Identifier: MIT */
/*
 * xl list: the domains, in xl's columns.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include <public/sched.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/cpupool.h"
#include "dom0-tools/xl/domain_json.h"
#include "dom0-tools/xl/report.h"

#define NS_PER_SECOND 1e9

struct columns {
	bool json, verbose, cpupool;
	struct cpupool *pools;
	size_t pool_count;
};

static void print_header(const struct columns *columns)
{
	printf("Name                                        ID   Mem VCPUs\tState\tTime(s)");
	if (columns->verbose)
		printf("   UUID                            Reason-Code\tSecurity Label");
	if (columns->cpupool)
		printf("         Cpupool");
	putchar('\n');
}

static char flag(const struct xen_domctl_getdomaininfo *info, uint32_t bit, char letter)
{
	return info->flags & bit ? letter : '-';
}

/* A pool that appeared after they were listed has no name yet. */
static const char *pool_name(const struct columns *columns, uint32_t id)
{
	size_t i;

	for (i = 0; i < columns->pool_count; i++) {
		if (columns->pools[i].id == id)
			return columns->pools[i].name;
	}
	return "-";
}

static void print_domain(const struct columns *columns, const char *name,
			 const struct xen_domctl_getdomaininfo *info)
{
	int reason = dom_shutdown_reason(info);
	char uuid[UUID_STR_LEN];

	/* Without a store, or before its nodes are written, a domain has no name. */
	printf("%-40s %5d %5lu %5d     %c%c%c%c%c%c  %8.1f",
	       name ? name : (info->domain == 0 ? "Domain-0" : "(null)"), info->domain,
	       (unsigned long)((info->tot_pages + info->outstanding_pages) * PAGE_KIB / 1024),
	       (int)info->nr_online_vcpus, flag(info, XEN_DOMINF_running, 'r'),
	       flag(info, XEN_DOMINF_blocked, 'b'), flag(info, XEN_DOMINF_paused, 'p'),
	       flag(info, XEN_DOMINF_shutdown, 's'), reason == SHUTDOWN_crash ? 'c' : '-',
	       flag(info, XEN_DOMINF_dying, 'd'), (double)info->cpu_time / NS_PER_SECOND);
	if (columns->verbose) {
		uuid_unparse_lower(info->handle, uuid);
		if (reason >= 0)
			printf(" %s %8x", uuid, (unsigned int)reason);
		else
			printf(" %s %8s", uuid, "-");
		printf(" %16s", "-");
	}
	if (columns->cpupool)
		printf("%16s", pool_name(columns, info->cpupool));
	putchar('\n');
}

static bool print_json(struct control *control, const struct xen_domctl_getdomaininfo *infos,
		       size_t count)
{
	char *json = domain_json(control, infos, count);

	if (json)
		fputs(json, stdout);
	else
		report_error("out of memory");
	free(json);
	return json != NULL;
}

static bool print(struct control *control, const struct columns *columns,
		  const struct xen_domctl_getdomaininfo *infos, size_t count)
{
	char **names;
	size_t i;

	if (columns->json)
		return print_json(control, infos, count);
	names = calloc(count + 1, sizeof(*names));
	if (!names) {
		report_error("out of memory");
		return false;
	}
	control_domain_names(control, infos, count, names);
	print_header(columns);
	for (i = 0; i < count; i++) {
		print_domain(columns, names[i], &infos[i]);
		free(names[i]);
	}
	free(names);
	return true;
}

static bool list_all(struct control *control, const struct columns *columns)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos);
	bool ok = count >= 0;

	if (ok)
		ok = print(control, columns, infos, (size_t)count);
	else
		report_error("cannot list the domains: %s", error_text(count));
	free(infos);
	return ok;
}

/* Those that there are are listed, also when some are not there. */
static bool list_some(struct control *control, const struct columns *columns, char **names,
		      size_t max)
{
	struct xen_domctl_getdomaininfo *infos = calloc(max, sizeof(*infos));
	size_t count = 0, i;
	uint32_t domid;

	if (!infos) {
		report_error("out of memory");
		return false;
	}
	for (i = 0; i < max; i++) {
		if (control_find(control, names[i], &domid) &&
		    dom_getinfo(control->fd, domid, &infos[count]) == 0)
			count++;
	}
	if (count && !print(control, columns, infos, count))
		count = 0;
	free(infos);
	return count == max;
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = { { "long", no_argument, NULL, 'l' },
						 { "json", no_argument, NULL, 'l' },
						 { "verbose", no_argument, NULL, 'v' },
						 { "cpupool", no_argument, NULL, 'c' },
						 { 0 } };
	struct columns columns = { 0 };
	struct control control;
	int option, status = 0;
	bool ok;

	while ((option = command_option(argc, argv, "lvc", options, 0, -1, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		columns.json |= option == 'l';
		columns.verbose |= option == 'v';
		columns.cpupool |= option == 'c';
	}
	if (!control_open_hypervisor(&control))
		return 1;
	/* Domains can be listed without names, which helps when xenstored is the problem. */
	if (!control_try_store(&control))
		report_note("cannot reach xenstored, so names are not known: %s",
			    error_text(errno));
	ok = !columns.cpupool || cpupool_list(&control, &columns.pools, &columns.pool_count);
	if (ok && optind < argc)
		ok = list_some(&control, &columns, argv + optind, (size_t)(argc - optind));
	else if (ok)
		ok = list_all(&control, &columns);
	cpupool_free_list(columns.pools, columns.pool_count);
	control_close(&control);
	return ok ? 0 : 1;
}
