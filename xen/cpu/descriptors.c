/* SPDX-License-Identifier: MIT */
/* IDT, TSS, and our page of the GDT, in each CPU's window (mm/layout.h). */
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/descriptors.h"
#include "cpu/entry.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "lib/string.h"

#define GDT_LIMIT      (15 * PAGE_SIZE - 1)
#define OUR_GDT_PAGE   (14 * PAGE_SIZE)
#define GATE_INTERRUPT 0x8e
#define GATE_DPL3      0x60
#define DESC_TSS       0x89ul
#define DESC_LDT       0x82ul

struct idt_entry {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

struct table_register {
	uint16_t limit;
	uint64_t base;
} __packed;

static struct idt_entry idt[256] __aligned(4096);

static uint64_t window(void)
{
	return PERCPU_VIRT_START + (uint64_t)smp_processor_id() * PERCPU_WINDOW_SIZE;
}

static void idt_set(unsigned int vector, uint8_t ist, uint8_t type)
{
	uint64_t target = (uint64_t)vector_stubs + (uint64_t)vector * VECTOR_STUB_SIZE;

	idt[vector] = (struct idt_entry){
		.offset_low = (uint16_t)target,
		.selector = SEL_HYPERVISOR_CS,
		.ist = ist,
		.type = type,
		.offset_mid = (uint16_t)(target >> 16),
		.offset_high = (uint32_t)(target >> 32),
	};
}

static void idt_init(void)
{
	for (unsigned int v = 0; v < 256; v++)
		idt_set(v, 0, GATE_INTERRUPT);
	idt_set(X86_TRAP_BP, 0, GATE_INTERRUPT | GATE_DPL3);
	idt_set(X86_TRAP_OF, 0, GATE_INTERRUPT | GATE_DPL3);
	idt_set(X86_TRAP_DB, IST_DB, GATE_INTERRUPT);
	idt_set(X86_TRAP_NMI, IST_NMI, GATE_INTERRUPT);
	idt_set(X86_TRAP_DF, IST_DF, GATE_INTERRUPT);
	idt_set(X86_TRAP_MC, IST_MC, GATE_INTERRUPT);
}

static uint64_t *gdt_entry(unsigned int selector)
{
	return (uint64_t *)(window() + PERCPU_GDT + (selector & ~7u));
}

/* A 16-byte system descriptor. */
static void gdt_set_system(unsigned int selector, uint64_t base, uint64_t limit, uint64_t type)
{
	uint64_t *e = gdt_entry(selector);

	e[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | type << 40 |
	       ((limit >> 16) & 0xf) << 48 | ((base >> 24) & 0xff) << 56;
	e[1] = base >> 32;
}

void descriptors_set_ldt(unsigned int entries)
{
	if (entries == 0) {
		__asm__ __volatile__("lldt %w0" ::"r"(0));
		return;
	}
	gdt_set_system(SEL_LDT, window() + PERCPU_LDT, entries * 8ul - 1, DESC_LDT);
	__asm__ __volatile__("lldt %w0" ::"r"(SEL_LDT));
}

static void tss_init(void)
{
	struct tss *tss = (struct tss *)(window() + PERCPU_TSS);
	uint64_t stack = window() + PERCPU_STACKS;

	memset(tss, 0, sizeof(*tss));
	tss->rsp0 = (uint64_t)&cpu_info()->guest_regs.es;
	tss->ist[IST_NMI - 1] = stack + 1 * PAGE_SIZE;
	tss->ist[IST_DF - 1] = stack + 2 * PAGE_SIZE;
	tss->ist[IST_MC - 1] = stack + 3 * PAGE_SIZE;
	tss->ist[IST_DB - 1] = stack + 4 * PAGE_SIZE;
	tss->iomap_base = sizeof(*tss); /* no bitmap: every guest I/O instruction faults */
	gdt_set_system(SEL_TSS, (uint64_t)tss, sizeof(*tss) - 1, DESC_TSS);
}

static void gdt_init(void)
{
	*gdt_entry(SEL_HYPERVISOR_CS) = 0x00af9b000000ffff;
	*gdt_entry(SEL_HYPERVISOR_DS) = 0x00cf93000000ffff;
	*gdt_entry(SEL_USER_CS32) = 0x00cffb000000ffff;
	*gdt_entry(SEL_USER_DS) = 0x00cff3000000ffff;
	*gdt_entry(SEL_USER_CS64) = 0x00affb000000ffff;
}

/* An entry point in this CPU's mapping of the trampoline page. */
static uint64_t in_window(const char *trampoline)
{
	return window() + PERCPU_TRAMPOLINE + ((uint64_t)trampoline & (PAGE_SIZE - 1));
}

static void syscall_init(void)
{
	struct entry_data *data = (struct entry_data *)(window() + PERCPU_ENTRY_DATA);

	data->stack = (uint64_t)&cpu_info()->guest_regs.es;
	data->target[0] = (uint64_t)entry_syscall;
	data->target[1] = (uint64_t)entry_syscall32;
	data->target[2] = (uint64_t)entry_sysenter;

	wrmsr(MSR_STAR, (uint64_t)SEL_USER_CS32 << 48 | (uint64_t)SEL_HYPERVISOR_CS << 32);
	wrmsr(MSR_LSTAR, in_window(trampoline_syscall));
	wrmsr(MSR_CSTAR, in_window(trampoline_syscall32));
	wrmsr(MSR_SYSCALL_MASK, EFLAGS_VM | EFLAGS_RF | EFLAGS_NT | EFLAGS_DF | EFLAGS_IF |
					EFLAGS_TF | EFLAGS_AC | EFLAGS_IOPL);
	wrmsr(MSR_SYSENTER_CS, SEL_HYPERVISOR_CS);
	wrmsr(MSR_SYSENTER_ESP, data->stack);
	wrmsr(MSR_SYSENTER_EIP, in_window(trampoline_sysenter));
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
}

void descriptors_load(void)
{
	struct table_register gdtr = { GDT_LIMIT, window() + PERCPU_GDT };
	struct table_register idtr = { sizeof(idt) - 1, (uint64_t)idt };

	if (idt[0].type == 0)
		idt_init();
	gdt_init();
	tss_init();
	__asm__ __volatile__("lgdt %0" ::"m"(gdtr));
	__asm__ __volatile__("lidt %0" ::"m"(idtr));
	__asm__ __volatile__("pushq %0\n\t"
			     "leaq 1f(%%rip), %%rax\n\t"
			     "pushq %%rax\n\t"
			     "lretq\n"
			     "1:\tmovl %1, %%ss\n\t"
			     "movl %2, %%ds\n\t"
			     "movl %2, %%es\n\t"
			     "movl %2, %%fs\n\t"
			     "movl %2, %%gs\n\t"
			     "ltr %w3\n\t"
			     "lldt %w2\n"
			     :
			     : "i"(SEL_HYPERVISOR_CS), "r"(0), "r"(0), "r"(SEL_TSS)
			     : "rax", "memory");
	syscall_init();
}
