/* SPDX-License-Identifier: MIT */
/*
 * XS_CONTROL: commands for whoever runs the daemon, behind one table. A command answers with text,
 * a NUL after it, "OK" where there is nothing to tell.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dom0-tools/lib/log.h"
#include "xenstore/daemon/request.h"
#include "xenstore/daemon/watch.h"

#define ARGS_MAX 4

struct answer {
	char text[XENSTORE_PAYLOAD_MAX];
	size_t used;
};

static void say(struct answer *answer, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct answer *answer, const char *fmt, ...)
{
	size_t room = sizeof(answer->text) - answer->used;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(answer->text + answer->used, room, fmt, ap);
	va_end(ap);
	if (len > 0)
		answer->used += (size_t)len < room ? (size_t)len : room - 1;
}

static int control_check(struct store *store, unsigned int argc, const char **argv,
			 struct answer *answer)
{
	unsigned int mistakes = store_check(store);

	(void)argc;
	(void)argv;
	if (mistakes)
		say(answer, "%u mistakes, see the log", mistakes);
	return 0;
}

static int control_log(struct store *store, unsigned int argc, const char **argv,
		       struct answer *answer)
{
	(void)store;
	(void)answer;
	if (argc != 1 || (strcmp(argv[0], "on") != 0 && strcmp(argv[0], "off") != 0))
		return -EINVAL;
	log_init("xenstored", !strcmp(argv[0], "on"));
	return 0;
}

static int control_print(struct store *store, unsigned int argc, const char **argv,
			 struct answer *answer)
{
	(void)store;
	(void)answer;
	if (argc != 1)
		return -EINVAL;
	log_info("%s", argv[0]);
	return 0;
}

static int quota_of_domain(const struct store *store, const char *text, struct answer *answer)
{
	const struct domain *domain;
	uint64_t domid;

	if (!request_number(text, UINT16_MAX, &domid))
		return -EINVAL;
	domain = domain_find(store, (uint32_t)domid);
	if (!domain)
		return -ENOENT;
	say(answer, "Domain %u:\n", domain->subject.domid);
	for (int i = 0; i < NR_QUOTAS; i++) {
		if (i == QUOTA_NODES || i == QUOTA_WATCHES || i == QUOTA_TRANSACTIONS ||
		    i == QUOTA_MEMORY)
			say(answer, "%-20s: %8u\n", quota_name((enum quota)i),
			    domain->usage.used[i]);
	}
	return 0;
}

/* A limit that was raised may be reported again when the new one is met. */
static int quota_set(struct store *store, const char *name, const char *text)
{
	int quota = quota_by_name(name);
	struct domain *domain;
	uint64_t value;

	if (quota < 0 || !request_number(text, UINT32_MAX, &value))
		return -EINVAL;
	store->limits.max[quota] = (uint32_t)value;
	for (domain = LIST_FIRST(&store->domains.list); domain; domain = LIST_NEXT(domain, link))
		domain->usage.logged &= ~(1u << quota);
	return 0;
}

static int control_quota(struct store *store, unsigned int argc, const char **argv,
			 struct answer *answer)
{
	if (argc == 3 && !strcmp(argv[0], "set"))
		return quota_set(store, argv[1], argv[2]);
	if (argc == 1)
		return quota_of_domain(store, argv[0], answer);
	if (argc)
		return -EINVAL;
	say(answer, "Quota settings:\n");
	for (int i = 0; i < NR_QUOTAS; i++)
		say(answer, "%-20s: %8u\n", quota_name((enum quota)i), store->limits.max[i]);
	return 0;
}

static int control_memreport(struct store *store, unsigned int argc, const char **argv,
			     struct answer *answer)
{
	const struct domain *domain;

	(void)argv;
	if (argc)
		return -EINVAL;
	say(answer, "%-8s %8s %8s %8s %12s\n", "domain", "nodes", "watches", "trans.", "bytes");
	for (domain = LIST_FIRST(&store->domains.list); domain; domain = LIST_NEXT(domain, link)) {
		const uint32_t *used = domain->usage.used;

		say(answer, "%-8u %8u %8u %8u %12u\n", domain->subject.domid, used[QUOTA_NODES],
		    used[QUOTA_WATCHES], used[QUOTA_TRANSACTIONS], used[QUOTA_MEMORY]);
	}
	return 0;
}

static int control_help(struct store *store, unsigned int argc, const char **argv,
			struct answer *answer);

static const struct {
	const char *name;
	int (*run)(struct store *store, unsigned int argc, const char **argv,
		   struct answer *answer);
	const char *args;
} commands[] = {
	{ "check", control_check, "" },
	{ "help", control_help, "" },
	{ "log", control_log, "on|off" },
	{ "memreport", control_memreport, "" },
	{ "print", control_print, "<string>" },
	{ "quota", control_quota, "[set <name> <val>|<domid>]" },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int control_help(struct store *store, unsigned int argc, const char **argv,
			struct answer *answer)
{
	(void)store;
	(void)argc;
	(void)argv;
	say(answer, "commands:\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		say(answer, "\t%s %s\n", commands[i].name, commands[i].args);
	return 0;
}

int control_request(struct request *req)
{
	const char *strings[1 + ARGS_MAX];
	unsigned int count = request_strings(req, strings, 1 + ARGS_MAX);
	struct answer answer = { .used = 0 };
	int ret;

	if (!count)
		return -EINVAL;
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(strings[0], commands[i].name) != 0)
			continue;
		ret = commands[i].run(req->view.store, count - 1, strings + 1, &answer);
		if (ret)
			return ret;
		if (!answer.used)
			say(&answer, "OK");
		conn_reply(req->conn, XS_CONTROL, answer.text, answer.used + 1);
		return 0;
	}
	return -EINVAL;
}
