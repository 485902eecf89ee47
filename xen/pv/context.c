/* SPDX-License-Identifier: MIT */
/*
 * A vCPU's whole state as the ABI's vcpu_guest_context (public/arch-x86.h): set by
 * VCPUOP_initialise and the toolstack, read by the toolstack. The vCPU does not run meanwhile.
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/fpu.h"
#include "cpu/msr.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/heap.h"
#include "pv/mmu.h"
#include "pv/page_type.h"
#include "pv/traps.h"

#define TRAP_COUNT      256u
#define LDT_ENTRIES_MAX 8192ul

int pv_vcpu_init(struct vcpu *v)
{
	int rc;

	v->pv.traps = xzalloc_array(struct trap_info, TRAP_COUNT);
	if (!v->pv.traps)
		return -ENOMEM;
	rc = fpu_vcpu_init(v);
	if (rc) {
		xfree(v->pv.traps);
		v->pv.traps = NULL;
		return rc;
	}
	v->hypercalls = hypercall_table(v->domain);
	v->pv.kernel_mode = true;
	v->pv.ctrlreg[0] = CR0_PG | CR0_WP | CR0_ET | CR0_PE | CR0_NE | CR0_MP;
	v->pv.debugreg[6] = 0xffff0ff0;
	v->pv.debugreg[7] = 0x400;
	return 0;
}

void pv_vcpu_destroy(struct vcpu *v)
{
	fpu_vcpu_destroy(v);
	xfree(v->pv.traps);
	v->pv.traps = NULL;
}

/* What can be refused is refused before anything changes. */
static bool context_valid(const struct vcpu_guest_context *c)
{
	if (!is_canonical(c->user_regs.rip) || !is_canonical(c->event_callback_eip) ||
	    !is_canonical(c->failsafe_callback_eip) || !is_canonical(c->syscall_callback_eip) ||
	    !is_canonical(c->kernel_sp) || !is_canonical(c->fs_base) ||
	    !is_canonical(c->gs_base_kernel) || !is_canonical(c->gs_base_user))
		return false;
	for (unsigned int i = 0; i < TRAP_COUNT; i++)
		if (!is_canonical(c->trap_ctxt[i].address))
			return false;
	if (c->gdt_ents > GDT_GUEST_FRAMES * PAGE_SIZE / 8)
		return false;
	return c->ldt_ents <= LDT_ENTRIES_MAX &&
	       !(c->ldt_ents && (c->ldt_base & ~(uint64_t)PAGE_MASK)) && is_canonical(c->ldt_base);
}

static int set_tables(struct vcpu *v, const struct vcpu_guest_context *c)
{
	mfn_t frames[GDT_GUEST_FRAMES];
	mfn_t kernel = xen_cr3_to_pfn(c->ctrlreg[3]), user = xen_cr3_to_pfn(c->ctrlreg[1]);
	int rc;

	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++)
		frames[i] = c->gdt_frames[i];
	rc = pv_set_gdt(v, frames, (unsigned int)c->gdt_ents);
	if (rc)
		return rc;
	rc = pv_set_kernel_base(v, kernel);
	if (!rc && user)
		rc = pv_set_user_base(v, user);
	if (rc)
		pv_destroy_gdt(v);
	return rc;
}

static void set_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct cpu_user_regs *r = &v->regs;

	*r = c->user_regs;
	v->pv.iopl = (r->rflags & EFLAGS_IOPL) >> 12;
	r->entry_vector = 0;
	r->cs = fixup_selector(r->cs) | 3;
	r->ss = fixup_selector(r->ss) | 3;
	r->rflags = (r->rflags & ~(uint64_t)(EFLAGS_IOPL | EFLAGS_NT | EFLAGS_VM)) | EFLAGS_IF |
		    EFLAGS_MBS;
	v->pv.ds = fixup_selector(r->ds);
	v->pv.es = fixup_selector(r->es);
	v->pv.fs = fixup_selector(r->fs);
	v->pv.gs = fixup_selector(r->gs);
	v->pv.fs_base = c->fs_base;
	v->pv.gs_base_kernel = c->gs_base_kernel;
	v->pv.gs_base_user = c->gs_base_user;
	v->pv.kernel_ss = fixup_selector((uint16_t)c->kernel_ss);
	v->pv.kernel_sp = c->kernel_sp;
}

