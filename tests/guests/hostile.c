/* SPDX-License-Identifier: MIT */
/*
 * A guest that misbehaves, chosen by mode= on its command line:
 *	fault	takes a fault it has no handler for	triple	faults without a trap table or a
 *stack spin	spins with events masked		storm	sends itself events without end fuzz
 *makes random hypercalls, seed= and count= on the command line
 */
#include "frontends/runtime/clock.h"
#include "frontends/runtime/events.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/traps.h"
#include "tests/guests/verdict.h"

static void fault(void)
{
	volatile uint64_t address = 8;

	*(volatile int *)address = 1;
}

static void triple(void)
{
	hypercall(set_trap_table, 0, 0, 0, 0);
	__asm__ __volatile__("xorl %esp, %esp; pushq $0");
}

static void spin(void)
{
	(void)events_disable();
	for (;;)
		__asm__ __volatile__("pause");
}

static void ignore(evtchn_port_t port, void *data)
{
	(void)data;
	events_send(port);
}

static void storm(void)
{
	int port = events_bind_ipi(ignore, NULL);

	for (;;)
		events_send((evtchn_port_t)port);
}

static uint64_t seed;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Values that mean something now and then: small ones, our own frames and addresses, edges. */
static uint64_t random_argument(void *page)
{
	uint64_t r = next_random();

	switch (r % 8) {
	case 0:
		return r >> 60;
	case 1:
		return (uint64_t)page + (r >> 40) % PAGE_SIZE;
	case 2:
		return virt_to_mfn_guest(page);
	case 3:
		return (uint64_t)page;
	case 4:
		return 0xffff800000000000 + (r >> 30);
	case 5:
		return ~0ul - (r >> 56);
	case 6:
		return (r >> 20) % 100;
	default:
		return r;
	}
}

static bool end_of_fuzzing(unsigned int nr, const uint64_t a[5], const void *page)
{
	/* What would take away the page that the arguments are made in. */
	if (nr == __HYPERVISOR_update_va_mapping ||
	    nr == __HYPERVISOR_update_va_mapping_otherdomain)
		return a[0] >> PAGE_SHIFT == (uint64_t)page >> PAGE_SHIFT;
	/* Those that end or stop the guest by design. */
	return nr == __HYPERVISOR_iret || (nr == __HYPERVISOR_sched_op && a[0] != 0) ||
	       nr == __HYPERVISOR_sched_op_compat || nr == __HYPERVISOR_stack_switch ||
	       nr == __HYPERVISOR_set_trap_table || nr == __HYPERVISOR_set_callbacks ||
	       nr == __HYPERVISOR_callback_op || nr == __HYPERVISOR_set_gdt ||
	       nr == __HYPERVISOR_set_segment_base ||
	       (nr == __HYPERVISOR_vcpu_op && (a[0] == 2 || a[0] > 3)) ||
	       nr == __HYPERVISOR_multicall || (nr == __HYPERVISOR_memory_op && (a[0] & 63) == 1);
}

/* A random hypercall may have set a watchpoint. */
static bool ignore_debug(struct trap_frame *frame)
{
	(void)frame;
	return true;
}

static void fuzz(void)
{
	const char *text = command_line_get("count");
	uint64_t count = text ? strtoull(text, NULL, 0) : 100000;
	uint64_t *page = page_alloc();

	trap_handler_set(1, ignore_debug);
	text = command_line_get("seed");
	seed = text ? strtoull(text, NULL, 0) : 1;
	printf("fuzz: seed %lu, %lu hypercalls\n", seed, count);
	for (uint64_t i = 0; i < count; i++) {
		unsigned int nr = (unsigned int)(next_random() >> 16) % 64;
		uint64_t a[5];

		for (unsigned int k = 0; k < 64; k++)
			page[k] = random_argument(page);
		for (unsigned int k = 0; k < 5; k++)
			a[k] = random_argument(page);
		if (end_of_fuzzing(nr, a, page))
			continue;
		(void)hypercall5(nr, a[0], a[1], a[2], a[3], a[4]);
	}
	printf("fuzz: done\n");
}

int guest_main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} modes[] = {
		{ "fault", fault }, { "triple", triple }, { "spin", spin },
		{ "storm", storm }, { "fuzz", fuzz },
	};
	const char *mode = command_line_get("mode");

	for (unsigned int i = 0; mode && i < ARRAY_SIZE(modes); i++) {
		if (strcmp(mode, modes[i].name) != 0)
			continue;
		printf("hostile: %s\n", modes[i].name);
		modes[i].run();
		return 0;
	}
	printf("hostile: no mode= on the command line\n");
	return 1;
}
