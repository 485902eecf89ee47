/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls and foreign memory over /dev/xen/privcmd. The only state is the fd of
 * /dev/xen/hypercall, opened at the first use and kept for the life of the process; it is set once
 * with a compare-and-swap, so every function may be called from any thread.
 */
#include "dom0-tools/lib/privcmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dom0-tools/lib/xen_ioctl.h"

#define PAGE_BYTES 4096u

#define BUFFER_FD_UNSET (-1)
#define BUFFER_FD_NONE  (-2) /* kernels before 4.18 have no /dev/xen/hypercall */

static _Atomic int buffer_fd = BUFFER_FD_UNSET;

int privcmd_open(void)
{
	int fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

long privcmd_hypercall(int fd, unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
		       uint64_t a5)
{
	struct privcmd_hypercall call = { .op = op, .arg = { a1, a2, a3, a4, a5 } };
	long ret = ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &call);

	return ret < 0 ? -errno : ret;
}

static int get_buffer_fd(void)
{
	int known = atomic_load(&buffer_fd);
	int fd;

	if (known != BUFFER_FD_UNSET)
		return known;
	fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = BUFFER_FD_NONE;
	if (atomic_compare_exchange_strong(&buffer_fd, &known, fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return known;
}

static size_t round_to_pages(size_t bytes)
{
	return (bytes + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
}

void *hypercall_buffer_alloc(int fd, size_t bytes)
{
	int dev = get_buffer_fd();
	size_t len = round_to_pages(bytes);
	void *addr;

	(void)fd;
	if (!len) {
		errno = EINVAL;
		return NULL;
	}
	if (dev >= 0) {
		addr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, dev, 0);
		if (addr == MAP_FAILED)
			return NULL;
		memset(addr, 0, len);
		return addr;
	}
	addr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1,
		    0);
	if (addr == MAP_FAILED)
		return NULL;
	/* A child's copy-on-write must not move the page under a running hypercall. */
	if (madvise(addr, len, MADV_DONTFORK) < 0) {
		int err = errno;

		munmap(addr, len);
		errno = err;
		return NULL;
	}
	memset(addr, 0, len);
	return addr;
}

void hypercall_buffer_free(int fd, void *addr, size_t bytes)
{
	(void)fd;
	if (addr)
		munmap(addr, round_to_pages(bytes));
}

/* The first frame's error, or 0. */
static int first_error(const int *err, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (err[i])
			return -err[i];
	return 0;
}

void *foreign_map(int fd, uint32_t domid, const uint64_t *frames, size_t count, int prot)
{
	struct privcmd_mmapbatch_v2 batch = { .num = (uint32_t)count, .dom = (uint16_t)domid };
	int *errs;
	int err;
	void *addr;

	if (!count || count > UINT32_MAX) {
		errno = EINVAL;
		return NULL;
	}
	errs = calloc(count, sizeof(*errs));
	if (!errs)
		return NULL;
	addr = mmap(NULL, count * PAGE_BYTES, prot, MAP_SHARED, fd, 0);
	if (addr == MAP_FAILED) {
		err = errno;
		free(errs);
		errno = err;
		return NULL;
	}
	batch.addr = (uintptr_t)addr;
	batch.arr = frames;
	batch.err = errs;
	err = ioctl(fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0 ? errno : 0;
	if (!err)
		err = first_error(errs, count);
	free(errs);
	if (err) {
		munmap(addr, count * PAGE_BYTES);
		errno = err;
		return NULL;
	}
	return addr;
}

int foreign_unmap(void *addr, size_t count)
{
	return munmap(addr, count * PAGE_BYTES) < 0 ? -errno : 0;
}
