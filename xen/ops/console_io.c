/* SPDX-License-Identifier: MIT */
/*
 * console_io (public/xen.h): the hypervisor's console as dom0's own; other domains may only write
 * whole lines to the log, at the rate that guest_log() allows.
 */
#include <public/xen.h>

#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "mm/guest_access.h"

#define CHUNK 128u

/* Control characters would let a guest play tricks on the terminal that shows the log. */
static void log_guest_text(struct domain *d, char *text, size_t len)
{
	size_t i, start = 0;

	for (i = 0; i <= len; i++) {
		if (i < len && text[i] != '\n') {
			if (text[i] < ' ' && text[i] != '\t')
				text[i] = ' ';
			continue;
		}
		if (i > start)
			guest_log(d, LOG_INFO, "%.*s", (int)(i - start), text + start);
		start = i + 1;
	}
}

static long console_io_write(const char *buffer, unsigned int count)
{
	struct domain *d = current->domain;
	char text[CHUNK];
	unsigned int done = 0;

	while (done < count) {
		unsigned int n = min(count - done, CHUNK);

		if (hypercall_preempt_check() && done)
			return hypercall_continue(__HYPERVISOR_console_io, 3,
						  (unsigned long)CONSOLEIO_write,
						  (unsigned long)(count - done), buffer + done);
		if (copy_from_guest(text, buffer + done, n))
			return -EFAULT;
		if (d->is_hardware)
			console_write(text, n);
		else
			log_guest_text(d, text, n);
		done += n;
	}
	return 0;
}

static long console_io_read(char *buffer, unsigned int count)
{
	char text[CHUNK];
	size_t n;

	n = console_read(text, min(count, CHUNK));
	return copy_to_guest(buffer, text, n) ? -EFAULT : (long)n;
}

long do_console_io(unsigned int cmd, unsigned int count, char *buffer)
{
	/* The result of a read is a count of at most INT_MAX. */
	if ((int)count < 0)
		return -E2BIG;
	switch (cmd) {
	case CONSOLEIO_write:
		return console_io_write(buffer, count);
	case CONSOLEIO_read:
		return current->domain->is_hardware ? console_io_read(buffer, count) : -EPERM;
	default:
		return -ENOSYS;
	}
}
