/* SPDX-License-Identifier: MIT */
/*
 * What the daemon asks of the hypervisor, as a table: the real one goes to /dev/xen, the one for
 * hosts without Xen knows no guests, tests bring their own.
 */
#ifndef XENSTORED_HYPERVISOR_H
#define XENSTORED_HYPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "xenstore/lib/xs.h"

enum domain_state { DOMAIN_GONE, DOMAIN_RUNNING, DOMAIN_SHUT_DOWN };

struct hypervisor {
	enum domain_state (*state)(uint32_t domid);
	/* The domain's ring page; NULL with errno. */
	struct xenstore_domain_interface *(*map)(uint32_t domid);
	void (*unmap)(uint32_t domid, struct xenstore_domain_interface *ring);
	/* A local port bound to the domain's, or a negative errno. */
	int (*bind)(uint32_t domid, uint32_t remote_port);
	void (*unbind)(uint32_t port);
	void (*notify)(uint32_t port);
};

/* Takes every domid for a running domain and can talk to none. */
extern const struct hypervisor no_hypervisor;

/* --- /dev/xen --- */

extern const struct hypervisor xen_hypervisor;

/* Opens the devices; 0 or a negative errno (logged). */
int xen_open(void);
void xen_close(void);
/* Readable when a port is pending. */
int xen_event_fd(void);
/* The next pending port, unmasked already; -1 when there is none. */
int xen_next_port(void);
/* The port on which domains' deaths are announced. */
int xen_death_port(void);
/* Where dom0's kernel has its ring: the port to bind to, or a negative errno. */
int xen_dom0_port(void);

#endif
