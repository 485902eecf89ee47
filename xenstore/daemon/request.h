/* SPDX-License-Identifier: MIT */
/*
 * The operations of the wire protocol (public/io/xs_wire.h): one table with each one's handler and
 * who may use it.
 */
#ifndef XENSTORED_REQUEST_H
#define XENSTORED_REQUEST_H

#include "xenstore/daemon/conn.h"
#include "xenstore/daemon/store.h"

/* One request being served. */
struct request {
	struct conn *conn;
	struct view view;
	const char *payload; /* len bytes and a NUL that is not part of them */
	size_t len;
};

/* Serves the complete request in conn; queues exactly one reply. */
void request_handle(struct conn *conn);

/* Arguments, for the handlers. */

/* The payload if it is exactly one string with its NUL, else NULL. */
const char *request_string(const struct request *req);
/* The first strings of the payload, each with its NUL, at most max. Returns how many. */
unsigned int request_strings(const struct request *req, const char **strings, unsigned int max);
/* A decimal number of its full length, at most max. False if it is none. */
bool request_number(const char *text, uint64_t max, uint64_t *number);

/* Each handler replies on success and returns 0, or returns a negative errno. */
int domain_introduce_request(struct request *req);
int domain_release_request(struct request *req);
int domain_path_request(struct request *req);
int domain_is_introduced_request(struct request *req);
int domain_resume_request(struct request *req);
int domain_set_target_request(struct request *req);
int control_request(struct request *req);

#endif
