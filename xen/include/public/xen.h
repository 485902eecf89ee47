/* SPDX-License-Identifier: MIT */
/*
 * The core of the Xen ABI for x86-64 PV guests: hypercall numbers, virtual interrupts, page-table
 * update commands, reserved domain ids, and the pages that guest and hypervisor share.
 *
 * Only the newest layout of each structure is described (__XEN_INTERFACE_VERSION__ below). A
 * "machine" frame or address is one of the real host; "pseudo-physical" (pfn) is the guest's own
 * numbering. A guest handle is a plain pointer into the address space of the caller.
 */
#ifndef PUBLIC_XEN_H
#define PUBLIC_XEN_H

#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00
#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

/* Constants that assembly code uses too carry their C suffix through these. */
#ifdef __ASSEMBLER__
#define xen_mk_uint(x)  x
#define xen_mk_ulong(x) x
#else
#include <stddef.h>
#include <stdint.h>

#define __xen_mk_uint(x)                 x##U
#define __xen_mk_ulong(x)                x##UL
#define xen_mk_uint(x)                   __xen_mk_uint(x)
#define xen_mk_ulong(x)                  __xen_mk_ulong(x)

/* A guest virtual address in an ABI structure. */
#define XEN_GUEST_HANDLE(type)           type *
#define XEN_GUEST_HANDLE_64(type)        type *
#define XEN_GUEST_HANDLE_PARAM(type)     type *
#define set_xen_guest_handle_raw(hnd, v) ((hnd) = (v))
#define set_xen_guest_handle(hnd, v)     ((hnd) = (v))
#define XEN_FLEX_ARRAY_DIM

typedef uint64_t uint64_aligned_t;
typedef int64_t int64_aligned_t;

typedef uint16_t domid_t;
typedef unsigned long xen_pfn_t;
typedef unsigned long xen_ulong_t;
typedef unsigned long xen_callback_t;
typedef uint64_t tsc_timestamp_t;
typedef uint8_t xen_domain_handle_t[16];
typedef struct {
	uint8_t a[16];
} xen_uuid_t;

#define PRI_xen_pfn   "lx"
#define PRIu_xen_pfn  "lu"
#define PRI_xen_ulong "lx"
#endif

/*
 * Hypercalls: the number is in rax, arguments in rdi, rsi, rdx, r10, r8, r9; the result comes back
 * in rax. Guests reach them by calling hypercall_page + number * 32.
 */
#define __HYPERVISOR_set_trap_table                0
#define __HYPERVISOR_mmu_update                    1
#define __HYPERVISOR_set_gdt                       2
#define __HYPERVISOR_stack_switch                  3
#define __HYPERVISOR_set_callbacks                 4
#define __HYPERVISOR_fpu_taskswitch                5
#define __HYPERVISOR_sched_op_compat               6
#define __HYPERVISOR_platform_op                   7
#define __HYPERVISOR_set_debugreg                  8
#define __HYPERVISOR_get_debugreg                  9
#define __HYPERVISOR_update_descriptor             10
#define __HYPERVISOR_memory_op                     12
#define __HYPERVISOR_multicall                     13
#define __HYPERVISOR_update_va_mapping             14
#define __HYPERVISOR_set_timer_op                  15
#define __HYPERVISOR_event_channel_op_compat       16
#define __HYPERVISOR_xen_version                   17
#define __HYPERVISOR_console_io                    18
#define __HYPERVISOR_physdev_op_compat             19
#define __HYPERVISOR_grant_table_op                20
#define __HYPERVISOR_vm_assist                     21
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret                          23
#define __HYPERVISOR_vcpu_op                       24
#define __HYPERVISOR_set_segment_base              25
#define __HYPERVISOR_mmuext_op                     26
#define __HYPERVISOR_xsm_op                        27
#define __HYPERVISOR_nmi_op                        28
#define __HYPERVISOR_sched_op                      29
#define __HYPERVISOR_callback_op                   30
#define __HYPERVISOR_xenoprof_op                   31
#define __HYPERVISOR_event_channel_op              32
#define __HYPERVISOR_physdev_op                    33
#define __HYPERVISOR_hvm_op                        34
#define __HYPERVISOR_sysctl                        35
#define __HYPERVISOR_domctl                        36
#define __HYPERVISOR_kexec_op                      37
#define __HYPERVISOR_tmem_op                       38
#define __HYPERVISOR_argo_op                       39
#define __HYPERVISOR_xenpmu_op                     40
#define __HYPERVISOR_dm_op                         41
#define __HYPERVISOR_hypfs_op                      42
#define __HYPERVISOR_arch_0                        48
#define __HYPERVISOR_arch_1                        49
#define __HYPERVISOR_arch_2                        50
#define __HYPERVISOR_arch_3                        51
#define __HYPERVISOR_arch_4                        52
#define __HYPERVISOR_arch_5                        53
#define __HYPERVISOR_arch_6                        54
#define __HYPERVISOR_arch_7                        55

