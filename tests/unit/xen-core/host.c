/* SPDX-License-Identifier: MIT */
/* What every test needs: per-CPU data, panics and logs, the heap. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

#include "console/console.h"
#include "core/panic.h"
#include "cpu/cpumask.h"
#include "cpu/remote.h"
#include "mm/heap.h"

struct cpu_info host_cpu_info;
cpumask_t cpu_online_map = { { 1 } };
unsigned int nr_cpu_ids = 1;
bool host_irqs_on = true;

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	abort();
}

void printk(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

void guest_log(struct domain *d, enum log_level level, const char *fmt, ...)
{
	(void)d;
	(void)level;
	(void)fmt;
}

/* The one CPU there is asks nobody. */
__attribute__((__weak__)) void remote_serve(void)
{
}

void remote_call(const cpumask_t *mask, void (*fn)(void *data), void *data)
{
	if (cpumask_test(0, mask))
		fn(data);
}

void *xmalloc_bytes(size_t size)
{
	return malloc(size);
}

void *xzalloc_bytes(size_t size)
{
	return calloc(1, size);
}

void xfree(void *p)
{
	free(p);
}
