/* SPDX-License-Identifier: MIT */
/*
 * Page faults that are the hypervisor's to solve: LDT pages not mapped yet, and writes of the guest
 * kernel to its own L1 tables, which are mapped read-only. Such a write is carried out on the
 * instruction's behalf as a checked update, whole or not at all.
 *
 * No lock: the update is a compare and exchange of the entry (pv/entry.c).
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/msr.h"
#include "cpu/percpu.h"
#include "mm/guest_words.h"
#include "pv/insn.h"
#include "pv/mmu.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"
#include "pv/regs.h"
#include "pv/traps.h"

/* Against a guest that changes the entry all the time: then the instruction is started afresh. */
#define EMULATE_TRIES 64

static uint64_t operand_mask(unsigned int size)
{
	return ~0ul >> (64 - 8 * size);
}

static uint64_t source_value(const struct insn *insn, struct cpu_user_regs *regs)
{
	uint64_t value = insn->imm;

	if (!insn->has_imm)
		value = *pv_register(regs, insn->reg) >> (insn->high_byte ? 8 : 0);
	return value & operand_mask(insn->size);
}

static void set_register(struct cpu_user_regs *regs, unsigned int number, bool high_byte,
			 unsigned int size, uint64_t value)
{
	uint64_t *reg = pv_register(regs, number), mask = operand_mask(size);
	unsigned int shift = high_byte ? 8 : 0;

	/* 32-bit results clear the upper half. */
	if (size == 4)
		*reg = value;
	else
		*reg = (*reg & ~(mask << shift)) | (value << shift);
}

/* As many bytes as there are at rip, at most INSN_MAX_LENGTH; 0 if it is not mapped. */
static unsigned int fetch_slowly(uint64_t rip, uint8_t *code)
{
	unsigned int len = INSN_MAX_LENGTH;

	if (!copy_from_guest(code, (const void *)rip, len))
		return len;
	/* It may be the last one before an unmapped page. */
	len = min(len, (unsigned int)(PAGE_SIZE - (rip & (PAGE_SIZE - 1))));
	return copy_from_guest(code, (const void *)rip, len) ? 0 : len;
}

static bool fetch(const struct cpu_user_regs *regs, struct insn *insn)
{
	const uint64_t *at = (const uint64_t *)regs->rip;
	unsigned int len = INSN_MAX_LENGTH;
	uint64_t code[2];

	if (unlikely((regs->rip & (PAGE_SIZE - 1)) > PAGE_SIZE - sizeof(code) ||
		     !guest_words_begin(at, sizeof(code)))) {
		len = fetch_slowly(regs->rip, (uint8_t *)code);
	} else {
		guest_get_word(code[0], at, fault);
		guest_get_word(code[1], at + 1, fault);
		guest_words_end();
	}
	return insn_decode_store((const uint8_t *)code, len, insn);
fault:
	guest_words_end();
	return false;
}

/* The write at addr to the L1 entry; false: not understood or not allowed, the guest gets its
 * fault. */
static bool emulate_write(pte_t *entry, uint64_t addr, struct cpu_user_regs *regs)
{
	const struct domain *d = current->domain;
	unsigned int shift = (addr & 7) * 8, tries;
	uint64_t src, mask, flags, dst, result;
	struct insn insn;
	pte_t old;
	int rc = -EAGAIN;

	if (!fetch(regs, &insn) || (addr & (insn.size - 1u)))
		return false;
	mask = operand_mask(insn.size);
	src = source_value(&insn, regs);
	for (tries = 0; rc == -EAGAIN; tries++) {
		if (tries == EMULATE_TRIES)
			return true;
		old = READ_ONCE(*entry);
		dst = (old >> shift) & mask;
		flags = regs->rflags;
		result = insn_execute(&insn, dst, src, regs->rax & mask, &flags);
		rc = result == dst
			     ? 0
			     : pv_cmpxchg_l1e(entry, old,
					      (old & ~(mask << shift)) | (result << shift), d);
	}
	if (rc)
		return false;

	if (insn.op == INSN_XCHG || insn.op == INSN_XADD)
		set_register(regs, insn.reg, insn.high_byte, insn.size, dst);
	else if (insn.op == INSN_CMPXCHG && dst != (regs->rax & mask))
		set_register(regs, 0, false, insn.size, dst);
	regs->rflags = flags & ~(uint64_t)EFLAGS_RF;
	regs->rip += insn.length;
	return true;
}

/* A write that was refused because the page is mapped read-only: as it is an L1 table of ours? */
static bool fixup_table_write(uint64_t addr, struct cpu_user_regs *regs)
{
	struct vcpu *v = current;
	pte_t l1e = pv_peek_l1e(v, addr);
	mfn_t mfn = pte_mfn(l1e);
	bool done;

	if ((l1e & (PTE_PRESENT | PTE_RW)) != PTE_PRESENT || !mfn_valid(mfn) ||
	    !page_ref_get_table(mfn_to_page(mfn), v->domain->domain_id, PGT_L1))
		return false;
	done = emulate_write((pte_t *)mfn_to_virt(mfn) + (addr & (PAGE_SIZE - 1)) / sizeof(pte_t),
			     addr, regs);
	pv_put_l1e(mfn);
	return done;
}

/* The processor read a descriptor: of the LDT, from a page that is not mapped yet? */
static bool fixup_ldt(uint64_t addr, uint32_t error)
{
	uint64_t ldt =
		PERCPU_VIRT_START + (uint64_t)smp_processor_id() * PERCPU_WINDOW_SIZE + PERCPU_LDT;

	return addr - ldt < (uint64_t)LDT_MAX_FRAMES * PAGE_SIZE &&
	       !(error & (PF_PRESENT | PF_RESERVED | PF_INSTR)) &&
	       pv_map_ldt_page((unsigned int)(addr - ldt));
}

bool pv_fixup_page_fault(uint64_t addr, struct cpu_user_regs *regs)
{
	uint32_t error = regs->error_code;

	if (unlikely(!(error & PF_USER)))
		return fixup_ldt(addr, error);
	if ((error & (PF_PRESENT | PF_WRITE | PF_RESERVED | PF_INSTR)) != (PF_PRESENT | PF_WRITE) ||
	    !current->pv.kernel_mode || regs->cs != FLAT_KERNEL_CS)
		return false;
	return fixup_table_write(addr, regs);
}
