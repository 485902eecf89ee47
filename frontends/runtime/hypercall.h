/* SPDX-License-Identifier: MIT */
/* Hypercalls from the guest: number in rax, arguments in rdi rsi rdx r10 r8 r9 (public/xen.h). */
#ifndef RUNTIME_HYPERCALL_H
#define RUNTIME_HYPERCALL_H

#include <public/xen.h>

static inline long hypercall5(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
			      unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;
	long rc;

	__asm__ __volatile__("syscall"
			     : "=a"(rc), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
			     : "a"((unsigned long)nr)
			     : "rcx", "r11", "memory");
	return rc;
}

#define HYPERCALL_ARG(a) ((unsigned long)(a))
#define hypercall(nr, a1, a2, a3, a4)                                                          \
	hypercall5(__HYPERVISOR_##nr, HYPERCALL_ARG(a1), HYPERCALL_ARG(a2), HYPERCALL_ARG(a3), \
		   HYPERCALL_ARG(a4), 0)

#endif
