/* SPDX-License-Identifier: MIT */
/*
 * xl vcpu-list: each vCPU, where it runs and where it may run, in xl's columns.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/cpu_list.h"
#include "dom0-tools/xl/report.h"

#define NS_PER_SECOND 1e9

static void print_cpus(const struct cpu_set *set, unsigned int nr_cpus)
{
	char *text = cpu_list_format(set, nr_cpus);

	fputs(text ? text : "?", stdout);
	free(text);
}

static void print_vcpu(struct control *control, const char *name, uint32_t domid, uint32_t vcpu,
		       unsigned int nr_cpus)
{
	struct cpu_set hard = { { 0 } }, soft = { { 0 } };
	struct xen_domctl_getvcpuinfo info;

	if (dom_getvcpuinfo(control->fd, domid, vcpu, &info) < 0)
		return;
	printf("%-32s %5u %5u", name, domid, vcpu);
	if (info.online)
		printf("%5u %3c%c- ", info.cpu, info.running ? 'r' : '-', info.blocked ? 'b' : '-');
	else
		printf("%5c %3c%cp ", '-', '-', '-');
	printf("%9.1f  ", (double)info.cpu_time / NS_PER_SECOND);
	if (dom_get_vcpu_affinity(control->fd, domid, vcpu,
				  XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT, hard.bits,
				  soft.bits, nr_cpus) == 0) {
		print_cpus(&hard, nr_cpus);
		fputs(" / ", stdout);
		print_cpus(&soft, nr_cpus);
	}
	putchar('\n');
}

static void print_domain(struct control *control, const struct xen_domctl_getdomaininfo *info,
			 unsigned int nr_cpus)
{
	char *name = control_describe(control, info->domain);
	uint32_t vcpu;

	for (vcpu = 0; vcpu <= info->max_vcpu_id; vcpu++)
		print_vcpu(control, name ? name : "", info->domain, vcpu, nr_cpus);
	free(name);
}

static bool print_all(struct control *control, unsigned int nr_cpus)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos), i;

	if (count < 0)
		report_error("cannot list the domains: %s", error_text(count));
	for (i = 0; i < count; i++)
		print_domain(control, &infos[i], nr_cpus);
	free(infos);
	return count >= 0;
}

static bool print_named(struct control *control, char **names, unsigned int nr_cpus)
{
	struct xen_domctl_getdomaininfo info;
	bool ok = true;
	uint32_t domid;

	for (; *names; names++) {
		if (control_find(control, *names, &domid) &&
		    dom_getinfo(control->fd, domid, &info) == 0)
			print_domain(control, &info, nr_cpus);
		else
			ok = false;
	}
	return ok;
}

int cmd_vcpu_list(int argc, char **argv)
{
	struct xen_sysctl_physinfo host;
	struct control control;
	unsigned int nr_cpus;
	int ret, status = 0;
	bool ok;

	if (command_option(argc, argv, "", NULL, 0, -1, &status) != -1)
		return status;
	if (!control_open(&control))
		return 1;
	ret = host_physinfo(control.fd, &host);
	if (ret < 0) {
		report_error("the hypervisor does not tell about the host: %s", error_text(ret));
		control_close(&control);
		return 1;
	}
	nr_cpus = host.max_cpu_id + 1 < CPU_MAP_CPUS ? host.max_cpu_id + 1 : CPU_MAP_CPUS;
	printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
	       "Affinity (Hard / Soft)");
	ok = optind < argc ? print_named(&control, argv + optind, nr_cpus)
			   : print_all(&control, nr_cpus);
	control_close(&control);
	return !ok;
}
