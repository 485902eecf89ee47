/* SPDX-License-Identifier: MIT */
/*
 * sysctl: processors and memory nodes. Machines are taken as one NUMA node.
 */
#include "ops/sysctl.h"

#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/cpumask.h"
#include "irq/madt.h"
#include "irq/pci.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/guest_access.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "time/time.h"

#define PCI_DEVICES_MAX 4096u
#define LOCAL_DISTANCE  10u
#define CPUID1_EDX_HTT  (1u << 28)

struct topology {
	unsigned int threads_per_core, cores_per_socket;
};

/* From CPUID leaf 1 and the cache leaf 4 (Intel) or 0x80000008 (AMD), taken alike for all CPUs. */
static struct topology get_topology(void)
{
	unsigned int logical = 1, cores = 1;
	uint32_t r[4];

	cpuid_count(1, 0, r);
	if (r[3] & CPUID1_EDX_HTT)
		logical = max((r[1] >> 16) & 0xff, 1u);
	if (!strcmp(cpu_features.vendor, "AuthenticAMD")) {
		if (cpu_features.max_ext_leaf >= 0x80000008) {
			cpuid_count(0x80000008, 0, r);
			cores = (r[2] & 0xff) + 1;
		}
	} else if (cpu_features.max_leaf >= 4) {
		cpuid_count(4, 0, r);
		cores = r[0] & 0x1f ? (r[0] >> 26) + 1 : 1;
	}
	cores = max(min(cores, logical), 1u);
	return (struct topology){ logical / cores, cores };
}

int sysctl_physinfo(struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *info = &op->u.physinfo;
	struct topology topology = get_topology();

	memset(info, 0, sizeof(*info));
	info->threads_per_core = topology.threads_per_core;
	info->cores_per_socket = topology.cores_per_socket;
	info->nr_cpus = cpumask_weight(&cpu_online_map);
	info->max_cpu_id = nr_cpu_ids - 1;
	info->nr_nodes = 1;
	info->cpu_khz = tsc_khz;
	info->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1;
	info->total_pages = total_frame_count();
	info->free_pages = free_frame_count();
	info->max_mfn = max_mfn - 1;
	cpu_featureset_raw(info->hw_cap, ARRAY_SIZE(info->hw_cap));
	return 0;
}

int sysctl_getcpuinfo(struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *get = &op->u.getcpuinfo;
	unsigned int cpu, n = min(get->max_cpus, nr_cpu_ids);

	for (cpu = 0; cpu < n; cpu++) {
		struct xen_sysctl_cpuinfo info = { 0 };

		if (cpumask_test(cpu, &cpu_online_map))
			info.idletime = (uint64_t)cpu_idle_time(cpu);
		if (copy_to_guest_offset(get->info, cpu, &info, 1))
			return -EFAULT;
	}
	get->nr_cpus = n;
	return 0;
}

int sysctl_cputopoinfo(struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *info = &op->u.cputopoinfo;
	struct topology topology = get_topology();
	unsigned int per_socket = topology.threads_per_core * topology.cores_per_socket, cpu;

	for (cpu = 0; info->cputopo && cpu < min(info->num_cpus, nr_cpu_ids); cpu++) {
		struct xen_sysctl_cputopo topo = { XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID,
						   XEN_INVALID_NODE_ID };

		if (cpu < madt.cpus) {
			uint32_t id = madt.cpu[cpu].apic_id;

			topo.socket = id / per_socket;
			topo.core = id % per_socket / topology.threads_per_core;
			topo.node = 0;
		}
		if (copy_to_guest_offset(info->cputopo, cpu, &topo, 1))
			return -EFAULT;
	}
	info->num_cpus = info->cputopo ? min(info->num_cpus, nr_cpu_ids) : nr_cpu_ids;
	return 0;
}

int sysctl_numainfo(struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *info = &op->u.numainfo;
	struct xen_sysctl_meminfo memory = {
		.memsize = total_frame_count() << PAGE_SHIFT,
		.memfree = free_frame_count() << PAGE_SHIFT,
	};
	uint32_t distance = LOCAL_DISTANCE;

	if (info->num_nodes && info->meminfo &&
	    copy_to_guest(info->meminfo, &memory, sizeof(memory)))
		return -EFAULT;
	if (info->num_nodes && info->distance &&
	    copy_to_guest(info->distance, &distance, sizeof(distance)))
		return -EFAULT;
	info->num_nodes = 1;
	return 0;
}

/* A device that the configuration space does not show has no node. */
int sysctl_pcitopoinfo(struct xen_sysctl *op)
{
	struct xen_sysctl_pcitopoinfo *info = &op->u.pcitopoinfo;
	uint32_t i;

	if (info->num_devs > PCI_DEVICES_MAX)
		return -E2BIG;
	for (i = 0; i < info->num_devs; i++) {
		physdev_pci_device_t dev;
		uint32_t node = XEN_INVALID_DEV;

		if (copy_from_guest_offset(&dev, info->devs, i, 1))
			return -EFAULT;
		if (!dev.seg && pci_read32((uint16_t)(dev.bus << 8 | dev.devfn), 0) != ~0u)
			node = 0;
		if (copy_to_guest_offset(info->nodes, i, &node, 1))
			return -EFAULT;
	}
	return 0;
}
