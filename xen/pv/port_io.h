/* SPDX-License-Identifier: MIT */
/* I/O ports for guests: who may use which, and the access itself. */
#ifndef PV_PORT_IO_H
#define PV_PORT_IO_H

#include "lib/types.h"

struct domain;
struct vcpu;

/* Does the instruction fault? bytes: 1, 2 or 4. By the virtual IOPL and the user's I/O bitmap. */
bool port_io_permitted(struct vcpu *v, uint16_t port, unsigned int bytes);
uint32_t port_read(struct domain *d, uint16_t port, unsigned int bytes);
void port_write(struct domain *d, uint16_t port, unsigned int bytes, uint32_t value);

/* Hardware domain: everything but what the hypervisor drives itself. -ENOMEM. */
int port_io_domain_init(struct domain *d);

#endif