/*
 * Virtual interrupts: per vCPU (V) or one per domain or system (G).
 */
#define VIRQ_TIMER      0  /* V: the vCPU's timer has expired */
#define VIRQ_DEBUG      1  /* V: dump state for debugging, please */
#define VIRQ_CONSOLE    2  /* G: input has arrived for dom0 on the hypervisor's console */
#define VIRQ_DOM_EXC    3  /* G: a domain has shut down, crashed or died */
#define VIRQ_TBUF       4  /* G: trace records are waiting */
#define VIRQ_DEBUGGER   6  /* G: a domain has stopped at a breakpoint */
#define VIRQ_XENOPROF   7  /* V: profiling sample */
#define VIRQ_CON_RING   8  /* G: the hypervisor's log has grown */
#define VIRQ_PCPU_STATE 9  /* G: a physical CPU has come or gone */
#define VIRQ_MEM_EVENT  10 /* G */
#define VIRQ_ARGO       11 /* G */
#define VIRQ_ENOMEM     12 /* G: the hypervisor is short of memory */
#define VIRQ_XENPMU     13 /* V */
#define VIRQ_ARCH_0     16 /* G: machine check */
#define VIRQ_ARCH_1     17
#define VIRQ_ARCH_2     18
#define VIRQ_ARCH_3     19
#define VIRQ_ARCH_4     20
#define VIRQ_ARCH_5     21
#define VIRQ_ARCH_6     22
#define VIRQ_ARCH_7     23
#define NR_VIRQS        24

/* mmu_update: the command is in bits 0-1 of mmu_update.ptr. */
#define MMU_NORMAL_PT_UPDATE       0 /* write a page-table entry, checked */
#define MMU_MACHPHYS_UPDATE        1 /* set the machine-to-physical entry of the frame */
#define MMU_PT_UPDATE_PRESERVE_AD  2 /* write an entry, keep its accessed and dirty bits */
#define MMU_PT_UPDATE_NO_TRANSLATE 3

#define MMUEXT_PIN_L1_TABLE       0
#define MMUEXT_PIN_L2_TABLE       1
#define MMUEXT_PIN_L3_TABLE       2
#define MMUEXT_PIN_L4_TABLE       3
#define MMUEXT_UNPIN_TABLE        4
#define MMUEXT_NEW_BASEPTR        5
#define MMUEXT_TLB_FLUSH_LOCAL    6
#define MMUEXT_INVLPG_LOCAL       7
#define MMUEXT_TLB_FLUSH_MULTI    8
#define MMUEXT_INVLPG_MULTI       9
#define MMUEXT_TLB_FLUSH_ALL      10
#define MMUEXT_INVLPG_ALL         11
#define MMUEXT_FLUSH_CACHE        12
#define MMUEXT_SET_LDT            13
#define MMUEXT_NEW_USER_BASEPTR   15
#define MMUEXT_CLEAR_PAGE         16
#define MMUEXT_COPY_PAGE          17
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
#define MMUEXT_MARK_SUPER         19
#define MMUEXT_UNMARK_SUPER       20

