/* SPDX-License-Identifier: MIT */
/* Event channel dispatch: see ports.h. Invariant: every bound port is in exactly one hash chain. */
#include "backends/common/ports.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dom0-tools/lib/evtchn.h"
#include "dom0-tools/lib/log.h"

/* Ports taken off the descriptor in one turn of the loop (linux/include/uapi/xen/evtchn.h: the file
 * holds the numbers of ports that fired, and takes those to unmask). */
#define PORTS_BATCH 64

static struct port **chain(struct ports *ports, int local)
{
	return &ports->hash[(unsigned int)local % PORTS_HASH];
}

/* One read for all that is pending, one write to unmask what has been handled. */
static void on_readable(void *arg, uint32_t events)
{
	struct ports *ports = arg;
	uint32_t fired[PORTS_BATCH];
	ssize_t got = read(ports->lfd.fd, fired, sizeof(fired));
	size_t handled = 0;

	(void)events;
	for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(fired[0]); i++) {
		struct port *port = *chain(ports, (int)fired[i]);

		while (port && port->local != (int)fired[i])
			port = port->next;
		if (!port)
			continue;
		port->handle(port->arg);
		/* The handler may have closed the device. */
		if (port->local == (int)fired[i])
			fired[handled++] = fired[i];
	}
	if (handled && write(ports->lfd.fd, fired, handled * sizeof(fired[0])) < 0)
		log_error("cannot unmask event channels: %s", error_text(errno));
}

/* linux/include/uapi/xen/evtchn.h: from now on only channels to this domain, no virqs. */
struct restrict_domid {
	uint16_t domid;
};
#define IOCTL_RESTRICT_DOMID _IOC(_IOC_NONE, 'E', 6, sizeof(struct restrict_domid))

int ports_restrict(struct ports *ports, uint32_t domid)
{
	struct restrict_domid only = { .domid = (uint16_t)domid };

	return ioctl(ports->lfd.fd, IOCTL_RESTRICT_DOMID, &only) < 0 ? -errno : 0;
}

int ports_init(struct ports *ports, struct loop *loop)
{
	int fd = evtchn_open();

	*ports = (struct ports){ .loop = loop, .lfd = { .fd = fd } };
	if (fd < 0)
		return fd;
	ports->lfd.handle = on_readable;
	ports->lfd.arg = ports;
	return loop_add(loop, &ports->lfd, EPOLLIN);
}

void ports_close(struct ports *ports)
{
	loop_remove(ports->loop, &ports->lfd);
	if (ports->lfd.fd >= 0)
		close(ports->lfd.fd);
	ports->lfd.fd = -1;
}

int ports_bind(struct ports *ports, struct port *port, uint32_t domid, uint32_t remote_port)
{
	struct port **head;
	int local = evtchn_bind_interdomain(ports->lfd.fd, domid, remote_port);

	port->local = local < 0 ? -1 : local;
	if (local < 0)
		return local;
	head = chain(ports, local);
	port->next = *head;
	*head = port;
	return 0;
}

void ports_unbind(struct ports *ports, struct port *port)
{
	if (port->local < 0)
		return;
	for (struct port **p = chain(ports, port->local); *p; p = &(*p)->next) {
		if (*p == port) {
			*p = port->next;
			break;
		}
	}
	evtchn_unbind(ports->lfd.fd, (uint32_t)port->local);
	port->local = -1;
	port->next = NULL;
}

void ports_notify(struct ports *ports, const struct port *port)
{
	if (port->local >= 0)
		evtchn_notify(ports->lfd.fd, (uint32_t)port->local);
}
