/* SPDX-License-Identifier: MIT */
/* Trap table, dispatch, and catching expected traps by unwinding to where catching began. */
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/traps.h"

extern const uint64_t trap_entries[TRAP_VECTORS];
extern char event_callback[], failsafe_callback[];
void trap_handle(struct trap_frame *frame);

static bool (*handlers[TRAP_VECTORS])(struct trap_frame *frame);

/* Where trap_catch() goes on when its function faults. */
static struct {
	uint64_t rip, rsp, rbp;
	bool active;
	unsigned int vector;
} catching;

void trap_handler_set(unsigned int vector, bool (*handler)(struct trap_frame *frame))
{
	handlers[vector] = handler;
}

uint64_t page_fault_address(void)
{
	return shared_info->vcpu_info[0].arch.cr2;
}

static void print_frame(const struct trap_frame *f)
{
	printf("trap %lu error %#lx rip %#lx rsp %#lx rflags %#lx cs %#lx\n", f->vector,
	       f->error_code, f->rip, f->rsp, f->rflags, f->cs);
	printf("rax %#lx rbx %#lx rcx %#lx rdx %#lx rsi %#lx rdi %#lx rbp %#lx\n", f->rax, f->rbx,
	       f->rcx, f->rdx, f->rsi, f->rdi, f->rbp);
	if (f->vector == 14)
		printf("page fault at %#lx\n", page_fault_address());
}

void trap_handle(struct trap_frame *f)
{
	if (f->vector < TRAP_VECTORS && handlers[f->vector] && handlers[f->vector](f))
		return;
	if (catching.active) {
		catching.active = false;
		catching.vector = (unsigned int)f->vector + 1;
		f->rip = catching.rip;
		f->rsp = catching.rsp;
		f->rbp = catching.rbp;
		return;
	}
	print_frame(f);
	guest_panic("unexpected trap %lu", f->vector);
}

unsigned int trap_catch(void (*fn)(void *arg), void *arg)
{
	catching.vector = 0;
	catching.active = true;
	/* Everything a call may clobber is clobbered, whether fn returns or its trap comes here. */
	__asm__ __volatile__("leaq 1f(%%rip), %%rax\n\t"
			     "movq %%rax, %[rip]\n\t"
			     "movq %%rsp, %[rsp]\n\t"
			     "movq %%rbp, %[rbp]\n\t"
			     "andq $-16, %%rsp\n\t"
			     "call *%[fn]\n"
			     "1:\tmovq %[rsp], %%rsp\n\t"
			     : [rip] "=m"(catching.rip), [rsp] "+m"(catching.rsp),
			       [rbp] "=m"(catching.rbp), [fn] "+S"(fn), "+D"(arg)
			     :
			     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13",
			       "r14", "r15", "memory", "cc");
	catching.active = false;
	return catching.vector;
}

struct probe {
	volatile uint64_t *addr;
	uint64_t value;
};

static void do_read(void *arg)
{
	struct probe *p = arg;

	p->value = *p->addr;
}

static void do_write(void *arg)
{
	struct probe *p = arg;

	*p->addr = p->value;
}

unsigned int probe_read(const void *addr, uint64_t *value)
{
	struct probe p = { .addr = (volatile uint64_t *)(uint64_t)addr };
	unsigned int rc = trap_catch(do_read, &p);

	*value = p.value;
	return rc;
}

unsigned int probe_write(void *addr, uint64_t value)
{
	struct probe p = { .addr = addr, .value = value };

	return trap_catch(do_write, &p);
}

void traps_init(void)
{
	static struct trap_info table[TRAP_VECTORS + 1];

	for (unsigned int v = 0; v < TRAP_VECTORS; v++)
		table[v] = (struct trap_info){ .vector = (uint8_t)v,
					       .flags = v == 3 || v == 4 ? 3 : 0,
					       .cs = FLAT_KERNEL_CS,
					       .address = trap_entries[v] };
	if (hypercall(set_trap_table, table, 0, 0, 0) ||
	    hypercall(set_callbacks, event_callback, failsafe_callback, 0, 0))
		guest_panic("the hypervisor refuses the trap table");
}
