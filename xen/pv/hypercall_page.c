/* SPDX-License-Identifier: MIT */
/*
 * The hypercall transfer page that is copied into a guest kernel: stub n, at n * 32, makes
 * hypercall n with all registers but rax preserved (syscall itself overwrites rcx and r11). No
 * state.
 */
#include "lib/string.h"
#include "mm/layout.h"
#include "pv/mmu.h"

#include <public/xen.h>

#define STUB_SIZE   32
#define OPCODE_INT3 0xcc

void hypercall_page_init(void *page)
{
	/* push rcx; push r11; mov $nr, eax; syscall; pop r11; pop rcx; ret */
	static const uint8_t stub[] = { 0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
					0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3 };
	/* push rcx; push r11; push rax; mov $nr, eax; syscall: iret does not come back */
	static const uint8_t iret_stub[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, 0, 0, 0, 0, 0x0f, 0x05 };
	uint8_t *p = page;
	unsigned int nr;

	memset(p, OPCODE_INT3, PAGE_SIZE);
	for (nr = 0; nr < PAGE_SIZE / STUB_SIZE; nr++, p += STUB_SIZE) {
		if (nr == __HYPERVISOR_iret) {
			memcpy(p, iret_stub, sizeof(iret_stub));
			p[5] = (uint8_t)nr;
		} else {
			memcpy(p, stub, sizeof(stub));
			p[4] = (uint8_t)nr;
		}
	}
}
