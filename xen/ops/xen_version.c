/* SPDX-License-Identifier: MIT */
/*
 * xen_version (public/version.h). The version number is that of the Xen release whose ABI we
 * follow, because guests and tools choose by it what to use; the rest of the answers say who we
 * are.
 */
#include <public/version.h>

#include "boot/boot.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "mm/guest_access.h"

#define ABI_MAJOR 4
#define ABI_MINOR 17

static const char extraversion[] = ".0-shoji";
static const char capabilities[] = "xen-3.0-x86_64";

static long put_string(void *arg, const char *text, size_t size)
{
	char buf[sizeof(xen_capabilities_info_t)] = { 0 };

	strlcpy(buf, text, size);
	return copy_to_guest(arg, buf, size);
}

static long compile_info(void *arg)
{
	struct xen_compile_info info = { .compile_by = "shoji" };

	strlcpy(info.compiler, "gcc " __VERSION__, sizeof(info.compiler));
	return copy_to_guest(arg, &info, sizeof(info));
}

static long get_features(void *arg)
{
	struct xen_feature_info info;

	if (copy_from_guest(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -EINVAL;
	info.submap = 1u << XENFEAT_mmu_pt_update_preserve_ad | 1u << XENFEAT_highmem_assist |
		      1u << XENFEAT_gnttab_map_avail_bits |
		      1u << XENFEAT_memory_op_vnode_supported | 1u << XENFEAT_not_direct_mapped;
	if (test_bit(VMASST_TYPE_pae_extended_cr3, &current->domain->vm_assist))
		info.submap |= 1u << XENFEAT_pae_pgdir_above_4gb;
	if (current->domain->is_hardware)
		info.submap |= 1u << XENFEAT_dom0;
	return copy_to_guest(arg, &info, sizeof(info));
}

static __attribute__((__noinline__)) long tell(int cmd, void *arg)
{
	const struct domain *d = current->domain;

	switch (cmd) {
	case XENVER_extraversion:
		return put_string(arg, extraversion, sizeof(xen_extraversion_t));
	case XENVER_compile_info:
		return compile_info(arg);
	case XENVER_capabilities:
		return put_string(arg, capabilities, sizeof(xen_capabilities_info_t));
	case XENVER_changeset:
		return put_string(arg, "", sizeof(xen_changeset_info_t));
	case XENVER_platform_parameters: {
		struct xen_platform_parameters params = { .virt_start = HYPERVISOR_VIRT_START };

		return copy_to_guest(arg, &params, sizeof(params));
	}
	case XENVER_get_features:
		return get_features(arg);
	case XENVER_pagesize:
		return PAGE_SIZE;
	case XENVER_guest_handle:
		return copy_to_guest(arg, d->handle, sizeof(d->handle));
	case XENVER_commandline:
		/* It may hold what a guest has no business to know. */
		return put_string(arg, d->is_privileged ? boot_info.cmdline : "",
				  sizeof(xen_commandline_t));
	case XENVER_build_id:
		return -ENODATA;
	default:
		return -ENOSYS;
	}
}

/* Kernels ask for the version when they want nothing but an exit that delivers events. */
long do_xen_version(int cmd, void *arg)
{
	return likely(cmd == XENVER_version) ? ABI_MAJOR << 16 | ABI_MINOR : tell(cmd, arg);
}
