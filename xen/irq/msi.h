/* SPDX-License-Identifier: MIT */
/*
 * Message-signalled interrupts: writing the message into a device's MSI capability or MSI-X table
 * (PCI local bus specification 3.0, 6.8). Enabling MSI as such is left to the device's driver.
 *
 * Lock: the caller's (RANK_PIRQ).
 */
#ifndef IRQ_MSI_H
#define IRQ_MSI_H

#include "lib/types.h"

struct msi {
	uint16_t bdf;
	bool is_msix;
	unsigned int entry;             /* of the MSI-X table */
	volatile uint32_t *table_entry; /* MSI-X: mapped */
	unsigned int mask_reg;          /* MSI with a mask register, else 0 */
};

/*
 * Prepares m (bdf, is_msix, entry set by the caller) to interrupt with vector on the CPU with this
 * APIC id; masked where the device can mask. table_base: start of the MSI-X table's BAR as the
 * caller knows it. -ENODEV: no such capability; -EINVAL: entry or table_base is wrong.
 */
int msi_setup(struct msi *m, uint64_t table_base, uint8_t vector, uint32_t apic_id);
void msi_set_mask(struct msi *m, bool masked);
/* Masks it, for good. */
void msi_teardown(struct msi *m);

#endif
