/* SPDX-License-Identifier: MIT */
/*
 * The log: a ring of the last 64 KiB of everything printed, and the serial line.
 *
 * Lock: console_lock (RANK_CONSOLE) for the ring and the UART; not taken after console_force().
 */
#include "boot/boot.h"
#include "console/console.h"
#include "console/uart.h"
#include "core/domain.h"
#include "irq/ioapic.h"
#include "irq/irq.h"
#include "irq/lapic.h"
#include "irq/madt.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "time/time.h"

#define RING_SIZE        0x10000u
#define LINE_MAX         512
#define COM1_IRQ         4
#define RX_SIZE          256u
#define GUEST_LOG_WINDOW SECONDS(5)
#define GUEST_LOG_BURST  10

static spinlock_t console_lock = SPINLOCK_INIT(RANK_CONSOLE);
static char ring[RING_SIZE];
static uint32_t ring_head, ring_tail; /* positions ever written; tail: oldest kept */
static bool uart_ready, forced, line_started;

static char rx[RX_SIZE];
static uint32_t rx_head, rx_tail;

static unsigned long lock(void)
{
	return forced ? 0 : spin_lock_irqsave(&console_lock);
}

static void unlock(unsigned long flags)
{
	if (!forced)
		spin_unlock_irqrestore(&console_lock, flags);
}

static void ring_put(char c)
{
	ring[ring_head++ % RING_SIZE] = c;
	if (ring_head - ring_tail > RING_SIZE)
		ring_tail = ring_head - RING_SIZE;
}

static void emit(const char *text, size_t len, bool to_uart)
{
	for (size_t i = 0; i < len; i++) {
		ring_put(text[i]);
		if (to_uart && uart_ready)
			uart_putc(text[i]);
	}
}

void console_init(void)
{
	unsigned long flags;

	if (!boot_options.console_com1 || !uart_init(boot_options.com1_baud))
		return;
	flags = lock();
	uart_ready = true;
	for (uint32_t i = ring_tail; i != ring_head; i++)
		uart_putc(ring[i % RING_SIZE]);
	unlock(flags);
}

void console_force(void)
{
	forced = true;
}

static void print_line(const char *prefix, bool to_uart, const char *text)
{
	unsigned long flags = lock();
	size_t len = strlen(text);

	if (!line_started)
		emit(prefix, strlen(prefix), to_uart);
	emit(text, len, to_uart);
	line_started = len > 0 && text[len - 1] != '\n';
	unlock(flags);
}

void printk(enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	print_line("(shoji) ", forced || level <= boot_options.loglvl, line);
}

/* The domain may log now; says how many lines were left out before, if any. */
static bool guest_log_allowed(struct domain *d, char *note, size_t size)
{
	s_time_t t = now();

	note[0] = 0;
	if (t - d->log_window > GUEST_LOG_WINDOW) {
		if (d->log_dropped)
			snprintf(note, size, "(shoji) d%u: %u lines left out\n", d->domain_id,
				 d->log_dropped);
		d->log_window = t;
		d->log_lines = d->log_dropped = 0;
	}
	if (d->log_lines >= GUEST_LOG_BURST) {
		d->log_dropped++;
		return false;
	}
	d->log_lines++;
	return true;
}

void guest_log(struct domain *d, enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX], note[64] = "";
	bool to_uart = level <= boot_options.guest_loglvl;
	size_t len;
	va_list args;

	if (level == LOG_DEBUG && !to_uart)
		return;
	if (level != LOG_ERR && !guest_log_allowed(d, note, sizeof(note)))
		return;
	len = (size_t)snprintf(line, sizeof(line), "(shoji) d%u: ", d->domain_id);
	va_start(args, fmt);
	vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	va_end(args);
	len = strlen(line);
	if (line[len - 1] != '\n')
		strlcpy(line + len, "\n", 2);
	if (note[0])
		print_line("", to_uart, note);
	print_line("", to_uart, line);
}

void console_write(const char *text, size_t len)
{
	unsigned long flags = lock();

	for (size_t i = 0; uart_ready && i < len; i++)
		uart_putc(text[i]);
	line_started = len > 0 && text[len - 1] != '\n';
	unlock(flags);
}

size_t console_read(char *buf, size_t len)
{
	unsigned long flags = lock();
	size_t n = 0;

	while (n < len && rx_tail != rx_head)
		buf[n++] = rx[rx_tail++ % RX_SIZE];
	unlock(flags);
	return n;
}

static void receive(unsigned int vector, void *data)
{
	unsigned long flags = lock();
	bool got = false;
	int c;

	(void)vector;
	(void)data;
	/* What does not fit is lost, as on any serial line that nobody reads. */
	while ((c = uart_getc()) >= 0) {
		if (rx_head - rx_tail == RX_SIZE)
			continue;
		rx[rx_head++ % RX_SIZE] = (char)c;
		got = true;
	}
	unlock(flags);
	if (got)
		send_global_virq(VIRQ_CONSOLE);
}

void console_init_input(void)
{
	const struct madt_isa *isa = &madt.isa[COM1_IRQ];
	int vector;

	if (!uart_ready)
		return;
	vector = irq_alloc_vector(receive, NULL);
	if (vector < 0 ||
	    ioapic_route(isa->gsi, (uint8_t)vector, lapic_id(), isa->level, isa->active_low)) {
		pr_warn("the serial console has no interrupt: no input\n");
		return;
	}
	ioapic_claim(isa->gsi);
	ioapic_unmask(isa->gsi);
	uart_enable_rx_interrupt();
}

size_t console_ring_read(char *buf, size_t len, uint32_t *index)
{
	unsigned long flags = lock();
	uint32_t pos = *index;
	size_t n = 0;

	if (pos - ring_tail > ring_head - ring_tail)
		pos = ring_tail;
	while (n < len && pos != ring_head)
		buf[n++] = ring[pos++ % RING_SIZE];
	*index = pos;
	unlock(flags);
	return n;
}

void console_ring_clear(void)
{
	unsigned long flags = lock();

	ring_tail = ring_head;
	unlock(flags);
}
