/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 part of the Xen ABI: register and vCPU context layouts, segment selectors, the address
 * range that belongs to the hypervisor, and its CPUID leaves. Included through xen.h.
 */
#include <public/xen.h>

#ifndef PUBLIC_ARCH_X86_H
#define PUBLIC_ARCH_X86_H

#define XEN_HAVE_PV_GUEST_ENTRY 1
#define XEN_HAVE_PV_UPCALL_MASK 1

/* Pages 14 and 15 of every GDT are the hypervisor's. */
#define FIRST_RESERVED_GDT_PAGE  14
#define FIRST_RESERVED_GDT_BYTE  (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

/* Flat segments in the reserved part of every GDT; guest kernel and user both run in ring 3. */
#define FLAT_RING3_CS32  0xe023
#define FLAT_RING3_CS64  0xe033
#define FLAT_RING3_DS32  0xe02b
#define FLAT_RING3_DS64  0x0000
#define FLAT_RING3_SS32  0xe02b
#define FLAT_RING3_SS64  0xe02b
#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS   FLAT_KERNEL_DS64
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS   FLAT_KERNEL_CS64
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS   FLAT_KERNEL_SS64
#define FLAT_USER_DS64   FLAT_RING3_DS64
#define FLAT_USER_DS32   FLAT_RING3_DS32
#define FLAT_USER_DS     FLAT_USER_DS64
#define FLAT_USER_CS64   FLAT_RING3_CS64
#define FLAT_USER_CS32   FLAT_RING3_CS32
#define FLAT_USER_CS     FLAT_USER_CS64
#define FLAT_USER_SS64   FLAT_RING3_SS64
#define FLAT_USER_SS32   FLAT_RING3_SS32
#define FLAT_USER_SS     FLAT_USER_SS64

/* The hypervisor's address range (PML4 slots 256-271) and the read-only machine-to-physical table.
 */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END   0xFFFF880000000000
#define __MACH2PHYS_VIRT_START  0xFFFF800000000000
#define __MACH2PHYS_VIRT_END    0xFFFF804000000000
#define HYPERVISOR_VIRT_START   xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END     xen_mk_ulong(__HYPERVISOR_VIRT_END)
#define MACH2PHYS_VIRT_START    xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END      xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES    ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)

/* set_segment_base */
#define SEGBASE_FS          0
#define SEGBASE_GS_USER     1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3 /* load this selector into the user's gs */

/* iret_context.flags: return to a system call, that is, rcx and r11 need not be restored. */
#define _VGCF_in_syscall 8
#define VGCF_in_syscall  (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL  VGCF_in_syscall

/* vcpu_guest_context.flags */
#define VGCF_I387_VALID                (1 << 0)
#define VGCF_IN_KERNEL                 (1 << 2)
#define _VGCF_i387_valid               0
#define VGCF_i387_valid                (1 << _VGCF_i387_valid)
#define _VGCF_in_kernel                2
#define VGCF_in_kernel                 (1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events 3
#define VGCF_failsafe_disables_events  (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4
#define VGCF_syscall_disables_events   (1 << _VGCF_syscall_disables_events)
#define _VGCF_online                   5
#define VGCF_online                    (1 << _VGCF_online)

#define XEN_LEGACY_MAX_VCPUS 32

/* CPUID: the first leaf gives the signature "XenVMMXenVMM" and the last leaf. */
#define XEN_CPUID_FIRST_LEAF                       0x40000000
#define XEN_CPUID_LEAF(i)                          (XEN_CPUID_FIRST_LEAF + (i))
#define XEN_CPUID_SIGNATURE_EBX                    0x566e6558
#define XEN_CPUID_SIGNATURE_ECX                    0x65584d4d
#define XEN_CPUID_SIGNATURE_EDX                    0x4d4d566e
#define _XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD 0
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD  (1u << 0)
#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK       (0xffu << 0)
#define XEN_CPUID_MAX_NUM_LEAVES                   5
#define XEN_CPUID_NO_SUBLEAF                       0xffffffffu

/* xen_arch_domainconfig.emulation_flags: all zero for a PV domain, but for its PIT. */
#define XEN_X86_EMU_LAPIC      (1U << 0)
#define XEN_X86_EMU_HPET       (1U << 1)
#define XEN_X86_EMU_PM         (1U << 2)
#define XEN_X86_EMU_RTC        (1U << 3)
#define XEN_X86_EMU_IOAPIC     (1U << 4)
#define XEN_X86_EMU_PIC        (1U << 5)
#define XEN_X86_EMU_VGA        (1U << 6)
#define XEN_X86_EMU_IOMMU      (1U << 7)
#define XEN_X86_EMU_PIT        (1U << 8)
#define XEN_X86_EMU_USE_PIRQ   (1U << 9)
#define XEN_X86_EMU_VPCI       (1U << 10)
#define XEN_X86_EMU_ALL        0x7ffU
#define XEN_X86_MSR_RELAXED    (1u << 0)
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED

