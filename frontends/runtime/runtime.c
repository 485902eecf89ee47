/* SPDX-License-Identifier: MIT */
/* Start and end of a guest, and its printf. */
#include <public/sched.h>

#include "core/panic.h"
#include "frontends/consfront/consfront.h"
#include "frontends/runtime/clock.h"
#include "frontends/runtime/events.h"
#include "frontends/runtime/grants.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/traps.h"
#include "frontends/runtime/xenbus.h"

void runtime_main(const struct start_info *si) __noreturn;
void __stack_chk_fail(void) __noreturn;

struct start_info start_info;

const char *command_line_get(const char *name)
{
	static char value[256];
	const char *p = (const char *)start_info.cmd_line;
	size_t len = strlen(name), n = 0;

	while (*p) {
		if (strncmp(p, name, len) == 0 && p[len] == '=') {
			p += len + 1;
			while (p[n] && p[n] != ' ' && n < sizeof(value) - 1) {
				value[n] = p[n];
				n++;
			}
			value[n] = 0;
			return value;
		}
		while (*p && *p != ' ')
			p++;
		while (*p == ' ')
			p++;
	}
	return NULL;
}

void printf(const char *fmt, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	consfront_write(line, min((size_t)n, sizeof(line) - 1));
}

void guest_shutdown(unsigned int reason)
{
	struct sched_shutdown op = { .reason = reason };

	consfront_flush();
	for (;;)
		hypercall(sched_op, SCHEDOP_shutdown, &op, 0, 0);
}

void guest_panic(const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	printf("panic: %s\n", line);
	guest_shutdown(SHUTDOWN_crash);
}

/* The hypervisor's formatting asks for symbols; a guest has no table of them. */
const char *symbol_lookup(uint64_t addr, uint64_t *offset)
{
	(void)addr;
	*offset = 0;
	return NULL;
}

uintptr_t __stack_chk_guard = 0x7b1d0c9fe2a4365d;

void __stack_chk_fail(void)
{
	guest_panic("stack overrun in a function");
}

void runtime_main(const struct start_info *si)
{
	start_info = *si;
	memory_init();
	traps_init();
	events_init();
	clock_init();
	consfront_init();
	grants_init();
	xenbus_init();
	events_enable();
	guest_shutdown(guest_main() == 0 ? SHUTDOWN_poweroff : SHUTDOWN_crash);
}
