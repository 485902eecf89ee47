/* SPDX-License-Identifier: MIT */
/*
 * JSON of domains through libyajl; see domain_json.h. Strings that are no UTF-8 are not JSON
 * either: yajl refuses them, and they are left out as null.
 */
#include "dom0-tools/xl/domain_json.h"

#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>
#include <yajl/yajl_gen.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/sched.h"
#include "dom0-tools/xl/cpupool.h"
#include "dom0-tools/xl/device_tree.h"
#include "dom0-tools/xl/domain_config.h"
#include "dom0-tools/xl/saved_config.h"
#include "dom0-tools/xl/store.h"

static void text(yajl_gen gen, const char *value)
{
	if (yajl_gen_string(gen, (const unsigned char *)value, strlen(value)) != yajl_gen_status_ok)
		yajl_gen_null(gen);
}

static void text_key(yajl_gen gen, const char *key, const char *value)
{
	if (!value)
		return;
	text(gen, key);
	text(gen, value);
}

static void number_key(yajl_gen gen, const char *key, uint64_t value)
{
	text(gen, key);
	yajl_gen_integer(gen, (long long)value);
}

/* Truth as xl writes it. */
static void bool_key(yajl_gen gen, const char *key, bool value)
{
	text_key(gen, key, value ? "True" : "False");
}

static void open_map(yajl_gen gen, const char *key)
{
	text(gen, key);
	yajl_gen_map_open(gen);
}

static void print_identity(yajl_gen gen, const struct xen_domctl_getdomaininfo *info,
			   const char *name, const char *pool)
{
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(info->handle, uuid);
	open_map(gen, "c_info");
	text_key(gen, "type", "pv");
	text_key(gen, "name", name);
	text_key(gen, "uuid", uuid);
	text_key(gen, "pool_name", pool);
	yajl_gen_map_close(gen);
}

static void print_shares(struct control *control, yajl_gen gen, uint32_t domid,
			 const struct cpupool *pool)
{
	struct xen_domctl_sched_credit2 shares;

	open_map(gen, "sched_params");
	if (pool && dom_get_sched(control->fd, domid, pool->sched_id, &shares) == 0) {
		text_key(gen, "sched", sched_name(pool->sched_id));
		number_key(gen, "weight", shares.weight);
		number_key(gen, "cap", shares.cap);
	}
	yajl_gen_map_close(gen);
}

static void print_vcpus(yajl_gen gen, const struct domain_config *config)
{
	uint32_t i;

	number_key(gen, "max_vcpus", config->max_vcpus);
	text(gen, "avail_vcpus");
	yajl_gen_array_open(gen);
	for (i = 0; i < config->vcpus; i++)
		yajl_gen_integer(gen, i);
	yajl_gen_array_close(gen);
}

static void print_build(struct control *control, yajl_gen gen,
			const struct xen_domctl_getdomaininfo *info,
			const struct domain_config *config, const struct cpupool *pool)
{
	uint64_t max_kib = info->max_pages * PAGE_KIB;
	long target = control->xs
			      ? store_read_number(control->xs, XBT_NULL,
						  "/local/domain/%u/memory/target", info->domain)
			      : -1;

	open_map(gen, "b_info");
	if (config)
		print_vcpus(gen, config);
	number_key(gen, "max_memkb", config ? config->max_memory_kib : max_kib);
	number_key(gen, "target_memkb", target < 0 ? info->tot_pages * PAGE_KIB : (uint64_t)target);
	if (config) {
		text_key(gen, "kernel", config->kernel);
		text_key(gen, "cmdline", config->cmdline);
		text_key(gen, "ramdisk", config->ramdisk);
	}
	print_shares(control, gen, info->domain, pool);
	open_map(gen, "type.pv");
	yajl_gen_map_close(gen);
	yajl_gen_map_close(gen);
}

