/* SPDX-License-Identifier: MIT */
/* Types of the ELF notes with the name "Xen" by which a kernel says how it wants to be started. */
#ifndef PUBLIC_ELFNOTE_H
#define PUBLIC_ELFNOTE_H

#define XEN_ELFNOTE_INFO               0
#define XEN_ELFNOTE_ENTRY              1 /* virtual address to start at */
#define XEN_ELFNOTE_HYPERCALL_PAGE     2 /* virtual address of the page to fill */
#define XEN_ELFNOTE_VIRT_BASE          3 /* virtual address of pseudo-physical 0 */
#define XEN_ELFNOTE_PADDR_OFFSET       4 /* what to subtract from the segments' p_paddr */
#define XEN_ELFNOTE_XEN_VERSION        5 /* "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS           6
#define XEN_ELFNOTE_GUEST_VERSION      7
#define XEN_ELFNOTE_LOADER             8 /* "generic" */
#define XEN_ELFNOTE_PAE_MODE           9
#define XEN_ELFNOTE_FEATURES           10 /* string: "a|b|!c" */
#define XEN_ELFNOTE_BSD_SYMTAB         11
#define XEN_ELFNOTE_HV_START_LOW       12
#define XEN_ELFNOTE_L1_MFN_VALID       13 /* mask and value of a present entry */
#define XEN_ELFNOTE_SUSPEND_CANCEL     14
#define XEN_ELFNOTE_INIT_P2M           15 /* virtual address wanted for the p2m array */
#define XEN_ELFNOTE_MOD_START_PFN      16 /* the initramfs may be given by pfn, unmapped */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* bitmap of XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY       18
#define XEN_ELFNOTE_MAX                XEN_ELFNOTE_PHYS32_ENTRY

/* Notes in crash dumps. */
#define XEN_ELFNOTE_CRASH_INFO              0x1000001
#define XEN_ELFNOTE_CRASH_REGS              0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif /* PUBLIC_ELFNOTE_H */
