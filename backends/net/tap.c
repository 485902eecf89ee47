/* SPDX-License-Identifier: MIT */
/* TAP interfaces over /dev/net/tun and rtnetlink: see tap.h. Stateless. */
#include "backends/net/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include "dom0-tools/lib/log.h"

struct complaint {
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4))) static int complain(struct complaint c, int ret,
							  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c.text, c.size, fmt, ap);
	va_end(ap);
	return ret;
}

static int check_name(const char *name, struct complaint c)
{
	if (!*name || strlen(name) >= TAP_NAME_MAX || strchr(name, '/') || strchr(name, ' '))
		return complain(
			c, -EINVAL,
			"interface name \"%s\": must be 1 to 15 characters without / or blank",
			name);
	if (if_nametoindex(name))
		return complain(c, -EEXIST, "interface %s: exists already; choose another vifname",
				name);
	return 0;
}

/* The address that marks the backend's end of a link: higher than any, so no bridge takes it on. */
static int set_backend_mac(int fd)
{
	static const uint8_t mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct ifreq ifr = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	memcpy(ifr.ifr_hwaddr.sa_data, mac, sizeof(mac));
	return ioctl(fd, SIOCSIFHWADDR, &ifr) < 0 ? -errno : 0;
}

int tap_create(const char *name, char *error, size_t error_size)
{
	struct complaint c = { error, error_size };
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd, ret = check_name(name, c);

	if (ret < 0)
		return ret;
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return complain(c, -errno, "cannot open /dev/net/tun: %s; is module tun loaded?",
				error_text(errno));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
		ret = complain(c, -errno, "interface %s: cannot be made: %s", name,
			       error_text(errno));
		close(fd);
		return ret;
	}
	ret = set_backend_mac(fd);
	if (ret == 0)
		ret = tap_set_carrier(fd, false);
	if (ret < 0) {
		complain(c, ret, "interface %s: cannot be set up: %s", name, error_text(ret));
		close(fd);
		return ret;
	}
	return fd;
}

int tap_set_offload(int fd, unsigned int flags)
{
	return ioctl(fd, TUNSETOFFLOAD, (unsigned long)flags) < 0 ? -errno : 0;
}

int tap_set_carrier(int fd, bool on)
{
	int value = on;

	return ioctl(fd, TUNSETCARRIER, &value) < 0 ? -errno : 0;
}

/* No addresses of dom0's own on the guest's link. */
static void disable_ipv6(const char *name)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* a kernel without IPv6 */
	if (write(fd, "1", 1) < 0)
		log_warn("%s: %s", path, error_text(errno));
	close(fd);
}

/* libnl's error codes as errnos, for the words. */
static int netlink_errno(int code)
{
	switch (-code) {
	case NLE_OBJ_NOTFOUND:
	case NLE_NODEV:
		return -ENODEV;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_BUSY:
		return -EBUSY;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

/* The interface index of a bridge, or a negative errno. */
static int find_bridge(struct nl_sock *sock, const char *bridge, struct complaint c)
{
	struct rtnl_link *link = NULL;
	const char *type;
	int ret = rtnl_link_get_kernel(sock, 0, bridge, &link);

	if (ret < 0) {
		ret = netlink_errno(ret);
		if (ret == -ENODEV)
			return complain(
				c, ret,
				"bridge %s: does not exist; create it or name another with bridge=",
				bridge);
		return complain(c, ret, "bridge %s: %s", bridge, error_text(ret));
	}
	type = rtnl_link_get_type(link);
	if (!type || strcmp(type, "bridge") != 0)
		ret = complain(c, -EINVAL,
			       "bridge %s: is not a bridge; name one with bridge=", bridge);
	else
		ret = rtnl_link_get_ifindex(link);
	rtnl_link_put(link);
	return ret;
}

static int change_link(struct nl_sock *sock, const char *name, unsigned int mtu, int master)
{
	struct rtnl_link *link = NULL, *changes = rtnl_link_alloc();
	int ret = changes ? 0 : -NLE_NOMEM;

	if (ret == 0)
		ret = rtnl_link_get_kernel(sock, 0, name, &link);
	if (ret == 0) {
		if (mtu)
			rtnl_link_set_mtu(changes, mtu);
		if (master)
			rtnl_link_set_master(changes, master);
		rtnl_link_set_flags(changes, IFF_UP);
		ret = rtnl_link_change(sock, link, changes, 0);
	}
	rtnl_link_put(link);
	rtnl_link_put(changes);
	return ret < 0 ? netlink_errno(ret) : 0;
}

int tap_configure(const char *name, unsigned int mtu, const char *bridge, char *error,
		  size_t error_size)
{
	struct complaint c = { error, error_size };
	struct nl_sock *sock = nl_socket_alloc();
	int ret, master = 0;

	if (!sock || nl_connect(sock, NETLINK_ROUTE) < 0) {
		nl_socket_free(sock);
		return complain(c, -ENOMEM, "interface %s: no netlink socket", name);
	}
	disable_ipv6(name);
	if (*bridge)
		master = find_bridge(sock, bridge, c);
	ret = master < 0 ? master : 0;
	if (ret == 0) {
		ret = change_link(sock, name, mtu, master);
		if (ret < 0)
			complain(c, ret, "interface %s: cannot be set up%s%s: %s", name,
				 *bridge ? " on bridge " : "", bridge, error_text(ret));
	}
	nl_socket_free(sock);
	return ret;
}
