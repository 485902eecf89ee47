/* SPDX-License-Identifier: MIT */
/* What the boot loader handed over, read once before its memory is reused. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "lib/types.h"

#define BOOT_MODULES_MAX 8
#define CMDLINE_MAX      2048

struct boot_module {
	paddr_t start, end; /* page aligned start as loaded; end exact */
	char cmdline[CMDLINE_MAX];
};

struct boot_info {
	char loader[64];
	char cmdline[CMDLINE_MAX];
	unsigned int modules;
	struct boot_module module[BOOT_MODULES_MAX];
	paddr_t rsdp; /* copy of the RSDP from multiboot2; 0 without */
};
extern struct boot_info boot_info;

/* boot/multiboot.c: fills boot_info and e820 from either protocol's magic and structure. */
void multiboot_parse(uint32_t magic, paddr_t info);

/* boot/options.c: the command line; each is documented in xen/README.md. */
struct boot_options {
	uint64_t dom0_mem, dom0_mem_min, dom0_mem_max; /* bytes; 0: default */
	unsigned int dom0_max_vcpus;                   /* 0: as many as there are CPUs */
	unsigned int maxcpus;
	unsigned int loglvl, guest_loglvl; /* highest enum log_level printed */
	bool noreboot;
	bool watchdog;
	bool console_com1;
	uint32_t com1_baud; /* 0: as found */
	char sched[16];
};
extern struct boot_options boot_options;
void options_parse(const char *cmdline);

/*
 * boot/dom0_build.c: builds dom0 from module 0 (ELF kernel with Xen notes) and module 1 (initramfs,
 * if any) and leaves it paused. Panics with the reason when it cannot: without dom0 there is no
 * host.
 */
struct domain *dom0_build(void);

#endif
