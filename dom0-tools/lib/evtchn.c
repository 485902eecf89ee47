/* SPDX-License-Identifier: MIT */
/*
 * Event channels over /dev/xen/evtchn. Stateless: everything belongs to the fd. Thread-safe as
 * far as the kernel is, which serialises per fd.
 */
#include "dom0-tools/lib/evtchn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dom0-tools/lib/xen_ioctl.h"

/* ioctl(2) as a negative errno; binding calls return the new port. */
static int evtchn_ioctl(int fd, unsigned long number, void *arg)
{
	int ret = ioctl(fd, number, arg);

	return ret < 0 ? -errno : ret;
}

int evtchn_open(void)
{
	int fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int evtchn_bind_interdomain(int fd, uint32_t domid, uint32_t remote_port)
{
	struct ioctl_evtchn_bind_interdomain bind = {
		.remote_domain = domid,
		.remote_port = remote_port,
	};

	return evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);
}

int evtchn_bind_unbound_port(int fd, uint32_t domid)
{
	struct ioctl_evtchn_bind_unbound_port bind = { .remote_domain = domid };

	return evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &bind);
}

int evtchn_bind_virq(int fd, uint32_t virq)
{
	struct ioctl_evtchn_bind_virq bind = { .virq = virq };

	return evtchn_ioctl(fd, IOCTL_EVTCHN_BIND_VIRQ, &bind);
}

int evtchn_unbind(int fd, uint32_t port)
{
	struct ioctl_evtchn_port arg = { .port = port };

	return evtchn_ioctl(fd, IOCTL_EVTCHN_UNBIND, &arg);
}

int evtchn_notify(int fd, uint32_t port)
{
	struct ioctl_evtchn_port arg = { .port = port };

	return evtchn_ioctl(fd, IOCTL_EVTCHN_NOTIFY, &arg);
}

int evtchn_pending_many(int fd, uint32_t *ports, unsigned int max)
{
	ssize_t got;

	do {
		got = read(fd, ports, max * sizeof(*ports));
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return got && got % (ssize_t)sizeof(*ports) == 0 ? (int)(got / (ssize_t)sizeof(*ports))
							 : -EIO;
}

int evtchn_pending(int fd)
{
	uint32_t port = 0;
	int ret = evtchn_pending_many(fd, &port, 1);

	return ret < 0 ? ret : (int)port;
}

int evtchn_unmask(int fd, uint32_t port)
{
	ssize_t put;

	do {
		put = write(fd, &port, sizeof(port));
	} while (put < 0 && errno == EINTR);
	if (put < 0)
		return -errno;
	return put == (ssize_t)sizeof(port) ? 0 : -EIO;
}
