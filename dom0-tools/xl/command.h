/* SPDX-License-Identifier: MIT */
/*
 * The commands of xl: one file each, one entry each in the table. A command gets its own words,
 * with its name in argv[0], and returns the exit status of xl.
 */
#ifndef DOM0_XL_COMMAND_H
#define DOM0_XL_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/xl/cfg_parse.h"
#include "dom0-tools/xl/control.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments; /* after the name, for the usage line */
	const char *summary;   /* one line for the list of commands */
	const char *options;   /* lines for the command's own help, "" for none */
};

extern const struct command commands[];
extern const size_t command_count;

const struct command *command_find(const char *name);
void command_print_help(const struct command *command);

/*
 * getopt_long() for the command named argv[0]: short_options and long_options (NULL for none) are
 * its own, -h and --help are added. Returns an option, -1 at the end of them, or COMMAND_DONE when
 * the command is to return *status: help was asked for, an option is unknown, or fewer than min or
 * more than max words are left (negative: no limit).
 */
#define COMMAND_DONE (-2)
#define EXIT_USAGE   2 /* as xl has it */
int command_option(int argc, char **argv, const char *short_options,
		   const struct option *long_options, int min, int max, int *status);

/* Given on xl's own command line, before the command. */
extern bool global_dry_run; /* -N */

/* For commands that do one thing to one domain: opens, finds, runs, closes. 0 or 1. */
int command_on_domain(const char *domain, bool (*action)(struct control *control, uint32_t domid));

/* The words of a command line that are settings, one or several each, added to cfg; reports. */
bool command_parse_settings(struct cfg *cfg, char **words, int count);

#define COMMAND_NO_DOMAIN0 "domain 0 runs this host; use the host's own poweroff or reboot"

int cmd_console(int argc, char **argv);
int cmd_cpupool_cpu_add(int argc, char **argv);
int cmd_cpupool_cpu_remove(int argc, char **argv);
int cmd_cpupool_create(int argc, char **argv);
int cmd_cpupool_destroy(int argc, char **argv);
int cmd_cpupool_list(int argc, char **argv);
int cmd_cpupool_migrate(int argc, char **argv);
int cmd_cpupool_numa_split(int argc, char **argv);
int cmd_cpupool_rename(int argc, char **argv);
int cmd_create(int argc, char **argv);
int cmd_debug_keys(int argc, char **argv);
int cmd_destroy(int argc, char **argv);
int cmd_dmesg(int argc, char **argv);
int cmd_domid(int argc, char **argv);
int cmd_domname(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_reboot(int argc, char **argv);
int cmd_sched_credit2(int argc, char **argv);
int cmd_sched_other(int argc, char **argv);
int cmd_shutdown(int argc, char **argv);
int cmd_unpause(int argc, char **argv);
int cmd_vcpu_list(int argc, char **argv);
int cmd_vcpu_pin(int argc, char **argv);
int cmd_vcpu_set(int argc, char **argv);

#endif
