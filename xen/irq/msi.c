/* SPDX-License-Identifier: MIT */
#include "irq/msi.h"

#include "irq/pci.h"
#include "lib/errno.h"
#include "mm/e820.h"
#include "mm/map.h"

#define MSI_CONTROL       0x02
#define MSI_ADDRESS       0x04
#define MSI_ADDRESS_HIGH  0x08
#define MSI_CONTROL_64BIT 0x0080u
#define MSI_CONTROL_MASK  0x0100u
#define MSI_CONTROL_MME   0x0070u
#define MSIX_CONTROL      0x02
#define MSIX_TABLE        0x04
#define MSIX_CONTROL_SIZE 0x07ffu
#define MSIX_ENTRY_SIZE   16u
#define MSIX_ENTRY_MASKED 1u

/* Fixed delivery, edge, to one APIC by physical id. */
#define MESSAGE_ADDRESS(apic_id) (0xfee00000u | ((apic_id)&0xff) << 12)

static unsigned int data_offset(uint16_t control)
{
	return control & MSI_CONTROL_64BIT ? 0x0c : 0x08;
}

static int setup_msi(struct msi *m, uint8_t vector, uint32_t apic_id)
{
	unsigned int cap = pci_find_capability(m->bdf, PCI_CAP_MSI);
	uint16_t control;

	if (!cap)
		return -ENODEV;
	control = pci_read16(m->bdf, cap + MSI_CONTROL);
	m->mask_reg = control & MSI_CONTROL_MASK ? cap + data_offset(control) + 4 : 0;
	msi_set_mask(m, true);
	pci_write32(m->bdf, cap + MSI_ADDRESS, MESSAGE_ADDRESS(apic_id));
	if (control & MSI_CONTROL_64BIT)
		pci_write32(m->bdf, cap + MSI_ADDRESS_HIGH, 0);
	pci_write16(m->bdf, cap + data_offset(control), vector);
	pci_write16(m->bdf, cap + MSI_CONTROL, control & ~MSI_CONTROL_MME);
	return 0;
}

static int setup_msix(struct msi *m, uint64_t table_base, uint8_t vector, uint32_t apic_id)
{
	unsigned int cap = pci_find_capability(m->bdf, PCI_CAP_MSIX);
	uint32_t table;
	paddr_t address;

	if (!cap)
		return -ENODEV;
	if (m->entry > (pci_read16(m->bdf, cap + MSIX_CONTROL) & MSIX_CONTROL_SIZE))
		return -EINVAL;
	table = pci_read32(m->bdf, cap + MSIX_TABLE);
	address = pci_memory_bar(m->bdf, table & 7);
	if (!address || address != table_base)
		return -EINVAL;
	address += (table & ~7u) + m->entry * MSIX_ENTRY_SIZE;
	if (e820_all(&e820, ROUND_DOWN(address, PAGE_SIZE),
		     ROUND_DOWN(address, PAGE_SIZE) + PAGE_SIZE, E820_RAM))
		return -EINVAL;
	m->table_entry = ioremap(address, MSIX_ENTRY_SIZE);
	if (!m->table_entry)
		return -ENOMEM;
	msi_set_mask(m, true);
	m->table_entry[0] = MESSAGE_ADDRESS(apic_id);
	m->table_entry[1] = 0;
	m->table_entry[2] = vector;
	return 0;
}

int msi_setup(struct msi *m, uint64_t table_base, uint8_t vector, uint32_t apic_id)
{
	return m->is_msix ? setup_msix(m, table_base, vector, apic_id)
			  : setup_msi(m, vector, apic_id);
}

void msi_set_mask(struct msi *m, bool masked)
{
	if (m->table_entry)
		m->table_entry[3] = masked ? MSIX_ENTRY_MASKED : 0;
	else if (m->mask_reg)
		pci_write32(m->bdf, m->mask_reg, masked ? ~0u : 0);
}

void msi_teardown(struct msi *m)
{
	msi_set_mask(m, true);
	m->table_entry = NULL;
	m->mask_reg = 0;
}
