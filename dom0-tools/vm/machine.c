/* SPDX-License-Identifier: MIT */
/*
 * Builds QEMU's command line and owns its process.
 *
 * The console is COM1, which the hypervisor drives. The script channel is COM2, which dom0 drives
 * as ttyS1: it needs no more of a hypervisor than port access and one ISA interrupt.
 */
#include "dom0-tools/vm/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QEMU             "qemu-system-x86_64"
#define MAX_ARGS         192
#define DOM0_MEM_MAX_MIB 2048
#define CHANNEL_CHILD_FD 3
#define TRIAL_MS         5000
#define TRIAL_TICK_MS    20
#define TRIAL_DISK_SIZE  (1 << 20) /* the BIOS finds no cylinder on a smaller one */
#define TRIAL_EXIT       0x2a

/* An argument vector that owns its strings; an allocation failure shows at the end. */
struct args {
	char *v[MAX_ARGS + 1];
	size_t n;
	bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n == MAX_ARGS) {
		a->failed = true;
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&a->v[a->n], fmt, ap) < 0)
		a->failed = true;
	else
		a->n++;
	va_end(ap);
}

static void args_free(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
}

/* QEMU ends an option's value at a comma unless it is doubled. The caller frees the result. */
static char *double_commas(const char *s)
{
	char *out = malloc(2 * strlen(s) + 1);
	char *o = out;

	if (!out)
		return NULL;
	for (; *s; s++) {
		*o++ = *s;
		if (*s == ',')
			*o++ = ',';
	}
	*o = '\0';
	return out;
}

static void add_words(struct args *a, const char *words)
{
	while (*words) {
		size_t n = strcspn(words, " \t\n");

		if (n)
			add(a, "%.*s", (int)n, words);
		words += n + (words[n] != '\0');
	}
}

static bool is_qcow2(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool match = fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) &&
		     !memcmp(magic, "QFI\xfb", sizeof(magic));

	if (fd >= 0)
		close(fd);
	return match;
}

static void add_disk(struct args *a, const char *path, const char *id)
{
	char *name = double_commas(path);

	if (!name) {
		a->failed = true;
		return;
	}
	add(a, "-drive");
	add(a, "file=%s,if=none,id=%s,format=%s%s", name, id, is_qcow2(path) ? "qcow2" : "raw",
	    access(path, W_OK) ? ",readonly=on" : "");
	add(a, "-device");
	add(a, "virtio-blk-pci,drive=%s,serial=shoji-%s", id, id);
	free(name);
}

static void add_boot(struct args *a, const struct machine_config *cfg)
{
	const struct vm_options *o = cfg->options;
	unsigned int dom0_mib = o->mem_mib / 2;
	char *vmlinux = double_commas(cfg->vmlinux);
	char *initramfs = double_commas(cfg->initramfs);
	char *dom0_args = double_commas(o->dom0_args ? o->dom0_args : "");

	if (dom0_mib > DOM0_MEM_MAX_MIB)
		dom0_mib = DOM0_MEM_MAX_MIB;
	if (!vmlinux || !initramfs || !dom0_args) {
		a->failed = true;
	} else {
		add(a, "-kernel");
		add(a, "%s", cfg->hypervisor);
		add(a, "-append");
		add(a, "console=com1 com1=115200,8n1 dom0_mem=%uM%s%s", dom0_mib,
		    o->xen_args ? " " : "", o->xen_args ? o->xen_args : "");
		add(a, "-initrd");
		add(a, "%s console=hvc0 earlyprintk=xen %s,%s", vmlinux, dom0_args, initramfs);
	}
	free(vmlinux);
	free(initramfs);
	free(dom0_args);
}

static void add_console(struct args *a, const struct machine_config *cfg)
{
	char *log = cfg->console_log ? double_commas(cfg->console_log) : NULL;

	add(a, "-display");
	add(a, "none");
	add(a, "-chardev");
	if (cfg->interactive) {
		add(a, "stdio,id=console,mux=on,signal=off%s%s", log ? ",logfile=" : "",
		    log ? log : "");
		add(a, "-mon");
		add(a, "chardev=console");
	} else {
		add(a, "file,id=console,append=on,path=%s", log ? log : "/dev/null");
	}
	add(a, "-serial");
	add(a, "chardev:console");
	if (!cfg->interactive) {
		add(a, "-chardev");
		add(a, "socket,id=script,fd=%d", CHANNEL_CHILD_FD);
		add(a, "-serial");
		add(a, "chardev:script");
	}
	free(log);
}

/* dom0's random numbers are ready at once, and with them UUIDs and MAC addresses. */
static void add_entropy(struct args *a)
{
	add(a, "-device");
	add(a, "virtio-rng-pci");
}

