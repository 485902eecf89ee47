/* SPDX-License-Identifier: MIT */
/*
 * TAP interfaces of dom0: made by the supervisor, used by the guest's process, gone when the last
 * of them closes the descriptor. Errors are sentences for the user.
 */
#ifndef BACKENDS_NET_TAP_H
#define BACKENDS_NET_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_net.h>

/* In front of each frame that is read or written. */
typedef struct virtio_net_hdr tap_header;

#define TAP_NAME_MAX 16 /* IFNAMSIZ */

/*
 * Makes the interface name, without carrier, with the address that marks the backend's end of a
 * link (fe:ff:ff:ff:ff:ff). Its descriptor (non-blocking, close-on-exec), or a negative errno with
 * the reason in error.
 */
int tap_create(const char *name, char *error, size_t error_size);

/*
 * Gives it an MTU unless that is 0, the bridge as its master unless that is empty, and brings it
 * up. 0, or a negative errno with the reason in error.
 */
int tap_configure(const char *name, unsigned int mtu, const char *bridge, char *error,
		  size_t error_size);

/* Frames the reader takes with work left to do; flags are TUN_F_*. 0 or a negative errno. */
int tap_set_offload(int fd, unsigned int flags);
/* Without carrier the network sends nothing that nobody would read. 0 or a negative errno. */
int tap_set_carrier(int fd, bool on);

#endif
