/* SPDX-License-Identifier: MIT */
/*
 * Bounces between user mode and the kernel, with the fewest instructions that make one: a user program
 * makes system calls or faults without end, the kernel's entry counts them and goes back.
 */
#include <public/xen.h>

#define HYPERCALL_IRET 23
#define USER_RFLAGS    0x202

	.macro IRET
	movl	$HYPERCALL_IRET, %eax
	syscall
	ud2
	.endm

	.text
/* void bounce_run(uint64_t count, uint64_t user_rip, uint64_t user_rdi): count entries, one return. */
	.globl bounce_run
bounce_run:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, kernel_rsp
	movq	%rdi, entries_left
	movq	%rdx, %rdi
	pushq	$FLAT_USER_SS
	pushq	$0 /* the user programs have no stack */
	pushq	$USER_RFLAGS
	pushq	$FLAT_USER_CS
	pushq	%rsi
	pushq	$0 /* flags, rcx, r11, rax */
	pushq	$0
	pushq	$0
	pushq	$0
	IRET

leave:
	movq	kernel_rsp, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

/* On entry: rcx r11 rip cs rflags rsp ss. */
	.globl bounce_syscall_entry
	.balign 16
bounce_syscall_entry:
	decq	entries_left
	jz	leave
	movq	$VGCF_in_syscall, 8(%rsp)
	movq	%r11, (%rsp) /* rcx is not restored: its slot has no meaning */
	pushq	%r11
	pushq	%rax
	IRET

/* On entry: rcx r11 error-code rip cs rflags rsp ss. Goes on behind the instruction of three bytes. */
	.globl bounce_fault_entry
	.balign 16
bounce_fault_entry:
	decq	entries_left
	jz	leave
	movq	(%rsp), %rcx
	movq	8(%rsp), %r11
	addq	$3, 24(%rsp)
	movq	$0, 16(%rsp)
	movq	%rcx, 8(%rsp)
	movq	%r11, (%rsp)
	pushq	%rax
	IRET

/* Copied to a user page. */
	.section .rodata
	.globl bounce_user, bounce_user_size, bounce_user_fault
	.balign 8
bounce_user:
1:	syscall
	jmp	1b
2:	movq	(%rdi), %rax
	jmp	2b
3:
	.balign 8
bounce_user_size:
	.quad	3b - bounce_user
bounce_user_fault:
	.quad	2b - bounce_user

	.bss
	.balign 8
kernel_rsp:
	.skip 8
entries_left:
	.skip 8
	.balign 16
	.skip 4096
	.globl bounce_stack_end
bounce_stack_end:
	.section .note.GNU-stack, "", @progbits
