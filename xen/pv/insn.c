/* SPDX-License-Identifier: MIT */
/*
 * Instructions that write to memory: a table of opcodes, the lengths of their operands, and their
 * arithmetic (Intel SDM volume 2). No state; runs on the host in tests.
 */
#include "pv/insn.h"

#include "cpu/msr.h"

#define EFLAGS_PF    0x004ul
#define EFLAGS_AF    0x010ul
#define EFLAGS_ZF    0x040ul
#define EFLAGS_SF    0x080ul
#define EFLAGS_OF    0x800ul
#define EFLAGS_ARITH (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF)

#define PREFIX_LOCK    0xf0
#define PREFIX_OPERAND 0x66
#define PREFIX_ADDRESS 0x67
#define ESCAPE_0F      0x0f
#define REX_W          0x8
#define REX_R          0x4
#define MODRM_REGISTER 3
#define RM_SIB         4
#define RM_DISP32      5

enum source { SRC_REG, SRC_IMM, SRC_IMM8 };

struct opcode {
	uint16_t code;    /* 0x0fNN for the two-byte ones */
	int8_t extension; /* the reg field of ModRM that it needs; -1: any */
	uint8_t source;
	bool byte; /* 8-bit operands */
	uint8_t op;
};

/* clang-format off */
/* What kernels write page-table entries with comes first. */
static const struct opcode opcodes[] = {
	{ 0x87, -1, SRC_REG, false, INSN_XCHG }, { 0x89, -1, SRC_REG, false, INSN_MOV },
	{ 0x0fb3, -1, SRC_REG, false, INSN_BTR }, { 0x0fba, 6, SRC_IMM8, false, INSN_BTR },
	{ 0x80, 4, SRC_IMM8, true, INSN_AND },  { 0x0fb1, -1, SRC_REG, false, INSN_CMPXCHG },
	{ 0xc7, 0, SRC_IMM, false, INSN_MOV },  { 0x21, -1, SRC_REG, false, INSN_AND },
	{ 0x00, -1, SRC_REG, true, INSN_ADD },  { 0x01, -1, SRC_REG, false, INSN_ADD },
	{ 0x08, -1, SRC_REG, true, INSN_OR },   { 0x09, -1, SRC_REG, false, INSN_OR },
	{ 0x20, -1, SRC_REG, true, INSN_AND },  { 0x28, -1, SRC_REG, true, INSN_SUB },
	{ 0x29, -1, SRC_REG, false, INSN_SUB }, { 0x30, -1, SRC_REG, true, INSN_XOR },
	{ 0x31, -1, SRC_REG, false, INSN_XOR }, { 0x80, 0, SRC_IMM8, true, INSN_ADD },
	{ 0x81, 0, SRC_IMM, false, INSN_ADD },  { 0x83, 0, SRC_IMM8, false, INSN_ADD },
	{ 0x80, 1, SRC_IMM8, true, INSN_OR },   { 0x81, 1, SRC_IMM, false, INSN_OR },
	{ 0x83, 1, SRC_IMM8, false, INSN_OR },  { 0x81, 4, SRC_IMM, false, INSN_AND },
	{ 0x83, 4, SRC_IMM8, false, INSN_AND }, { 0x80, 5, SRC_IMM8, true, INSN_SUB },
	{ 0x81, 5, SRC_IMM, false, INSN_SUB },  { 0x83, 5, SRC_IMM8, false, INSN_SUB },
	{ 0x80, 6, SRC_IMM8, true, INSN_XOR },  { 0x81, 6, SRC_IMM, false, INSN_XOR },
	{ 0x83, 6, SRC_IMM8, false, INSN_XOR }, { 0x86, -1, SRC_REG, true, INSN_XCHG },
	{ 0x88, -1, SRC_REG, true, INSN_MOV },  { 0xc6, 0, SRC_IMM8, true, INSN_MOV },
	{ 0x0fab, -1, SRC_REG, false, INSN_BTS }, { 0x0fb0, -1, SRC_REG, true, INSN_CMPXCHG },
	{ 0x0fba, 5, SRC_IMM8, false, INSN_BTS }, { 0x0fba, 7, SRC_IMM8, false, INSN_BTC },
	{ 0x0fbb, -1, SRC_REG, false, INSN_BTC }, { 0x0fc0, -1, SRC_REG, true, INSN_XADD },
	{ 0x0fc1, -1, SRC_REG, false, INSN_XADD }, { 0x0fc3, -1, SRC_REG, false, INSN_MOV },
};
/* clang-format on */

static const struct opcode *find_opcode(uint16_t code, uint8_t modrm)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++)
		if (opcodes[i].code == code &&
		    (opcodes[i].extension < 0 || opcodes[i].extension == ((modrm >> 3) & 7)))
			return &opcodes[i];
	return NULL;
}

static bool is_segment_prefix(uint8_t byte)
{
	return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 ||
	       byte == 0x65;
}

/* Bytes of SIB and displacement behind a ModRM that names memory. */
static unsigned int address_length(uint8_t modrm, uint8_t sib)
{
	unsigned int mod = modrm >> 6, rm = modrm & 7, base = rm == RM_SIB ? sib & 7 : rm;
	unsigned int n = rm == RM_SIB;

	if (mod == 1)
		return n + 1;
	return mod == 2 || base == RM_DISP32 ? n + 4 : n;
}

