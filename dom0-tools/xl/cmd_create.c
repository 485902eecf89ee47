/* SPDX-License-Identifier: MIT */
/*
 * xl create: from a configuration file and overrides to a running domain.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/command.h"
#include "dom0-tools/xl/console.h"
#include "dom0-tools/xl/domain_create.h"
#include "dom0-tools/xl/domain_destroy.h"
#include "dom0-tools/xl/domain_request.h"
#include "dom0-tools/xl/report.h"

struct create_options {
	const char *file;
	bool console, paused, foreground, dry_run, quiet;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

static bool is_interrupted(void)
{
	return interrupted;
}

/* From here on Ctrl-C undoes what has been done instead of leaving it half-done. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

static bool load_config(const struct create_options *options, char **words, int count,
			struct domain_config *config)
{
	struct cfg cfg;
	bool ok;

	cfg_init(&cfg);
	ok = (!options->file || cfg_parse_file(&cfg, options->file)) &&
	     command_parse_settings(&cfg, words, count) && domain_config_load(&cfg, config);
	cfg_free(&cfg);
	return ok;
}

static int dry_run(const struct domain_config *config)
{
	char *text;

	if (!domain_create_check(config))
		return 1;
	text = domain_config_format(config);
	if (!text) {
		report_error("out of memory");
		return 1;
	}
	fputs(text, stdout);
	free(text);
	return 0;
}

/* The console is attached before the domain runs, so that its first line is seen. */
static int start(struct control *control, const struct create_options *options,
		 const struct domain_config *config, uint32_t domid)
{
	int console = -1, ret;

	if (options->console) {
		console = console_open(control, domid);
		if (console < 0) {
			domain_end(control, domid);
			return 1;
		}
	}
	ret = options->paused ? 0 : dom_unpause(control->fd, domid);
	if (ret < 0) {
		report_error("%s: cannot start it: %s", config->name, error_text(ret));
		domain_end(control, domid);
		return 1;
	}
	if (console >= 0 && !console_run(console))
		return 1;
	if (options->foreground && !domain_wait_all(control, &domid, 1, true))
		return 1;
	return 0;
}

static int create(const struct create_options *options, struct domain_config *config)
{
	struct control control;
	uint32_t domid;
	int status = 1;

	if (!control_open(&control))
		return 1;
	catch_signals();
	if (domain_create(&control, config, is_interrupted, &domid))
		status = start(&control, options, config, domid);
	control_close(&control);
	return status;
}

static bool parse_options(int argc, char **argv, struct create_options *options, int *status)
{
	static const struct option long_options[] = { { "defconfig", required_argument, NULL, 'f' },
						      { "dryrun", no_argument, NULL, 'n' },
						      { "quiet", no_argument, NULL, 'q' },
						      { 0 } };
	int option;

	while ((option = command_option(argc, argv, "f:cpFneqdVA", long_options, 0, -1, status)) !=
	       -1) {
		if (option == COMMAND_DONE)
			return false;
		if (option == 'f')
			options->file = optarg;
		options->console |= option == 'c';
		options->paused |= option == 'p';
		options->foreground |= option == 'F';
		options->dry_run |= option == 'n';
		options->quiet |= option == 'q';
	}
	/* The file is the first word, unless that is a setting already. */
	if (!options->file && optind < argc && !strchr(argv[optind], '='))
		options->file = argv[optind++];
	options->dry_run |= global_dry_run;
	return true;
}

int cmd_create(int argc, char **argv)
{
	struct create_options options = { 0 };
	struct domain_config config;
	int status = 0;

	if (!parse_options(argc, argv, &options, &status))
		return status;
	report_quiet(options.quiet);
	if (!load_config(&options, argv + optind, argc - optind, &config))
		return 1;
	status = options.dry_run ? dry_run(&config) : create(&options, &config);
	domain_config_free(&config);
	return status;
}
