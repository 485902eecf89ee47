/* SPDX-License-Identifier: MIT */
/*
 * The calls of xs.h: each builds one request, has link.c exchange it, and turns the reply into what
 * the caller wants.
 */
#include "xenstore/lib/xs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/lib/link.h"
#include "xenstore/lib/wire.h"

/* Decimal text of a 64-bit number with sign and NUL. */
#define NUMBER_MAX 22

static struct iovec string_part(const char *s)
{
	return (struct iovec){ .iov_base = (void *)s, .iov_len = strlen(s) + 1 };
}

/* For requests whose reply carries nothing but success. */
static bool succeed(char *reply)
{
	if (!reply)
		return false;
	free(reply);
	return true;
}

static char *talk_string(struct xs_handle *h, xs_transaction_t t, enum xsd_sockmsg_type type,
			 const char *s, unsigned int *len)
{
	struct iovec part = string_part(s);

	return link_talk(h, type, t, &part, 1, len);
}

static char *talk_domid(struct xs_handle *h, enum xsd_sockmsg_type type, unsigned int domid)
{
	char text[NUMBER_MAX];

	snprintf(text, sizeof(text), "%u", domid);
	return talk_string(h, XBT_NULL, type, text, NULL);
}

struct xs_handle *xs_open(unsigned long flags)
{
	return link_open(flags);
}

void xs_close(struct xs_handle *h)
{
	int saved = errno;

	if (h)
		link_close(h);
	errno = saved;
}

void xs_daemon_destroy_postfork(struct xs_handle *h)
{
	xs_close(h);
}

/* Turns len bytes of NUL-terminated names into one block: the pointers, then the bytes. */
static char **split_names(const char *names, unsigned int len, unsigned int *num)
{
	unsigned int count = 0;
	char **result;
	char *copy;

	for (unsigned int i = 0; i < len; i++)
		count += !names[i];
	result = malloc((count + 1) * sizeof(*result) + len);
	if (!result)
		return NULL;
	copy = (char *)(result + count + 1);
	if (len)
		memcpy(copy, names, len);
	for (unsigned int i = 0; i < count; i++) {
		result[i] = copy;
		copy += strlen(copy) + 1;
	}
	result[count] = NULL;
	*num = count;
	return result;
}

/* A list too long for one reply, in parts; starts over when it changes on the way. */
static char *read_in_parts(struct xs_handle *h, xs_transaction_t t, const char *path,
			   unsigned int *len)
{
	char generation[NUMBER_MAX] = "";
	char offset[NUMBER_MAX];
	char *names = NULL;
	unsigned int have = 0;

	for (;;) {
		struct iovec parts[2] = { string_part(path) };
		unsigned int got, skip;
		char *reply, *grown;

		snprintf(offset, sizeof(offset), "%u", have);
		parts[1] = string_part(offset);
		reply = link_talk(h, XS_DIRECTORY_PART, t, parts, 2, &got);
		if (!reply)
			break;
		skip = (unsigned int)strlen(reply) + 1;
		if (skip > got || skip > sizeof(generation)) {
			free(reply);
			errno = EPROTO;
			break;
		}
		if (have && strcmp(generation, reply) != 0) {
			free(reply);
			have = 0;
			continue;
		}
		memcpy(generation, reply, skip);
		got -= skip;
		grown = realloc(names, have + got + 1);
		if (!grown) {
			free(reply);
			errno = ENOMEM;
			break;
		}
		names = grown;
		memcpy(names + have, reply + skip, got);
		free(reply);
		have += got;
		/* An empty name ends the list. */
		if (got && !names[have - 1] && (have == 1 || !names[have - 2])) {
			*len = have - 1;
			return names;
		}
		if (!got) {
			errno = EPROTO;
			break;
		}
	}
	int saved = errno;

	free(names);
	errno = saved;
	return NULL;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	unsigned int len = 0;
	char *names = talk_string(h, t, XS_DIRECTORY, path, &len);
	char **result;

	if (!names && errno == E2BIG)
		names = read_in_parts(h, t, path, &len);
	if (!names)
		return NULL;
	result = split_names(names, len, num);
	free(names);
	return result;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	return talk_string(h, t, XS_READ, path, len);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	struct iovec parts[2] = { string_part(path), { .iov_base = (void *)data, .iov_len = len } };

	return succeed(link_talk(h, XS_WRITE, t, parts, 2, NULL));
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	return succeed(talk_string(h, t, XS_MKDIR, path, NULL));
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	return succeed(talk_string(h, t, XS_RM, path, NULL));
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
					  unsigned int *num)
{
	unsigned int len, count = 0;
	char *reply = talk_string(h, t, XS_GET_PERMS, path, &len);
	struct xs_permissions *perms;
	const char *text;

	if (!reply)
		return NULL;
	for (unsigned int i = 0; i < len; i++)
		count += !reply[i];
	perms = calloc(count + 1, sizeof(*perms));
	text = reply;
	for (unsigned int i = 0; perms && i < count; i++) {
		if (!xs_perm_parse(text, &perms[i])) {
			free(perms);
			perms = NULL;
			errno = EPROTO;
		}
		text += strlen(text) + 1;
	}
	free(reply);
	*num = count;
	return perms;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num_perms)
{
	struct iovec parts[2] = { string_part(path) };
	char text[XENSTORE_PAYLOAD_MAX];
	size_t used = 0;

	for (unsigned int i = 0; i < num_perms; i++) {
		if (perms[i].perms & ~(unsigned int)(XS_PERM_READ | XS_PERM_WRITE)) {
			errno = EINVAL;
			return false;
		}
		if (used + XS_PERM_TEXT_MAX > sizeof(text)) {
			errno = E2BIG;
			return false;
		}
		used += xs_perm_format(&perms[i], text + used) + 1;
	}
	parts[1] = (struct iovec){ .iov_base = text, .iov_len = used };
	return succeed(link_talk(h, XS_SET_PERMS, t, parts, 2, NULL));
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	struct iovec parts[2] = { string_part(path), string_part(token) };

	return succeed(link_talk(h, XS_WATCH, XBT_NULL, parts, 2, NULL));
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	struct iovec parts[2] = { string_part(path), string_part(token) };

	if (!succeed(link_talk(h, XS_UNWATCH, XBT_NULL, parts, 2, NULL)))
		return false;
	if (link_flags(h) & XS_UNWATCH_FILTER)
		link_drop_events(h, path, token);
	return true;
}

