/* SPDX-License-Identifier: MIT */
/* The command line, with Xen's option names. An unknown option is reported and ignored. */
#include "boot/boot.h"
#include "console/console.h"
#include "lib/string.h"

struct boot_options boot_options = {
	.maxcpus = ~0u,
	.loglvl = LOG_INFO,
	.guest_loglvl = LOG_WARN,
	.sched = "fair",
};

static uint64_t parse_size(const char *s, char **end)
{
	uint64_t v = strtoull(s, end, 0);
	unsigned int shift = 10; /* KiB without a suffix, as Xen's dom0_mem= */

	switch (**end | 0x20) {
	case 't':
		shift = 40;
		break;
	case 'g':
		shift = 30;
		break;
	case 'm':
		shift = 20;
		break;
	case 'k':
		break;
	case 'b':
		shift = 0;
		break;
	default:
		return v << shift;
	}
	(*end)++;
	return v << shift;
}

/* dom0_mem=SIZE[,min:SIZE][,max:SIZE] */
static bool parse_dom0_mem(const char *s)
{
	uint64_t *target;
	char *end;

	for (;; s = end + 1) {
		if (strncmp(s, "min:", 4) == 0) {
			target = &boot_options.dom0_mem_min;
			s += 4;
		} else if (strncmp(s, "max:", 4) == 0) {
			target = &boot_options.dom0_mem_max;
			s += 4;
		} else {
			target = &boot_options.dom0_mem;
		}
		*target = parse_size(s, &end);
		if (end == s)
			return false;
		if (*end == 0)
			return true;
		if (*end != ',')
			return false;
	}
}

static bool parse_uint(const char *s, unsigned int *value)
{
	char *end;

	*value = (unsigned int)strtoull(s, &end, 0);
	return end != s && *end == 0;
}

static bool parse_dom0_max_vcpus(const char *s)
{
	const char *dash = strchr(s, '-'); /* MIN-MAX: the maximum counts */

	return parse_uint(dash ? dash + 1 : s, &boot_options.dom0_max_vcpus);
}

static bool parse_maxcpus(const char *s)
{
	return parse_uint(s, &boot_options.maxcpus) && boot_options.maxcpus > 0;
}

static bool parse_level(const char *s, unsigned int *level)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	if (strncmp(s, "none", 4) == 0) {
		*level = LOG_ERR;
		return true;
	}
	if (strcmp(s, "all") == 0) {
		*level = LOG_DEBUG;
		return true;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		/* "warning/all": above the slash is always printed, below it rate-limited */
		if (strncmp(s, names[i], len) == 0 && (s[len] == 0 || s[len] == '/')) {
			*level = i;
			return true;
		}
	}
	return false;
}

static bool parse_loglvl(const char *s)
{
	return parse_level(s, &boot_options.loglvl);
}

static bool parse_guest_loglvl(const char *s)
{
	return parse_level(s, &boot_options.guest_loglvl);
}

static bool parse_console(const char *s)
{
	for (;;) {
		size_t len;
		const char *comma = strchr(s, ',');

		len = comma ? (size_t)(comma - s) : strlen(s);
		if (len == 4 && strncmp(s, "com1", 4) == 0)
			boot_options.console_com1 = true;
		else if (!(len == 3 && strncmp(s, "vga", 3) == 0) &&
			 !(len == 4 && strncmp(s, "none", 4) == 0))
			return false;
		if (!comma)
			return true;
		s = comma + 1;
	}
}

/* com1=BAUD[,8n1[,...]]; only 8n1 is supported. */
static bool parse_com1(const char *s)
{
	char *end;

	if (strncmp(s, "auto", 4) == 0)
		return true;
	boot_options.com1_baud = (uint32_t)strtoull(s, &end, 10);
	return end != s && (*end == 0 || *end == '/' || strncmp(end, ",8n1", 4) == 0);
}

static bool parse_noreboot(const char *s)
{
	boot_options.noreboot = *s == 0 || strcmp(s, "1") == 0 || strcmp(s, "true") == 0;
	return true;
}

static bool parse_watchdog(const char *s)
{
	boot_options.watchdog = *s == 0 || strcmp(s, "1") == 0 || strcmp(s, "true") == 0;
	return true;
}

static bool parse_sched(const char *s)
{
	strlcpy(boot_options.sched, s, sizeof(boot_options.sched));
	return strcmp(s, "fair") == 0 || strcmp(s, "null") == 0 || strcmp(s, "credit2") == 0 ||
	       strcmp(s, "credit") == 0;
}

static const struct option {
	const char *name;
	bool (*parse)(const char *value);
} options[] = {
	{ "console", parse_console },   { "com1", parse_com1 },
	{ "dom0_mem", parse_dom0_mem }, { "dom0_max_vcpus", parse_dom0_max_vcpus },
	{ "loglvl", parse_loglvl },     { "guest_loglvl", parse_guest_loglvl },
	{ "noreboot", parse_noreboot }, { "watchdog", parse_watchdog },
	{ "sched", parse_sched },       { "maxcpus", parse_maxcpus },
};

static void parse_one(char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(word, options[i].name) != 0)
			continue;
		if (!options[i].parse(value ? value : ""))
			pr_warn("option %s: cannot use '%s'\n", word, value ? value : "");
		return;
	}
	pr_warn("option %s is not known and is ignored\n", word);
}

void options_parse(const char *cmdline)
{
	static char copy[CMDLINE_MAX];
	char *p = copy;

	strlcpy(copy, cmdline, sizeof(copy));
	while (*p) {
		char *word = p;

		while (*p && *p != ' ')
			p++;
		if (*p)
			*p++ = 0;
		if (*word)
			parse_one(word);
	}
}
