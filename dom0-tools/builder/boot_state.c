/* SPDX-License-Identifier: MIT */
/*
 * Fills start_info and the first vCPU's context from a layout (public/xen.h, public/arch-x86.h).
 */
#include "dom0-tools/builder/boot_state.h"

#include <stdio.h>
#include <string.h>

#define EFLAGS_IF (1u << 9)

void boot_state_start_info(struct start_info *info, const struct build_params *params,
			   const struct pv_layout *layout, const uint64_t *p2m,
			   uint64_t shared_info_mfn)
{
	snprintf(info->magic, sizeof(info->magic), "xen-3.0-x86_64");
	info->nr_pages = layout->total_pages;
	info->shared_info = shared_info_mfn << PV_PAGE_SHIFT;
	info->flags = SIF_VIRT_P2M_4TOOLS;
	info->store_mfn = p2m[layout->store.pfn];
	info->store_evtchn = params->store_port;
	info->console.domU.mfn = p2m[layout->console.pfn];
	info->console.domU.evtchn = params->console_port;
	info->pt_base = pv_layout_vaddr(layout, layout->tables.pfn);
	info->nr_pt_frames = layout->tables.pages;
	info->mfn_list = layout->p2m_vaddr;
	if (layout->p2m_tables.pages) {
		info->first_p2m_pfn = layout->p2m.pfn;
		info->nr_p2m_frames = layout->p2m.pages + layout->p2m_tables.pages;
	}
	if (layout->ramdisk.pages) {
		info->mod_len = layout->ramdisk_bytes;
		info->mod_start = pv_layout_vaddr(layout, layout->ramdisk.pfn);
	}
	if (layout->ramdisk_unmapped) {
		info->flags |= SIF_MOD_START_PFN;
		info->mod_start = layout->ramdisk.pfn;
	}
	if (params->cmdline)
		snprintf((char *)info->cmd_line, sizeof(info->cmd_line), "%s", params->cmdline);
}

void boot_state_vcpu(struct vcpu_guest_context *context, const struct pv_kernel *kernel,
		     const struct pv_layout *layout, const uint64_t *p2m)
{
	struct cpu_user_regs *regs = &context->user_regs;

	memset(context, 0, sizeof(*context));
	context->flags = VGCF_in_kernel | VGCF_online;
	regs->rip = kernel->entry;
	regs->rsp = pv_layout_vaddr(layout, layout->stack.pfn) + PV_PAGE_BYTES;
	regs->rsi = pv_layout_vaddr(layout, layout->start_info.pfn);
	regs->rflags = EFLAGS_IF;
	regs->cs = FLAT_KERNEL_CS;
	regs->ss = FLAT_KERNEL_SS;
	regs->ds = FLAT_KERNEL_DS;
	regs->es = FLAT_KERNEL_DS;
	regs->fs = FLAT_KERNEL_DS;
	regs->gs = FLAT_KERNEL_DS;
	context->kernel_ss = regs->ss;
	context->kernel_sp = regs->rsp;
	context->ctrlreg[3] = p2m[layout->tables.pfn] << PV_PAGE_SHIFT;
}
