/* SPDX-License-Identifier: MIT */
/*
 * The table of requests and the handlers that work on nodes, watches and transactions. Those on
 * domains are in request_domain.c, XS_CONTROL in control.c.
 */
#include "xenstore/daemon/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/daemon/path.h"
#include "xenstore/daemon/transaction.h"
#include "xenstore/daemon/watch.h"
#include "xenstore/lib/wire.h"

/* Most entries that fit in one SET_PERMS: "r0" and a NUL each. */
#define PERMS_MAX (XENSTORE_PAYLOAD_MAX / 3)

const char *request_string(const struct request *req)
{
	if (!req->len || memchr(req->payload, '\0', req->len) != req->payload + req->len - 1)
		return NULL;
	return req->payload;
}

unsigned int request_strings(const struct request *req, const char **strings, unsigned int max)
{
	const char *at = req->payload, *end = req->payload + req->len;
	unsigned int count = 0;

	while (count < max && at < end) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));

		if (!nul)
			break;
		strings[count++] = at;
		at = nul + 1;
	}
	return count;
}

bool request_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || value > max)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*number = value;
	return value <= max;
}

static int reply_ok(struct request *req)
{
	conn_reply(req->conn, req->conn->hdr.type, "OK", sizeof("OK"));
	return 0;
}

/* The absolute, valid form of a path argument. 0 or -EINVAL. */
static int get_path(const struct request *req, const char *text, char path[PATH_BUFFER])
{
	if (!text || !path_absolute(path, text, req->view.who->subject.domid) ||
	    !path_is_valid(path))
		return -EINVAL;
	return 0;
}

/* Which special event text names, or -1. */
static int special_of(const char *text)
{
	if (!text)
		return -1;
	if (!strcmp(text, INTRODUCE_DOMAIN))
		return SPECIAL_INTRODUCE;
	return strcmp(text, RELEASE_DOMAIN) ? -1 : SPECIAL_RELEASE;
}

static int handle_read(struct request *req)
{
	char path[PATH_BUFFER];
	const struct node *node;
	int ret = get_path(req, request_string(req), path);

	if (!ret)
		ret = store_read(&req->view, path, &node);
	if (!ret)
		conn_reply(req->conn, XS_READ, node_value(node), node->value_len);
	return ret;
}

/* The path is the first string, the value all that follows. */
static int handle_write(struct request *req)
{
	char path[PATH_BUFFER];
	const char *text;
	size_t skip;
	int ret;

	if (request_strings(req, &text, 1) != 1)
		return -EINVAL;
	ret = get_path(req, text, path);
	skip = strlen(text) + 1;
	if (!ret)
		ret = store_write(&req->view, path, req->payload + skip, req->len - skip);
	return ret ? ret : reply_ok(req);
}

static int handle_mkdir(struct request *req)
{
	char path[PATH_BUFFER];
	int ret = get_path(req, request_string(req), path);

	if (!ret)
		ret = store_mkdir(&req->view, path);
	return ret ? ret : reply_ok(req);
}

static int handle_rm(struct request *req)
{
	char path[PATH_BUFFER];
	int ret = get_path(req, request_string(req), path);

	if (!ret)
		ret = store_remove(&req->view, path);
	return ret ? ret : reply_ok(req);
}

static int handle_directory(struct request *req)
{
	char path[PATH_BUFFER], names[XENSTORE_PAYLOAD_MAX];
	struct node_cursor cursor = { 0, 0 };
	const struct node *node, *child;
	size_t used = 0;
	int ret = get_path(req, request_string(req), path);

	if (!ret)
		ret = store_list(&req->view, path, &node);
	if (ret)
		return ret;
	while ((child = node_next_child(node, &cursor))) {
		size_t len = child->name_len + 1u;

		if (len > sizeof(names) - used)
			return -E2BIG;
		memcpy(names + used, node_name(child), len);
		used += len;
	}
	conn_reply(req->conn, XS_DIRECTORY, names, used);
	return 0;
}

/*
 * From byte offset of the list of names on, as many whole names as fit, behind the list's
 * generation; an empty name tells that the end is reached.
 */
