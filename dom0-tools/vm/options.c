/* SPDX-License-Identifier: MIT */
/*
 * Command-line parsing: every value is checked here, so that nothing later meets a bad option
 * half-way through a boot.
 */
#include "dom0-tools/vm/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OPT_SCRIPT = 256,
	OPT_OVERLAY,
	OPT_OUT,
	OPT_DISK,
	OPT_MEM,
	OPT_CPUS,
	OPT_TIMEOUT,
	OPT_HYPERVISOR,
	OPT_ACCEL,
	OPT_ICOUNT,
	OPT_XEN_ARGS,
	OPT_DOM0_ARGS,
	OPT_CONSOLE_LOG,
	OPT_CPU_MODEL,
	OPT_QEMU_ARGS,
};

static const struct option long_options[] = {
	{ "script", required_argument, NULL, OPT_SCRIPT },
	{ "overlay", required_argument, NULL, OPT_OVERLAY },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "mem", required_argument, NULL, OPT_MEM },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "hypervisor", required_argument, NULL, OPT_HYPERVISOR },
	{ "accel", required_argument, NULL, OPT_ACCEL },
	{ "icount", no_argument, NULL, OPT_ICOUNT },
	{ "xen-args", required_argument, NULL, OPT_XEN_ARGS },
	{ "dom0-args", required_argument, NULL, OPT_DOM0_ARGS },
	{ "console-log", required_argument, NULL, OPT_CONSOLE_LOG },
	{ "cpu-model", required_argument, NULL, OPT_CPU_MODEL },
	{ "qemu-args", required_argument, NULL, OPT_QEMU_ARGS },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: shoji-vm [--script FILE] [--overlay DIR] [--out DIR] [--disk FILE]... [--mem MiB]\n"
	"                [--cpus N] [--timeout S] [--hypervisor FILE] [--accel auto|kvm|tcg]\n"
	"                [--icount] [--xen-args STR] [--dom0-args STR] [--console-log FILE]\n"
	"                [--cpu-model NAME] [--qemu-args STR]\n"
	"\n"
	"Boots the hypervisor, dom0 and its services in QEMU. On a terminal it ends in dom0's "
	"shell\n"
	"(Ctrl-a x ends the machine). With --script, or with standard input that is not a "
	"terminal,\n"
	"the script runs in dom0 with sh and its output comes back on standard output.\n"
	"\n"
	"  --script FILE       run FILE in dom0 and exit with its status\n"
	"  --overlay DIR       copy DIR over dom0's root before it starts\n"
	"  --out DIR           bring back what the script leaves in /out\n"
	"  --disk FILE         a disk (raw or qcow2) for dom0: /dev/vda, /dev/vdb, ...\n"
	"  --mem MiB           memory of the machine (default 2048); dom0 gets half, at most 2 "
	"GiB\n"
	"  --cpus N            CPUs of the machine (default 1)\n"
	"  --timeout S         end the machine after S seconds (default: no limit)\n"
	"  --hypervisor FILE   any multiboot hypervisor with the Xen ABI (default: Shoji)\n"
	"  --accel NAME        auto (default), kvm or tcg\n"
	"  --icount            count instructions: repeatable time, one CPU, tcg\n"
	"  --xen-args STR      add STR to the hypervisor's command line\n"
	"  --dom0-args STR     add STR to dom0's kernel command line\n"
	"  --console-log FILE  the machine's console goes to FILE\n"
	"  --cpu-model NAME    QEMU's -cpu (default qemu64)\n"
	"  --qemu-args STR     more arguments for QEMU, separated by blanks\n"
	"\n"
	"Exit status: that of the script; 124 on time-out; 125 if the platform did not come up.\n";

static enum vm_parse_result fail(const char *fmt, ...)
{
	va_list ap;

	fputs("shoji-vm: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return VM_PARSE_ERROR;
}

static enum vm_parse_result parse_number(const char *name, const char *text, unsigned int min,
					 unsigned int max, unsigned int *value)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n < min || n > max)
		return fail("--%s %s: not a number from %u to %u", name, text, min, max);
	*value = (unsigned int)n;
	return VM_PARSE_OK;
}

