/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of a guest, after the fault they caused: I/O ports, control and debug
 * registers, MSRs, CPUID, cache control. Everything else keeps its fault.
 *
 * The instruction is fetched once into a buffer and decoded there; a guest that changes it
 * meanwhile only fools itself. rip advances when the instruction is done; a repeated string
 * instruction is done a part at a time.
 */
#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/guest_access.h"
#include "pv/cpuid.h"
#include "pv/mmu.h"
#include "pv/port_io.h"
#include "pv/regs.h"
#include "pv/traps.h"
#include "time/time.h"

#define INSN_MAX  15
#define REP_BATCH 64 /* string elements between two looks at what else is to do */

struct insn {
	uint8_t bytes[INSN_MAX];
	unsigned int have, used; /* bytes fetched, bytes decoded */
	uint8_t rex;
	bool operand16, address32, rep;
};

static bool fetch(struct insn *i, uint64_t rip)
{
	size_t to_page_end = PAGE_SIZE - (rip & (PAGE_SIZE - 1));

	/* A short instruction may lie at the end of the last mapped page. */
	i->have = INSN_MAX;
	if (!copy_from_guest(i->bytes, (void *)rip, INSN_MAX))
		return true;
	i->have = (unsigned int)min(to_page_end, (size_t)INSN_MAX);
	return !copy_from_guest(i->bytes, (void *)rip, i->have);
}

static bool next_byte(struct insn *i, uint8_t *b)
{
	if (i->used >= i->have)
		return false;
	*b = i->bytes[i->used++];
	return true;
}

/* Prefixes, then the opcode's first byte. */
static bool decode_prefixes(struct insn *i, uint8_t *opcode)
{
	uint8_t b;

	while (next_byte(i, &b)) {
		switch (b) {
		case 0x66:
			i->operand16 = true;
			break;
		case 0x67:
			i->address32 = true;
			break;
		case 0xf2:
		case 0xf3:
			i->rep = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
			break;
		default:
			if ((b & 0xf0) == 0x40) {
				i->rex = b;
				if (!next_byte(i, &b))
					return false;
			}
			*opcode = b;
			return true;
		}
	}
	return false;
}

static void set_low(uint64_t *reg, uint64_t value, unsigned int bytes)
{
	if (bytes == 1)
		*reg = (*reg & ~0xfful) | (uint8_t)value;
	else if (bytes == 2)
		*reg = (*reg & ~0xfffful) | (uint16_t)value;
	else
		*reg = (uint32_t)value;
}

/* ---- I/O ports ---- */

static bool in_out(struct cpu_user_regs *r, uint16_t port, unsigned int bytes, bool is_in)
{
	uint32_t value;

	if (!port_io_permitted(current, port, bytes))
		return false;
	if (!is_in) {
		port_write(current->domain, port, bytes, (uint32_t)r->rax);
		return true;
	}
	value = port_read(current->domain, port, bytes);
	set_low(&r->rax, value, bytes);
	return true;
}

/* One element of ins or outs; false when the guest's memory faults (then a fault is queued). */
static bool string_element(struct cpu_user_regs *r, uint16_t port, unsigned int bytes, bool is_in)
{
	uint64_t *index = is_in ? &r->rdi : &r->rsi;
	uint32_t value = 0;

	if (is_in) {
		value = port_read(current->domain, port, bytes);
		if (copy_to_guest((void *)*index, &value, bytes)) {
			pv_inject_page_fault(*index, PF_WRITE);
			return false;
		}
	} else {
		if (copy_from_guest(&value, (void *)*index, bytes)) {
			pv_inject_page_fault(*index, 0);
			return false;
		}
		port_write(current->domain, port, bytes, value);
	}
	*index += r->rflags & EFLAGS_DF ? -(uint64_t)bytes : bytes;
	return true;
}

/* True also when a fault has been queued: then rip stays. */
static bool string_io(struct cpu_user_regs *r, struct insn *i, unsigned int bytes, bool is_in)
{
	uint16_t port = (uint16_t)r->rdx;

	if (i->address32 || !port_io_permitted(current, port, bytes))
		return false;
	if (!i->rep) {
		if (string_element(r, port, bytes, is_in))
			r->rip += i->used;
		return true;
	}
	for (unsigned int n = 0; n < REP_BATCH && r->rcx != 0; n++) {
		if (!string_element(r, port, bytes, is_in))
			return true;
		r->rcx--;
	}
	if (r->rcx == 0)
		r->rip += i->used;
	return true;
}

