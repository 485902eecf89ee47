/* SPDX-License-Identifier: MIT */
/*
 * sysctl and xen_version: what the host is and what the hypervisor says. Stateless.
 */
#include "dom0-tools/lib/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <public/version.h>

#include "dom0-tools/lib/bounce.h"
#include "dom0-tools/lib/privcmd.h"

#define CONSOLE_CHUNK_BYTES (64u << 10)
#define CONSOLE_MAX_BYTES                                                      \
	(64u << 20) /* a ring that is written while we read must end some time \
		     */

int do_sysctl(int fd, struct xen_sysctl *op)
{
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return (int)hypercall_arg(fd, __HYPERVISOR_sysctl, op, sizeof(*op));
}

int host_physinfo(int fd, struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
	int ret = do_sysctl(fd, &op);

	if (ret < 0)
		return ret;
	*info = op.u.physinfo;
	return 0;
}

int host_cpuinfo(int fd, struct xen_sysctl_cpuinfo *infos, size_t max)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_getcpuinfo };
	size_t bytes = max * sizeof(*infos), got = 0;
	struct xen_sysctl_cpuinfo *buffer;
	int ret;

	if (!max)
		return 0;
	buffer = bounce_in(fd, NULL, bytes);
	if (!buffer)
		return -errno;
	op.u.getcpuinfo.max_cpus = (uint32_t)max;
	set_xen_guest_handle(op.u.getcpuinfo.info, buffer);
	ret = do_sysctl(fd, &op);
	if (ret >= 0) {
		got = op.u.getcpuinfo.nr_cpus < max ? op.u.getcpuinfo.nr_cpus : max;
		memcpy(infos, buffer, got * sizeof(*infos));
	}
	bounce_out(fd, buffer, NULL, bytes);
	return ret < 0 ? ret : (int)got;
}

int host_sched_id(int fd)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };
	int ret = do_sysctl(fd, &op);

	return ret < 0 ? ret : (int)op.u.sched_id.sched_id;
}

int host_debug_keys(int fd, const char *keys)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
	size_t len = strlen(keys);
	char *buffer;
	int ret;

	if (!len)
		return 0;
	buffer = bounce_in(fd, keys, len);
	if (!buffer)
		return -errno;
	set_xen_guest_handle(op.u.debug_keys.keys, buffer);
	op.u.debug_keys.nr_keys = (uint32_t)len;
	ret = do_sysctl(fd, &op);
	bounce_out(fd, buffer, NULL, len);
	return ret;
}

/* One piece of the ring from *index on into buffer (CONSOLE_CHUNK_BYTES): bytes read. */
static int read_console_chunk(int fd, int clear, uint32_t *index, char *buffer)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_readconsole };
	int ret;

	op.u.readconsole.clear = clear != 0;
	op.u.readconsole.incremental = 1;
	op.u.readconsole.index = *index;
	set_xen_guest_handle(op.u.readconsole.buffer, buffer);
	op.u.readconsole.count = CONSOLE_CHUNK_BYTES;
	ret = do_sysctl(fd, &op);
	if (ret < 0)
		return ret;
	*index = op.u.readconsole.index;
	return op.u.readconsole.count > CONSOLE_CHUNK_BYTES ? -EPROTO : (int)op.u.readconsole.count;
}

int host_read_console(int fd, int clear, char **text)
{
	char *buffer = bounce_in(fd, NULL, CONSOLE_CHUNK_BYTES);
	char *all = calloc(1, 1);
	size_t used = 0;
	uint32_t index = 0;
	int got = all && buffer ? 1 : -ENOMEM;

	while (got > 0 && used < CONSOLE_MAX_BYTES) {
		char *more;

		got = read_console_chunk(fd, 0, &index, buffer);
		if (got <= 0)
			break;
		more = realloc(all, used + (size_t)got + 1);
		if (!more) {
			got = -ENOMEM;
			break;
		}
		all = more;
		memcpy(all + used, buffer, (size_t)got);
		used += (size_t)got;
		all[used] = '\0';
	}
	if (got >= 0 && clear)
		got = read_console_chunk(fd, 1, &index, buffer);
	bounce_out(fd, buffer, NULL, CONSOLE_CHUNK_BYTES);
	if (got < 0) {
		free(all);
		return got;
	}
	*text = all;
	return 0;
}

/* One xen_version text of bytes into text, which is always ended by a 0 byte. */
static int version_text(int fd, unsigned int cmd, char *text, size_t bytes)
{
	long ret = hypercall_cmd_arg(fd, __HYPERVISOR_xen_version, cmd, text, bytes);

	text[bytes - 1] = '\0';
	return ret < 0 ? (int)ret : 0;
}

int host_version(int fd, struct host_version *version)
{
	struct xen_platform_parameters platform = { 0 };
	struct xen_compile_info compile = { 0 };
	long ret;

	memset(version, 0, sizeof(*version));
	ret = privcmd_hypercall(fd, __HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);
	if (ret < 0)
		return (int)ret;
	version->major = (uint32_t)ret >> 16;
	version->minor = (uint32_t)ret & 0xffff;
	ret = privcmd_hypercall(fd, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0, 0);
	version->page_bytes = ret < 0 ? 0 : (uint32_t)ret;
	ret = version_text(fd, XENVER_extraversion, version->extra, sizeof(version->extra));
	if (!ret)
		ret = version_text(fd, XENVER_capabilities, version->capabilities,
				   sizeof(version->capabilities));
	if (!ret)
		ret = version_text(fd, XENVER_changeset, version->changeset,
				   sizeof(version->changeset));
	if (!ret)
		ret = version_text(fd, XENVER_commandline, version->command_line,
				   sizeof(version->command_line));
	if (!ret)
		ret = hypercall_cmd_arg(fd, __HYPERVISOR_xen_version, XENVER_platform_parameters,
					&platform, sizeof(platform));
	if (ret >= 0)
		ret = hypercall_cmd_arg(fd, __HYPERVISOR_xen_version, XENVER_compile_info, &compile,
					sizeof(compile));
	if (ret < 0)
		return (int)ret;
	version->virt_start = platform.virt_start;
	memcpy(version->compiler, compile.compiler, sizeof(version->compiler) - 1);
	memcpy(version->compile_by, compile.compile_by, sizeof(version->compile_by) - 1);
	memcpy(version->compile_domain, compile.compile_domain,
	       sizeof(version->compile_domain) - 1);
	memcpy(version->compile_date, compile.compile_date, sizeof(version->compile_date) - 1);
	return 0;
}