int xs_fileno(struct xs_handle *h)
{
	return link_poll_fd(h);
}

static char **event_strings(struct xs_event *event)
{
	unsigned int num;
	char **result;

	if (!event)
		return NULL;
	result = split_names(event->payload, event->len, &num);
	free(event);
	return result;
}

char **xs_check_watch(struct xs_handle *h)
{
	return event_strings(link_next_event(h, false));
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
	char **result = event_strings(link_next_event(h, true));

	if (result && num)
		*num = 2;
	return result;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	char *reply = talk_string(h, XBT_NULL, XS_TRANSACTION_START, "", NULL);
	xs_transaction_t t;

	if (!reply)
		return XBT_NULL;
	t = (xs_transaction_t)strtoul(reply, NULL, 10);
	free(reply);
	return t;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abandon)
{
	return succeed(talk_string(h, t, XS_TRANSACTION_END, abandon ? "F" : "T", NULL));
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn,
			 unsigned int eventchn)
{
	char domid_text[NUMBER_MAX], mfn_text[NUMBER_MAX], port_text[NUMBER_MAX];
	struct iovec parts[3];

	snprintf(domid_text, sizeof(domid_text), "%u", domid);
	snprintf(mfn_text, sizeof(mfn_text), "%lu", mfn);
	snprintf(port_text, sizeof(port_text), "%u", eventchn);
	parts[0] = string_part(domid_text);
	parts[1] = string_part(mfn_text);
	parts[2] = string_part(port_text);
	return succeed(link_talk(h, XS_INTRODUCE, XBT_NULL, parts, 3, NULL));
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
	char domid_text[NUMBER_MAX], target_text[NUMBER_MAX];
	struct iovec parts[2];

	snprintf(domid_text, sizeof(domid_text), "%u", domid);
	snprintf(target_text, sizeof(target_text), "%u", target);
	parts[0] = string_part(domid_text);
	parts[1] = string_part(target_text);
	return succeed(link_talk(h, XS_SET_TARGET, XBT_NULL, parts, 2, NULL));
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
	return succeed(talk_domid(h, XS_RESUME, domid));
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
	return succeed(talk_domid(h, XS_RELEASE, domid));
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
	return talk_domid(h, XS_GET_DOMAIN_PATH, domid);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	char *reply = talk_domid(h, XS_IS_DOMAIN_INTRODUCED, domid);
	bool introduced = reply && !strcmp(reply, "T");

	free(reply);
	return introduced;
}

char *xs_control_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len)
{
	struct iovec parts[2] = { string_part(cmd), { .iov_base = data, .iov_len = len } };

	return link_talk(h, XS_CONTROL, XBT_NULL, parts, 2, NULL);
}

bool xs_path_is_subpath(const char *parent, const char *child)
{
	size_t len = strlen(parent);

	if (!strcmp(parent, "/"))
		return child[0] == '/';
	return !strncmp(parent, child, len) && (child[len] == '\0' || child[len] == '/');
}
