/* SPDX-License-Identifier: MIT */
/*
 * physdev_op (public/physdev.h): interrupts and devices of the hardware domain, and the virtual I/O
 * privilege level of any vCPU.
 */
#include <public/physdev.h>

#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "irq/ioapic.h"
#include "irq/msi.h"
#include "irq/pirq.h"
#include "mm/guest_access.h"

#define IO_PORTS 65536u

/* ---- any domain ---- */

static long op_set_iopl(void *arg)
{
	struct physdev_set_iopl set;

	if (copy_from_guest(&set, arg, sizeof(set)))
		return -EFAULT;
	if (set.iopl > 3)
		return -EINVAL;
	current->pv.iopl = set.iopl;
	return 0;
}

static long op_set_iobitmap(void *arg)
{
	struct physdev_set_iobitmap set;

	if (copy_from_guest(&set, arg, sizeof(set)))
		return -EFAULT;
	if (set.nr_ports > IO_PORTS || !guest_range_ok(set.bitmap, set.nr_ports / 8))
		return -EINVAL;
	current->pv.iobmp = set.bitmap;
	current->pv.iobmp_limit = set.nr_ports;
	return 0;
}

static long op_eoi(struct domain *d, void *arg)
{
	struct physdev_eoi eoi;

	if (copy_from_guest(&eoi, arg, sizeof(eoi)))
		return -EFAULT;
	return pirq_eoi(d, eoi.irq);
}

static long op_irq_status_query(struct domain *d, void *arg)
{
	struct physdev_irq_status_query query;
	int needs_eoi;

	if (copy_from_guest(&query, arg, sizeof(query)))
		return -EFAULT;
	needs_eoi = pirq_needs_eoi(d, query.irq);
	if (needs_eoi < 0)
		return needs_eoi;
	query.flags = needs_eoi ? XENIRQSTAT_needs_eoi : 0;
	return copy_to_guest(arg, &query, sizeof(query));
}

/* ---- the hardware domain ---- */

static long op_apic_read(struct domain *d, void *arg)
{
	struct physdev_apic apic;
	int rc;

	(void)d;
	if (copy_from_guest(&apic, arg, sizeof(apic)))
		return -EFAULT;
	rc = ioapic_read_register(apic.apic_physbase, apic.reg, &apic.value);
	return rc ? rc : copy_to_guest(arg, &apic, sizeof(apic));
}

/* Vectors are the hypervisor's own business: the answer only has to be a success. */
static long op_alloc_irq_vector(struct domain *d, void *arg)
{
	struct physdev_irq irq;

	(void)d;
	if (copy_from_guest(&irq, arg, sizeof(irq)))
		return -EFAULT;
	if (!ioapic_has_gsi(irq.irq))
		return -EINVAL;
	irq.vector = irq.irq;
	return copy_to_guest(arg, &irq, sizeof(irq));
}

static int map_msi(struct domain *d, const struct physdev_map_pirq *map)
{
	struct msi msi = {
		.bdf = (uint16_t)((map->bus & 0xff) << 8 | (map->devfn & 0xff)),
		.is_msix = map->table_base != 0,
		.entry = map->table_base ? (unsigned int)map->entry_nr : 0,
	};

	if (map->entry_nr < 0)
		return -EINVAL;
	if (map->type == MAP_PIRQ_TYPE_MSI_SEG && map->bus >> 16)
		return -ENODEV; /* PCI segment 0 alone */
	return pirq_map_msi(d, &msi, map->table_base);
}

static long op_map_pirq(struct domain *d, void *arg)
{
	struct physdev_map_pirq map;
	int pirq;

	if (copy_from_guest(&map, arg, sizeof(map)))
		return -EFAULT;
	if (map.domid != DOMID_SELF && map.domid != d->domain_id)
		return -EPERM;
	switch (map.type) {
	case MAP_PIRQ_TYPE_GSI:
		if (map.index < 0)
			return -EINVAL;
		pirq = pirq_map_gsi(d, (unsigned int)map.index);
		break;
	case MAP_PIRQ_TYPE_MSI:
	case MAP_PIRQ_TYPE_MSI_SEG:
		pirq = map_msi(d, &map);
		break;
	default:
		/* Several vectors for one MSI: the kernel then makes do with one. */
		return -EOPNOTSUPP;
	}
	if (pirq < 0)
		return pirq;
	map.pirq = pirq;
	return copy_to_guest(arg, &map, sizeof(map));
}

static long op_unmap_pirq(struct domain *d, void *arg)
{
	struct physdev_unmap_pirq unmap;

	if (copy_from_guest(&unmap, arg, sizeof(unmap)))
		return -EFAULT;
	if (unmap.domid != DOMID_SELF && unmap.domid != d->domain_id)
		return -EPERM;
	return unmap.pirq < 0 ? -EINVAL : pirq_unmap(d, (unsigned int)unmap.pirq);
}

static long op_setup_gsi(struct domain *d, void *arg)
{
	struct physdev_setup_gsi setup;

	if (copy_from_guest(&setup, arg, sizeof(setup)))
		return -EFAULT;
	if (setup.gsi < 0)
		return -EINVAL;
	return pirq_setup_gsi(d, (unsigned int)setup.gsi, setup.triggering, setup.polarity);
}

/*
 * Announcements of PCI devices and of their configuration space. Nothing here depends on knowing
 * them: there is no IOMMU to set up, and MSIs are found through ports when they are mapped.
 */
static long op_note_device(struct domain *d, void *arg)
{
	(void)d;
	(void)arg;
	return 0;
}

static const struct {
	int cmd;
	long (*handler)(struct domain *d, void *arg);
} hardware_ops[] = {
	{ PHYSDEVOP_eoi, op_eoi },
	{ PHYSDEVOP_irq_status_query, op_irq_status_query },
	{ PHYSDEVOP_apic_read, op_apic_read },
	{ PHYSDEVOP_alloc_irq_vector, op_alloc_irq_vector },
	{ PHYSDEVOP_map_pirq, op_map_pirq },
	{ PHYSDEVOP_unmap_pirq, op_unmap_pirq },
	{ PHYSDEVOP_setup_gsi, op_setup_gsi },
	{ PHYSDEVOP_manage_pci_add, op_note_device },
	{ PHYSDEVOP_manage_pci_remove, op_note_device },
	{ PHYSDEVOP_manage_pci_add_ext, op_note_device },
	{ PHYSDEVOP_pci_device_add, op_note_device },
	{ PHYSDEVOP_pci_device_remove, op_note_device },
	{ PHYSDEVOP_pci_mmcfg_reserved, op_note_device },
};

long do_physdev_op(int cmd, void *arg)
{
	struct domain *d = current->domain;
	unsigned int i;

	if (cmd == PHYSDEVOP_set_iopl)
		return op_set_iopl(arg);
	if (cmd == PHYSDEVOP_set_iobitmap)
		return op_set_iobitmap(arg);
	for (i = 0; i < ARRAY_SIZE(hardware_ops); i++) {
		if (hardware_ops[i].cmd == cmd)
			return d->is_hardware ? hardware_ops[i].handler(d, arg) : -EPERM;
	}
	return -ENOSYS;
}
