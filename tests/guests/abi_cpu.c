/* SPDX-License-Identifier: MIT */
/* Traps, descriptors, registers and privileged instructions as a guest meets them. */
#include <public/callback.h>

#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/traps.h"
#include "tests/guests/verdict.h"

#define NON_CANONICAL 0x0000900000000000ul

static void run_insn_cli(void *arg)
{
	(void)arg;
	__asm__ __volatile__("cli");
}

static void run_insn_hlt(void *arg)
{
	(void)arg;
	__asm__ __volatile__("hlt");
}

static void run_insn_ud2(void *arg)
{
	(void)arg;
	__asm__ __volatile__("ud2");
}

static void run_insn_int3(void *arg)
{
	(void)arg;
	__asm__ __volatile__("int3");
}

static void run_insn_int80(void *arg)
{
	(void)arg;
	__asm__ __volatile__("int $0x80");
}

static void run_insn_div(void *arg)
{
	(void)arg;
	__asm__ __volatile__("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; divl %%ecx" ::
				     : "eax", "ecx", "edx");
}

static void run_insn_out(void *arg)
{
	(void)arg;
	__asm__ __volatile__("outb %%al, $0x80" ::"a"(0));
}

static void run_insn_read_cr0(void *arg)
{
	__asm__ __volatile__("mov %%cr0, %0" : "=r"(*(uint64_t *)arg));
}

static void run_insn_read_cr3(void *arg)
{
	__asm__ __volatile__("mov %%cr3, %0" : "=r"(*(uint64_t *)arg));
}

static void run_insn_write_cr4(void *arg)
{
	__asm__ __volatile__("mov %0, %%cr8" ::"r"(*(uint64_t *)arg));
}

static void run_rdmsr(void *arg)
{
	uint32_t lo, hi;

	__asm__ __volatile__("rdmsr" : "=a"(lo), "=d"(hi) : "c"((uint32_t)(uint64_t)arg));
}

static void run_wrmsr(void *arg)
{
	__asm__ __volatile__("wrmsr" ::"c"((uint32_t)(uint64_t)arg), "a"(0x12345678), "d"(0x9000));
}

static void run_load_bad_selector(void *arg)
{
	__asm__ __volatile__("movl %0, %%fs" ::"r"((uint32_t)(uint64_t)arg));
}

static void run_non_canonical(void *arg)
{
	(void)arg;
	(void)*(volatile char *)NON_CANONICAL;
}

static void instructions(void)
{
	uint64_t value = 0;

	VERDICT("ud2", trap_catch(run_insn_ud2, NULL));
	VERDICT("int3", trap_catch(run_insn_int3, NULL));
	VERDICT("int 0x80 without a gate", trap_catch(run_insn_int80, NULL));
	VERDICT("division by zero", trap_catch(run_insn_div, NULL));
	VERDICT("hlt", trap_catch(run_insn_hlt, NULL));
	VERDICT("read CR0", trap_catch(run_insn_read_cr0, &value));
	VERDICT("CR0 has paging and protection", (value & 0x80000001) == 0x80000001);
	VERDICT("read CR3", trap_catch(run_insn_read_cr3, &value));
	VERDICT("CR3 is our L4", value == virt_to_mfn_guest((void *)start_info.pt_base) << 12);
	VERDICT("write CR8", trap_catch(run_insn_write_cr4, &value));
	VERDICT("out without I/O privilege", trap_catch(run_insn_out, NULL));
	VERDICT("cli without I/O privilege", trap_catch(run_insn_cli, NULL));
	VERDICT("read of an MSR that is not there", trap_catch(run_rdmsr, (void *)0x12345ul));
	VERDICT("read of EFER", trap_catch(run_rdmsr, (void *)0xc0000080ul));
	VERDICT("write of LSTAR", trap_catch(run_wrmsr, (void *)0xc0000082ul));
	VERDICT("non-canonical FS base", trap_catch(run_wrmsr, (void *)0xc0000100ul));
	VERDICT("selector beyond the GDT", trap_catch(run_load_bad_selector, (void *)0x1003ul));
	VERDICT("the hypervisor's code selector",
		trap_catch(run_load_bad_selector, (void *)0xe008ul));
	VERDICT("a non-canonical address", trap_catch(run_non_canonical, NULL));
}

