/* SPDX-License-Identifier: MIT */
/* See mock_guest.h. */
#include "tests/unit/backends/mock_guest.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <public/grant_table.h>

#include "dom0-tools/lib/evtchn.h"
#include "dom0-tools/lib/gntdev.h"

struct mock_guest guest = { .memory = -1 };

void mock_guest_reset(void)
{
	if (guest.memory >= 0) {
		munmap(guest.pages, (size_t)GUEST_PAGES * GUEST_PAGE);
		close(guest.memory);
	}
	memset(&guest, 0, sizeof(guest));
	guest.memory = memfd_create("guest", MFD_CLOEXEC);
	if (guest.memory < 0 || ftruncate(guest.memory, (off_t)GUEST_PAGES * GUEST_PAGE) < 0)
		__builtin_trap();
	guest.pages = mmap(NULL, (size_t)GUEST_PAGES * GUEST_PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED, guest.memory, 0);
	if (guest.pages == MAP_FAILED)
		__builtin_trap();
}

void *mock_guest_page(uint32_t ref)
{
	return guest.pages + (size_t)ref * GUEST_PAGE;
}

static bool granted(uint32_t ref)
{
	return ref < GUEST_PAGES && !guest.revoked[ref];
}

int gntdev_open(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

void *gntdev_map(int fd, uint32_t domid, const uint32_t *refs, size_t count, int prot)
{
	uint8_t *range;

	(void)fd;
	(void)domid;
	for (size_t i = 0; i < count; i++) {
		if (!granted(refs[i])) {
			errno = EINVAL;
			return NULL;
		}
	}
	range = mmap(NULL, count * GUEST_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (range == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (mmap(range + i * GUEST_PAGE, GUEST_PAGE, prot, MAP_SHARED | MAP_FIXED,
			 guest.memory, (off_t)refs[i] * GUEST_PAGE) == MAP_FAILED)
			__builtin_trap();
	}
	guest.mapped += count;
	return range;
}

int gntdev_unmap(int fd, void *addr, size_t count)
{
	(void)fd;
	guest.mapped -= count;
	return munmap(addr, count * GUEST_PAGE) < 0 ? -errno : 0;
}

int gntdev_copy(int fd, uint32_t domid, struct gntdev_copy *ops, size_t count)
{
	(void)fd;
	(void)domid;
	guest.copy_calls++;
	for (size_t i = 0; i < count; i++) {
		uint8_t *page = (uint8_t *)mock_guest_page(ops[i].ref) + ops[i].offset;

		guest.copies++;
		/* The hypervisor's own checks. */
		if (!granted(ops[i].ref)) {
			ops[i].status = GNTST_bad_gntref;
		} else if ((uint32_t)ops[i].offset + ops[i].len > GUEST_PAGE) {
			ops[i].status = GNTST_bad_copy_arg;
		} else {
			if (ops[i].to_grant)
				memcpy(page, ops[i].local, ops[i].len);
			else
				memcpy(ops[i].local, page, ops[i].len);
			ops[i].status = GNTST_okay;
		}
	}
	return 0;
}

int evtchn_open(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int evtchn_bind_interdomain(int fd, uint32_t domid, uint32_t remote_port)
{
	(void)fd;
	(void)domid;
	if (remote_port == 0 || guest.next_port + 1 >= 64)
		return -EINVAL;
	guest.bound[++guest.next_port] = true;
	return (int)guest.next_port;
}

int evtchn_unbind(int fd, uint32_t port)
{
	(void)fd;
	guest.bound[port] = false;
	return 0;
}

int evtchn_notify(int fd, uint32_t port)
{
	(void)fd;
	if (!guest.bound[port])
		return -ENOTCONN;
	guest.events++;
	return 0;
}

int evtchn_pending(int fd)
{
	(void)fd;
	return -EAGAIN;
}

int evtchn_unmask(int fd, uint32_t port)
{
	(void)fd;
	(void)port;
	return 0;
}