/*
 * Flags of update_va_mapping. With UVMF_MULTI the rest of the word is the guest address of a vCPU
 * bitmap (64-bit words); zero there means the calling vCPU alone (UVMF_LOCAL).
 */
#define UVMF_NONE           xen_mk_ulong(0)
#define UVMF_TLB_FLUSH      xen_mk_ulong(1)
#define UVMF_INVLPG         xen_mk_ulong(2)
#define UVMF_FLUSHTYPE_MASK xen_mk_ulong(3)
#define UVMF_MULTI          xen_mk_ulong(0)
#define UVMF_LOCAL          xen_mk_ulong(0)
#define UVMF_ALL            xen_mk_ulong(4)

#define CONSOLEIO_write 0
#define CONSOLEIO_read  1

#define VMASST_CMD_enable                0
#define VMASST_CMD_disable               1
#define VMASST_TYPE_4gb_segments         0
#define VMASST_TYPE_4gb_segments_notify  1
#define VMASST_TYPE_writable_pagetables  2
#define VMASST_TYPE_pae_extended_cr3     3
#define VMASST_TYPE_architectural_iopl   4
#define VMASST_TYPE_runstate_update_flag 5
#define VMASST_TYPE_m2p_strict           32

/* Domain ids from DOMID_FIRST_RESERVED on are never those of a real domain. */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF           xen_mk_uint(0x7FF0) /* the caller */
#define DOMID_IO             xen_mk_uint(0x7FF1) /* owner of device memory */
#define DOMID_XEN            xen_mk_uint(0x7FF2) /* owner of pages the hypervisor shares */
#define DOMID_COW            xen_mk_uint(0x7FF3)
#define DOMID_INVALID        xen_mk_uint(0x7FF4)
#define DOMID_IDLE           xen_mk_uint(0x7FFF)
#define DOMID_MASK           xen_mk_uint(0x7FFF)

#include <public/arch-x86.h>

/* start_info.flags */
#define SIF_PRIVILEGED      (1 << 0)
#define SIF_INITDOMAIN      (1 << 1)
#define SIF_MULTIBOOT_MOD   (1 << 2) /* mod_start points to xen_multiboot_mod_list entries */
#define SIF_MOD_START_PFN   (1 << 3) /* mod_start is a pfn, not an address */
#define SIF_VIRT_P2M_4TOOLS (1 << 4) /* tools cope with a purely virtual p2m */
#define SIF_PM_MASK         (0xFF << 8)

#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB    0x23
#define XEN_VGATYPE_EFI_LFB     0x70

#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0)
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1)

#define MAX_GUEST_CMDLINE 1024

#ifndef __ASSEMBLER__

struct mmu_update {
	uint64_t ptr; /* machine address of the entry, command in bits 0-1 */
	uint64_t val; /* the entry's new value, or a pfn */
};

struct mmuext_op {
	unsigned int cmd;
	union {
		xen_pfn_t mfn;             /* pin, unpin, baseptr, clear, copy */
		unsigned long linear_addr; /* invlpg, set_ldt */
	} arg1;
	union {
		unsigned int nr_ents;                  /* set_ldt */
		XEN_GUEST_HANDLE(const void) vcpumask; /* the _MULTI flushes */
		xen_pfn_t src_mfn;                     /* copy_page */
	} arg2;
};

/* One call of a multicall batch; result is written back to the guest. */
struct multicall_entry {
	xen_ulong_t op, result;
	xen_ulong_t args[6];
};

