/* SPDX-License-Identifier: MIT */
/*
 * Checks before creation; see domain_check.h. They change nothing, and what they find may change
 * right after: whoever uses the disk, bridge or memory later checks again.
 */
#include "dom0-tools/xl/domain_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/device_tree.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/store.h"

/* What a domain takes besides its memory, KiB: its own structures, and those of each vCPU. */
#define OVERHEAD_KIB      1024
#define OVERHEAD_VCPU_KIB 128

static bool check_disk(const char *name, const struct disk_spec *disk)
{
	int mode = disk->readonly ? R_OK : R_OK | W_OK;
	struct stat st;
	int fd;

	if (!disk->target) {
		report_error("%s: disk %s: empty drives are not supported; give it a target", name,
			     disk->vdev);
		return false;
	}
	if (stat(disk->target, &st) < 0) {
		report_error("%s: disk %s: %s: %s%s", name, disk->vdev, disk->target,
			     error_text(errno),
			     errno == ENOENT ? "; create the image or correct the path" : "");
		return false;
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		report_error("%s: disk %s: %s is neither a file nor a block device; correct the "
			     "path",
			     name, disk->vdev, disk->target);
		return false;
	}
	if (access(disk->target, mode) < 0) {
		report_error("%s: disk %s: %s: %s; give access=ro, or change its permissions", name,
			     disk->vdev, disk->target, error_text(errno));
		return false;
	}
	if (S_ISREG(st.st_mode) && st.st_size < 512) {
		report_error("%s: disk %s: %s has %lld bytes, less than a sector; make it larger",
			     name, disk->vdev, disk->target, (long long)st.st_size);
		return false;
	}
	if (!S_ISBLK(st.st_mode) || disk->readonly || disk->shareable)
		return true;
	/* A block device that domain 0 has mounted refuses to be opened exclusively. */
	fd = open(disk->target, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY) {
		report_error("%s: disk %s: %s is in use in this domain or by another one; unmount "
			     "it, or give access=ro",
			     name, disk->vdev, disk->target);
		return false;
	}
	if (fd >= 0)
		close(fd);
	return true;
}

/* Two disks of one guest on the same storage: fine only when nobody writes behind the other. */
static bool check_same_disks(const struct domain_config *config)
{
	size_t i, j;

	for (i = 0; i < config->disk_count; i++) {
		for (j = 0; j < i; j++) {
			const struct disk_spec *a = &config->disks[i], *b = &config->disks[j];
			struct stat sa, sb;

			if ((a->readonly && b->readonly) || (a->shareable && b->shareable) ||
			    !a->target || !b->target || stat(a->target, &sa) < 0 ||
			    stat(b->target, &sb) < 0)
				continue;
			if (sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino) {
				report_error("%s: disks %s and %s are both on %s; use one, or "
					     "access=w! for both",
					     config->name, b->vdev, a->vdev, a->target);
				return false;
			}
		}
	}
	return true;
}

static bool device_exists(const char *device, const char *below)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/class/net/%s%s", device, below);
	return access(path, F_OK) == 0;
}

static bool check_script(const char *name, const struct vif_spec *vif)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", strchr(vif->script, '/') ? "" : XEN_SCRIPT_DIR "/",
		 vif->script);
	if (access(path, X_OK) == 0)
		return true;
	report_error("%s: vif %d: script %s: %s; correct script=, or leave it out", name,
		     vif->devid, path, error_text(errno));
	return false;
}

static bool check_vif(const char *name, const struct vif_spec *vif)
{
	const char *bridge = vif->bridge ? vif->bridge : VIF_DEFAULT_BRIDGE;

	if (vif->vifname && device_exists(vif->vifname, "")) {
		report_error("%s: vif %d: a network device %s exists already; choose another "
			     "vifname",
			     name, vif->devid, vif->vifname);
		return false;
	}
	/* What a script does with the bridge is its own affair. */
	if (vif->script)
		return check_script(name, vif);
	if (!device_exists(bridge, "")) {
		report_error("%s: vif %d: there is no bridge %s; create it (ip link add %s type "
			     "bridge), or name another with bridge=",
			     name, vif->devid, bridge, bridge);
		return false;
	}
	if (!device_exists(bridge, "/bridge")) {
		report_error("%s: vif %d: %s is a network device but no bridge; name a bridge with "
			     "bridge=",
			     name, vif->devid, bridge);
		return false;
	}
	return true;
}

bool domain_check_host(const struct domain_config *config)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < config->disk_count; i++)
		ok &= check_disk(config->name, &config->disks[i]);
	if (ok)
		ok = check_same_disks(config);
	for (i = 0; i < config->vif_count; i++)
		ok &= check_vif(config->name, &config->vifs[i]);
	return ok;
}

