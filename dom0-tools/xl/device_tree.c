/* SPDX-License-Identifier: MIT */
/*
 * Nodes of disks and network interfaces; see device_tree.h. Runs inside a transaction that may be
 * repeated, and keeps nothing.
 */
#include "dom0-tools/xl/device_tree.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "dom0-tools/xl/domain_tree.h"

/* XenbusStateInitialising, where both ends of a device start. */
#define STATE_INITIALISING "1"

struct device_paths {
	char frontend[STORE_PATH_MAX];
	char backend[STORE_PATH_MAX];
	char libxl[STORE_PATH_MAX];
};

static struct device_paths device_paths(uint32_t domid, const char *kind, uint32_t devid)
{
	struct device_paths paths;

	snprintf(paths.frontend, STORE_PATH_MAX, "/local/domain/%u/device/%s/%u", domid, kind,
		 devid);
	snprintf(paths.backend, STORE_PATH_MAX, "%s/%s/%u/%u", DOMAIN_TREE_BACKEND, kind, domid,
		 devid);
	snprintf(paths.libxl, STORE_PATH_MAX, "/libxl/%u/device/%s/%u", domid, kind, devid);
	return paths;
}

static void make_claim(struct store_writer *writer, const struct device_paths *paths)
{
	store_make(writer, paths->libxl, 0, 0);
	store_put(writer, paths->libxl, "frontend", "%s", paths->frontend);
	store_put(writer, paths->libxl, "backend", "%s", paths->backend);
}

/* Makes the two ends, with what every device has in them. */
static void make_ends(struct store_writer *writer, uint32_t domid, const struct device_paths *paths)
{
	store_make(writer, paths->backend, 0, domid);
	store_make(writer, paths->frontend, domid, 0);
	store_put(writer, paths->frontend, "backend", "%s", paths->backend);
	store_put(writer, paths->frontend, "backend-id", "0");
	store_put(writer, paths->frontend, "state", STATE_INITIALISING);
}

/* What a backend and Xen's tools read alike. */
static void put_common(struct store_writer *writer, const char *dir, uint32_t domid,
		       const char *frontend)
{
	store_put(writer, dir, "frontend", "%s", frontend);
	store_put(writer, dir, "frontend-id", "%u", domid);
	store_put(writer, dir, "online", "1");
	store_put(writer, dir, "state", STATE_INITIALISING);
}

static void put_disk(struct store_writer *writer, const char *dir, const struct disk_spec *disk,
		     bool block)
{
	store_put(writer, dir, "params", "%s", disk->target ? disk->target : "");
	store_put(writer, dir, "type", "%s", block ? "phy" : "file");
	store_put(writer, dir, "mode", "%s", disk->readonly ? "r" : "w");
	store_put(writer, dir, "device-type", "%s", disk->cdrom ? "cdrom" : "disk");
	store_put(writer, dir, "dev", "%s", disk->vdev);
	store_put(writer, dir, "removable", "%d", disk->cdrom);
	store_put(writer, dir, "bootable", "1");
	store_put(writer, dir, "discard-enable", "%d", !disk->no_discard && !disk->readonly);
	store_put(writer, dir, "direct-io-safe", "%d", disk->direct_io_safe);
	/* w!: for blkback, and for the check of the next domain's disks. */
	if (disk->shareable)
		store_put(writer, dir, "shareable", "1");
}

/* Whether the target is a block device; st then tells which. */
static bool is_block(const struct disk_spec *disk, struct stat *st)
{
	return disk->target && stat(disk->target, st) == 0 && S_ISBLK(st->st_mode);
}

void device_tree_claim_disk(struct store_writer *writer, uint32_t domid,
			    const struct disk_spec *disk)
{
	struct device_paths paths = device_paths(domid, "vbd", disk->devid);
	struct stat st;

	make_claim(writer, &paths);
	put_common(writer, paths.libxl, domid, paths.frontend);
	put_disk(writer, paths.libxl, disk, is_block(disk, &st));
}

void device_tree_write_disk(struct store_writer *writer, uint32_t domid,
			    const struct disk_spec *disk)
{
	struct device_paths paths = device_paths(domid, "vbd", disk->devid);
	struct stat st;
	bool block = is_block(disk, &st);

	make_ends(writer, domid, &paths);
	store_put(writer, paths.frontend, "virtual-device", "%u", disk->devid);
	store_put(writer, paths.frontend, "device-type", "%s", disk->cdrom ? "cdrom" : "disk");
	store_put(writer, paths.frontend, "trusted", "%d", !disk->untrusted);
	put_common(writer, paths.backend, domid, paths.frontend);
	put_disk(writer, paths.backend, disk, block);
	/* A backend in the kernel opens the device by number. */
	if (block)
		store_put(writer, paths.backend, "physical-device", "%x:%x", major(st.st_rdev),
			  minor(st.st_rdev));
}

static void put_text(struct store_writer *writer, const char *dir, const char *name,
		     const char *value)
{
	if (value)
		store_put(writer, dir, name, "%s", value);
}

static void put_vif(struct store_writer *writer, const char *dir, const struct vif_spec *vif)
{
	char mac[VIF_MAC_TEXT];

	vif_mac_format(vif->mac, mac);
	store_put(writer, dir, "mac", "%s", mac);
	store_put(writer, dir, "handle", "%d", vif->devid);
	store_put(writer, dir, "type", "vif");
	store_put(writer, dir, "bridge", "%s", vif->bridge ? vif->bridge : VIF_DEFAULT_BRIDGE);
	put_text(writer, dir, "ip", vif->ip);
	put_text(writer, dir, "vifname", vif->vifname);
	put_text(writer, dir, "gatewaydev", vif->gatewaydev);
	if (vif->script)
		store_put(writer, dir, "script", "%s%s",
			  strchr(vif->script, '/') ? "" : XEN_SCRIPT_DIR "/", vif->script);
	if (vif->rate_bytes)
		store_put(writer, dir, "rate", "%llu,%u", (unsigned long long)vif->rate_bytes,
			  vif->rate_interval_us);
	if (vif->mtu)
		store_put(writer, dir, "mtu", "%u", vif->mtu);
}

void device_tree_claim_vif(struct store_writer *writer, uint32_t domid, const struct vif_spec *vif)
{
	struct device_paths paths = device_paths(domid, "vif", (uint32_t)vif->devid);

	make_claim(writer, &paths);
	put_common(writer, paths.libxl, domid, paths.frontend);
	put_vif(writer, paths.libxl, vif);
}

void device_tree_write_vif(struct store_writer *writer, uint32_t domid, const struct vif_spec *vif)
{
	struct device_paths paths = device_paths(domid, "vif", (uint32_t)vif->devid);
	char mac[VIF_MAC_TEXT];

	vif_mac_format(vif->mac, mac);

	make_ends(writer, domid, &paths);
	store_put(writer, paths.frontend, "handle", "%d", vif->devid);
	store_put(writer, paths.frontend, "mac", "%s", mac);
	store_put(writer, paths.frontend, "trusted", "%d", !vif->untrusted);
	if (vif->mtu)
		store_put(writer, paths.frontend, "mtu", "%u", vif->mtu);
	put_common(writer, paths.backend, domid, paths.frontend);
	put_vif(writer, paths.backend, vif);
}