static int handle_directory_part(struct request *req)
{
	char path[PATH_BUFFER], reply[XENSTORE_PAYLOAD_MAX];
	struct node_cursor cursor = { 0, 0 };
	const struct node *node, *child;
	const char *strings[2];
	uint64_t offset, at = 0;
	size_t used;
	int ret;

	if (request_strings(req, strings, 2) != 2 ||
	    !request_number(strings[1], UINT32_MAX, &offset))
		return -EINVAL;
	ret = get_path(req, strings[0], path);
	if (!ret)
		ret = store_list(&req->view, path, &node);
	if (ret)
		return ret;
	used = (size_t)snprintf(reply, sizeof(reply), "%" PRIu64, node->list_changed) + 1;
	while ((child = node_next_child(node, &cursor))) {
		size_t len = child->name_len + 1u;

		/* One byte stays free for the end mark. */
		if (at >= offset && len > sizeof(reply) - 1 - used)
			break;
		if (at >= offset) {
			memcpy(reply + used, node_name(child), len);
			used += len;
		}
		at += len;
	}
	if (!child)
		reply[used++] = '\0';
	conn_reply(req->conn, XS_DIRECTORY_PART, reply, used);
	return 0;
}

static int handle_get_perms(struct request *req)
{
	char path[PATH_BUFFER], reply[XENSTORE_PAYLOAD_MAX];
	const char *text = request_string(req);
	int special = special_of(text);
	const struct perm_set *set;
	const struct node *node;
	size_t used = 0;

	if (special >= 0) {
		set = req->view.store->special[special];
		if (!(perm_of(set, &req->view.who->subject) & XS_PERM_READ))
			return -EACCES;
	} else {
		int ret = get_path(req, text, path);

		if (!ret)
			ret = store_read(&req->view, path, &node);
		if (ret)
			return ret;
		set = node->perms;
	}
	for (uint32_t i = 0; i < set->count; i++) {
		if (sizeof(reply) - used < XS_PERM_TEXT_MAX)
			return -E2BIG;
		used += xs_perm_format(&set->entry[i], reply + used) + 1;
	}
	conn_reply(req->conn, XS_GET_PERMS, reply, used);
	return 0;
}

static int handle_set_perms(struct request *req)
{
	struct xs_permissions entries[PERMS_MAX];
	const char *strings[PERMS_MAX + 1];
	unsigned int count = request_strings(req, strings, PERMS_MAX + 1);
	char path[PATH_BUFFER];
	int special, ret;

	if (count < 2)
		return -EINVAL;
	count--;
	for (unsigned int i = 0; i < count; i++) {
		if (!xs_perm_parse(strings[i + 1], &entries[i]))
			return -EINVAL;
	}
	special = special_of(strings[0]);
	if (special >= 0) {
		ret = store_set_special_perms(&req->view, (enum special)special, entries, count);
	} else {
		ret = get_path(req, strings[0], path);
		if (!ret)
			ret = store_set_perms(&req->view, path, entries, count);
	}
	return ret ? ret : reply_ok(req);
}

/* The absolute form of a watch's path and how much of it its events leave out. */
static int get_watch_path(const struct request *req, const char *text, char path[PATH_BUFFER],
			  uint32_t *strip)
{
	*strip = 0;
	if (text[0] == '@') {
		if (strlen(text) > XENSTORE_REL_PATH_MAX || !text[1])
			return -EINVAL;
		memcpy(path, text, strlen(text) + 1);
		return 0;
	}
	if (get_path(req, text, path))
		return -EINVAL;
	if (text[0] != '/')
		*strip = (uint32_t)(strlen(path) - strlen(text));
	return 0;
}

static int handle_watch(struct request *req)
{
	char path[PATH_BUFFER];
	const char *strings[3];
	unsigned int count = request_strings(req, strings, 3);
	uint64_t depth = ANY_DEPTH;
	struct watch *watch;
	uint32_t strip;
	int ret;

	if (count < 2)
		return -EINVAL;
	if (count == 3 && strings[2][0] && !request_number(strings[2], UINT32_MAX, &depth))
		return -EINVAL;
	ret = get_watch_path(req, strings[0], path, &strip);
	if (!ret)
		ret = watch_add(req->conn, path, strip, strings[1], (uint32_t)depth, &watch);
	if (ret)
		return ret;
	reply_ok(req);
	conn_event(req->conn, watch, watch->path);
	return 0;
}

