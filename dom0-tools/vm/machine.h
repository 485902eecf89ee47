/* SPDX-License-Identifier: MIT */
/*
 * The QEMU process that is the machine: its command line, its start and its end.
 */
#ifndef SHOJI_VM_MACHINE_H
#define SHOJI_VM_MACHINE_H

#include "dom0-tools/vm/options.h"

#include <stdbool.h>
#include <sys/types.h>

struct machine_config {
	const struct vm_options *options;
	const char *hypervisor;
	const char *vmlinux;
	const char *initramfs;
	const char *console_log;  /* file for the console; NULL: the terminal alone */
	const char *archive_disk; /* disk that receives the archive of /out, or NULL */
	bool interactive;         /* console on the terminal, no script channel */
	bool kvm;
};

/*
 * Starts QEMU. *@channel_fd is our end of the script channel (-1 when interactive). Returns the
 * pid, or a negative errno after a line on stderr. QEMU dies with its parent, whatever ends it.
 */
pid_t machine_start(const struct machine_config *cfg, int *channel_fd);

/* Kills @pid and collects it. */
void machine_kill(pid_t pid);

/*
 * True if this host can really run virtual machines with kvm: a trial machine starts and runs.
 * @dir: a directory for its disk.
 */
bool machine_kvm_works(const char *dir);

/* True if a trial machine runs under QEMU's accelerator @accel. */
bool machine_trial(const char *accel, const char *dir);

#endif
