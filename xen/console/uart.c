/* SPDX-License-Identifier: MIT */
/* The 16550 UART at COM1, polled. Callers serialize. */
#include "console/uart.h"
#include "cpu/asm.h"

#define COM1             0x3f8
#define REG_DATA         0
#define REG_IER          1
#define REG_FCR          2
#define REG_LCR          3
#define REG_MCR          4
#define REG_LSR          5
#define REG_SCR          7
#define LCR_8N1          0x03
#define LCR_DLAB         0x80
#define LSR_RX_READY     0x01
#define LSR_TX_EMPTY     0x20
#define FCR_ENABLE_CLEAR 0x07
#define IER_RX           0x01
#define MCR_OUT2         0x08 /* lets the interrupt out */
#define MCR_DTR_RTS      0x03
#define CLOCK_DIVIDEND   115200
#define TX_SPINS         100000 /* then the byte is lost: a stuck line must not stop the machine */

static bool present;

bool uart_init(uint32_t baud)
{
	outb(0x5a, COM1 + REG_SCR);
	if (inb(COM1 + REG_SCR) != 0x5a)
		return false;

	outb(0, COM1 + REG_IER);
	if (baud > 0 && baud <= CLOCK_DIVIDEND) {
		uint16_t divisor = (uint16_t)(CLOCK_DIVIDEND / baud);

		outb(LCR_DLAB | LCR_8N1, COM1 + REG_LCR);
		outb((uint8_t)divisor, COM1 + REG_DATA);
		outb((uint8_t)(divisor >> 8), COM1 + REG_IER);
	}
	outb(LCR_8N1, COM1 + REG_LCR);
	outb(FCR_ENABLE_CLEAR, COM1 + REG_FCR);
	outb(MCR_DTR_RTS, COM1 + REG_MCR);
	present = true;
	return true;
}

static void put_raw(uint8_t c)
{
	unsigned int spins = TX_SPINS;

	while (!(inb(COM1 + REG_LSR) & LSR_TX_EMPTY))
		if (--spins == 0)
			return;
	outb(c, COM1 + REG_DATA);
}

void uart_putc(char c)
{
	if (!present)
		return;
	if (c == '\n')
		put_raw('\r');
	put_raw((uint8_t)c);
}

void uart_enable_rx_interrupt(void)
{
	outb(MCR_DTR_RTS | MCR_OUT2, COM1 + REG_MCR);
	outb(IER_RX, COM1 + REG_IER);
}

int uart_getc(void)
{
	if (!present || !(inb(COM1 + REG_LSR) & LSR_RX_READY))
		return -1;
	return inb(COM1 + REG_DATA);
}
