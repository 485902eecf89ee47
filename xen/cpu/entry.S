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

/*
 * System calls and page faults keep the guest's rbp, so that the way out need not load the registers
 * that C preserves. A backtrace does not follow it out of our stacks.
 */
	.macro PUSH_REGS
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

	.macro SAVE_REGS
	PUSH_REGS
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
	pushq	syscall_word(%rip)
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
	.balign 8
syscall_word:
	.long	0, ENTRY_SYSCALL
	.balign 4096

	.section .text.entry, "ax"
	.globl entry_syscall, entry_syscall32, entry_sysenter

/*
 * A hypercall: the arguments are in place but for r10, which C has in rcx. Flags are cleared by the
 * system call's mask.
 */
	.balign 16
entry_syscall:
	PUSH_REGS
	movq	CPU_CURRENT(%rsp), %r11
	cmpb	$0, VCPU_KERNEL_MODE(%r11)
	je	user_syscall
	cmpq	$HYPERCALLS, %rax
	jae	1f
	andl	$HYPERCALLS - 1, %eax /* also when the branch was guessed wrongly */
	movq	VCPU_HYPERCALLS(%r11), %r11
	movq	%r10, %rcx
	movq	(%r11, %rax, 8), %r11
	testq	%r11, %r11
	jz	1f
	sti
	call	*%r11
2:	cmpq	$-ERESTART, %rax
	je	exit_unchanged
	movq	%rax, REGS_RAX(%rsp)
	jmp	exit_unchanged

1:	movq	%rax, %rdi
	sti
	call	hypercall_unknown
	jmp	2b

user_syscall:
	movq	%rsp, %rdi
	movq	%r11, %rsi
	call	bounce_syscall
	/* fall through */

/* Is anything to be done before the guest goes on? Turns interrupts off; changes rcx, rdx, rdi. */
	.macro EXIT_WORK target
	cli
	movq	CPU_CURRENT(%rsp), %rdi
	movq	CPU_PERCPU_OFFSET(%rsp), %rcx
	leaq	percpu_softirq_bits(%rip), %rdx
	cmpq	$0, (%rcx, %rdx)
	jne	\target
	cmpb	$0, VCPU_BOUNCE_FLAGS(%rdi)
	jne	\target
	movq	VCPU_INFO(%rdi), %rdx
	cmpb	$0, VCPU_INFO_PENDING(%rdx)
	jne	\target
	.endm

/* Nothing that a guest put into the frame may raise its privilege or take interrupts away. */
	.macro SANITIZE
	andl	$~(EFLAGS_IOPL | EFLAGS_NT | EFLAGS_VM), REGS_RFLAGS(%rsp)
	orl	$EFLAGS_IF | EFLAGS_MBS, REGS_RFLAGS(%rsp)
	orb	$3, REGS_CS(%rsp)
	orb	$3, REGS_SS(%rsp)
	.endm

/*
 * On to target unless sysret will do: a system call's frame, a canonical rip (which is left in rcx),
 * no flags that it cannot set.
 */
	.macro UNLESS_SYSRET target
	cmpl	$ENTRY_SYSCALL, REGS_VECTOR(%rsp)
	jne	\target
	testl	$EFLAGS_TF | EFLAGS_RF, REGS_RFLAGS(%rsp)
	jnz	\target
	movq	REGS_RIP(%rsp), %rcx
	movq	%rcx, %rdx
	shlq	$16, %rdx
	sarq	$16, %rdx
	cmpq	%rcx, %rdx
	jne	\target
	.endm

/* rsp and the rest as sysret wants them, from the frame at the top of the stack. */
	.macro SYSRET
	movq	REGS_R10(%rsp), %r10
	movq	REGS_R9(%rsp), %r9
	movq	REGS_R8(%rsp), %r8
	movq	REGS_RAX(%rsp), %rax
	movq	REGS_RDX(%rsp), %rdx
	movq	REGS_RSI(%rsp), %rsi
	movq	REGS_RDI(%rsp), %rdi
	movq	REGS_RFLAGS(%rsp), %r11
	cmpw	$FLAT_USER_CS32, REGS_CS(%rsp)
	movq	REGS_RSP(%rsp), %rsp
	je	3f
	sysretq
3:	sysretl
	.endm

/* As exit_to_guest, while rbx, rbp and r12 to r15 are still the guest's. */
exit_unchanged:
	EXIT_WORK exit_work
	SANITIZE
	UNLESS_SYSRET 1f
	SYSRET
1:	movq	REGS_R11(%rsp), %r11
	movq	REGS_R10(%rsp), %r10
	movq	REGS_R9(%rsp), %r9
	movq	REGS_R8(%rsp), %r8
	movq	REGS_RAX(%rsp), %rax
	movq	REGS_RCX(%rsp), %rcx
	movq	REGS_RDX(%rsp), %rdx
	movq	REGS_RSI(%rsp), %rsi
	movq	REGS_RDI(%rsp), %rdi
	addq	$REGS_RIP, %rsp
2:	iretq
	EXTABLE 2b, iret_fault

/* rsp points to the guest's registers at the top of the main stack. */
	.globl exit_to_guest
	.balign 16
exit_to_guest:
	EXIT_WORK exit_work
exit_ready:
	SANITIZE
	UNLESS_SYSRET restore
	movq	(%rsp), %r15
	movq	8(%rsp), %r14
	movq	16(%rsp), %r13
	movq	24(%rsp), %r12
	movq	32(%rsp), %rbp
	movq	40(%rsp), %rbx
	SYSRET

exit_work:
	xorl	%ebp, %ebp
	call	prepare_exit
	jmp	exit_ready

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

	.balign 16
entry_syscall32:
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
	.elseif vec == 14
	jmp	entry_page_fault
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
entry_page_fault:
	testb	$3, REGS_CS - REGS_VECTOR + 4(%rsp)
	jz	entry_trap
	PUSH_REGS
	cld
	movq	%rsp, %rdi
	call	handle_page_fault
	testb	%al, %al
	jnz	exit_unchanged
	jmp	exit_to_guest

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
