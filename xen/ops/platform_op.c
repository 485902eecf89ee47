/* SPDX-License-Identifier: MIT */
/* platform_op (public/platform.h): what dom0's kernel does to the machine. */
#include <public/platform.h>

#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/cpumask.h"
#include "cpu/percpu.h"
#include "irq/acpi.h"
#include "irq/madt.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "sched/sched.h"
#include "time/time.h"

#define ACPI_S5 5

static long op_settime32(struct xen_platform_op *op)
{
	wallclock_set(op->u.settime32.secs, op->u.settime32.nsecs,
		      (s_time_t)op->u.settime32.system_time);
	return 0;
}

static long op_settime64(struct xen_platform_op *op)
{
	if (op->u.settime64.mbz)
		return -EINVAL;
	wallclock_set(op->u.settime64.secs, op->u.settime64.nsecs,
		      (s_time_t)op->u.settime64.system_time);
	return 0;
}

/* Of the sleep states only power-off: the others need CPUs and devices to be brought back. */
static long op_enter_acpi_sleep(struct xen_platform_op *op)
{
	const struct xenpf_enter_acpi_sleep *sleep = &op->u.enter_acpi_sleep;

	if (sleep->sleep_state != ACPI_S5 || (sleep->flags & XENPF_ACPI_SLEEP_EXTENDED))
		return -EOPNOTSUPP;
	return acpi_enter_sleep(sleep->val_a, sleep->val_b);
}

static long op_getidletime(struct xen_platform_op *op)
{
	struct xenpf_getidletime *idle = &op->u.getidletime;
	unsigned int limit = min(idle->cpumap_nr_cpus, nr_cpu_ids), cpu;

	for (cpu = 0; cpu < limit; cpu++) {
		uint64_t ns;
		uint8_t byte;

		if (copy_from_guest_offset(&byte, idle->cpumap_bitmap, cpu / 8, 1))
			return -EFAULT;
		if (!(byte & 1u << (cpu % 8)))
			continue;
		if (cpumask_test(cpu, &cpu_online_map)) {
			ns = (uint64_t)cpu_idle_time(cpu);
			if (copy_to_guest_offset(idle->idletime, cpu, &ns, 1))
				return -EFAULT;
			continue;
		}
		byte &= (uint8_t) ~(1u << (cpu % 8));
		if (copy_to_guest_offset(idle->cpumap_bitmap, cpu / 8, &byte, 1))
			return -EFAULT;
	}
	idle->now = (uint64_t)now();
	return 0;
}

static long op_get_cpuinfo(struct xen_platform_op *op)
{
	struct xenpf_pcpuinfo *info = &op->u.pcpu_info;
	uint32_t cpu = info->xen_cpuid;

	info->max_present = nr_cpu_ids - 1;
	if (cpu >= nr_cpu_ids || cpu >= madt.cpus) {
		info->flags = XEN_PCPU_FLAGS_INVALID;
		return 0;
	}
	info->flags = cpumask_test(cpu, &cpu_online_map) ? XEN_PCPU_FLAGS_ONLINE : 0;
	info->apic_id = madt.cpu[cpu].apic_id;
	info->acpi_id = madt.cpu[cpu].acpi_id;
	return 0;
}

/* All CPUs are taken to be of the boot CPU's make. */
static long op_get_cpu_version(struct xen_platform_op *op)
{
	struct xenpf_pcpu_version *version = &op->u.pcpu_version;
	uint32_t cpu = version->xen_cpuid;

	memset(version, 0, sizeof(*version));
	version->xen_cpuid = cpu;
	version->max_present = nr_cpu_ids - 1;
	if (cpu >= nr_cpu_ids)
		return 0;
	memcpy(version->vendor_id, cpu_features.vendor, sizeof(version->vendor_id));
	version->family = cpu_features.family;
	version->model = cpu_features.model;
	version->stepping = cpu_features.stepping;
	return 0;
}

static const struct {
	uint32_t cmd;
	bool has_result;
	long (*handler)(struct xen_platform_op *op);
} platform_ops[] = {
	{ XENPF_settime32, false, op_settime32 },
	{ XENPF_settime64, false, op_settime64 },
	{ XENPF_enter_acpi_sleep, false, op_enter_acpi_sleep },
	{ XENPF_getidletime, true, op_getidletime },
	{ XENPF_get_cpuinfo, true, op_get_cpuinfo },
	{ XENPF_get_cpu_version, true, op_get_cpu_version },
};

long do_platform_op(struct xen_platform_op *arg)
{
	struct xen_platform_op op;
	unsigned int i;
	long rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -EACCES;
	for (i = 0; i < ARRAY_SIZE(platform_ops); i++) {
		if (platform_ops[i].cmd != op.cmd)
			continue;
		rc = platform_ops[i].handler(&op);
		if (!rc && platform_ops[i].has_result && copy_to_guest(arg, &op, sizeof(op)))
			rc = -EFAULT;
		return rc;
	}
	return -ENOSYS;
}
