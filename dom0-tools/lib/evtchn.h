/* SPDX-License-Identifier: MIT */
/*
 * Event channels for programs in dom0, over /dev/xen/evtchn (linux/include/uapi/xen/evtchn.h).
 *
 * An fd owns the ports bound through it; closing it closes them. A port that fires is masked by the
 * kernel until evtchn_unmask(). All functions return 0 (or the value named) or a negative errno.
 */
#ifndef DOM0_LIB_EVTCHN_H
#define DOM0_LIB_EVTCHN_H

#include <stdint.h>

/* A new, close-on-exec, non-blocking fd; readable when a port is pending. */
int evtchn_open(void);
/* Each returns the new local port. */
int evtchn_bind_interdomain(int fd, uint32_t domid, uint32_t remote_port);
int evtchn_bind_unbound_port(int fd, uint32_t domid);
int evtchn_bind_virq(int fd, uint32_t virq);
int evtchn_unbind(int fd, uint32_t port);
int evtchn_notify(int fd, uint32_t port);
/* Takes one pending port off the fd; -EAGAIN when there is none. */
int evtchn_pending(int fd);
/* Takes up to max of them in one call: how many; -EAGAIN when there is none. */
int evtchn_pending_many(int fd, uint32_t *ports, unsigned int max);
int evtchn_unmask(int fd, uint32_t port);

#endif
