/* SPDX-License-Identifier: MIT */
/*
 * The guest's start, its traps and its event callback. The hypervisor enters a handler with rcx and r11
 * on top of the frame (public/arch-x86.h), and takes it back by the iret hypercall.
 */
#include <public/elfnote.h>

#define HYPERCALL_IRET 23

	.macro NOTE type, desc:vararg
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	\desc
2:	.balign 4
	.popsection
	.endm

	NOTE XEN_ELFNOTE_GUEST_OS, .asciz "shoji-runtime"
	NOTE XEN_ELFNOTE_LOADER, .asciz "generic"
	NOTE XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	NOTE XEN_ELFNOTE_VIRT_BASE, .quad VIRT_BASE
	NOTE XEN_ELFNOTE_PADDR_OFFSET, .quad 0
	NOTE XEN_ELFNOTE_ENTRY, .quad runtime_start
	NOTE XEN_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page
	NOTE XEN_ELFNOTE_PAE_MODE, .asciz "yes"
	NOTE XEN_ELFNOTE_FEATURES, .asciz "!writable_page_tables|pae_pgdir_above_4gb"

	.section .text.start, "ax"
	.globl runtime_start
runtime_start:
	cld
	movq	$boot_stack_end, %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	call	runtime_main
	ud2

	.balign 4096
	.globl hypercall_page
hypercall_page:
	.skip 4096

	.macro SAVE_REGS
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.endm

/* On entry: rcx r11 [error code] rip cs rflags rsp ss. Makes it: vector error-code rip ... */
	.macro TRAP_ENTRY vector, has_code
	.balign 16
trap_\vector:
	movq	(%rsp), %rcx
	movq	8(%rsp), %r11
	.if \has_code
	addq	$8, %rsp
	.else
	movq	$0, 8(%rsp)
	.endif
	movq	$\vector, (%rsp)
	jmp	trap_common
	.endm

	.text
	.irp vector, 0,1,2,3,4,5,6,7,9,15,16,18,19
	TRAP_ENTRY \vector, 0
	.endr
	.irp vector, 8,10,11,12,13,14,17
	TRAP_ENTRY \vector, 1
	.endr

trap_common:
	cld
	SAVE_REGS
	movq	%rsp, %rdi
	xorl	%ebp, %ebp
	call	trap_handle

/* rsp points to struct trap_frame. */
return_from_trap:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$16, %rsp /* vector, error code */
	pushq	$0        /* flags: not from a system call */
	pushq	%rcx
	pushq	%r11
	pushq	%rax
	movl	$HYPERCALL_IRET, %eax
	syscall
	ud2

	.globl event_callback
	.balign 16
event_callback:
	movq	(%rsp), %rcx
	movq	8(%rsp), %r11
	movq	$0, 8(%rsp)
	movq	$0x100, (%rsp)
	cld
	SAVE_REGS
	xorl	%ebp, %ebp
	call	events_deliver
	jmp	return_from_trap

	.globl failsafe_callback
	.balign 16
failsafe_callback:
	movq	(%rsp), %rcx
	movq	8(%rsp), %r11
	addq	$32, %rsp /* rcx, r11, ds, es; the frame then starts two words before rip */
	movq	$0x101, (%rsp)
	movq	$0, 8(%rsp)
	jmp	trap_common

	.section .rodata
	.balign 8
	.globl trap_entries
trap_entries:
	.irp vector, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19
	.quad trap_\vector
	.endr

	.section .bss..page_aligned, "aw", @nobits
	.balign 4096
	.skip 4 * 4096
	.globl boot_stack_end
boot_stack_end:
	.section .note.GNU-stack, "", @progbits