static int handle_unwatch(struct request *req)
{
	char path[PATH_BUFFER];
	const char *strings[2];
	uint32_t strip;
	int ret;

	if (request_strings(req, strings, 2) != 2)
		return -EINVAL;
	ret = get_watch_path(req, strings[0], path, &strip);
	if (!ret)
		ret = watch_remove(req->conn, path, strings[1]);
	return ret ? ret : reply_ok(req);
}

static int handle_reset_watches(struct request *req)
{
	watch_remove_all(req->conn);
	while (!LIST_EMPTY(&req->conn->transactions))
		transaction_abort(LIST_FIRST(&req->conn->transactions));
	return reply_ok(req);
}

static int handle_transaction_start(struct request *req)
{
	struct transaction *tx;
	char id[16];
	int ret;

	/* They do not nest. */
	if (req->conn->hdr.tx_id)
		return -EBUSY;
	ret = transaction_start(req->conn, &tx);
	if (ret)
		return ret;
	snprintf(id, sizeof(id), "%u", tx->id);
	conn_reply(req->conn, XS_TRANSACTION_START, id, strlen(id) + 1);
	return 0;
}

static int handle_transaction_end(struct request *req)
{
	const char *how = request_string(req);
	int ret = 0;

	if (!how || (strcmp(how, "T") != 0 && strcmp(how, "F") != 0))
		return -EINVAL;
	if (!req->view.tx)
		return -ENOENT;
	if (how[0] == 'T')
		ret = transaction_commit(req->view.tx);
	else
		transaction_abort(req->view.tx);
	return ret ? ret : reply_ok(req);
}

#define NO_TRANSACTION 0x1u /* tx_id means nothing here */
#define PRIVILEGED     0x2u /* for domain 0 only */

static const struct operation {
	int (*handle)(struct request *req);
	unsigned int flags;
} operations[XS_TYPE_COUNT] = {
	[XS_CONTROL] = { control_request, PRIVILEGED },
	[XS_DIRECTORY] = { handle_directory, 0 },
	[XS_READ] = { handle_read, 0 },
	[XS_GET_PERMS] = { handle_get_perms, 0 },
	[XS_WATCH] = { handle_watch, NO_TRANSACTION },
	[XS_UNWATCH] = { handle_unwatch, NO_TRANSACTION },
	[XS_TRANSACTION_START] = { handle_transaction_start, NO_TRANSACTION },
	[XS_TRANSACTION_END] = { handle_transaction_end, 0 },
	[XS_INTRODUCE] = { domain_introduce_request, PRIVILEGED },
	[XS_RELEASE] = { domain_release_request, PRIVILEGED },
	[XS_GET_DOMAIN_PATH] = { domain_path_request, 0 },
	[XS_WRITE] = { handle_write, 0 },
	[XS_MKDIR] = { handle_mkdir, 0 },
	[XS_RM] = { handle_rm, 0 },
	[XS_SET_PERMS] = { handle_set_perms, 0 },
	[XS_IS_DOMAIN_INTRODUCED] = { domain_is_introduced_request, 0 },
	[XS_RESUME] = { domain_resume_request, PRIVILEGED },
	[XS_SET_TARGET] = { domain_set_target_request, PRIVILEGED },
	[XS_RESET_WATCHES] = { handle_reset_watches, 0 },
	[XS_DIRECTORY_PART] = { handle_directory_part, 0 },
};

static int dispatch(struct request *req)
{
	const struct xsd_sockmsg *hdr = &req->conn->hdr;
	const struct operation *operation;

	if (hdr->type >= XS_TYPE_COUNT || !operations[hdr->type].handle)
		return -ENOSYS;
	operation = &operations[hdr->type];
	if ((operation->flags & PRIVILEGED) && !is_privileged(&req->view.who->subject))
		return -EACCES;
	if (hdr->tx_id && !(operation->flags & NO_TRANSACTION)) {
		req->view.tx = transaction_find(req->conn, hdr->tx_id);
		if (!req->view.tx)
			return -ENOENT;
	}
	return operation->handle(req);
}

void request_handle(struct conn *conn)
{
	struct request req = {
		.conn = conn,
		.view = { .store = conn->store, .who = conn->domain },
		.payload = conn->payload,
		.len = conn->hdr.len,
	};
	int ret = dispatch(&req);

	if (ret)
		conn_reply_error(conn, -ret);
}
