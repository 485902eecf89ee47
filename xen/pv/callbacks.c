/* SPDX-License-Identifier: MIT */
/* Where the guest kernel wants its traps, events and system calls: the hypercalls that say so. */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/guest_access.h"
#include "mm/heap.h"
#include "pv/traps.h"

/* Selector and address as the guest may have them: ring 3, canonical. Makes them so. */
static bool sanitize_trap(struct trap_info *ti)
{
	if (!is_canonical(ti->address))
		return false;
	ti->cs = fixup_selector(ti->cs);
	return true;
}

long do_set_trap_table(const struct trap_info *traps)
{
	struct vcpu *v = current;
	struct trap_info ti;

	if (!traps) {
		memset(v->pv.traps, 0, 256 * sizeof(ti));
		return 0;
	}
	/* The table ends with a zero address; a vector has at most one entry that counts. */
	for (unsigned int i = 0; i < 256; i++) {
		if (copy_from_guest_offset(&ti, traps, i, 1))
			return -EFAULT;
		if (ti.address == 0)
			return 0;
		if (!sanitize_trap(&ti))
			return -EINVAL;
		v->pv.traps[ti.vector] = ti;
	}
	return 0;
}

long do_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
	struct pv_vcpu *pv = &current->pv;

	if (!is_canonical(event) || !is_canonical(failsafe) || !is_canonical(syscall))
		return -EINVAL;
	pv->event_callback = event;
	pv->failsafe_callback = failsafe;
	pv->syscall_callback = syscall;
	return 0;
}

static long callback_register(const struct callback_register *reg)
{
	struct pv_vcpu *pv = &current->pv;
	bool mask = reg->flags & CALLBACKF_mask_events;

	if (!is_canonical(reg->address))
		return -EINVAL;
	switch (reg->type) {
	case CALLBACKTYPE_event:
		pv->event_callback = reg->address;
		return 0;
	case CALLBACKTYPE_failsafe:
		pv->failsafe_callback = reg->address;
		pv->failsafe_disables_events = mask;
		return 0;
	case CALLBACKTYPE_syscall:
		pv->syscall_callback = reg->address;
		pv->syscall_disables_events = mask;
		return 0;
	case CALLBACKTYPE_syscall32:
		pv->syscall32_callback = reg->address;
		pv->syscall32_disables_events = mask;
		return 0;
	case CALLBACKTYPE_sysenter:
		pv->sysenter_callback = reg->address;
		pv->sysenter_disables_events = mask;
		return 0;
	case CALLBACKTYPE_nmi:
		pv->nmi_callback = reg->address;
		return 0;
	default:
		return -ENOSYS;
	}
}

static long callback_unregister(uint16_t type)
{
	switch (type) {
	case CALLBACKTYPE_event:
	case CALLBACKTYPE_failsafe:
	case CALLBACKTYPE_syscall:
	case CALLBACKTYPE_syscall32:
	case CALLBACKTYPE_sysenter:
		return -EINVAL; /* a guest cannot do without them */
	case CALLBACKTYPE_nmi:
		current->pv.nmi_callback = 0;
		return 0;
	default:
		return -ENOSYS;
	}
}

long do_callback_op(int cmd, const void *arg)
{
	struct callback_register reg;
	struct callback_unregister unreg;

	switch (cmd) {
	case CALLBACKOP_register:
		if (copy_from_guest(&reg, arg, sizeof(reg)))
			return -EFAULT;
		return callback_register(&reg);
	case CALLBACKOP_unregister:
		if (copy_from_guest(&unreg, arg, sizeof(unreg)))
			return -EFAULT;
		return callback_unregister(unreg.type);
	default:
		return -ENOSYS;
	}
}

long do_stack_switch(unsigned long ss, unsigned long esp)
{
	struct pv_vcpu *pv = &current->pv;

	if (!is_canonical(esp))
		return -EINVAL;
	pv->kernel_ss = fixup_selector((uint16_t)ss);
	pv->kernel_sp = esp;
	return 0;
}

long do_vm_assist(unsigned int cmd, unsigned int type)
{
	struct domain *d = current->domain;
	const unsigned long valid =
		1ul << VMASST_TYPE_4gb_segments | 1ul << VMASST_TYPE_4gb_segments_notify |
		1ul << VMASST_TYPE_writable_pagetables | 1ul << VMASST_TYPE_pae_extended_cr3 |
		1ul << VMASST_TYPE_architectural_iopl | 1ul << VMASST_TYPE_runstate_update_flag |
		1ul << VMASST_TYPE_m2p_strict;

	if (type >= BITS_PER_LONG || !(valid & (1ul << type)))
		return -EINVAL;
	switch (cmd) {
	case VMASST_CMD_enable:
		set_bit(type, &d->vm_assist);
		return 0;
	case VMASST_CMD_disable:
		clear_bit(type, &d->vm_assist);
		return 0;
	default:
		return -ENOSYS;
	}
}