/* 0xe4-0xe7, 0xec-0xef: bit 0 is the size, bit 1 the direction, bit 3 where the port is. */
static bool emulate_in_out(struct cpu_user_regs *r, struct insn *i, uint8_t opcode)
{
	unsigned int bytes = !(opcode & 1) ? 1 : i->operand16 ? 2 : 4;
	uint16_t port = (uint16_t)r->rdx;
	uint8_t imm;

	if (!(opcode & 8)) {
		if (!next_byte(i, &imm))
			return false;
		port = imm;
	}
	if (!in_out(r, port, bytes, !(opcode & 2)))
		return false;
	r->rip += i->used;
	return true;
}

/* ---- control registers ---- */

#define CR4_GUEST_FIXED (CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE)

static uint64_t guest_cr4(const struct vcpu *v)
{
	return v->pv.ctrlreg[4] | CR4_GUEST_FIXED | (cpu_features.xsave ? CR4_OSXSAVE : 0);
}

static bool read_cr(struct vcpu *v, unsigned int cr, uint64_t *value)
{
	switch (cr) {
	case 0:
		*value = v->pv.ctrlreg[0];
		return true;
	case 2:
		*value = v->vcpu_info->arch.cr2;
		return true;
	case 3:
		*value = v->pv.guest_table << PAGE_SHIFT;
		return true;
	case 4:
		*value = guest_cr4(v);
		return true;
	default:
		return false;
	}
}

static bool write_cr(struct vcpu *v, unsigned int cr, uint64_t value)
{
	switch (cr) {
	case 0:
		if ((value ^ v->pv.ctrlreg[0]) & ~(uint64_t)CR0_TS)
			return false;
		(void)do_fpu_taskswitch(!!(value & CR0_TS));
		return true;
	case 2:
		v->pv.ctrlreg[2] = value;
		v->vcpu_info->arch.cr2 = value;
		return true;
	case 3:
		return pv_set_kernel_base(v, value >> PAGE_SHIFT) == 0;
	case 4:
		/* It may only keep what it sees, give or take what has no effect here. */
		v->pv.ctrlreg[4] = value & CR4_TSD;
		return true;
	default:
		return false;
	}
}

/* mov between a control (or debug) register and a general one: 0f 20-23. */
static bool emulate_mov_cr(struct cpu_user_regs *r, struct insn *i, uint8_t opcode)
{
	struct vcpu *v = current;
	unsigned int reg;
	uint64_t *g, value;
	uint8_t modrm;

	if (!next_byte(i, &modrm))
		return false;
	reg = ((modrm >> 3) & 7) | (i->rex & 4 ? 8 : 0);
	g = pv_register(r, (modrm & 7) | (i->rex & 1 ? 8 : 0));
	switch (opcode) {
	case 0x20:
		if (!read_cr(v, reg, &value))
			return false;
		*g = value;
		return true;
	case 0x21:
		*g = v->pv.debugreg[reg & 7];
		return reg < 8;
	case 0x22:
		return write_cr(v, reg, *g);
	default:
		return reg < 8 && pv_set_debugreg(v, reg, *g) == 0;
	}
}

/* ---- 0f 01: xsetbv, smsw, lmsw, rdtscp ---- */

static bool emulate_xsetbv(struct cpu_user_regs *r)
{
	uint64_t value = (uint32_t)r->rax | r->rdx << 32;

	/* The guest's own XCR0 would have to follow it at each switch: all of it or nothing. */
	return (uint32_t)r->rcx == 0 && xfeature_mask && (value & ~xfeature_mask) == 0 &&
	       (value & 1);
}

static void emulate_rdtsc(struct cpu_user_regs *r)
{
	uint64_t tsc = rdtsc();

	r->rax = (uint32_t)tsc;
	r->rdx = tsc >> 32;
}

