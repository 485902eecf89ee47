/* SPDX-License-Identifier: MIT */
#include "irq/pci.h"

#include "cpu/asm.h"
#include "lib/spinlock.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc

#define REG_ID           0x00
#define REG_STATUS       0x06
#define REG_BAR(n)       (0x10 + 4 * (n))
#define REG_CAPABILITIES 0x34
#define STATUS_CAP_LIST  0x10
#define BAR_IO           1u
#define BAR_64BIT        4u
#define BAR_ADDRESS      0xfffffff0u
#define CAP_CHAIN_MAX    48u /* a list that is longer has a loop */

static spinlock_t pci_lock = SPINLOCK_INIT(RANK_IRQ);

/* Selects a register; returns what was selected before. */
static uint32_t select(uint16_t bdf, unsigned int reg)
{
	uint32_t old = inl(PORT_ADDRESS);

	outl(0x80000000u | (uint32_t)bdf << 8 | (reg & 0xfc), PORT_ADDRESS);
	return old;
}

uint32_t pci_read32(uint16_t bdf, unsigned int reg)
{
	unsigned long flags = spin_lock_irqsave(&pci_lock);
	uint32_t old = select(bdf, reg), v = inl(PORT_DATA);

	outl(old, PORT_ADDRESS);
	spin_unlock_irqrestore(&pci_lock, flags);
	return v;
}

uint16_t pci_read16(uint16_t bdf, unsigned int reg)
{
	return (uint16_t)(pci_read32(bdf, reg) >> ((reg & 2) * 8));
}

void pci_write32(uint16_t bdf, unsigned int reg, uint32_t v)
{
	unsigned long flags = spin_lock_irqsave(&pci_lock);
	uint32_t old = select(bdf, reg);

	outl(v, PORT_DATA);
	outl(old, PORT_ADDRESS);
	spin_unlock_irqrestore(&pci_lock, flags);
}

void pci_write16(uint16_t bdf, unsigned int reg, uint16_t v)
{
	unsigned long flags = spin_lock_irqsave(&pci_lock);
	uint32_t old = select(bdf, reg);

	outw(v, (uint16_t)(PORT_DATA + (reg & 2)));
	outl(old, PORT_ADDRESS);
	spin_unlock_irqrestore(&pci_lock, flags);
}

unsigned int pci_find_capability(uint16_t bdf, uint8_t id)
{
	unsigned int reg, i;

	if (pci_read32(bdf, REG_ID) == ~0u || !(pci_read16(bdf, REG_STATUS) & STATUS_CAP_LIST))
		return 0;
	reg = pci_read32(bdf, REG_CAPABILITIES) & 0xfc;
	for (i = 0; reg >= 0x40 && i < CAP_CHAIN_MAX; i++) {
		uint16_t head = pci_read16(bdf, reg);

		if ((head & 0xff) == id)
			return reg;
		reg = (head >> 8) & 0xfc;
	}
	return 0;
}

paddr_t pci_memory_bar(uint16_t bdf, unsigned int bar)
{
	uint32_t low;
	paddr_t high = 0;

	if (bar > 5)
		return 0;
	low = pci_read32(bdf, REG_BAR(bar));
	if (low & BAR_IO)
		return 0;
	if ((low & 6) == BAR_64BIT && bar < 5)
		high = pci_read32(bdf, REG_BAR(bar + 1));
	return high << 32 | (low & BAR_ADDRESS);
}
