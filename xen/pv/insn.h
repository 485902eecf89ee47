/* SPDX-License-Identifier: MIT */
/*
 * Decoding of the 64-bit mode instructions that write general register or immediate operands to
 * memory, alone or by read-modify-write: enough for what kernels do to page-table entries.
 */
#ifndef PV_INSN_H
#define PV_INSN_H

#include "lib/types.h"

#define INSN_MAX_LENGTH 15

enum insn_op {
	INSN_MOV,
	INSN_ADD,
	INSN_OR,
	INSN_AND,
	INSN_SUB,
	INSN_XOR,
	INSN_XCHG,
	INSN_XADD,
	INSN_CMPXCHG,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
};

struct insn {
	enum insn_op op;
	uint8_t size;   /* operand: 1, 2, 4 or 8 bytes */
	uint8_t length; /* of the instruction */
	bool has_imm;   /* the source is imm, sign-extended; else register reg */
	bool high_byte; /* reg is the second byte of register reg: ah, ch, dh, bh */
	uint8_t reg;    /* number as encoded: rax rcx rdx rbx rsp rbp rsi rdi r8... */
	uint64_t imm;
};

/* False if code is not such an instruction with a memory destination, or is cut off by len. */
bool insn_decode_store(const uint8_t *code, unsigned int len, struct insn *out);

/*
 * What the instruction makes of destination dst and source src (accumulator acc for CMPXCHG): the
 * new destination. The arithmetic bits that it sets are changed in *flags. Values are zero-extended
 * to 64 bits.
 */
uint64_t insn_execute(const struct insn *insn, uint64_t dst, uint64_t src, uint64_t acc,
		      uint64_t *flags);

#endif
