/* SPDX-License-Identifier: MIT */
/*
 * Where another CPU starts: in real mode, in a page below 1 MiB to which the first part is copied.
 * It goes straight to long mode on the boot page tables (boot/entry.S), then to its own stack and
 * the hypervisor's page tables, which cpu/smp.c has left in ap_stack and ap_cr3.
 */
	.section .text.boot, "ax"
	.code16
	.globl ap_start, ap_start_end
ap_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	movl	$0x20, %eax /* PAE */
	movl	%eax, %cr4
	movl	$boot_l4_pa, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x900, %eax /* LME, NXE */
	wrmsr
	lgdtl	ap_gdtr - ap_start
	movl	$0x80010033, %eax /* PG WP NE ET MP PE */
	movl	%eax, %cr0
	ljmpl	$8, $ap_long_pa
	.balign 4
ap_gdtr:
	.word 15
	.long boot_gdt_pa
ap_start_end:

	.code64
	.globl ap_long
ap_long:
	movabs	$1f, %rax
	jmp	*%rax
1:	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movq	ap_cr3(%rip), %rax
	movq	%cr4, %rcx
	orl	$0x80, %ecx /* PGE */
	movq	%rcx, %cr4
	movq	%rax, %cr3
	movq	ap_stack(%rip), %rsp
	xorl	%ebp, %ebp
	call	ap_main
	ud2

	.section .note.GNU-stack, "", @progbits
