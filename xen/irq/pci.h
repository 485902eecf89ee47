/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space by ports 0xcf8 and 0xcfc (PCI local bus specification 3.0, 3.2.2.3). The
 * address register is put back afterwards, because the hardware domain uses it as well.
 *
 * Lock: pci_lock (RANK_IRQ).
 */
#ifndef IRQ_PCI_H
#define IRQ_PCI_H

#include "lib/types.h"

/* bdf: bus << 8 | device << 3 | function, segment 0. reg: 0-255, aligned to the size. */
uint32_t pci_read32(uint16_t bdf, unsigned int reg);
uint16_t pci_read16(uint16_t bdf, unsigned int reg);
void pci_write32(uint16_t bdf, unsigned int reg, uint32_t v);
void pci_write16(uint16_t bdf, unsigned int reg, uint16_t v);

#define PCI_CAP_MSI  0x05
#define PCI_CAP_MSIX 0x11
/* Register of the capability with this id, 0 if the device has none. */
unsigned int pci_find_capability(uint16_t bdf, uint8_t id);
/* Start address of memory BAR 0-5, 0 if it is an I/O BAR, unset or not there. */
paddr_t pci_memory_bar(uint16_t bdf, unsigned int bar);

#endif
