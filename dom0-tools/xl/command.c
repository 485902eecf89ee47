/* SPDX-License-Identifier: MIT */
/*
 * The table of commands, and what they share; see command.h.
 */
#include "dom0-tools/xl/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/report.h"

#define MAX_OPTIONS 24

bool global_dry_run;

/* clang-format off */
const struct command commands[] = {
	{ "create", cmd_create, "[CONFIG] [OPTION]... [KEY=VALUE]...",
	  "Create a domain from a configuration file",
	  "  -f, --defconfig=FILE  the configuration file (\"-\" for standard input)\n"
	  "  -c                    attach to the console as soon as it runs\n"
	  "  -p                    leave it paused\n"
	  "  -F                    wait in the foreground until it ends\n"
	  "  -n, --dryrun          only check, and print the configuration as understood\n"
	  "  -q, --quiet           no notes\n"
	  "  KEY=VALUE             as if it stood in the file, and instead of what does\n" },
	{ "list", cmd_list, "[OPTION]... [DOMAIN]...",
	  "List domains",
	  "  -l, --long, --json    everything about them, as JSON\n"
	  "  -v, --verbose         also UUIDs and the reasons of shutdowns\n"
	  "  -c, --cpupool         also the CPU pool\n" },
	{ "console", cmd_console, "[OPTION]... DOMAIN",
	  "Attach to a domain's console; Ctrl-] leaves",
	  "  -t pv                 the type of console; there is one\n"
	  "  -n NUMBER             the number of the console; there is 0\n" },
	{ "shutdown", cmd_shutdown, "[OPTION]... -a|DOMAIN...",
	  "Ask a domain to shut down",
	  "  -a, --all             all domains but domain 0\n"
	  "  -w, --wait            wait until it has shut down; twice: until it is gone\n"
	  "  -F                    accepted for scripts; PV guests have no ACPI button\n" },
	{ "reboot", cmd_reboot, "[OPTION]... -a|DOMAIN...",
	  "Ask a domain to reboot",
	  "  -a, --all             all domains but domain 0\n"
	  "  -w, --wait            wait until it has shut down to reboot\n"
	  "  -F                    accepted for scripts; PV guests have no ACPI button\n" },
	{ "destroy", cmd_destroy, "DOMAIN...",
	  "End a domain at once", "" },
	{ "pause", cmd_pause, "DOMAIN", "Stop a domain from running for now", "" },
	{ "unpause", cmd_unpause, "DOMAIN", "Let a paused domain run", "" },
	{ "vcpu-list", cmd_vcpu_list, "[DOMAIN]...", "List the vCPUs of domains", "" },
	{ "vcpu-pin", cmd_vcpu_pin, "[OPTION]... DOMAIN VCPU|all HARD|-|all [SOFT|-|all]",
	  "Choose the CPUs that a vCPU may use",
	  "  -f, --force           override what the guest's kernel has pinned\n"
	  "  HARD                  the CPUs that it may use: 0-3, 0,2, all,^1, nodes:0\n"
	  "  SOFT                  the CPUs of these that it prefers; - changes nothing\n" },
	{ "vcpu-set", cmd_vcpu_set, "[OPTION]... DOMAIN NUMBER",
	  "Change how many of its vCPUs a domain uses",
	  "  -i, --ignore-host     allow more than the host has CPUs\n" },
	{ "sched-credit2", cmd_sched_credit2, "[OPTION]...",
	  "Show or set weights and caps",
	  "  -d, --domain=DOMAIN   of this domain; without -w and -c it is shown\n"
	  "  -w, --weight=WEIGHT   its share of CPU time among others, 1 to 65535 (256)\n"
	  "  -c, --cap=CAP         the most it gets, in percent of one CPU; 0: no limit\n"
	  "  -p, --cpupool=POOL    show or set this CPU pool's\n"
	  "  -s, --schedparam      only the parameters of CPU pools\n"
	  "  -r, --ratelimit_us=US with -s: let a vCPU run for so long before another one may\n" },
	{ "sched-credit", cmd_sched_other, "", "See sched-credit2", "" },
	{ "sched-rtds", cmd_sched_other, "", "See sched-credit2", "" },
	{ "cpupool-list", cmd_cpupool_list, "[OPTION] [POOL]", "List the CPU pools",
	  "  -c, --cpus            list their CPUs\n" },
	{ "cpupool-create", cmd_cpupool_create, "[OPTION]... [CONFIG] [KEY=VALUE]...",
	  "Make a CPU pool",
	  "  -f, --defconfig=FILE  the configuration file (\"-\" for standard input)\n"
	  "  -n, --dryrun          only check, and tell what would be made\n"
	  "  KEY=VALUE             name, sched, cpus, nodes, as in the file\n" },
	{ "cpupool-destroy", cmd_cpupool_destroy, "POOL", "End a CPU pool; its CPUs are free then",
	  "" },
	{ "cpupool-rename", cmd_cpupool_rename, "POOL NAME", "Give a CPU pool another name", "" },
	{ "cpupool-cpu-add", cmd_cpupool_cpu_add, "POOL CPUS",
	  "Add free CPUs to a CPU pool (0-3, all, node:0)", "" },
	{ "cpupool-cpu-remove", cmd_cpupool_cpu_remove, "POOL CPUS",
	  "Make CPUs of a CPU pool free", "" },
	{ "cpupool-migrate", cmd_cpupool_migrate, "DOMAIN POOL",
	  "Move a domain into a CPU pool", "" },
	{ "cpupool-numa-split", cmd_cpupool_numa_split, "",
	  "Make a CPU pool of each NUMA node", "" },
	{ "info", cmd_info, "", "Tell about the host and the hypervisor", "" },
	{ "dmesg", cmd_dmesg, "[OPTION]...", "Print the hypervisor's messages",
	  "  -c, --clear           and clear them\n" },
	{ "debug-keys", cmd_debug_keys, "KEYS",
	  "Send keys to the hypervisor, which answers in xl dmesg; \"h\" lists them", "" },
	{ "domid", cmd_domid, "NAME", "Print the id of a domain", "" },
	{ "domname", cmd_domname, "ID", "Print the name of a domain", "" },
	{ "help", cmd_help, "[--long] [COMMAND]", "Tell about xl or one command", "" },
};
/* clang-format on */
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < command_count; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

