/* SPDX-License-Identifier: MIT */
/*
 * IOAPICs (Intel 82093AA datasheet). Each input has a 64-bit redirection entry, reached through an
 * index and a data register, which is why a lock is needed even to mask one input.
 */
#include "irq/ioapic.h"

#include "console/console.h"
#include "irq/madt.h"
#include "lib/errno.h"
#include "lib/spinlock.h"
#include "mm/map.h"
#include "pv/iomem.h"

#define IOREGSEL    0
#define APIC_ID_ALL 0xffu
#define IOWIN       4 /* in 32-bit words: offset 0x10 */

#define REG_VERSION    0x01
#define REG_ENTRY(pin) (0x10 + 2 * (pin))

#define RTE_VECTOR     0xffu
#define RTE_NMI        0x400u
#define RTE_ACTIVE_LOW 0x2000u
#define RTE_LEVEL      0x8000u
#define RTE_MASKED     0x10000u

static struct ioapic {
	volatile uint32_t *regs;
	paddr_t address;
	unsigned int gsi_base, pins;
	uint64_t claimed[4]; /* a bit for each pin: the hypervisor's own */
} ioapics[IOAPICS_MAX];
static unsigned int ioapic_count, gsi_count;

static spinlock_t ioapic_lock = SPINLOCK_INIT(RANK_IRQ);

static uint32_t reg_read(struct ioapic *io, uint32_t reg)
{
	io->regs[IOREGSEL] = reg;
	return io->regs[IOWIN];
}

static void reg_write(struct ioapic *io, uint32_t reg, uint32_t v)
{
	io->regs[IOREGSEL] = reg;
	io->regs[IOWIN] = v;
}

static struct ioapic *find(unsigned int gsi, unsigned int *pin)
{
	unsigned int i;

	for (i = 0; i < ioapic_count; i++) {
		if (gsi >= ioapics[i].gsi_base && gsi - ioapics[i].gsi_base < ioapics[i].pins) {
			*pin = gsi - ioapics[i].gsi_base;
			return &ioapics[i];
		}
	}
	return NULL;
}

void ioapic_init(void)
{
	unsigned int i, pin;

	for (i = 0; i < madt.ioapics; i++) {
		struct ioapic *io = &ioapics[ioapic_count];

		io->address = madt.ioapic[i].address;
		io->gsi_base = madt.ioapic[i].gsi_base;
		io->regs = ioremap(io->address, PAGE_SIZE);
		if (!io->regs || io->gsi_base > 0xffff) {
			pr_warn("IOAPIC at %#lx cannot be used\n", (unsigned long)io->address);
			continue;
		}
		io->pins = ((reg_read(io, REG_VERSION) >> 16) & 0xff) + 1;
		for (pin = 0; pin < io->pins; pin++) {
			reg_write(io, REG_ENTRY(pin), RTE_MASKED);
			reg_write(io, REG_ENTRY(pin) + 1, 0);
		}
		gsi_count = max(gsi_count, io->gsi_base + io->pins);
		iomem_deny(io->address >> PAGE_SHIFT, io->address >> PAGE_SHIFT);
		pr_info("IOAPIC %u at %#lx: GSIs %u-%u\n", ioapic_count, (unsigned long)io->address,
			io->gsi_base, io->gsi_base + io->pins - 1);
		ioapic_count++;
	}
}

unsigned int ioapic_gsi_count(void)
{
	return gsi_count;
}

bool ioapic_has_gsi(unsigned int gsi)
{
	unsigned int pin;
	struct ioapic *io = find(gsi, &pin);

	return io && !(io->claimed[pin / 64] >> (pin % 64) & 1);
}

void ioapic_claim(unsigned int gsi)
{
	unsigned int pin;
	struct ioapic *io = find(gsi, &pin);

	if (io)
		io->claimed[pin / 64] |= 1ull << (pin % 64);
}

int ioapic_route(unsigned int gsi, uint8_t vector, uint32_t apic_id, bool level, bool active_low)
{
	unsigned int pin;
	struct ioapic *io = find(gsi, &pin);
	unsigned long flags;

	if (!io)
		return -EINVAL;
	flags = spin_lock_irqsave(&ioapic_lock);
	reg_write(io, REG_ENTRY(pin), RTE_MASKED);
	reg_write(io, REG_ENTRY(pin) + 1, apic_id << 24);
	reg_write(io, REG_ENTRY(pin),
		  vector | (level ? RTE_LEVEL : 0) | (active_low ? RTE_ACTIVE_LOW : 0) |
			  RTE_MASKED);
	spin_unlock_irqrestore(&ioapic_lock, flags);
	return 0;
}

int ioapic_route_nmi(unsigned int gsi)
{
	unsigned int pin;
	struct ioapic *io = find(gsi, &pin);
	unsigned long flags;

	if (!io)
		return -EINVAL;
	(void)ioapic_route(gsi, 0, APIC_ID_ALL, false, false);
	flags = spin_lock_irqsave(&ioapic_lock);
	reg_write(io, REG_ENTRY(pin), RTE_NMI);
	spin_unlock_irqrestore(&ioapic_lock, flags);
	return 0;
}

static void set_mask(unsigned int gsi, uint32_t mask)
{
	unsigned int pin;
	struct ioapic *io = find(gsi, &pin);
	unsigned long flags;

	if (!io)
		return;
	flags = spin_lock_irqsave(&ioapic_lock);
	reg_write(io, REG_ENTRY(pin), (reg_read(io, REG_ENTRY(pin)) & ~RTE_MASKED) | mask);
	spin_unlock_irqrestore(&ioapic_lock, flags);
}

void ioapic_mask(unsigned int gsi)
{
	set_mask(gsi, RTE_MASKED);
}

void ioapic_unmask(unsigned int gsi)
{
	set_mask(gsi, 0);
}

int ioapic_read_register(paddr_t address, uint32_t reg, uint32_t *value)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < ioapic_count; i++) {
		if (ioapics[i].address != address)
			continue;
		if (reg > 0xff)
			return -EINVAL;
		flags = spin_lock_irqsave(&ioapic_lock);
		*value = reg_read(&ioapics[i], reg);
		spin_unlock_irqrestore(&ioapic_lock, flags);
		return 0;
	}
	return -EINVAL;
}
