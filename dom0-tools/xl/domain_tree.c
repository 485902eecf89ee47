/* SPDX-License-Identifier: MIT */
/*
 * A domain's nodes in xenstore; see domain_tree.h. Each step is one transaction, so that
 * nobody ever sees half of it.
 *
 * Permissions: what the guest may only read belongs to domain 0 and is readable by the guest; what
 * it writes (its frontends, its acknowledgements) belongs to it. A new node inherits from its
 * parent.
 */
#include "dom0-tools/xl/domain_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

#include "dom0-tools/xl/device_tree.h"

#define CONSOLE_LIMIT 1048576 /* bytes of output that may wait for a reader */
#define HOME_MAX      64      /* of /local/domain/N, /vm/UUID and /libxl/N */

struct tree {
	uint32_t domid;
	const struct domain_config *config;
	const struct domain_rings *rings;
	const char *vm_path;
	const char *name;
	const uint8_t *uuid;
};

static void write_vm(struct store_writer *writer, const struct tree *tree, const char *vm,
		     const char *uuid)
{
	const struct domain_config *config = tree->config;
	char image[STORE_PATH_MAX];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	store_remove(writer, vm);
	store_make(writer, vm, 0, tree->domid);
	store_put(writer, vm, "uuid", "%s", uuid);
	store_put(writer, vm, "name", "%s", config->name);
	store_put(writer, vm, "start_time", "%lld.%02ld", (long long)now.tv_sec,
		  now.tv_nsec / 10000000);
	snprintf(image, sizeof(image), "%s/image", vm);
	store_put(writer, image, "ostype", "linux");
	store_put(writer, image, "kernel", "%s", config->kernel);
	store_put(writer, image, "ramdisk", "%s", config->ramdisk ? config->ramdisk : "");
	store_put(writer, image, "cmdline", "%s", config->cmdline ? config->cmdline : "");
}

/* What the guest may do with control/: acknowledge requests and say what it understands. */
static void write_control(struct store_writer *writer, const char *home, uint32_t domid)
{
	static const char *const guests[] = { "shutdown", "feature-poweroff", "feature-reboot",
					      "feature-suspend", "sysrq" };
	char control[STORE_PATH_MAX], path[STORE_PATH_MAX];
	size_t i;

	snprintf(control, sizeof(control), "%s/control", home);
	store_make(writer, control, 0, domid);
	for (i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		snprintf(path, sizeof(path), "%s/control/%s", home, guests[i]);
		store_make(writer, path, domid, domid);
	}
	store_put(writer, control, "platform-feature-multiprocessor-suspend", "1");
	store_put(writer, control, "platform-feature-xs_reset_watches", "1");
}

static void write_memory_and_cpus(struct store_writer *writer, const char *home,
				  const struct domain_config *config)
{
	char path[STORE_PATH_MAX];
	uint32_t i;

	snprintf(path, sizeof(path), "%s/memory", home);
	store_put(writer, path, "static-max", "%llu", (unsigned long long)config->max_memory_kib);
	store_put(writer, path, "target", "%llu", (unsigned long long)config->memory_kib);
	store_put(writer, path, "videoram", "0");
	for (i = 0; i < config->max_vcpus; i++) {
		snprintf(path, sizeof(path), "%s/cpu/%u", home, i);
		store_put(writer, path, "availability", "%s",
			  i < config->vcpus ? "online" : "offline");
	}
}

static void write_home(struct store_writer *writer, const struct tree *tree, const char *home,
		       const char *vm)
{
	static const char *const guests[] = {
		"device/suspend/event-channel", "data", "drivers", "feature", "attr", "error"
	};
	const struct domain_config *config = tree->config;
	char path[STORE_PATH_MAX];
	size_t i;

	store_remove(writer, home);
	store_make(writer, home, 0, tree->domid);
	store_put(writer, home, "vm", "%s", vm);
	store_put(writer, home, "name", "%s", config->name);
	store_put(writer, home, "domid", "%u", tree->domid);
	write_memory_and_cpus(writer, home, config);
	write_control(writer, home, tree->domid);
	snprintf(path, sizeof(path), "%s/device", home);
	store_make(writer, path, 0, tree->domid);
	for (i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", home, guests[i]);
		store_make(writer, path, tree->domid, tree->domid);
	}
}

static void put_console_backend(struct store_writer *writer, const char *dir, const char *console,
				uint32_t domid)
{
	store_put(writer, dir, "frontend", "%s", console);
	store_put(writer, dir, "frontend-id", "%u", domid);
	store_put(writer, dir, "online", "1");
	store_put(writer, dir, "state", "1");
	store_put(writer, dir, "protocol", "vt100");
}

