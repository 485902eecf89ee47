/* SPDX-License-Identifier: MIT */
/* The guest's debug registers: it may watch its own addresses, not ours. */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "mm/addr.h"
#include "mm/guest_access.h"
#include "pv/traps.h"

#define DR6_RESERVED_ONE   0xffff0ff0ul
#define DR6_RESERVED_ZERO  0x1000ul
#define DR7_RESERVED_ONE   0x400ul
#define DR7_RESERVED_ZERO  0xd800ul
#define DR7_GENERAL_DETECT 0x2000ul
#define DR7_IO_BREAK       2ul /* in a four-bit field of condition and length */

/* Breakpoints on I/O need CR4.DE, which is ours. */
static bool dr7_valid(uint64_t dr7)
{
	if (dr7 >> 32 || (dr7 & DR7_GENERAL_DETECT))
		return false;
	for (unsigned int i = 0; i < 4; i++)
		if (((dr7 >> (16 + 4 * i)) & 3) == DR7_IO_BREAK)
			return false;
	return true;
}

int pv_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value)
{
	switch (reg) {
	case 0:
	case 1:
	case 2:
	case 3:
		if (!is_canonical(value) || !guest_range_ok((void *)value, 8))
			return -EPERM;
		v->pv.debugreg[reg] = value;
		break;
	case 4:
	case 6:
		v->pv.debugreg[6] = (value & ~DR6_RESERVED_ZERO) | DR6_RESERVED_ONE;
		return 0;
	case 5:
	case 7:
		if (!dr7_valid(value))
			return -EPERM;
		v->pv.debugreg[7] = (value & ~DR7_RESERVED_ZERO) | DR7_RESERVED_ONE;
		break;
	default:
		return -ENODEV;
	}
	if (v == current)
		pv_load_debug_registers(v);
	return 0;
}

long do_set_debugreg(int reg, unsigned long value)
{
	if (reg < 0 || reg > 7)
		return -ENODEV;
	return pv_set_debugreg(current, (unsigned int)reg, value);
}

long do_get_debugreg(int reg)
{
	const struct pv_vcpu *pv = &current->pv;

	if (reg < 0 || reg > 7)
		return -EINVAL;
	if (reg == 4 || reg == 5)
		reg += 2;
	return (long)pv->debugreg[reg];
}
