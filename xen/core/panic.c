/* SPDX-License-Identifier: MIT */
/* The end: what happened, where, and how it got there; then reboot, or halt with noreboot. */
#include "boot/boot.h"
#include "console/console.h"
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/smp.h"
#include "irq/acpi.h"
#include "lib/string.h"
#include "mm/layout.h"

#define BACKTRACE_MAX 24

extern char text_end[], image_start[];

static bool in_our_stacks(uint64_t addr)
{
	uint64_t sp = (uint64_t)__builtin_frame_address(0);

	return addr % 8 == 0 && (addr ^ sp) < STACK_SIZE;
}

void show_backtrace(uint64_t rip, uint64_t rbp)
{
	printk(LOG_ERR, "backtrace:\n");
	printk(LOG_ERR, "  %pS\n", (void *)rip);
	for (unsigned int i = 0; i < BACKTRACE_MAX && in_our_stacks(rbp); i++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		if (frame[1] < (uint64_t)image_start || frame[1] >= (uint64_t)text_end)
			break;
		printk(LOG_ERR, "  %pS\n", (void *)frame[1]);
		rbp = frame[0];
	}
}

void show_registers(const struct cpu_user_regs *r)
{
	printk(LOG_ERR, "rip %pS cs %#x rflags %#lx\n", (void *)r->rip, r->cs, r->rflags);
	printk(LOG_ERR, "rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->rax, r->rbx, r->rcx,
	       r->rdx);
	printk(LOG_ERR, "rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", r->rsi, r->rdi, r->rbp,
	       r->rsp);
	printk(LOG_ERR, "r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", r->r8, r->r9, r->r10,
	       r->r11);
	printk(LOG_ERR, "r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", r->r12, r->r13, r->r14,
	       r->r15);
	printk(LOG_ERR, "cr2 %016lx cr3 %016lx CPU %u\n", read_cr2(), read_cr3(),
	       smp_processor_id());
}

static void __noreturn finish(uint64_t rip, uint64_t rbp)
{
	show_backtrace(rip, rbp);
	if (boot_options.noreboot) {
		printk(LOG_ERR, "noreboot is set: the machine stops here\n");
		machine_halt();
	}
	machine_restart();
}

static void __printf(1, 0) announce(const char *fmt, va_list args)
{
	char text[256];

	irq_disable();
	smp_stop_others();
	console_force();
	vsnprintf(text, sizeof(text), fmt, args);
	printk(LOG_ERR, "PANIC on CPU %u: %s", smp_processor_id(), text);
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	announce(fmt, args);
	va_end(args);
	finish((uint64_t)__builtin_return_address(0), *(uint64_t *)__builtin_frame_address(0));
}

void panic_regs(const struct cpu_user_regs *regs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	announce(fmt, args);
	va_end(args);
	show_registers(regs);
	finish(regs->rip, regs->rbp);
}

/* Without a gcc runtime: what -fstack-protector calls. */
uintptr_t __stack_chk_guard = 0x595e9fbd94fda766;

void __noreturn __stack_chk_fail(void);
void __noreturn __stack_chk_fail(void)
{
	panic("stack overrun in a function\n");
}
