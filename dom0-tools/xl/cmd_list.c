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
#include "dom0-tools/xl/report.h"

#define NS_PER_SECOND 1e9

struct columns {
	bool verbose, cpupool;
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

static void print_domain(struct control *control, const struct columns *columns,
			 const struct xen_domctl_getdomaininfo *info)
{
	char *name = control_domain_name(control, info->domain);
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
		printf("         Pool-%u", info->cpupool);
	putchar('\n');
	free(name);
}

static int list_all(struct control *control, const struct columns *columns)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos), i;

	if (count < 0) {
		report_error("cannot list the domains: %s", error_text(count));
		return 1;
	}
	print_header(columns);
	for (i = 0; i < count; i++)
		print_domain(control, columns, &infos[i]);
	free(infos);
	return 0;
}

static int list_some(struct control *control, const struct columns *columns, char **names)
{
	struct xen_domctl_getdomaininfo info;
	bool header = false;
	uint32_t domid;
	int status = 0;

	for (; *names; names++) {
		if (!control_find(control, *names, &domid) ||
		    dom_getinfo(control->fd, domid, &info) < 0) {
			status = 1;
			continue;
		}
		if (!header)
			print_header(columns);
		header = true;
		print_domain(control, columns, &info);
	}
	return status;
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = { { "verbose", no_argument, NULL, 'v' },
						 { "cpupool", no_argument, NULL, 'c' },
						 { 0 } };
	struct columns columns = { 0 };
	struct control control;
	int option, status = 0;

	while ((option = command_option(argc, argv, "vc", options, 0, -1, &status)) != -1) {
		if (option == COMMAND_DONE)
			return status;
		columns.verbose |= option == 'v';
		columns.cpupool |= option == 'c';
	}
	if (!control_open_hypervisor(&control))
		return 1;
	/* Domains can be listed without names, which helps when xenstored is the problem. */
	if (!control_try_store(&control))
		report_note("cannot reach xenstored, so names are not known: %s",
			    error_text(errno));
	if (optind < argc)
		status = list_some(&control, &columns, argv + optind);
	else
		status = list_all(&control, &columns);
	control_close(&control);
	return status;
}