void command_print_help(const struct command *command)
{
	printf("Usage: xl %s %s\n\n%s.\n", command->name, command->arguments, command->summary);
	if (*command->options)
		printf("\nOptions:\n%s", command->options);
}

static int usage_error(const char *name, int *status)
{
	fprintf(stderr, "xl help %s tells how to use it\n", name);
	*status = EXIT_USAGE;
	return COMMAND_DONE;
}

int command_option(int argc, char **argv, const char *short_options,
		   const struct option *long_options, int min, int max, int *status)
{
	static const struct option help = { "help", no_argument, NULL, 'h' };
	struct option options[MAX_OPTIONS] = { { 0 } };
	char letters[64], program[64], *name = argv[0];
	size_t count = 0;
	int option, left;

	while (long_options && long_options[count].name && count < MAX_OPTIONS - 2) {
		options[count] = long_options[count];
		count++;
	}
	options[count] = help;
	snprintf(letters, sizeof(letters), "%sh", short_options);
	/* getopt's own messages start with argv[0]. */
	snprintf(program, sizeof(program), "xl %s", name);
	argv[0] = program;
	option = getopt_long(argc, argv, letters, options, NULL);
	argv[0] = name;
	if (option == '?')
		return usage_error(name, status);
	if (option == 'h') {
		command_print_help(command_find(name));
		*status = 0;
		return COMMAND_DONE;
	}
	if (option != -1)
		return option;
	left = argc - optind;
	if (left >= min && (max < 0 || left <= max))
		return -1;
	if (left < min)
		report_error("\"%s\" requires at least %d argument%s", name, min,
			     min == 1 ? "" : "s");
	else
		report_error("\"%s\" takes at most %d argument%s; \"%s\" is left over", name, max,
			     max == 1 ? "" : "s", argv[optind + max]);
	return usage_error(name, status);
}

int command_on_domain(const char *domain, bool (*action)(struct control *control, uint32_t domid))
{
	struct control control;
	uint32_t domid;
	bool ok;

	if (!control_open(&control))
		return 1;
	ok = control_find(&control, domain, &domid) && action(&control, domid);
	control_close(&control);
	return ok ? 0 : 1;
}

bool command_parse_settings(struct cfg *cfg, char **words, int count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool ok = false;
	int i;

	for (i = 0; out && i < count; i++)
		fprintf(out, "%s\n", words[i]);
	if (!out || fclose(out) != 0)
		report_error("out of memory");
	else
		ok = cfg_parse(cfg, "<command line>", text, size, false);
	free(text);
	return ok;
}
