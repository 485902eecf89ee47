/* SPDX-License-Identifier: MIT */
/*
 * The xenstore client, with the calls and types of libxenstore's xenstore.h, so that programs
 * written for the one compile with the other.
 *
 * A handle is one connection: the daemon's socket ($XENSTORED_PATH, else
 * $XENSTORED_RUNDIR/socket, else /run/xenstored/socket) or, where there is none, the kernel's
 * /dev/xen/xenbus. Handles are independent; one handle belongs to one thread at a time.
 *
 * Functions returning bool or a pointer give false or NULL on failure, with errno set to the
 * daemon's error (ENOENT, EACCES, EAGAIN, ...) or to what happened to the connection.
 */
#ifndef XENSTORE_LIB_XS_H
#define XENSTORE_LIB_XS_H

#include <errno.h> /* before xs_wire.h, whose table of errors needs it */
#include <stdbool.h>
#include <stdint.h>

#include <public/io/xs_wire.h>

#define XBT_NULL 0

/* Flags of xs_open(). The first two are accepted and mean nothing. */
#define XS_OPEN_READONLY   (1UL << 0)
#define XS_OPEN_SOCKETONLY (1UL << 1)
/* After xs_unwatch() returns, no event of that watch is delivered any more. */
#define XS_UNWATCH_FILTER  (1UL << 2)

#define XS_PERM_NONE  0x00
#define XS_PERM_READ  0x01
#define XS_PERM_WRITE 0x02

struct xs_handle;
typedef uint32_t xs_transaction_t;

/* perms[0] of a node: its owner, and what every domain not listed after it may do. */
struct xs_permissions {
	unsigned int id;    /* domid */
	unsigned int perms; /* XS_PERM_* */
};

struct xs_handle *xs_open(unsigned long flags);
void xs_close(struct xs_handle *h); /* NULL is fine */
/* In a child after fork: frees the handle and leaves the parent's connection alone. */
void xs_daemon_destroy_postfork(struct xs_handle *h);

/* Names of path's children: one block to free(), count in *num. */
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num);
/* The value, NUL-terminated, to free(); *len (may be NULL) without that NUL. */
void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len);
bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len);
bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path);
bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path);
/* To free(); count in *num. */
struct xs_permissions *xs_get_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
					  unsigned int *num);
bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num_perms);

/*
 * Watches. xs_fileno() becomes readable when an event may be waiting, also for one that arrived
 * while another call waited for its reply; then call xs_check_watch() until it gives NULL with
 * EAGAIN. xs_read_watch() waits. An event is { path, token } (XS_WATCH_PATH, XS_WATCH_TOKEN), one
 * block to free().
 */
bool xs_watch(struct xs_handle *h, const char *path, const char *token);
bool xs_unwatch(struct xs_handle *h, const char *path, const char *token);
int xs_fileno(struct xs_handle *h);
char **xs_check_watch(struct xs_handle *h);
char **xs_read_watch(struct xs_handle *h, unsigned int *num);

/* XBT_NULL on failure. */
xs_transaction_t xs_transaction_start(struct xs_handle *h);
/* False with EAGAIN: somebody else changed what was used; start over. */
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abandon);

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long mfn,
			 unsigned int eventchn);
bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target);
bool xs_resume_domain(struct xs_handle *h, unsigned int domid);
bool xs_release_domain(struct xs_handle *h, unsigned int domid);
/* To free(). */
char *xs_get_domain_path(struct xs_handle *h, unsigned int domid);
bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid);

/* Sends cmd and len bytes of NUL-terminated arguments; the answer is to free(). */
char *xs_control_command(struct xs_handle *h, const char *cmd, void *data, unsigned int len);

/* Whether child is parent or below it, by their text. */
bool xs_path_is_subpath(const char *parent, const char *child);

#endif
