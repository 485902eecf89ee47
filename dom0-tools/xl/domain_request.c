/* SPDX-License-Identifier: MIT */
/*
 * Requests to guests; see domain_request.h. A guest's kernel acknowledges a request by emptying or
 * removing the node (xenstore-paths, control/shutdown).
 */
#include "dom0-tools/xl/domain_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/store.h"

#define TOKEN_MAX 40

enum request_state { REQUEST_SENT, REQUEST_TAKEN, REQUEST_FAILED };

static void report_failure(struct control *control, uint32_t domid, const char *what,
			   const char *cause)
{
	char *name = control_describe(control, domid);

	report_error("%s: cannot ask for %s: %s", name ? name : "domain", what, cause);
	free(name);
}

static void node_path(uint32_t domid, char path[STORE_PATH_MAX])
{
	snprintf(path, STORE_PATH_MAX, "/local/domain/%u/control/shutdown", domid);
}

/* Whether the domain is in a state to hear a request. */
static bool can_hear(struct control *control, uint32_t domid, const char *what)
{
	struct xen_domctl_getdomaininfo info;
	int ret = dom_getinfo(control->fd, domid, &info);
	const char *cause = NULL;

	if (ret < 0)
		cause = error_text(ret);
	else if (info.flags & XEN_DOMINF_dying)
		cause = "it is being destroyed";
	else if (info.flags & XEN_DOMINF_shutdown)
		cause = "it has shut down already; xl destroy removes it";
	else if (info.flags & XEN_DOMINF_paused)
		cause = "it is paused; xl unpause it first, or end it with xl destroy";
	if (cause)
		report_failure(control, domid, what, cause);
	return !cause;
}

/* Writes the request and watches for the answer. */
static bool send_request(struct control *control, uint32_t domid, size_t i, const char *what)
{
	char path[STORE_PATH_MAX], token[TOKEN_MAX];

	if (!can_hear(control, domid, what))
		return false;
	node_path(domid, path);
	snprintf(token, sizeof(token), "request-%zu", i);
	if (!xs_write(control->xs, XBT_NULL, path, what, (unsigned int)strlen(what)) ||
	    !xs_watch(control->xs, path, token)) {
		report_failure(control, domid, what, error_text(errno));
		return false;
	}
	return true;
}

/* True once the request is no longer there: taken, or its domain has gone. */
static bool is_taken(struct control *control, uint32_t domid, const char *what)
{
	char *value = store_read(control->xs, XBT_NULL, "/local/domain/%u/control/shutdown", domid);
	bool taken = !value || strcmp(value, what) != 0;

	free(value);
	return taken;
}

static void withdraw(struct control *control, uint32_t domid, const char *what)
{
	char path[STORE_PATH_MAX], cause[128];

	node_path(domid, path);
	xs_write(control->xs, XBT_NULL, path, "", 0);
	snprintf(cause, sizeof(cause),
		 "the guest did not acknowledge within %d s; look at xl console, or end it with "
		 "xl destroy",
		 REQUEST_TIMEOUT_MS / 1000);
	report_failure(control, domid, what, cause);
}

static size_t count_state(const enum request_state *states, size_t count, enum request_state state)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		n += states[i] == state;
	return n;
}

static void await_answers(struct control *control, const uint32_t *domids,
			  enum request_state *states, size_t count, const char *what)
{
	uint64_t deadline = monotonic_ms() + REQUEST_TIMEOUT_MS;
	size_t i;

	while (count_state(states, count, REQUEST_SENT)) {
		char **event = store_next_event(control->xs, deadline);

		if (!event && errno == EINTR)
			continue;
		if (!event)
			break;
		if (sscanf(event[XS_WATCH_TOKEN], "request-%zu", &i) == 1 && i < count &&
		    states[i] == REQUEST_SENT && is_taken(control, domids[i], what))
			states[i] = REQUEST_TAKEN;
		free(event);
	}
	for (i = 0; i < count; i++) {
		if (states[i] != REQUEST_SENT)
			continue;
		withdraw(control, domids[i], what);
		states[i] = REQUEST_FAILED;
	}
}

size_t domain_request_all(struct control *control, const uint32_t *domids, size_t count,
			  const char *what)
{
	enum request_state *states = calloc(count + 1, sizeof(*states));
	char path[STORE_PATH_MAX], token[TOKEN_MAX];
	size_t i, failed;

	if (!states) {
		report_error("out of memory");
		return count;
	}
	for (i = 0; i < count; i++)
		states[i] = send_request(control, domids[i], i, what) ? REQUEST_SENT
								      : REQUEST_FAILED;
	await_answers(control, domids, states, count, what);
	for (i = 0; i < count; i++) {
		node_path(domids[i], path);
		snprintf(token, sizeof(token), "request-%zu", i);
		xs_unwatch(control->xs, path, token);
	}
	failed = count_state(states, count, REQUEST_FAILED);
	free(states);
	return failed;
}

static bool has_ended(struct control *control, uint32_t domid, bool gone)
{
	struct xen_domctl_getdomaininfo info;

	if (dom_getinfo(control->fd, domid, &info) < 0)
		return true;
	return !gone && (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

static bool all_ended(struct control *control, const uint32_t *domids, size_t count, bool gone)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!has_ended(control, domids[i], gone))
			return false;
	}
	return true;
}

bool domain_wait_all(struct control *control, const uint32_t *domids, size_t count, bool gone)
{
	bool ok = xs_watch(control->xs, "@releaseDomain", "domain-wait");

	/* An event comes at once, so that nothing is missed that happened before the watch. */
	while (ok) {
		char **event = store_next_event(control->xs, UINT64_MAX);

		if (!event && errno == EINTR)
			continue;
		ok = event != NULL;
		free(event);
		if (ok && all_ended(control, domids, count, gone))
			break;
	}
	if (!ok)
		report_error("lost xenstored while waiting: %s", error_text(errno));
	xs_unwatch(control->xs, "@releaseDomain", "domain-wait");
	return ok;
}