static bool check_identity(const struct domain_config *config, const char *name,
			   const struct xen_domctl_getdomaininfo *info)
{
	if (name && strcmp(name, config->name) == 0) {
		report_error("a domain %s exists already (id %u); choose another name, or end it "
			     "with xl shutdown or xl destroy",
			     config->name, info->domain);
		return false;
	}
	if (config->has_uuid && memcmp(info->handle, config->uuid, sizeof(uuid_t)) == 0) {
		report_error("%s: its uuid is already that of domain %s (id %u); remove uuid= or "
			     "choose another",
			     config->name, name ? name : "?", info->domain);
		return false;
	}
	return true;
}

static bool check_identities(struct control *control, const struct domain_config *config,
			     const struct xen_domctl_getdomaininfo *infos, size_t count)
{
	char **names = calloc(count + 1, sizeof(*names));
	bool ok = true;
	size_t i;

	if (!names) {
		report_error("%s: out of memory", config->name);
		return false;
	}
	control_domain_names(control, infos, count, names);
	for (i = 0; i < count; i++) {
		ok = ok && check_identity(config, names[i], &infos[i]);
		free(names[i]);
	}
	free(names);
	return ok;
}

/* Whether a disk of ours and one of another domain's are the same storage. */
static bool same_storage(const struct stat *ours, const char *path)
{
	struct stat theirs;

	if (stat(path, &theirs) < 0)
		return false;
	if (S_ISBLK(ours->st_mode) && S_ISBLK(theirs.st_mode))
		return ours->st_rdev == theirs.st_rdev;
	return ours->st_dev == theirs.st_dev && ours->st_ino == theirs.st_ino;
}

/* All our disks against one disk of another domain. */
static bool check_use(struct control *control, const struct domain_config *config,
		      const char *claim, const char *domid)
{
	char *params = store_read(control->xs, XBT_NULL, "%s/params", claim);
	char *mode = store_read(control->xs, XBT_NULL, "%s/mode", claim);
	long shareable = store_read_number(control->xs, XBT_NULL, "%s/shareable", claim);
	bool other_writes = mode && strchr(mode, 'w') && shareable != 1;
	bool ok = true;
	struct stat st;
	size_t i;

	for (i = 0; params && *params && i < config->disk_count; i++) {
		const struct disk_spec *disk = &config->disks[i];

		if (disk->shareable || (disk->readonly && !other_writes))
			continue;
		if (stat(disk->target, &st) < 0 || !same_storage(&st, params))
			continue;
		report_error("%s: disk %s: %s is in use%s by domain %s; use a copy, or access=w! "
			     "where both sides can share it",
			     config->name, disk->vdev, disk->target,
			     other_writes ? " for writing" : "", domid);
		ok = false;
	}
	free(params);
	free(mode);
	return ok;
}

static bool check_disks_free(struct control *control, const struct domain_config *config)
{
	unsigned int domain_count, disk_count, i, j;
	char **domains, **disks, claim[STORE_PATH_MAX];
	bool ok = true;

	if (config->disk_count == 0)
		return true;
	domains = store_list(control->xs, XBT_NULL, &domain_count, "/libxl");
	for (i = 0; i < domain_count; i++) {
		disks = store_list(control->xs, XBT_NULL, &disk_count, "/libxl/%s/device/vbd",
				   domains[i]);
		for (j = 0; j < disk_count; j++) {
			snprintf(claim, sizeof(claim), "/libxl/%s/device/vbd/%s", domains[i],
				 disks[j]);
			ok &= check_use(control, config, claim, domains[i]);
		}
		free(disks);
	}
	free(domains);
	return ok;
}

static bool check_memory(struct control *control, const struct domain_config *config)
{
	uint64_t need =
		config->memory_kib + OVERHEAD_KIB + (uint64_t)OVERHEAD_VCPU_KIB * config->max_vcpus;
	struct xen_sysctl_physinfo info;
	int ret = host_physinfo(control->fd, &info);
	uint64_t free_kib;

	if (ret < 0) {
		report_error("cannot ask the hypervisor for free memory: %s", error_text(ret));
		return false;
	}
	free_kib = (info.free_pages - (info.outstanding_pages < info.free_pages
					       ? info.outstanding_pages
					       : info.free_pages)) *
		   PAGE_KIB;
	if (free_kib >= need)
		return true;
	report_error("%s: needs %llu MiB of memory, but only %llu MiB are free; lower memory=, or "
		     "end other domains",
		     config->name, (unsigned long long)(need + 1023) / 1024,
		     (unsigned long long)free_kib / 1024);
	return false;
}

bool domain_check_domains(struct control *control, const struct domain_config *config)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos);
	bool ok;

	if (count < 0) {
		report_error("cannot list the domains: %s", error_text(count));
		return false;
	}
	ok = check_identities(control, config, infos, (size_t)count);
	free(infos);
	return ok && check_disks_free(control, config) && check_memory(control, config);
}
