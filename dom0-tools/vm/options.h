/* SPDX-License-Identifier: MIT */
/*
 * The command line of shoji-vm as one struct: what to boot, what to run, where results go.
 */
#ifndef SHOJI_VM_OPTIONS_H
#define SHOJI_VM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define VM_MAX_DISKS 16

enum vm_accel { VM_ACCEL_AUTO, VM_ACCEL_KVM, VM_ACCEL_TCG };

struct vm_options {
	const char *script;      /* host path, run in dom0 with sh; NULL: interactive */
	const char *overlay;     /* host directory copied over dom0's root, or NULL */
	const char *out;         /* host directory that receives dom0's /out, or NULL */
	const char *hypervisor;  /* multiboot image; NULL: Shoji itself */
	const char *console_log; /* where the machine's console goes, or NULL */
	const char *xen_args;    /* added to the hypervisor's command line, or NULL */
	const char *dom0_args;   /* added to dom0's kernel command line, or NULL */
	const char *cpu_model;   /* QEMU's -cpu */
	const char *qemu_args;   /* blank-separated additions to QEMU's command line, or NULL */
	const char *disks[VM_MAX_DISKS];
	size_t nr_disks;
	unsigned int mem_mib;
	unsigned int cpus;
	unsigned int timeout_s; /* 0: no limit */
	enum vm_accel accel;
	bool icount;
};

enum vm_parse_result { VM_PARSE_OK, VM_PARSE_HELP, VM_PARSE_ERROR };

/*
 * Fills @o from the command line; the strings stay owned by @argv. On VM_PARSE_ERROR one line that
 * names the option has been written to stderr, on VM_PARSE_HELP the usage has been written to
 * stdout.
 */
enum vm_parse_result vm_options_parse(struct vm_options *o, int argc, char **argv);

#endif
