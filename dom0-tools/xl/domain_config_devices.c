/* SPDX-License-Identifier: MIT */
/*
 * The device lists of a configuration; see domain_config_devices.h. Every entry is looked at, so
 * that all that is wrong is told at once.
 */
#include "dom0-tools/xl/domain_config_devices.h"

#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/report.h"

/* A list of strings; a lone string is a list of one, as xl has it. */
static bool get_strings(const struct cfg_setting *setting, const struct cfg_value **items,
			size_t *count)
{
	size_t i;

	if (setting->value.kind == CFG_LIST) {
		*items = setting->value.items;
		*count = setting->value.count;
	} else {
		*items = &setting->value;
		*count = 1;
	}
	for (i = 0; i < *count; i++) {
		if ((*items)[i].kind != CFG_STRING) {
			cfg_error(&(*items)[i].pos,
				  "%s must be a list of strings: %s = [ 'entry', "
				  "'entry' ]",
				  setting->key, setting->key);
			return false;
		}
	}
	return true;
}

static bool check_disk(const struct cfg_value *item, const struct disk_spec *disks, size_t i)
{
	const struct disk_spec *disk = &disks[i];
	size_t j;

	if (disk->format != DISK_FORMAT_RAW) {
		cfg_error(&item->pos,
			  "%s: only raw images can be attached; convert it with qemu-img "
			  "convert -O raw",
			  disk->vdev);
		return false;
	}
	if (disk->backend && strcmp(disk->backend, "0") != 0 &&
	    strcmp(disk->backend, "Domain-0") != 0) {
		cfg_error(&item->pos,
			  "%s: backend=%s: driver domains are not supported; leave it "
			  "out",
			  disk->vdev, disk->backend);
		return false;
	}
	for (j = 0; j < i; j++) {
		if (disks[j].devid == disk->devid) {
			cfg_error(&item->pos,
				  "%s is given twice; each disk needs a vdev of its own",
				  disk->vdev);
			return false;
		}
	}
	return true;
}

bool domain_config_load_disks(struct domain_config *config, const struct cfg_setting *setting)
{
	const struct cfg_value *items;
	char error[SPEC_ERROR_MAX];
	size_t count, i;
	bool ok = true;

	if (!get_strings(setting, &items, &count))
		return false;
	config->disks = calloc(count + 1, sizeof(*config->disks));
	if (!config->disks) {
		cfg_error(&setting->pos, "out of memory");
		return false;
	}
	for (i = 0; i < count; i++) {
		struct disk_spec *disk = &config->disks[config->disk_count];

		if (!disk_spec_parse(items[i].text, disk, error)) {
			cfg_error(&items[i].pos, "disk: %s", error);
			ok = false;
			continue;
		}
		config->disk_count++;
		ok &= check_disk(&items[i], config->disks, config->disk_count - 1);
	}
	return ok;
}

static bool check_vif(const struct cfg_value *item, const struct vif_spec *vifs, size_t i)
{
	const struct vif_spec *vif = &vifs[i];
	size_t j;

	if (vif->has_hvm_key)
		report_note("vif %d: type and model are for emulated cards; ignored", vif->devid);
	if (vif->backend && strcmp(vif->backend, "0") != 0 &&
	    strcmp(vif->backend, "Domain-0") != 0) {
		cfg_error(&item->pos, "backend=%s: driver domains are not supported; leave it out",
			  vif->backend);
		return false;
	}
	for (j = 0; j < i; j++) {
		if (vifs[j].devid == vif->devid) {
			cfg_error(&item->pos, "vif device number %d is given twice", vif->devid);
			return false;
		}
		if (vif->has_mac && vifs[j].has_mac &&
		    memcmp(vif->mac, vifs[j].mac, VIF_MAC_BYTES) == 0) {
			cfg_error(&item->pos, "two interfaces have the same mac");
			return false;
		}
	}
	return true;
}

bool domain_config_load_vifs(struct domain_config *config, const struct cfg_setting *setting)
{
	const struct cfg_value *items;
	char error[SPEC_ERROR_MAX];
	size_t count, i;
	bool ok = true;

	if (!get_strings(setting, &items, &count))
		return false;
	config->vifs = calloc(count + 1, sizeof(*config->vifs));
	if (!config->vifs) {
		cfg_error(&setting->pos, "out of memory");
		return false;
	}
	for (i = 0; i < count; i++) {
		struct vif_spec *vif = &config->vifs[config->vif_count];

		if (!vif_spec_parse(items[i].text, vif, error)) {
			cfg_error(&items[i].pos, "vif: %s", error);
			ok = false;
			continue;
		}
		if (vif->devid < 0)
			vif->devid = (int32_t)i;
		config->vif_count++;
		ok &= check_vif(&items[i], config->vifs, config->vif_count - 1);
	}
	return ok;
}
