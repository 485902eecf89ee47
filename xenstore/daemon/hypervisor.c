/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor, through the kernel's devices, and its stand-in for hosts without one. Owns the
 * file descriptors of /dev/xen, which live as long as the daemon.
 */
#include "xenstore/daemon/hypervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <public/grant_table.h>
#include <public/xen.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/evtchn.h"
#include "dom0-tools/lib/gntdev.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/privcmd.h"

#define RING_BYTES 4096

/* Linux: the port of dom0's own ring (include/xen/xenbus_dev.h). */
#define IOCTL_XENBUS_BACKEND_EVTCHN _IOC(_IOC_NONE, 'B', 0, 0)

/* Where dom0's kernel shows its ring page, by preference. */
static const char *const dom0_pages[] = { "/proc/xen/xsd_kva", "/dev/xen/xenbus_backend" };

static int evtchn_fd = -1, gntdev_fd = -1, privcmd_fd = -1;
static int death_port = -1;

static enum domain_state xen_state(uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;

	int ret = dom_getinfo(privcmd_fd, domid, &info);

	/* Only the hypervisor's clear word ends a domain here. */
	if (ret && ret != -ESRCH) {
		log_error("domain %u: cannot learn its state: %s", domid, error_text(ret));
		return DOMAIN_RUNNING;
	}
	if (ret || (info.flags & XEN_DOMINF_dying))
		return DOMAIN_GONE;
	return info.flags & XEN_DOMINF_shutdown ? DOMAIN_SHUT_DOWN : DOMAIN_RUNNING;
}

static struct xenstore_domain_interface *map_dom0(void)
{
	void *page = MAP_FAILED;

	errno = ENOENT;
	for (size_t i = 0; i < 2 && page == MAP_FAILED; i++) {
		int fd = open(dom0_pages[i], O_RDWR | O_CLOEXEC);

		if (fd < 0)
			continue;
		page = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	}
	return page == MAP_FAILED ? NULL : page;
}

static struct xenstore_domain_interface *xen_map(uint32_t domid)
{
	uint32_t ref = GNTTAB_RESERVED_XENSTORE;

	if (!domid)
		return map_dom0();
	return gntdev_map(gntdev_fd, domid, &ref, 1, PROT_READ | PROT_WRITE);
}

static void xen_unmap(uint32_t domid, struct xenstore_domain_interface *ring)
{
	int ret = domid ? gntdev_unmap(gntdev_fd, ring, 1)
			: (munmap(ring, RING_BYTES) ? -errno : 0);

	if (ret)
		log_error("domain %u: cannot unmap its ring: %s", domid, error_text(ret));
}

static int xen_bind(uint32_t domid, uint32_t remote_port)
{
	return evtchn_bind_interdomain(evtchn_fd, domid, remote_port);
}

static void xen_unbind(uint32_t port)
{
	int ret = evtchn_unbind(evtchn_fd, port);

	if (ret)
		log_error("cannot unbind port %u: %s", port, error_text(ret));
}

static void xen_notify(uint32_t port)
{
	int ret = evtchn_notify(evtchn_fd, port);

	/* The other end may be gone; its domain's death is announced separately. */
	if (ret)
		log_debug("cannot notify port %u: %s", port, error_text(ret));
}

const struct hypervisor xen_hypervisor = {
	.state = xen_state,
	.map = xen_map,
	.unmap = xen_unmap,
	.bind = xen_bind,
	.unbind = xen_unbind,
	.notify = xen_notify,
};

static int open_device(const char *what, int fd)
{
	if (fd < 0)
		log_error("cannot open %s: %s; is this domain 0 with the xen modules loaded?", what,
			  error_text(fd));
	return fd;
}

int xen_open(void)
{
	evtchn_fd = open_device("/dev/xen/evtchn", evtchn_open());
	if (evtchn_fd < 0)
		return evtchn_fd;
	gntdev_fd = open_device("/dev/xen/gntdev", gntdev_open());
	if (gntdev_fd < 0)
		return gntdev_fd;
	privcmd_fd = open_device("/dev/xen/privcmd", privcmd_open());
	if (privcmd_fd < 0)
		return privcmd_fd;
	death_port = evtchn_bind_virq(evtchn_fd, VIRQ_DOM_EXC);
	if (death_port < 0)
		log_error("cannot bind to the event of domains' deaths: %s%s",
			  error_text(death_port),
			  death_port == -EEXIST ? "; another xenstored has it" : "");
	return death_port < 0 ? death_port : 0;
}

void xen_close(void)
{
	int fds[] = { evtchn_fd, gntdev_fd, privcmd_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	evtchn_fd = gntdev_fd = privcmd_fd = -1;
}

int xen_event_fd(void)
{
	return evtchn_fd;
}

int xen_next_port(void)
{
	int port = evtchn_pending(evtchn_fd);
	int ret;

	if (port < 0) {
		if (port != -EAGAIN)
			log_error("cannot read events: %s", error_text(port));
		return -1;
	}
	/* Unmasked before it is acted on: what comes from now on is announced again. */
	ret = evtchn_unmask(evtchn_fd, (uint32_t)port);
	if (ret)
		log_error("cannot unmask port %d: %s", port, error_text(ret));
	return port;
}

int xen_death_port(void)
{
	return death_port;
}

int xen_dom0_port(void)
{
	int fd = open("/proc/xen/xsd_port", O_RDONLY | O_CLOEXEC);
	char text[16] = "";
	ssize_t n;
	int port;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		port = n > 0 ? atoi(text) : -1;
		return port > 0 ? port : -EPROTO;
	}
	fd = open("/dev/xen/xenbus_backend", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	port = ioctl(fd, IOCTL_XENBUS_BACKEND_EVTCHN);
	if (port < 0)
		port = -errno;
	close(fd);
	return port;
}

static enum domain_state no_state(uint32_t domid)
{
	(void)domid;
	return DOMAIN_RUNNING;
}

static struct xenstore_domain_interface *no_map(uint32_t domid)
{
	(void)domid;
	errno = ENOSYS;
	return NULL;
}

static void no_unmap(uint32_t domid, struct xenstore_domain_interface *ring)
{
	(void)domid;
	(void)ring;
}

static int no_bind(uint32_t domid, uint32_t remote_port)
{
	(void)domid;
	(void)remote_port;
	return -ENOSYS;
}

static void no_port(uint32_t port)
{
	(void)port;
}

const struct hypervisor no_hypervisor = {
	.state = no_state,
	.map = no_map,
	.unmap = no_unmap,
	.bind = no_bind,
	.unbind = no_port,
	.notify = no_port,
};
