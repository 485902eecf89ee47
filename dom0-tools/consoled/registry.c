/* SPDX-License-Identifier: MIT */
/*
 * Keeps the set of consoles equal to the set of living guests. Two watches on the special nodes
 * tell when to compare them; one watch on each guest's console directory tells when there is
 * something to attach to.
 */
#include "dom0-tools/consoled/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "xenstore/lib/xs.h"

#define PATH_BYTES    128
#define PUBLISH_TRIES 100

static void watch_path(uint32_t domid, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "/local/domain/%u/console", domid);
}

/* A node of a guest's directory; NULL when there is none. */
static char *read_node(struct registry *registry, uint32_t domid, const char *node)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, node);
	return xs_read(registry->store, XBT_NULL, path, NULL);
}

/* A decimal number, -1 when the node is missing or is none. */
static int64_t read_number(struct registry *registry, uint32_t domid, const char *node)
{
	char *text = read_node(registry, domid, node), *end;
	int64_t value = -1;

	if (!text)
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < 0)
		value = -1;
	free(text);
	return value;
}

static bool is_ours(struct registry *registry, uint32_t domid)
{
	char *type = read_node(registry, domid, "console/type");
	bool ours = !type || !strcmp(type, "xenconsoled");

	free(type);
	return ours;
}

/*
 * In a transaction with a look at ring-ref: a tool that removes the guest's directory meanwhile
 * must not find a new one afterwards. Whether it is done; false with EAGAIN to try again.
 */
static bool try_publish(struct registry *registry, const struct console *console)
{
	xs_transaction_t t = xs_transaction_start(registry->store);
	char path[PATH_BYTES];
	bool there, ok;
	void *ring_ref;

	if (t == XBT_NULL)
		return false;
	snprintf(path, sizeof(path), "/local/domain/%u/console/ring-ref", console->domid);
	ring_ref = xs_read(registry->store, t, path, NULL);
	there = ring_ref != NULL;
	free(ring_ref);
	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", console->domid);
	ok = !there ||
	     xs_write(registry->store, t, path, console->tty, (unsigned int)strlen(console->tty));
	return xs_transaction_end(registry->store, t, !there || !ok) && ok;
}

static void publish_tty(struct registry *registry, const struct console *console)
{
	bool done = false;

	for (int i = 0; !done && i < PUBLISH_TRIES; i++) {
		errno = 0;
		done = try_publish(registry, console);
		if (!done && errno != EAGAIN)
			break;
	}
	if (!done)
		log_error("domain %u: cannot publish its terminal: %s", console->domid,
			  error_text(errno));
}

/* Attaches as soon as ring and port are in the store. */
static void try_attach(struct registry *registry, struct console *console)
{
	int64_t ring_ref = read_number(registry, console->domid, "console/ring-ref");
	int64_t port = read_number(registry, console->domid, "console/port");
	char *name;

	if (ring_ref < 0 || port < 0 || port > UINT32_MAX || !is_ours(registry, console->domid))
		return;
	name = read_node(registry, console->domid, "name");
	if (!console_attach(console, name ? name : "", (uint32_t)ring_ref, (uint32_t)port))
		publish_tty(registry, console);
	free(name);
}

static struct console *find_domain(struct registry *registry, uint32_t domid)
{
	struct console *console = registry->consoles;

	while (console && console->domid != domid)
		console = console->next;
	return console;
}

/* The watch fires at once, which is when the console is attached. */
static bool watch_console(struct registry *registry, const struct console *console)
{
	char path[PATH_BYTES], token[16];

	watch_path(console->domid, path);
	snprintf(token, sizeof(token), "%u", console->domid);
	if (xs_watch(registry->store, path, token))
		return true;
	if (errno == EEXIST)
		return true;
	log_error("domain %u: cannot watch %s: %s", console->domid, path, error_text(errno));
	return false;
}

static void add_console(struct registry *registry, uint32_t domid)
{
	struct console *console = console_new(&registry->host, domid);

	if (!console) {
		log_error("domain %u: no console: out of memory", domid);
		return;
	}
	if (!watch_console(registry, console)) {
		console_free(console);
		return;
	}
	console->next = registry->consoles;
	registry->consoles = console;
}

