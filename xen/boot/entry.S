/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader's 32-bit protected mode to C in long mode. The multiboot headers carry the
 * load addresses because the image is flat (multiboot specification 0.6.96 section 3.1 and 2.0
 * section 3.1). The first page tables map the low 4 GiB three times: where they are, where the image
 * is linked and where the direct map will be.
 */
	.section .text.header, "ax"
	.code32

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x00010003 /* modules page aligned, memory map, address fields */
#define MB2_MAGIC 0xe85250d6

	.globl boot_header
	.balign 8
boot_header:
	.long MB1_MAGIC
	.long MB1_FLAGS
	.long -(MB1_MAGIC + MB1_FLAGS)
	.long boot_header_pa
	.long image_start_pa
	.long load_end_pa
	.long image_end_pa
	.long boot_entry_pa

	.balign 8
boot_header2:
	.long MB2_MAGIC
	.long 0 /* i386 */
	.long boot_header2_end - boot_header2
	.long -(MB2_MAGIC + (boot_header2_end - boot_header2))
	/* information request: command line, modules, memory map, RSDP */
	.word 1, 0
	.long 24
	.long 1, 3, 6, 15
	/* module alignment */
	.balign 8
	.word 6, 0
	.long 8
	/* addresses */
	.balign 8
	.word 2, 0
	.long 24
	.long boot_header2_pa_, image_start_pa, load_end_pa, image_end_pa
	/* entry point */
	.balign 8
	.word 3, 0
	.long 12
	.long boot_entry_pa
	.balign 8
	.word 0, 0
	.long 8
boot_header2_end:
	.set boot_header2_pa_, boot_header_pa + (boot_header2 - boot_header)

	.section .text.boot, "ax"
	.globl boot_entry
boot_entry:
	cli
	cld
	movl	%eax, %ebp /* magic */
	movl	%ebx, %esi /* information structure */
	movl	$boot_stack_pa, %esp

	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	no_long_mode
	movl	$0x80000001, %eax
	cpuid
	btl	$29, %edx
	jnc	no_long_mode

	/* L4 slots 0, 259 and 260 share one L3 for 4 GiB of 2 MiB pages. */
	movl	$boot_l4_pa, %edi
	movl	$boot_l3_pa + 3, %eax
	movl	%eax, (%edi)
	movl	%eax, 259 * 8(%edi)
	movl	%eax, 260 * 8(%edi)
	movl	$boot_l3_pa, %edi
	movl	$boot_l2_pa + 3, %eax
	movl	$4, %ecx
1:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	loop	1b
	movl	$boot_l2_pa, %edi
	movl	$0x83, %eax
	movl	$2048, %ecx
2:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	2b

	movl	$0x20, %eax /* PAE */
	movl	%eax, %cr4
	movl	$boot_l4_pa, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x900, %eax /* LME, NXE */
	wrmsr
	movl	$0x80010033, %eax /* PG WP NE ET MP PE */
	movl	%eax, %cr0
	lgdt	boot_gdtr_pa
	ljmp	$8, $boot_long_pa

	.globl no_long_mode
no_long_mode:
	movl	$0xb8000, %edi
	movl	$0x4f364f34, (%edi) /* "64" on red: a 64-bit CPU is needed */
3:	hlt
	jmp	3b

	.code64
	.globl boot_long
boot_long:
	movabs	$4f, %rax
	jmp	*%rax
4:	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	leaq	boot_stack_top(%rip), %rsp
	movl	%ebp, %edi
	movl	%esi, %esi
	xorl	%ebp, %ebp
	call	boot_main
	ud2

	.section .rodata.boot, "a"
	.balign 8
	.globl boot_gdt, boot_gdtr
boot_gdt:
	.quad 0
	.quad 0x00af9a000000ffff /* 64-bit code */
boot_gdtr:
	.word 15
	.quad boot_gdt_pa

	.section .bss..page_aligned, "aw", @nobits
	.balign 4096
	.globl boot_l4, boot_l3, boot_l2, boot_stack_top
boot_l4: .skip 4096
boot_l3: .skip 4096
boot_l2: .skip 4 * 4096
	/* As a CPU's main stack: aligned, with room for struct cpu_info at its upper end. */
	.balign 0x8000
	.skip 0x8000 - 0x200
boot_stack_top:
	.skip 0x200
	.section .note.GNU-stack, "", @progbits