/*
 * The clock of a vCPU. The hypervisor makes version odd while it writes the rest. With
 * delta = rdtsc - tsc_timestamp, shifted left by tsc_shift (right if negative), the time since
 * boot in nanoseconds is system_time + (delta * tsc_to_system_mul >> 32).
 */
struct vcpu_time_info {
	uint32_t version;
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags; /* XEN_PVCLOCK_* */
	uint8_t pad1[2];
};

/*
 * Per-vCPU part of the shared page. evtchn_upcall_pending says that a bit in evtchn_pending_sel
 * may be set; evtchn_upcall_mask is the guest's interrupt flag, inverted.
 */
struct vcpu_info {
	uint8_t evtchn_upcall_pending;
	uint8_t evtchn_upcall_mask;
	xen_ulong_t evtchn_pending_sel; /* bit i: look at evtchn_pending[i] */
	struct arch_vcpu_info arch;
	struct vcpu_time_info time;
};

/*
 * The page shared between the hypervisor and a domain. The wall-clock at system time zero is
 * wc_sec_hi:wc_sec and wc_nsec since 1970, written under wc_version like vcpu_time_info.
 */
struct shared_info {
	struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
	xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8];
	xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];
	uint32_t wc_version;
	uint32_t wc_sec;
	uint32_t wc_nsec;
	uint32_t wc_sec_hi;
	struct arch_shared_info arch;
};

/* What a PV kernel finds at the address in rsi when it starts. */
struct start_info {
	/* Filled in at every start, also on resume. */
	char magic[32];            /* "xen-<major>.<minor>-x86_64" */
	unsigned long nr_pages;    /* pages of the domain */
	unsigned long shared_info; /* machine address of struct shared_info */
	uint32_t flags;            /* SIF_* */
	xen_pfn_t store_mfn;       /* machine frame of the xenstore ring */
	uint32_t store_evtchn;
	union {
		struct {
			xen_pfn_t mfn; /* machine frame of the console ring */
			uint32_t evtchn;
		} domU;
		struct {
			uint32_t info_off; /* of struct dom0_vga_console_info from here */
			uint32_t info_size;
		} dom0;
	} console;
	/* Filled in at the first start only. Addresses are virtual. */
	unsigned long pt_base;
	unsigned long nr_pt_frames;
	unsigned long mfn_list; /* the pfn-to-mfn array */
	unsigned long mod_start;
	unsigned long mod_len;
	int8_t cmd_line[MAX_GUEST_CMDLINE];
	unsigned long first_p2m_pfn; /* the pages that hold mfn_list, if outside the image */
	unsigned long nr_p2m_frames;
};

struct xen_multiboot_mod_list {
	uint32_t mod_start;
	uint32_t mod_end;
	uint32_t cmdline;
	uint32_t pad;
};

/* The screen that dom0 may use. */
struct dom0_vga_console_info {
	uint8_t video_type; /* XEN_VGATYPE_* */
	union {
		struct {
			uint16_t font_height;
			uint16_t cursor_x, cursor_y;
			uint16_t rows, columns;
		} text_mode_3;
		struct {
			uint16_t width, height;
			uint16_t bytes_per_line;
			uint16_t bits_per_pixel;
			uint32_t lfb_base; /* physical address, low half */
			uint32_t lfb_size; /* in units of 64 KiB */
			uint8_t red_pos, red_size;
			uint8_t green_pos, green_size;
			uint8_t blue_pos, blue_size;
			uint8_t rsvd_pos, rsvd_size;
			uint32_t gbl_caps;
			uint16_t mode_attrs;
			uint16_t pad;
			uint32_t ext_lfb_base; /* physical address, high half */
		} vesa_lfb;
	} u;
};

/* A bitmap in guest memory, lowest bit first in each byte. */
struct xenctl_bitmap {
	XEN_GUEST_HANDLE_64(uint8_t) bitmap;
	uint32_t nr_bits;
};

#endif /* __ASSEMBLER__ */
#endif /* PUBLIC_XEN_H */