static bool emulate_0f01(struct cpu_user_regs *r, struct insn *i)
{
	uint8_t modrm;

	if (!next_byte(i, &modrm))
		return false;
	switch (modrm) {
	case 0xd1:
		return emulate_xsetbv(r);
	case 0xf9:
		emulate_rdtsc(r);
		r->rcx = 0;
		return true;
	default:
		break;
	}
	if ((modrm & 0xf8) == 0xe0) { /* smsw to a register */
		*pv_register(r, (modrm & 7) | (i->rex & 1 ? 8 : 0)) = current->pv.ctrlreg[0];
		return true;
	}
	if ((modrm & 0xf8) == 0xf0) { /* lmsw from a register */
		uint64_t msw = *pv_register(r, (modrm & 7) | (i->rex & 1 ? 8 : 0)) & 0xf;

		return write_cr(current, 0, (current->pv.ctrlreg[0] & ~0xeul) | msw);
	}
	return false;
}

/* ---- MSRs and CPUID ---- */

static bool emulate_rdmsr(struct cpu_user_regs *r)
{
	uint64_t value;

	if (!msr_guest_read(current, (uint32_t)r->rcx, &value))
		return false;
	r->rax = (uint32_t)value;
	r->rdx = value >> 32;
	return true;
}

static bool emulate_wrmsr(struct cpu_user_regs *r)
{
	return msr_guest_write(current, (uint32_t)r->rcx, (uint32_t)r->rax | r->rdx << 32);
}

static void emulate_cpuid(struct cpu_user_regs *r)
{
	uint32_t out[4];

	cpuid_guest(current, (uint32_t)r->rax, (uint32_t)r->rcx, out);
	r->rax = out[0];
	r->rbx = out[1];
	r->rcx = out[2];
	r->rdx = out[3];
}

static bool emulate_0f(struct cpu_user_regs *r, struct insn *i)
{
	uint8_t opcode;

	if (!next_byte(i, &opcode))
		return false;
	switch (opcode) {
	case 0x01:
		return emulate_0f01(r, i);
	case 0x06: /* clts */
		(void)do_fpu_taskswitch(0);
		return true;
	case 0x08: /* invd, wbinvd: the hardware domain's caches are real */
	case 0x09:
		if (current->domain->is_hardware)
			__asm__ __volatile__("wbinvd" ::: "memory");
		return true;
	case 0x20:
	case 0x21:
	case 0x22:
	case 0x23:
		return emulate_mov_cr(r, i, opcode);
	case 0x30:
		return emulate_wrmsr(r);
	case 0x31:
		emulate_rdtsc(r);
		return true;
	case 0x32:
		return emulate_rdmsr(r);
	case 0xa2:
		emulate_cpuid(r);
		return true;
	default:
		return false;
	}
}

bool pv_emulate_privileged(struct cpu_user_regs *regs)
{
	struct insn i = { 0 };
	uint8_t opcode;

	if (!fetch(&i, regs->rip) || !decode_prefixes(&i, &opcode))
		return false;
	/* I/O is also for user mode, where the kernel allows it. */
	if ((opcode & 0xf4) == 0xe4)
		return emulate_in_out(regs, &i, opcode);
	if (opcode >= 0x6c && opcode <= 0x6f)
		return string_io(regs, &i, !(opcode & 1) ? 1 : i.operand16 ? 2 : 4, opcode < 0x6e);
	if (!current->pv.kernel_mode)
		return false;
	/* The guest kernel's interrupt flag is evtchn_upcall_mask: cli and sti do nothing. */
	if (opcode == 0xfa || opcode == 0xfb) {
		if (current->pv.iopl == 0)
			return false;
	} else if (opcode != 0x0f || !emulate_0f(regs, &i)) {
		return false;
	}
	regs->rip += i.used;
	return true;
}

bool pv_emulate_forced_prefix(struct cpu_user_regs *regs)
{
	static const uint8_t insn[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
	uint8_t bytes[sizeof(insn)];

	if (copy_from_guest(bytes, (void *)regs->rip, sizeof(bytes)) ||
	    memcmp(bytes, insn, sizeof(insn)) != 0)
		return false;
	emulate_cpuid(regs);
	regs->rip += sizeof(insn);
	return true;
}