/*
 * The first console's backend node and its entry under /libxl are there for Xen's tools; consoled
 * needs the rings only.
 */
static void write_console(struct store_writer *writer, const char *home, uint32_t domid)
{
	char backend[STORE_PATH_MAX], console[STORE_PATH_MAX], libxl[STORE_PATH_MAX];

	snprintf(backend, sizeof(backend), "%s/console/%u/0", DOMAIN_TREE_BACKEND, domid);
	snprintf(console, sizeof(console), "%s/console", home);
	snprintf(libxl, sizeof(libxl), "/libxl/%u/device/console/0", domid);
	store_make(writer, backend, 0, domid);
	put_console_backend(writer, backend, console, domid);
	store_make(writer, libxl, 0, 0);
	store_put(writer, libxl, "backend", "%s", backend);
	put_console_backend(writer, libxl, console, domid);
	store_make(writer, console, 0, domid);
	store_put(writer, console, "backend", "%s", backend);
	store_put(writer, console, "backend-id", "0");
	store_put(writer, console, "limit", "%d", CONSOLE_LIMIT);
	store_put(writer, console, "type", "xenconsoled");
	store_put(writer, console, "output", "pty");
	store_put(writer, console, "tty", "%s", "");
}

static void write_body(struct store_writer *writer, void *arg)
{
	const struct tree *tree = arg;
	const struct domain_config *config = tree->config;
	char home[HOME_MAX], vm[HOME_MAX], libxl[HOME_MAX], uuid[UUID_STR_LEN];
	size_t i;

	uuid_unparse_lower(config->uuid, uuid);
	snprintf(home, sizeof(home), "/local/domain/%u", tree->domid);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	snprintf(libxl, sizeof(libxl), "/libxl/%u", tree->domid);
	write_vm(writer, tree, vm, uuid);
	write_home(writer, tree, home, vm);
	store_remove(writer, libxl);
	store_make(writer, libxl, 0, 0);
	store_put(writer, libxl, "type", "pv");
	write_console(writer, home, tree->domid);
	for (i = 0; i < config->disk_count; i++)
		device_tree_claim_disk(writer, tree->domid, &config->disks[i]);
	for (i = 0; i < config->vif_count; i++)
		device_tree_claim_vif(writer, tree->domid, &config->vifs[i]);
}

int domain_tree_write(struct xs_handle *xs, uint32_t domid, const struct domain_config *config,
		      char *failed_path)
{
	struct tree tree = { .domid = domid, .config = config };

	return store_write_all(xs, write_body, &tree, failed_path);
}

static void rings_body(struct store_writer *writer, void *arg)
{
	const struct tree *tree = arg;
	const struct domain_rings *rings = tree->rings;
	char path[STORE_PATH_MAX];

	snprintf(path, sizeof(path), "/local/domain/%u/store", tree->domid);
	store_put(writer, path, "port", "%u", rings->store_port);
	store_put(writer, path, "ring-ref", "%llu", (unsigned long long)rings->store_mfn);
	snprintf(path, sizeof(path), "/local/domain/%u/console", tree->domid);
	store_put(writer, path, "port", "%u", rings->console_port);
	store_put(writer, path, "ring-ref", "%llu", (unsigned long long)rings->console_mfn);
}

int domain_tree_write_rings(struct xs_handle *xs, uint32_t domid, const struct domain_rings *rings,
			    char *failed_path)
{
	struct tree tree = { .domid = domid, .rings = rings };

	return store_write_all(xs, rings_body, &tree, failed_path);
}

static void devices_body(struct store_writer *writer, void *arg)
{
	const struct tree *tree = arg;
	const struct domain_config *config = tree->config;
	size_t i;

	for (i = 0; i < config->disk_count; i++)
		device_tree_write_disk(writer, tree->domid, &config->disks[i]);
	for (i = 0; i < config->vif_count; i++)
		device_tree_write_vif(writer, tree->domid, &config->vifs[i]);
}

int domain_tree_write_devices(struct xs_handle *xs, uint32_t domid,
			      const struct domain_config *config, char *failed_path)
{
	struct tree tree = { .domid = domid, .config = config };

	return store_write_all(xs, devices_body, &tree, failed_path);
}

/* Removes dir if nothing is below it. */
static void remove_if_empty(struct store_writer *writer, const char *dir)
{
	unsigned int count;
	char **names;

	if (writer->error)
		return;
	names = store_list(writer->xs, writer->t, &count, "%s", dir);
	free(names);
	if (names && count == 0)
		store_remove(writer, dir);
}

