/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor and the process of one guest tell each other, over a socket pair that keeps
 * message boundaries. The supervisor sends opened resources; the guest's process never opens any.
 */
#ifndef BACKENDS_COMMON_MESSAGE_H
#define BACKENDS_COMMON_MESSAGE_H

#include <stdint.h>

#define MESSAGE_FDS_MAX  2
#define MESSAGE_INFO_MAX 128

enum message_type {
	/* to the guest's process: serve this device, with fds and info of its class */
	MESSAGE_ATTACH,
	/* to the guest's process: the device's directory is gone, forget it */
	MESSAGE_DETACH,
	/* from the guest's process: the frontend and the toolstack have closed the device, nothing
	   of it is in use any more; the supervisor releases it and then says so in xenstore */
	MESSAGE_CLOSED,
};

struct message {
	uint32_t type; /* enum message_type */
	uint32_t devid;
	uint8_t info[MESSAGE_INFO_MAX]; /* class's own, zero padded */
};

/*
 * Sends a message with nfds descriptors (which stay open here). 0 or a negative errno: -EAGAIN if
 * the other side does not keep up.
 */
int message_send(int socket, const struct message *msg, const int *fds, unsigned int nfds);
/*
 * Receives one without waiting; unused entries of fds become -1. 1, or 0 when the other side is
 * gone, or a negative errno (-EAGAIN: none there).
 */
int message_receive(int socket, struct message *msg, int fds[MESSAGE_FDS_MAX]);
/* Closes those that are not -1. */
void message_close_fds(const int fds[MESSAGE_FDS_MAX]);

#endif