static void print_disk(yajl_gen gen, const struct disk_spec *disk)
{
	yajl_gen_map_open(gen);
	text_key(gen, "pdev_path", disk->target);
	text_key(gen, "vdev", disk->vdev);
	text_key(gen, "backend", "phy");
	text_key(gen, "format", "raw");
	number_key(gen, "removable", disk->cdrom);
	number_key(gen, "readwrite", !disk->readonly);
	number_key(gen, "is_cdrom", disk->cdrom);
	bool_key(gen, "direct_io_safe", disk->direct_io_safe);
	bool_key(gen, "discard_enable", !disk->no_discard && !disk->readonly);
	yajl_gen_map_close(gen);
}

static void print_vif(yajl_gen gen, const struct vif_spec *vif)
{
	char mac[VIF_MAC_TEXT];

	vif_mac_format(vif->mac, mac);
	yajl_gen_map_open(gen);
	number_key(gen, "devid", (uint64_t)vif->devid);
	text_key(gen, "mac", mac);
	text_key(gen, "bridge", vif->bridge ? vif->bridge : VIF_DEFAULT_BRIDGE);
	text_key(gen, "ip", vif->ip);
	text_key(gen, "script", vif->script);
	text_key(gen, "ifname", vif->vifname);
	text_key(gen, "nictype", "vif");
	if (vif->mtu)
		number_key(gen, "mtu", vif->mtu);
	if (vif->rate_bytes) {
		number_key(gen, "rate_bytes_per_interval", vif->rate_bytes);
		number_key(gen, "rate_interval_usecs", vif->rate_interval_us);
	}
	yajl_gen_map_close(gen);
}

static void print_devices(yajl_gen gen, const struct domain_config *config)
{
	size_t i;

	if (config->disk_count) {
		text(gen, "disks");
		yajl_gen_array_open(gen);
		for (i = 0; i < config->disk_count; i++)
			print_disk(gen, &config->disks[i]);
		yajl_gen_array_close(gen);
	}
	if (config->vif_count) {
		text(gen, "nics");
		yajl_gen_array_open(gen);
		for (i = 0; i < config->vif_count; i++)
			print_vif(gen, &config->vifs[i]);
		yajl_gen_array_close(gen);
	}
}

static void print_domain(struct control *control, yajl_gen gen,
			 const struct xen_domctl_getdomaininfo *info)
{
	char *name = control_domain_name(control, info->domain);
	enum saved_state state = saved_config_state(info->handle);
	struct domain_config config;
	struct cpupool pool;
	bool in_pool = cpupool_get(control, info->cpupool, &pool) == 0;
	bool known = state != SAVED_NONE && saved_config_load(info->handle, state, &config);
	size_t i;

	yajl_gen_map_open(gen);
	number_key(gen, "domid", info->domain);
	open_map(gen, "config");
	print_identity(gen, info, name, in_pool ? pool.name : NULL);
	print_build(control, gen, info, known ? &config : NULL, in_pool ? &pool : NULL);
	if (known) {
		print_devices(gen, &config);
		for (i = 0; i < EVENT_COUNT; i++)
			text_key(gen, domain_event_name((enum domain_event)i),
				 domain_action_name(config.on[i]));
		domain_config_free(&config);
	}
	yajl_gen_map_close(gen);
	yajl_gen_map_close(gen);
	if (in_pool)
		free(pool.name);
	free(name);
}

char *domain_json(struct control *control, const struct xen_domctl_getdomaininfo *infos,
		  size_t count)
{
	yajl_gen gen = yajl_gen_alloc(NULL);
	const unsigned char *buffer;
	char *result = NULL;
	size_t length, i;

	if (!gen)
		return NULL;
	yajl_gen_config(gen, yajl_gen_beautify, 1);
	yajl_gen_config(gen, yajl_gen_indent_string, "    ");
	yajl_gen_config(gen, yajl_gen_validate_utf8, 1);
	yajl_gen_array_open(gen);
	for (i = 0; i < count; i++)
		print_domain(control, gen, &infos[i]);
	yajl_gen_array_close(gen);
	if (yajl_gen_get_buf(gen, &buffer, &length) == yajl_gen_status_ok)
		result = strndup((const char *)buffer, length);
	yajl_gen_free(gen);
	return result;
}