static void set_callbacks(struct vcpu *v, const struct vcpu_guest_context *c)
{
	memset(v->pv.traps, 0, TRAP_COUNT * sizeof(v->pv.traps[0]));
	for (unsigned int i = 0; i < TRAP_COUNT; i++) {
		struct trap_info ti = c->trap_ctxt[i];

		if (!ti.address)
			continue;
		ti.cs = fixup_selector(ti.cs);
		v->pv.traps[ti.vector] = ti;
	}
	v->pv.event_callback = c->event_callback_eip;
	v->pv.failsafe_callback = c->failsafe_callback_eip;
	v->pv.syscall_callback = c->syscall_callback_eip;
	v->pv.failsafe_disables_events = c->flags & VGCF_failsafe_disables_events;
	v->pv.syscall_disables_events = c->flags & VGCF_syscall_disables_events;
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	int rc;

	if (!context_valid(c))
		return -EINVAL;
	v->pv.kernel_mode = true;
	rc = set_tables(v, c);
	if (rc)
		return rc;
	set_registers(v, c);
	set_callbacks(v, c);
	v->pv.kernel_mode = c->flags & VGCF_in_kernel || !v->pv.guest_table_user;
	pv_update_cr3(v);
	pv_set_ldt(v, c->ldt_base, (unsigned int)c->ldt_ents);
	for (unsigned int i = 0; i < 8; i++)
		if (i != 4 && i != 5 && pv_set_debugreg(v, i, c->debugreg[i]))
			v->pv.debugreg[i] = i == 7 ? 0x400 : 0;
	v->pv.ctrlreg[0] = (c->ctrlreg[0] & CR0_TS) | CR0_PG | CR0_WP | CR0_ET | CR0_PE | CR0_NE |
			   CR0_MP;
	if (c->flags & VGCF_I387_VALID)
		fpu_set_fxsave(v, &c->fpu_ctxt);
	if (v->vcpu_id == 0)
		v->domain->vm_assist |= c->vm_assist & (1ul << VMASST_TYPE_writable_pagetables |
							1ul << VMASST_TYPE_pae_extended_cr3);
	v->is_initialised = true;
	return 0;
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	struct pv_vcpu *pv = &v->pv;

	memset(c, 0, sizeof(*c));
	fpu_get_fxsave(v, &c->fpu_ctxt);
	c->flags = (v->fpu_initialised ? VGCF_I387_VALID : 0) |
		   (pv->kernel_mode ? VGCF_in_kernel : 0) |
		   (pv->failsafe_disables_events ? VGCF_failsafe_disables_events : 0) |
		   (pv->syscall_disables_events ? VGCF_syscall_disables_events : 0) |
		   (v->pause_flags & (1ul << VPF_DOWN) ? 0 : VGCF_online);
	c->user_regs = v->regs;
	c->user_regs.ds = pv->ds;
	c->user_regs.es = pv->es;
	c->user_regs.fs = pv->fs;
	c->user_regs.gs = pv->gs;
	c->user_regs.rflags |= (uint64_t)pv->iopl << 12;
	for (unsigned int i = 0; i < TRAP_COUNT; i++) {
		c->trap_ctxt[i] = pv->traps[i];
		c->trap_ctxt[i].vector = (uint8_t)i;
	}
	c->ldt_base = pv->ldt_base;
	c->ldt_ents = pv->ldt_entries;
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++)
		c->gdt_frames[i] = pv->gdt_frames[i];
	c->gdt_ents = pv->gdt_entries;
	c->kernel_ss = pv->kernel_ss;
	c->kernel_sp = pv->kernel_sp;
	memcpy(c->ctrlreg, pv->ctrlreg, sizeof(c->ctrlreg));
	c->ctrlreg[3] = xen_pfn_to_cr3(pv->guest_table);
	c->ctrlreg[1] = pv->guest_table_user ? xen_pfn_to_cr3(pv->guest_table_user) : 0;
	memcpy(c->debugreg, pv->debugreg, sizeof(c->debugreg));
	c->event_callback_eip = pv->event_callback;
	c->failsafe_callback_eip = pv->failsafe_callback;
	c->syscall_callback_eip = pv->syscall_callback;
	c->vm_assist = v->domain->vm_assist;
	c->fs_base = pv->fs_base;
	c->gs_base_kernel = pv->gs_base_kernel;
	c->gs_base_user = pv->gs_base_user;
}
