/* SPDX-License-Identifier: MIT */
/*
 * xenstored: the store of the platform. Start-up is the list of calls in main().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/log.h"
#include "xenstore/daemon/hypervisor.h"
#include "xenstore/daemon/loop.h"
#include "xenstore/daemon/quota.h"
#include "xenstore/daemon/request.h"
#include "xenstore/daemon/socket.h"
#include "xenstore/daemon/store.h"

struct options {
	bool no_domains;
	const char *socket_path;
	struct quota_limits limits;
};

static const char extra_help[] =
	"  -N, --no-domains      serve the socket only, on a host without Xen\n"
	"  -s, --socket PATH     listen there instead of /run/xenstored/socket\n"
	"  -Q, --quota NAME=N    limit of every unprivileged domain, 0 for none; NAME is one of\n"
	"                        nodes, node-size, watches, transactions, transaction-nodes,\n"
	"                        permissions, outstanding, memory\n";

/* NAME=N. Returns 0 or -EINVAL. */
static int parse_quota(struct options *options, const char *text)
{
	const char *equals = strchr(text, '=');
	char name[32];
	uint64_t value;
	int quota;

	if (!equals || (size_t)(equals - text) >= sizeof(name) ||
	    !request_number(equals + 1, UINT32_MAX, &value))
		return -EINVAL;
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = '\0';
	quota = quota_by_name(name);
	if (quota < 0)
		return -EINVAL;
	options->limits.max[quota] = (uint32_t)value;
	return 0;
}

static bool is_option(const char *arg, const char *brief, const char *full)
{
	return !strcmp(arg, brief) || !strcmp(arg, full);
}

static int extra_option(struct daemon *d, int argc, char **argv)
{
	struct options *options = d->data;
	bool quota = is_option(argv[0], "-Q", "--quota");

	if (is_option(argv[0], "-N", "--no-domains")) {
		options->no_domains = true;
		return 1;
	}
	if (!quota && !is_option(argv[0], "-s", "--socket"))
		return 0;
	if (argc < 2) {
		fprintf(stderr, "%s: %s needs an argument\n", d->name, argv[0]);
		return -1;
	}
	if (!quota) {
		options->socket_path = argv[1];
		return 2;
	}
	if (parse_quota(options, argv[1])) {
		fprintf(stderr, "%s: bad quota '%s'; it is NAME=N, names are in %s --help\n",
			d->name, argv[1], d->name);
		return -1;
	}
	return 2;
}

/* The nodes that exist from the start. */
static int write_first_nodes(struct store *store)
{
	struct view view = { .store = store, .who = domain_find(store, 0) };
	int ret = store_mkdir(&view, "/local/domain/0");

	if (!ret)
		ret = store_mkdir(&view, "/tool/xenstored");
	if (ret)
		log_error("cannot create the first nodes: %s", error_text(ret));
	return ret;
}

/* Takes up the connection to dom0's kernel. */
static int connect_dom0(struct store *store)
{
	int port = xen_dom0_port();
	int ret = port < 0 ? port : domain_introduce(store, 0, 0, (uint32_t)port);

	if (ret)
		log_error("cannot connect to the kernel's xenbus: %s; is xenfs on /proc/xen?",
			  error_text(ret));
	return ret;
}

/* Every client and nothing else needs a descriptor: as many as we may have. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_warn("cannot raise the limit of open files: %s", error_text(errno));
}

static int serve(struct daemon *d, struct store *store, const struct options *options)
{
	struct loop loop = { .store = store, .daemon = d, .with_domains = !options->no_domains };
	const char *path = options->socket_path ? options->socket_path : socket_default_path();
	int ret;

	loop.listen_fd = socket_listen(path);
	if (loop.listen_fd < 0)
		return loop.listen_fd;
	ret = loop_open(&loop);
	if (ret) {
		close(loop.listen_fd);
		return ret;
	}
	if (!options->no_domains)
		ret = connect_dom0(store);
	if (!ret)
		ret = daemon_ready(d);
	if (!ret)
		ret = loop_run(&loop);
	socket_close_all();
	loop_close(&loop);
	close(loop.listen_fd);
	unlink(path);
	return ret;
}

/* The rings of all domains, dom0's included. */
static void disconnect_domains(struct store *store)
{
	struct domain *domain;

	for (domain = LIST_FIRST(&store->domains.list); domain; domain = LIST_NEXT(domain, link))
		domain_disconnect(store, domain);
}

int main(int argc, char **argv)
{
	struct options options = { .limits = quota_defaults };
	struct daemon d = {
		.name = "xenstored",
		.summary = "the platform's configuration store",
		.extra_help = extra_help,
		.extra_option = extra_option,
		.data = &options,
	};
	struct store *store;
	int ret = daemon_parse_options(&d, argc, argv);

	if (ret >= 0)
		return ret;
	if (daemon_start(&d) < 0)
		return 1;
	raise_fd_limit();
	if (!options.no_domains && xen_open() < 0)
		return 1;
	store = store_new(options.no_domains ? &no_hypervisor : &xen_hypervisor);
	if (!store) {
		log_error("cannot start: out of memory");
		return 1;
	}
	store->limits = options.limits;
	ret = write_first_nodes(store);
	if (!ret)
		ret = serve(&d, store, &options);
	disconnect_domains(store);
	store_free(store);
	xen_close();
	daemon_exit(&d);
	return ret ? 1 : 0;
}
