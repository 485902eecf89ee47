/* SPDX-License-Identifier: MIT */
/*
 * Into the hypervisor and out of it. Every way in leaves a struct cpu_user_regs on the stack and
 * calls C; from a guest that frame is the one at the top of the CPU's stack (cpu/percpu.h).
 */
#include "cpu/entry.h"

/* An entry of the exception table (cpu/extable.h). */
	.macro EXTABLE insn, fixup
	.pushsection .ex_table, "a"
	.balign 4
	.long \insn - ., \fixup - .
	.popsection
	.endm

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
	xorl	%ebp, %ebp
	cld
	.endm

	.macro RESTORE_REGS
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
	.endm

/*
 * One page, mapped once more at the start of each CPU's window, so that its rip-relative references
 * reach that CPU's struct entry_data in the next page.
 */
	.section .text.trampoline, "ax"
	.balign 4096
	.globl trampoline_page, trampoline_syscall, trampoline_syscall32, trampoline_sysenter
trampoline_page:
	.macro TRAMPOLINE cs, target
	movq	%rsp, (trampoline_page + 0x1000)(%rip)
	movq	(trampoline_page + 0x1008)(%rip), %rsp
	pushq	$FLAT_USER_SS
	pushq	(trampoline_page + 0x1000)(%rip)
	pushq	%r11
	pushq	$\cs
	pushq	%rcx
	pushq	$0
	jmp	*(trampoline_page + 0x1010 + 8 * \target)(%rip)
	.endm
trampoline_syscall:
	TRAMPOLINE FLAT_USER_CS64, 0
	.balign 64
trampoline_syscall32:
	TRAMPOLINE FLAT_USER_CS32, 1
	.balign 64
trampoline_sysenter: /* neither rip nor rsp are known; interrupts are off, rsp is ours already */
	pushq	$FLAT_USER_SS
	pushq	$0
	pushfq
	pushq	$3
	pushq	$0
	pushq	$0
	jmp	*(trampoline_page + 0x1020)(%rip)
	.balign 4096

	.section .text.entry, "ax"
	.globl entry_syscall, entry_syscall32, entry_sysenter
	.balign 16
entry_syscall:
	movl	$ENTRY_SYSCALL, 4(%rsp)
	SAVE_REGS
	movq	%rsp, %rdi
	call	handle_syscall
	jmp	exit_to_guest

	.balign 16
entry_syscall32:
	movl	$ENTRY_SYSCALL, 4(%rsp)
	SAVE_REGS
	movq	%rsp, %rdi
	call	handle_syscall32
	jmp	exit_to_guest

	.balign 16
entry_sysenter:
	SAVE_REGS
	movq	%rsp, %rdi
	call	handle_sysenter
	jmp	exit_to_guest

/* Vectors: each stub leaves error code and vector in one word, then joins entry_trap. */
	.globl vector_stubs
	.balign 16
vector_stubs:
	.set	vec, 0
	.rept	256
	.balign 16
	.if vec != 8 && (vec < 10 || vec > 14) && vec != 17 && vec != 21 && vec != 29 && vec != 30
	pushq	$0
	.endif
	movl	$vec, 4(%rsp)
	.if vec >= 32
	jmp	entry_irq
	.elseif vec == 1
	jmp	entry_debug
	.else
	jmp	entry_trap
	.endif
	.set	vec, vec + 1
	.endr

	.balign 16
entry_irq:
	SAVE_REGS
	movq	%rsp, %rdi
	call	handle_irq
	jmp	trap_return

/*
 * A debug exception can come right after a system call instruction, before rsp is ours: so it has a
 * stack of its own, and one that comes from a guest moves to the main stack.
 */
	.balign 16
entry_debug:
	SAVE_REGS
	testb	$3, REGS_CS(%rsp)
	jz	1f
	movq	%rsp, %rdi
	call	debug_to_main_stack
	movq	%rax, %rsp
1:	movq	%rsp, %rdi
	call	handle_trap
	jmp	trap_return

	.balign 16
entry_trap:
	SAVE_REGS
	movq	%rsp, %rdi
	call	handle_trap
trap_return:
	testb	$3, REGS_CS(%rsp)
	jz	restore
	cmpl	$2, REGS_VECTOR(%rsp) /* NMI: its stack is not the main one, so straight back */
	je	restore
	/* fall through */

/* rsp points to the guest's registers at the top of the main stack. */
	.globl exit_to_guest
exit_to_guest:
	movq	%rsp, %rdi
	call	prepare_exit /* interrupts are off from here on */
	testl	%eax, %eax
	jz	restore
	/* Return by sysret: rip is canonical, no flags that it cannot set. */
	RESTORE_REGS
	movq	8(%rsp), %rcx  /* rip */
	movq	24(%rsp), %r11 /* rflags */
	cmpw	$FLAT_USER_CS32, 16(%rsp)
	movq	32(%rsp), %rsp
	je	1f
	sysretq
1:	sysretl

restore:
	RESTORE_REGS
	addq	$8, %rsp
2:	iretq
	EXTABLE 2b, iret_fault

/*
 * iret refused the guest's frame, which still lies where it was. The guest's other registers are
 * live: make the whole frame again and let the guest's failsafe callback look at it.
 */
iret_fault:
	pushq	$0
	SAVE_REGS
	movq	%rsp, %rdi
	call	handle_iret_fault
	jmp	exit_to_guest

/* void switch_stack(uint64_t rsp, void (*fn)(void)) */
	.globl switch_stack
switch_stack:
	movq	%rdi, %rsp
	xorl	%ebp, %ebp
	call	*%rsi
	ud2

/* void resume_guest(struct cpu_user_regs *regs): drops this stack and leaves by regs. */
	.globl resume_guest
resume_guest:
	movq	%rdi, %rsp
	jmp	exit_to_guest

	.section .note.GNU-stack, "", @progbits