/* Put before an instruction (CPUID only) to have the hypervisor emulate it. */
#ifdef __ASSEMBLER__
#define XEN_EMULATE_PREFIX .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e;
#define XEN_CPUID          XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID          XEN_EMULATE_PREFIX "cpuid"

#define xen_pfn_to_cr3(pfn)   ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3)   ((unsigned long)(cr3) >> 12)

/* The frame that the iret hypercall takes, at the guest's rsp. */
struct iret_context {
	uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
};

/* Registers of a vCPU, in the order in which the hypervisor's entry code pushes them. */
struct cpu_user_regs {
	uint64_t r15;
	uint64_t r14;
	uint64_t r13;
	uint64_t r12;
	uint64_t rbp;
	uint64_t rbx;
	uint64_t r11;
	uint64_t r10;
	uint64_t r9;
	uint64_t r8;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rdx;
	uint64_t rsi;
	uint64_t rdi;
	uint32_t error_code;   /* the hypervisor's own use */
	uint32_t entry_vector; /* the hypervisor's own use */
	uint64_t rip;
	uint16_t cs, _pad0[1];
	uint8_t saved_upcall_mask;
	uint8_t _pad1[3];
	uint64_t rflags; /* IF stands for !saved_upcall_mask */
	uint64_t rsp;
	uint16_t ss, _pad2[3];
	uint16_t es, _pad3[3];
	uint16_t ds, _pad4[3];
	uint16_t fs, _pad5[3];
	uint16_t gs, _pad6[3];
};

/* set_trap_table: an array that ends with an entry whose address is 0. */
#define TI_GET_DPL(_ti)       ((_ti)->flags & 3)
#define TI_GET_IF(_ti)        ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl) ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if)   ((_ti)->flags |= ((!!(_if)) << 2))
struct trap_info {
	uint8_t vector;
	uint8_t flags; /* bits 0-1: who may raise it by int n; bit 2: mask events on entry */
	uint16_t cs;
	unsigned long address;
};

/* Everything that defines a vCPU: VCPUOP_initialise, XEN_DOMCTL_{get,set}vcpucontext. */
struct vcpu_guest_context {
	struct {
		char x[512];
	} fpu_ctxt;          /* FXSAVE image */
	unsigned long flags; /* VGCF_* */
	struct cpu_user_regs user_regs;
	struct trap_info trap_ctxt[256];
	unsigned long ldt_base, ldt_ents;       /* linear address, number of entries */
	unsigned long gdt_frames[16], gdt_ents; /* machine frames, number of entries */
	unsigned long kernel_ss, kernel_sp;
	unsigned long ctrlreg[8]; /* CR0-CR7; [1] holds the user page table's CR3 */
	unsigned long debugreg[8];
	unsigned long event_callback_eip;
	unsigned long failsafe_callback_eip;
	unsigned long syscall_callback_eip;
	unsigned long vm_assist; /* bitmap of VMASST_TYPE_* */
	uint64_t fs_base;
	uint64_t gs_base_kernel;
	uint64_t gs_base_user;
};

struct arch_vcpu_info {
	unsigned long cr2; /* fault address, for the page fault handler */
	unsigned long pad;
};

/*
 * How tools find a domain's pfn-to-mfn table, kept by its kernel: as a three-level tree of frames,
 * or, if p2m_cr3 is not 0, as a linear array at p2m_vaddr in the address space of p2m_cr3.
 * p2m_generation is odd while the kernel changes the array's mappings.
 */
struct arch_shared_info {
	unsigned long max_pfn;
	xen_pfn_t pfn_to_mfn_frame_list_list;
	unsigned long nmi_reason;
	unsigned long p2m_cr3;
	unsigned long p2m_vaddr;
	unsigned long p2m_generation;
};

struct xen_arch_domainconfig {
	uint32_t emulation_flags; /* XEN_X86_EMU_* */
	uint32_t misc_flags;      /* XEN_X86_MSR_RELAXED */
};

/* A CPUID leaf and an MSR, as CPU policies are exchanged with tools. */
typedef struct xen_cpuid_leaf {
	uint32_t leaf, subleaf;
	uint32_t a, b, c, d;
} xen_cpuid_leaf_t;

typedef struct xen_msr_entry {
	uint32_t idx;
	uint32_t flags;
	uint64_t val;
} xen_msr_entry_t;

#endif /* __ASSEMBLER__ */
#endif /* PUBLIC_ARCH_X86_H */