static void remove_console(struct registry *registry, struct console **link)
{
	struct console *console = *link;
	char path[PATH_BYTES], token[16];

	watch_path(console->domid, path);
	snprintf(token, sizeof(token), "%u", console->domid);
	/* The node may be gone already; a watch does not care. */
	if (registry->store && !xs_unwatch(registry->store, path, token))
		log_debug("domain %u: watch: %s", console->domid, error_text(errno));
	log_info("domain %u (%s): console closed", console->domid, console->name);
	*link = console->next;
	console_free(console);
}

static int compare_domids(const void *a, const void *b)
{
	const struct xen_domctl_getdomaininfo *one = a, *two = b;

	return one->domain < two->domain ? -1 : one->domain > two->domain;
}

static bool is_alive(const struct xen_domctl_getdomaininfo *infos, size_t count, uint32_t domid)
{
	struct xen_domctl_getdomaininfo key = { .domain = (domid_t)domid };
	const struct xen_domctl_getdomaininfo *info =
		bsearch(&key, infos, count, sizeof(*infos), compare_domids);

	return info && !(info->flags & XEN_DOMINF_dying);
}

void registry_compare(struct registry *registry)
{
	struct xen_domctl_getdomaininfo *infos;
	int count = dom_list_all(registry->privcmd, &infos);

	if (count < 0) {
		log_error("cannot list domains: %s", error_text(count));
		return;
	}
	qsort(infos, (size_t)count, sizeof(*infos), compare_domids);
	for (struct console **link = &registry->consoles; *link;) {
		if (is_alive(infos, (size_t)count, (*link)->domid))
			link = &(*link)->next;
		else
			remove_console(registry, link);
	}
	for (int i = 0; registry->store && i < count; i++)
		if (infos[i].domain && !(infos[i].flags & XEN_DOMINF_dying) &&
		    !find_domain(registry, infos[i].domain))
			add_console(registry, infos[i].domain);
	free(infos);
}

static void handle_event(struct registry *registry, const char *path, const char *token)
{
	const char *leaf = strrchr(path, '/');
	struct console *console;

	if (path[0] == '@') {
		registry_compare(registry);
		return;
	}
	/* Our own writing of the tty fires the watch as well. */
	if (leaf && !strcmp(leaf, "/tty"))
		return;
	console = find_domain(registry, (uint32_t)strtoul(token, NULL, 10));
	if (console)
		try_attach(registry, console);
}

int registry_store_events(struct registry *registry)
{
	char **event;
	int err;

	while ((event = xs_check_watch(registry->store))) {
		handle_event(registry, event[XS_WATCH_PATH], event[XS_WATCH_TOKEN]);
		free(event);
	}
	err = errno;
	if (err == EAGAIN)
		return 0;
	log_warn("lost the connection to xenstored: %s; trying again every second",
		 error_text(err));
	registry_disconnect(registry);
	return -err;
}

int registry_connect(struct registry *registry)
{
	int err;

	registry->store = xs_open(0);
	if (!registry->store)
		return -errno;
	if (!xs_watch(registry->store, "@introduceDomain", "introduce") ||
	    !xs_watch(registry->store, "@releaseDomain", "release")) {
		err = errno;
		registry_disconnect(registry);
		return -err;
	}
	/* The watches fire at once, and terminals are published again. */
	for (struct console *console = registry->consoles; console; console = console->next)
		watch_console(registry, console);
	registry_compare(registry);
	return registry_store_events(registry);
}

struct console *registry_find_port(struct registry *registry, int port)
{
	struct console *console = registry->consoles;

	while (console && console->port != port)
		console = console->next;
	return console;
}

void registry_disconnect(struct registry *registry)
{
	xs_close(registry->store);
	registry->store = NULL;
}

void registry_free(struct registry *registry)
{
	while (registry->consoles) {
		struct console *console = registry->consoles;

		registry->consoles = console->next;
		console_free(console);
	}
	registry_disconnect(registry);
}
