/* SPDX-License-Identifier: MIT */
/* I/O ports for guests; see the header. */
#include "core/domain.h"
#include "cpu/asm.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "pv/port_io.h"

#define PORTS       65536u
#define TIMER_FIRST 0x40u
#define TIMER_LAST  0x43u

static const struct {
	uint16_t first, last;
} ours[] = {
	{ 0x20, 0x21 }, /* interrupt controllers: masked for good */
	{ 0xa0, 0xa1 },
	{ TIMER_FIRST, TIMER_LAST }, /* interval timer */
	{ 0x3f8, 0x3ff },            /* the console's UART */
};

int port_io_domain_init(struct domain *d)
{
	d->ioport_denied = xzalloc_array(unsigned long, BITS_TO_LONGS(PORTS));
	if (!d->ioport_denied)
		return -ENOMEM;
	for (unsigned int i = 0; i < ARRAY_SIZE(ours); i++)
		for (unsigned int port = ours[i].first; port <= ours[i].last; port++)
			__set_bit(port, d->ioport_denied);
	return 0;
}

/* The user's I/O bitmap, as the kernel registered it: a clear bit permits. */
static bool bitmap_permits(const struct vcpu *v, uint16_t port, unsigned int bytes)
{
	uint16_t bits;

	if (!v->pv.iobmp || (unsigned int)port + bytes > v->pv.iobmp_limit)
		return false;
	if (copy_from_guest(&bits, v->pv.iobmp + port / 8, sizeof(bits)))
		return false;
	return !((bits >> (port % 8)) & ((1u << bytes) - 1));
}

bool port_io_permitted(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	if ((unsigned int)port + bytes > PORTS)
		return false;
	if (v->pv.iopl < (v->pv.kernel_mode ? 1u : 3u) && !bitmap_permits(v, port, bytes))
		return false;
	return true;
}

static bool denied(const struct domain *d, uint16_t port, unsigned int bytes)
{
	if (!d->ioport_denied)
		return true;
	for (unsigned int i = 0; i < bytes; i++)
		if (test_bit(port + i, d->ioport_denied))
			return true;
	return false;
}

/*
 * A port that the domain may not have reads as if nothing were there, and swallows writes. The
 * timer reads as one that stands at 0: a kernel that calibrates its clock by it sees at once that
 * it does not count, while it polls one at all ones, the value that it starts from, 100,000 times.
 */
uint32_t port_read(struct domain *d, uint16_t port, unsigned int bytes)
{
	if (denied(d, port, bytes)) {
		if (port >= TIMER_FIRST && port <= TIMER_LAST)
			return 0;
		return ~0u >> (32 - 8 * bytes);
	}
	switch (bytes) {
	case 1:
		return inb(port);
	case 2:
		return inw(port);
	default:
		return inl(port);
	}
}

void port_write(struct domain *d, uint16_t port, unsigned int bytes, uint32_t value)
{
	if (denied(d, port, bytes))
		return;
	switch (bytes) {
	case 1:
		outb((uint8_t)value, port);
		break;
	case 2:
		outw((uint16_t)value, port);
		break;
	default:
		outl(value, port);
		break;
	}
}
