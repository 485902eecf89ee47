/* SPDX-License-Identifier: MIT */
/*
 * xl info: host and hypervisor, one "key : value" line each, with xl's keys in xl's order.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <public/version.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/privcmd.h"
#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/report.h"

#define PAGES_PER_MIB  (1024 / PAGE_KIB)
#define BUILD_ID_BYTES 256 /* struct and id */

static void line(const char *key, const char *value)
{
	printf("%-22s : %s\n", key, value);
}

static void number(const char *key, unsigned long long value)
{
	printf("%-22s : %llu\n", key, value);
}

static void print_host(void)
{
	struct utsname name;

	if (uname(&name) < 0)
		memset(&name, 0, sizeof(name));
	line("host", name.nodename);
	line("release", name.release);
	line("version", name.version);
	line("machine", name.machine);
}

static void print_capabilities(const struct xen_sysctl_physinfo *info)
{
	static const struct {
		uint32_t bits; /* all of them */
		const char *name;
	} names[] = {
		{ XEN_SYSCTL_PHYSCAP_pv, "pv" },
		{ XEN_SYSCTL_PHYSCAP_hvm, "hvm" },
		{ XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_directio, "hvm_directio" },
		{ XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_directio, "pv_directio" },
		{ XEN_SYSCTL_PHYSCAP_hap, "hap" },
		{ XEN_SYSCTL_PHYSCAP_shadow, "shadow" },
		{ XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share, "iommu_hap_pt_share" },
		{ XEN_SYSCTL_PHYSCAP_vmtrace, "vmtrace" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v1, "gnttab-v1" },
		{ XEN_SYSCTL_PHYSCAP_gnttab_v2, "gnttab-v2" },
	};
	const char *separator = "";
	size_t i;

	printf("%-22s : ", "virt_caps");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((info->capabilities & names[i].bits) != names[i].bits)
			continue;
		printf("%s%s", separator, names[i].name);
		separator = " ";
	}
	putchar('\n');
}

static void print_hardware(const struct xen_sysctl_physinfo *info)
{
	size_t i;

	number("nr_cpus", info->nr_cpus);
	number("max_cpu_id", info->max_cpu_id);
	number("nr_nodes", info->nr_nodes);
	number("cores_per_socket", info->cores_per_socket);
	number("threads_per_core", info->threads_per_core);
	printf("%-22s : %u.%03u\n", "cpu_mhz", info->cpu_khz / 1000, info->cpu_khz % 1000);
	printf("%-22s : ", "hw_caps");
	for (i = 0; i < sizeof(info->hw_cap) / sizeof(info->hw_cap[0]); i++)
		printf("%s%08x", i ? ":" : "", info->hw_cap[i]);
	putchar('\n');
	print_capabilities(info);
	number("total_memory", info->total_pages / PAGES_PER_MIB);
	number("free_memory", (info->free_pages - info->outstanding_pages) / PAGES_PER_MIB);
	/* Memory sharing is for HVM guests only. */
	number("sharing_freed_memory", 0);
	number("sharing_used_memory", 0);
	number("outstanding_claims", info->outstanding_pages / PAGES_PER_MIB);
}

/* CPUs that belong to no pool; 0 where there are no pools. */
static unsigned int free_cpus(int fd)
{
	uint8_t map[CPU_MAP_BYTES];
	unsigned int count = 0, i;

	if (cpupool_free_cpus(fd, map) < 0)
		return 0;
	for (i = 0; i < sizeof(map); i++)
		count += (unsigned int)__builtin_popcount(map[i]);
	return count;
}

static const char *scheduler(int fd)
{
	int id = host_sched_id(fd);

	return sched_name(id < 0 ? 0 : (uint32_t)id);
}

static void print_build_id(int fd)
{
	struct xen_build_id *id = hypercall_buffer_alloc(fd, BUILD_ID_BYTES);
	long length = -1, i;

	if (id) {
		memset(id, 0, BUILD_ID_BYTES);
		id->len = BUILD_ID_BYTES - sizeof(*id);
		length = privcmd_hypercall(fd, __HYPERVISOR_xen_version, XENVER_build_id,
					   (uintptr_t)id, 0, 0, 0);
	}
	printf("%-22s : ", "build_id");
	for (i = 0; i < length && i < (long)(BUILD_ID_BYTES - sizeof(*id)); i++)
		printf("%02x", id->buf[i]);
	putchar('\n');
	if (id)
		hypercall_buffer_free(fd, id, BUILD_ID_BYTES);
}

static void print_version(int fd, const struct host_version *version)
{
	char text[96];

	number("xen_major", version->major);
	number("xen_minor", version->minor);
	line("xen_extra", version->extra);
	snprintf(text, sizeof(text), "%u.%u%s", version->major, version->minor, version->extra);
	line("xen_version", text);
	line("xen_caps", version->capabilities);
	line("xen_scheduler", scheduler(fd));
	number("xen_pagesize", version->page_bytes);
	snprintf(text, sizeof(text), "virt_start=0x%llx", (unsigned long long)version->virt_start);
	line("platform_params", text);
	line("xen_changeset", version->changeset);
	line("xen_commandline", version->command_line);
	line("cc_compiler", version->compiler);
	line("cc_compile_by", version->compile_by);
	line("cc_compile_domain", version->compile_domain);
	line("cc_compile_date", version->compile_date);
	print_build_id(fd);
	number("xend_config_format", 4);
}

int cmd_info(int argc, char **argv)
{
	struct xen_sysctl_physinfo info;
	struct host_version version = { 0 };
	struct control control;
	int ret, status = 0;

	if (command_option(argc, argv, "", NULL, 0, 0, &status) != -1)
		return status;
	if (!control_open_hypervisor(&control))
		return 1;
	ret = host_physinfo(control.fd, &info);
	if (ret == 0)
		ret = host_version(control.fd, &version);
	if (ret < 0) {
		report_error("the hypervisor does not tell about the host: %s", error_text(ret));
	} else {
		print_host();
		print_hardware(&info);
		number("free_cpus", free_cpus(control.fd));
		print_version(control.fd, &version);
	}
	control_close(&control);
	return ret < 0;
}