static void hypervisor_memory(void)
{
	uint64_t value;

	VERDICT("read the machine-to-physical table",
		probe_read((void *)HYPERVISOR_VIRT_START, &value));
	VERDICT("write it", probe_write((void *)HYPERVISOR_VIRT_START, 0));
	VERDICT("read beyond it", probe_read((void *)0xffff82d040000000ul, &value));
	VERDICT("write to the top of hypervisor space",
		probe_write((void *)0xffff87fffffff000ul, 0));
}

static void descriptors(void)
{
	uint64_t *page = page_alloc();
	mfn_t mfn = virt_to_mfn_guest(page);
	uint64_t maddr = mfn << PAGE_SHIFT;

	VERDICT("GDT in a writable page", hypercall(set_gdt, &mfn, 16, 0, 0));
	VERDICT("make it read-only", page_remap(page, page_own_pte(page) & ~PTE_RW));
	VERDICT("GDT in it", hypercall(set_gdt, &mfn, 16, 0, 0));
	VERDICT("writable while it is a GDT", page_remap(page, page_own_pte(page)));
	VERDICT("a data descriptor",
		hypercall(update_descriptor, maddr + 8, 0x00cff2000000fffful, 0, 0));
	VERDICT("a ring 0 code descriptor becomes ring 3",
		hypercall(update_descriptor, maddr + 16, 0x00af9a000000fffful, 0, 0));
	VERDICT("its privilege level", (page[2] >> 45) & 3);
	VERDICT("a TSS", hypercall(update_descriptor, maddr + 24, 0x000089000000fffful, 0, 0));
	VERDICT("an interrupt gate",
		hypercall(update_descriptor, maddr + 24, 0x00008e000000fffful, 0, 0));
	VERDICT("unaligned", hypercall(update_descriptor, maddr + 4, 0, 0, 0));
	VERDICT("a page that is not ours", hypercall(update_descriptor, 0x1000, 0, 0, 0));
	VERDICT("load the data segment", trap_catch(run_load_bad_selector, (void *)0xbul));
	VERDICT("load the null one", trap_catch(run_load_bad_selector, NULL));
	VERDICT("too many entries", hypercall(set_gdt, &mfn, 100000, 0, 0));
	VERDICT("no GDT", hypercall(set_gdt, &mfn, 0, 0, 0));
	VERDICT("writable again", page_remap(page, page_own_pte(page)));
	page_free(page);
}

static void registers(void)
{
	struct callback_register reg = { .type = CALLBACKTYPE_event, .address = NON_CANONICAL };
	struct trap_info ti[2] = {
		{ .vector = 3, .cs = FLAT_KERNEL_CS, .address = NON_CANONICAL }
	};

	VERDICT("debug register in hypervisor space",
		hypercall(set_debugreg, 0, HYPERVISOR_VIRT_START + 0x1000, 0, 0));
	VERDICT("debug register 0", hypercall(set_debugreg, 0, 0x1000, 0, 0));
	VERDICT("read back", hypercall(get_debugreg, 0, 0, 0, 0));
	VERDICT("debug register 9", hypercall(set_debugreg, 9, 0, 0, 0));
	VERDICT("FS base", hypercall(set_segment_base, SEGBASE_FS, 0x1000, 0, 0));
	VERDICT("FS base, not canonical",
		hypercall(set_segment_base, SEGBASE_FS, NON_CANONICAL, 0, 0));
	VERDICT("unknown segment base", hypercall(set_segment_base, 9, 0, 0, 0));
	VERDICT("stack switch", hypercall(stack_switch, FLAT_KERNEL_SS, 0x1000, 0, 0));
	VERDICT("callback, not canonical", hypercall(callback_op, CALLBACKOP_register, &reg, 0, 0));
	reg.type = 77;
	reg.address = 0;
	VERDICT("callback of an unknown type",
		hypercall(callback_op, CALLBACKOP_register, &reg, 0, 0));
	VERDICT("unknown callback_op", hypercall(callback_op, 9, &reg, 0, 0));
	VERDICT("trap handler, not canonical", hypercall(set_trap_table, ti, 0, 0, 0));
	VERDICT("trap table at a bad address", hypercall(set_trap_table, 0x10, 0, 0, 0));
	VERDICT("unknown vm_assist", hypercall(vm_assist, 0, 63, 0, 0));
	VERDICT("task switched flag", hypercall(fpu_taskswitch, 1, 0, 0, 0));
	VERDICT("and off", hypercall(fpu_taskswitch, 0, 0, 0, 0));
}

int guest_main(void)
{
	instructions();
	hypervisor_memory();
	descriptors();
	registers();
	VERDICTS_DONE();
	return 0;
}