static enum vm_parse_result parse_accel(const char *text, enum vm_accel *accel)
{
	static const char *const names[] = {
		[VM_ACCEL_AUTO] = "auto",
		[VM_ACCEL_KVM] = "kvm",
		[VM_ACCEL_TCG] = "tcg",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*accel = (enum vm_accel)i;
			return VM_PARSE_OK;
		}
	}
	return fail("--accel %s: unknown; give auto, kvm or tcg", text);
}

/* Files must be readable, directories searchable: found out now, not after a boot. */
static enum vm_parse_result check_path(const char *name, const char *path, bool directory)
{
	struct stat st;

	if (!path)
		return VM_PARSE_OK;
	if (stat(path, &st))
		return fail("--%s %s: %s", name, path, strerror(errno));
	if (directory && !S_ISDIR(st.st_mode))
		return fail("--%s %s: not a directory", name, path);
	if (!directory && S_ISDIR(st.st_mode))
		return fail("--%s %s: is a directory; a file is needed", name, path);
	if (access(path, directory ? R_OK | X_OK : R_OK))
		return fail("--%s %s: %s", name, path, strerror(errno));
	return VM_PARSE_OK;
}

static enum vm_parse_result check_options(const struct vm_options *o)
{
	if (check_path("script", o->script, false) || check_path("overlay", o->overlay, true) ||
	    check_path("hypervisor", o->hypervisor, false))
		return VM_PARSE_ERROR;
	for (size_t i = 0; i < o->nr_disks; i++)
		if (check_path("disk", o->disks[i], false))
			return VM_PARSE_ERROR;
	if (o->icount && o->cpus != 1)
		return fail("--icount works with one CPU only; leave out --cpus %u", o->cpus);
	if (o->icount && o->accel == VM_ACCEL_KVM)
		return fail("--icount needs --accel tcg: kvm cannot count instructions");
	return VM_PARSE_OK;
}

static enum vm_parse_result parse_one(struct vm_options *o, int opt, const char *arg)
{
	switch (opt) {
	case OPT_SCRIPT:
		o->script = arg;
		break;
	case OPT_OVERLAY:
		o->overlay = arg;
		break;
	case OPT_OUT:
		o->out = arg;
		break;
	case OPT_DISK:
		if (o->nr_disks == VM_MAX_DISKS)
			return fail("--disk %s: at most %d disks", arg, VM_MAX_DISKS);
		o->disks[o->nr_disks++] = arg;
		break;
	case OPT_MEM:
		return parse_number("mem", arg, 256, 1024 * 1024, &o->mem_mib);
	case OPT_CPUS:
		return parse_number("cpus", arg, 1, 255, &o->cpus);
	case OPT_TIMEOUT:
		return parse_number("timeout", arg, 1, 7 * 86400, &o->timeout_s);
	case OPT_HYPERVISOR:
		o->hypervisor = arg;
		break;
	case OPT_ACCEL:
		return parse_accel(arg, &o->accel);
	case OPT_ICOUNT:
		o->icount = true;
		break;
	case OPT_XEN_ARGS:
		o->xen_args = arg;
		break;
	case OPT_DOM0_ARGS:
		o->dom0_args = arg;
		break;
	case OPT_CONSOLE_LOG:
		o->console_log = arg;
		break;
	case OPT_CPU_MODEL:
		o->cpu_model = arg;
		break;
	case OPT_QEMU_ARGS:
		o->qemu_args = arg;
		break;
	case 'h':
		fputs(usage, stdout);
		return VM_PARSE_HELP;
	default:
		return VM_PARSE_ERROR;
	}
	return VM_PARSE_OK;
}

enum vm_parse_result vm_options_parse(struct vm_options *o, int argc, char **argv)
{
	enum vm_parse_result result;
	int opt;

	memset(o, 0, sizeof(*o));
	o->mem_mib = 2048;
	o->cpus = 1;
	o->cpu_model = "qemu64";
	opterr = 0;
	optind = 0;
	while ((opt = getopt_long(argc, argv, "+:h", long_options, NULL)) != -1) {
		if (opt == '?')
			return fail("%s: unknown option; see shoji-vm --help",
				    argv[optind > 0 ? optind - 1 : 0]);
		if (opt == ':')
			return fail("%s: needs a value; see shoji-vm --help", argv[optind - 1]);
		result = parse_one(o, opt, optarg);
		if (result != VM_PARSE_OK)
			return result;
	}
	if (optind < argc)
		return fail("%s: not an option; see shoji-vm --help", argv[optind]);
	return check_options(o);
}
