/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's log: every line goes into a ring that `xl dmesg` reads, and to the serial
 * console if its level passes loglvl= (hypervisor) or guest_loglvl= (caused by a guest).
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "lib/types.h"

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* A line (or part of one) from the hypervisor itself. May be called from any context. */
void printk(enum log_level level, const char *fmt, ...) __printf(2, 3);

struct domain;
/*
 * A line that a guest caused: prefixed "dN: ", ended with a newline by the function, and limited to
 * a burst of ten lines per domain per five seconds; what was left out is counted and said later.
 * LOG_ERR, for the end of a domain, is not limited.
 */
void guest_log(struct domain *d, enum log_level level, const char *fmt, ...) __printf(3, 4);

#define pr_err(...)   printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...)  printk(LOG_WARN, __VA_ARGS__)
#define pr_info(...)  printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

/* Logs the line the first time only. */
#define pr_once(level, ...)                                                      \
	do {                                                                     \
		static bool pr_once_done;                                        \
		if (!__atomic_exchange_n(&pr_once_done, true, __ATOMIC_RELAXED)) \
			printk(level, __VA_ARGS__);                              \
	} while (0)

/* Chooses devices from console= and com1=; lines printed before are replayed. */
void console_init(void);
/* Raw bytes to the serial console: what dom0 writes by console_io. The log does not keep them. */
void console_write(const char *text, size_t len);
/* Takes up to len received bytes; returns how many. */
size_t console_read(char *buf, size_t len);
/* Switches the console to synchronous output that takes no locks, for panic. */
void console_force(void);
/* Boot: received bytes raise VIRQ_CONSOLE to the hardware domain. Needs irq_init(). */
void console_init_input(void);

/*
 * sysctl readconsole: copies up to len bytes of the log ring that starts at position *index (or at
 * the oldest byte still there) and advances *index. Returns the number of bytes.
 */
size_t console_ring_read(char *buf, size_t len, uint32_t *index);
void console_ring_clear(void);

#endif