static void build_args(struct args *a, const struct machine_config *cfg)
{
	const struct vm_options *o = cfg->options;
	char id[16];

	add(a, QEMU);
	add(a, "-nodefaults");
	add(a, "-no-reboot");
	add(a, "-machine");
	add(a, "q35");
	add(a, "-accel");
	add(a, "%s", cfg->kvm ? "kvm" : "tcg");
	add(a, "-cpu");
	add(a, "%s", o->cpu_model);
	add(a, "-m");
	add(a, "%u", o->mem_mib);
	add(a, "-smp");
	add(a, "%u", o->cpus);
	if (o->icount) {
		add(a, "-icount");
		add(a, "shift=0,sleep=off");
	}
	add_console(a, cfg);
	add_entropy(a);
	add_boot(a, cfg);
	for (size_t i = 0; i < o->nr_disks; i++) {
		snprintf(id, sizeof(id), "disk%zu", i);
		add_disk(a, o->disks[i], id);
	}
	if (cfg->archive_disk)
		add_disk(a, cfg->archive_disk, "out");
	if (o->qemu_args)
		add_words(a, o->qemu_args);
}

/* In the child: never returns. */
static void exec_qemu(struct args *a, const struct machine_config *cfg, int channel, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (!cfg->interactive) {
		int null = open("/dev/null", O_RDONLY);
		int log = open(cfg->console_log, O_WRONLY | O_CREAT | O_APPEND, 0644);

		if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 ||
		    dup2(log, 2) < 0)
			_exit(127);
		if (channel == CHANNEL_CHILD_FD)
			fcntl(channel, F_SETFD, 0);
		else if (dup2(channel, CHANNEL_CHILD_FD) < 0)
			_exit(127);
	}
	execvp(QEMU, a->v);
	fprintf(stderr, "shoji-vm: %s: %s; install the package qemu-system-x86\n", QEMU,
		strerror(errno));
	_exit(127);
}

pid_t machine_start(const struct machine_config *cfg, int *channel_fd)
{
	struct args a = { 0 };
	int pair[2] = { -1, -1 };
	pid_t parent = getpid();
	pid_t pid = -1;

	build_args(&a, cfg);
	if (a.failed) {
		errno = a.n == MAX_ARGS ? E2BIG : ENOMEM;
	} else if (cfg->interactive || !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		pid = fork();
		if (pid == 0)
			exec_qemu(&a, cfg, pair[1], parent);
	}
	if (pid < 0) {
		pid = -errno;
		fprintf(stderr, "shoji-vm: %s cannot be started: %s\n", QEMU, strerror(errno));
		if (pair[0] >= 0)
			close(pair[0]);
		pair[0] = -1;
	}
	if (pair[1] >= 0)
		close(pair[1]);
	*channel_fd = pair[0];
	args_free(&a);
	return pid;
}

void machine_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static bool cpu_has_virtualization(void)
{
	char line[8192];
	bool found = false;
	FILE *f = fopen("/proc/cpuinfo", "re");

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "flags", 5) &&
			(strstr(line, " vmx") || strstr(line, " svm"));
	fclose(f);
	return found;
}

/* Writes "mov al, EXIT; out 0xf4, al; cli; hlt" as a disk that a BIOS boots. */
static bool write_boot_sector(const char *path)
{
	uint8_t sector[512] = { 0xb0, TRIAL_EXIT, 0xe6, 0xf4, 0xfa, 0xf4 };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return false;
	sector[510] = 0x55;
	sector[511] = 0xaa;
	ok = write(fd, sector, sizeof(sector)) == sizeof(sector) && !ftruncate(fd, TRIAL_DISK_SIZE);
	return !close(fd) && ok;
}

static void exec_trial(const char *accel, const char *disk)
{
	struct args a = { 0 };
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2) {
		add(&a, QEMU);
		add_words(&a, "-nodefaults -display none -no-reboot -machine q35 -m 64 "
			      "-device isa-debug-exit,iobase=0xf4,iosize=1 -accel");
		add(&a, "%s", accel);
		add(&a, "-drive");
		add(&a, "format=raw,file=%s", disk);
		if (!a.failed)
			execvp(QEMU, a.v);
	}
	_exit(127);
}

/*
 * The trial machine runs the BIOS and its boot sector, whose only deed is to end QEMU with a status
 * that nothing else gives: it proves that guest code runs, not just that a machine can be made.
 */
bool machine_trial(const char *accel, const char *dir)
{
	struct timespec tick = { .tv_nsec = TRIAL_TICK_MS * 1000000L };
	char disk[PATH_MAX];
	int status = -1;
	pid_t pid;

	snprintf(disk, sizeof(disk), "%s/trial", dir);
	if (!write_boot_sector(disk))
		return false;
	pid = fork();
	if (pid == 0)
		exec_trial(accel, disk);
	for (int ms = 0; pid > 0 && ms < TRIAL_MS; ms += TRIAL_TICK_MS) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			pid = 0;
		else
			nanosleep(&tick, NULL);
	}
	if (pid > 0) {
		machine_kill(pid);
		return false;
	}
	/* isa-debug-exit gives twice the byte plus one. */
	return WIFEXITED(status) && WEXITSTATUS(status) == 2 * TRIAL_EXIT + 1;
}

bool machine_kvm_works(const char *dir)
{
	return cpu_has_virtualization() && !access("/dev/kvm", R_OK | W_OK) &&
	       machine_trial("kvm", dir);
}