static uint64_t sign_extend(const uint8_t *p, unsigned int bytes)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		value |= (uint64_t)p[i] << (8 * i);
	return (uint64_t)((int64_t)(value << (64 - 8 * bytes)) >> (64 - 8 * bytes));
}

bool insn_decode_store(const uint8_t *code, unsigned int len, struct insn *out)
{
	unsigned int n = 0, rex = 0, imm_bytes = 0;
	bool operand16 = false;
	const struct opcode *o;
	uint16_t op;
	uint8_t modrm;

	len = min(len, (unsigned int)INSN_MAX_LENGTH);
	for (; n < len; n++) {
		if (code[n] == PREFIX_OPERAND)
			operand16 = true;
		else if (code[n] != PREFIX_LOCK && code[n] != PREFIX_ADDRESS &&
			 !is_segment_prefix(code[n]))
			break;
	}
	if (n < len && (code[n] & 0xf0) == 0x40)
		rex = code[n++];
	if (n + 2 > len)
		return false;
	op = code[n++];
	if (op == ESCAPE_0F)
		op = (uint16_t)(ESCAPE_0F << 8 | code[n++]);
	if (n >= len)
		return false;
	modrm = code[n++];
	o = find_opcode(op, modrm);
	if (!o || modrm >> 6 == MODRM_REGISTER || (n >= len && (modrm & 7) == RM_SIB))
		return false;
	n += address_length(modrm, n < len ? code[n] : 0);

	*out = (struct insn){ .op = o->op, .has_imm = o->source != SRC_REG };
	out->size = o->byte ? 1 : rex & REX_W ? 8 : operand16 ? 2 : 4;
	if (o->source == SRC_IMM8)
		imm_bytes = 1;
	else if (o->source == SRC_IMM)
		imm_bytes = min(out->size, 4);
	if (n + imm_bytes > len)
		return false;
	if (imm_bytes)
		out->imm = sign_extend(code + n, imm_bytes);
	out->reg = (uint8_t)(((modrm >> 3) & 7) | (rex & REX_R ? 8 : 0));
	if (out->size == 1 && !rex && out->reg >= 4) {
		out->high_byte = true;
		out->reg -= 4;
	}
	out->length = (uint8_t)(n + imm_bytes);
	return true;
}

static uint64_t result_flags(uint64_t result, uint64_t msb)
{
	uint64_t flags = 0;

	if (!result)
		flags |= EFLAGS_ZF;
	if (result & msb)
		flags |= EFLAGS_SF;
	if (!__builtin_parity((unsigned int)(result & 0xff)))
		flags |= EFLAGS_PF;
	return flags;
}

static uint64_t add_flags(uint64_t a, uint64_t b, uint64_t result, uint64_t msb)
{
	return result_flags(result, msb) | (result < a ? EFLAGS_CF : 0) |
	       ((a ^ result) & (b ^ result) & msb ? EFLAGS_OF : 0) | ((a ^ b ^ result) & EFLAGS_AF);
}

static uint64_t sub_flags(uint64_t a, uint64_t b, uint64_t result, uint64_t msb)
{
	return result_flags(result, msb) | (a < b ? EFLAGS_CF : 0) |
	       ((a ^ b) & (a ^ result) & msb ? EFLAGS_OF : 0) | ((a ^ b ^ result) & EFLAGS_AF);
}

static uint64_t execute_bit(const struct insn *insn, uint64_t dst, uint64_t src, uint64_t *flags)
{
	uint64_t bit = 1ul << (src & (insn->size * 8u - 1));

	*flags = (*flags & ~(uint64_t)EFLAGS_CF) | (dst & bit ? EFLAGS_CF : 0);
	if (insn->op == INSN_BTS)
		return dst | bit;
	return insn->op == INSN_BTR ? dst & ~bit : dst ^ bit;
}

uint64_t insn_execute(const struct insn *insn, uint64_t dst, uint64_t src, uint64_t acc,
		      uint64_t *flags)
{
	uint64_t msb = 1ul << (insn->size * 8u - 1), mask = msb | (msb - 1), result = src, set;

	switch (insn->op) {
	case INSN_ADD:
	case INSN_XADD:
		result = (dst + src) & mask;
		set = add_flags(dst, src, result, msb);
		break;
	case INSN_SUB:
		result = (dst - src) & mask;
		set = sub_flags(dst, src, result, msb);
		break;
	case INSN_OR:
		result = dst | src;
		set = result_flags(result, msb);
		break;
	case INSN_AND:
		result = dst & src;
		set = result_flags(result, msb);
		break;
	case INSN_XOR:
		result = dst ^ src;
		set = result_flags(result, msb);
		break;
	case INSN_CMPXCHG:
		result = acc == dst ? src : dst;
		set = sub_flags(acc, dst, (acc - dst) & mask, msb);
		break;
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
		return execute_bit(insn, dst, src, flags);
	default:
		return src;
	}
	*flags = (*flags & ~EFLAGS_ARITH) | set;
	return result;
}
