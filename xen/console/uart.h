/* SPDX-License-Identifier: MIT */
/* The 16550 UART at COM1, polled. */
#ifndef CONSOLE_UART_H
#define CONSOLE_UART_H

#include "lib/types.h"

/* baud 0 leaves the line as the firmware set it. False if there is no UART. */
bool uart_init(uint32_t baud);
void uart_putc(char c); /* '\n' goes out as "\r\n" */
void uart_enable_rx_interrupt(void);
int uart_getc(void); /* -1 when nothing has arrived */

#endif