static void remove_backends(struct store_writer *writer, uint32_t domid)
{
	char path[STORE_PATH_MAX];
	unsigned int count, i;
	char **kinds;

	kinds = store_list(writer->xs, writer->t, &count, "%s", DOMAIN_TREE_BACKEND);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s/%u", DOMAIN_TREE_BACKEND, kinds[i], domid);
		store_remove(writer, path);
		snprintf(path, sizeof(path), "%s/%s", DOMAIN_TREE_BACKEND, kinds[i]);
		remove_if_empty(writer, path);
	}
	free(kinds);
	remove_if_empty(writer, DOMAIN_TREE_BACKEND);
}

static void drop_body(struct store_writer *writer, void *arg)
{
	const struct tree *tree = arg;
	char path[STORE_PATH_MAX];

	remove_backends(writer, tree->domid);
	snprintf(path, sizeof(path), "/libxl/%u/device", tree->domid);
	store_remove(writer, path);
	snprintf(path, sizeof(path), "/local/domain/%u/device", tree->domid);
	store_remove(writer, path);
}

int domain_tree_drop_devices(struct xs_handle *xs, uint32_t domid, char *failed_path)
{
	struct tree tree = { .domid = domid };

	return store_transaction(xs, drop_body, &tree, failed_path);
}

static void remove_body(struct store_writer *writer, void *arg)
{
	const struct tree *tree = arg;
	char path[STORE_PATH_MAX];

	remove_backends(writer, tree->domid);
	snprintf(path, sizeof(path), "/local/domain/%u", tree->domid);
	store_remove(writer, path);
	snprintf(path, sizeof(path), "/libxl/%u", tree->domid);
	store_remove(writer, path);
	remove_if_empty(writer, "/libxl");
	/* The path comes from a node that only domain 0 writes; be careful all the same. */
	if (tree->vm_path && strncmp(tree->vm_path, "/vm/", 4) == 0 && tree->vm_path[4]) {
		store_remove(writer, tree->vm_path);
		remove_if_empty(writer, "/vm");
	}
}

int domain_tree_remove(struct xs_handle *xs, uint32_t domid, const char *vm_path, char *failed_path)
{
	struct tree tree = { .domid = domid, .vm_path = vm_path };

	return store_transaction(xs, remove_body, &tree, failed_path);
}

static void rename_body(struct store_writer *writer, void *arg)
{
	const struct tree *tree = arg;
	char home[HOME_MAX], *vm;

	snprintf(home, sizeof(home), "/local/domain/%u", tree->domid);
	store_put(writer, home, "name", "%s", tree->name);
	vm = store_read(writer->xs, writer->t, "%s/vm", home);
	if (vm && strncmp(vm, "/vm/", 4) == 0)
		store_put(writer, vm, "name", "%s", tree->name);
	free(vm);
}

int domain_tree_rename(struct xs_handle *xs, uint32_t domid, const char *name, char *failed_path)
{
	struct tree tree = { .domid = domid, .name = name };

	return store_transaction(xs, rename_body, &tree, failed_path);
}

static void set_uuid_body(struct store_writer *writer, void *arg)
{
	const struct tree *tree = arg;
	char home[HOME_MAX], vm[HOME_MAX], uuid[UUID_STR_LEN], *old, *name;

	uuid_unparse_lower(tree->uuid, uuid);
	snprintf(home, sizeof(home), "/local/domain/%u", tree->domid);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	old = store_read(writer->xs, writer->t, "%s/vm", home);
	name = store_read(writer->xs, writer->t, "%s/name", home);
	if (old && strncmp(old, "/vm/", 4) == 0)
		store_remove(writer, old);
	store_make(writer, vm, 0, tree->domid);
	store_put(writer, vm, "uuid", "%s", uuid);
	store_put(writer, vm, "name", "%s", name ? name : "");
	store_put(writer, home, "vm", "%s", vm);
	free(old);
	free(name);
}

int domain_tree_set_uuid(struct xs_handle *xs, uint32_t domid, const uint8_t uuid[16],
			 char *failed_path)
{
	struct tree tree = { .domid = domid, .uuid = uuid };

	return store_transaction(xs, set_uuid_body, &tree, failed_path);
}

long domain_tree_find_uuid(struct xs_handle *xs, const uint8_t uuid[16])
{
	char vm[HOME_MAX], text[UUID_STR_LEN], **domains, *value;
	unsigned int count, i;
	long found = -1;

	uuid_unparse_lower(uuid, text);
	snprintf(vm, sizeof(vm), "/vm/%s", text);
	domains = store_list(xs, XBT_NULL, &count, "/local/domain");
	for (i = 0; i < count && found < 0; i++) {
		value = store_read(xs, XBT_NULL, "/local/domain/%s/vm", domains[i]);
		if (value && strcmp(value, vm) == 0)
			found = strtol(domains[i], NULL, 10);
		free(value);
	}
	free(domains);
	return found;
}
