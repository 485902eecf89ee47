/* SPDX-License-Identifier: MIT */
/*
 * Copies hypercall arguments through hypercall memory. Stateless.
 */
#include "dom0-tools/lib/bounce.h"

#include <errno.h>
#include <string.h>

#include "dom0-tools/lib/privcmd.h"

void *bounce_in(int fd, const void *data, size_t bytes)
{
	void *buffer = hypercall_buffer_alloc(fd, bytes);

	if (buffer && data)
		memcpy(buffer, data, bytes);
	return buffer;
}

void bounce_out(int fd, void *buffer, void *data, size_t bytes)
{
	if (buffer && data)
		memcpy(data, buffer, bytes);
	hypercall_buffer_free(fd, buffer, bytes);
}

long hypercall_cmd_arg(int fd, unsigned int op, uint64_t cmd, void *arg, size_t bytes)
{
	void *buffer = bounce_in(fd, arg, bytes);
	long ret;

	if (!buffer)
		return -errno;
	ret = privcmd_hypercall(fd, op, cmd, (uintptr_t)buffer, 0, 0, 0);
	bounce_out(fd, buffer, ret < 0 ? NULL : arg, bytes);
	return ret;
}

long hypercall_arg(int fd, unsigned int op, void *arg, size_t bytes)
{
	void *buffer = bounce_in(fd, arg, bytes);
	long ret;

	if (!buffer)
		return -errno;
	ret = privcmd_hypercall(fd, op, (uintptr_t)buffer, 0, 0, 0, 0);
	bounce_out(fd, buffer, arg, bytes);
	return ret;
}
