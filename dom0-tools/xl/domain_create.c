/* SPDX-License-Identifier: MIT */
/*
 * Domain creation; see domain_create.h. Everything that can be refused is refused before the domain
 * exists. There is one way back from any point: domain_destroy(), which copes with unfinished
 * domains.
 *
 * Lock: creators hold CREATE_LOCK from the checks against other domains until the new domain's
 * nodes are there for the next one to see.
 */
#include "dom0-tools/xl/domain_create.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "dom0-tools/builder/builder.h"
#include "dom0-tools/lib/daemon.h"
#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/domain_check.h"
#include "dom0-tools/xl/domain_destroy.h"
#include "dom0-tools/xl/domain_tree.h"
#include "dom0-tools/xl/placement.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/saved_config.h"
#include "dom0-tools/xl/store.h"

#define CREATE_LOCK       XEN_RUN_DIR "/xl-create.lock"
/* What the guest may own beyond its memory, KiB, as for pages that ballooning moves about. */
#define MAX_MEM_SLACK_KIB 1024

static void fill_params(struct build_params *params, const struct domain_config *config)
{
	*params = (struct build_params){
		.kernel = config->kernel,
		.ramdisk = config->ramdisk,
		.cmdline = config->cmdline,
		.memory_kib = config->memory_kib,
		.maxmem_kib = config->max_memory_kib,
		.vcpus = config->max_vcpus,
	};
}

static bool plan(const struct domain_config *config, struct build_params *params,
		 struct build_plan **result)
{
	struct build_message message;

	fill_params(params, config);
	if (build_plan(params, result, &message) == 0)
		return true;
	report_error("%s: %s", config->name, message.text);
	return false;
}

bool domain_create_check(const struct domain_config *config)
{
	struct build_params params;
	struct build_plan *build = NULL;
	bool ok = domain_check_host(config);

	if (!plan(config, &params, &build))
		return false;
	build_plan_free(build);
	return ok;
}

static int create_lock(void)
{
	int ret = make_directories(XEN_RUN_DIR);
	int fd = -1;

	if (ret == 0) {
		fd = open(CREATE_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			ret = -errno;
	}
	/* Interrupted by a signal: the caller's handler has noted it, and undoes what follows. */
	while (ret == 0 && flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			ret = -errno;
	}
	if (ret == 0)
		return fd;
	report_error("cannot lock %s: %s", CREATE_LOCK, error_text(ret));
	if (fd >= 0)
		close(fd);
	return ret;
}

/* What the configuration leaves to us. */
static void complete(struct domain_config *config)
{
	size_t i;

	if (!config->has_uuid)
		uuid_generate(config->uuid);
	config->has_uuid = true;
	for (i = 0; i < config->vif_count; i++) {
		if (!config->vifs[i].has_mac)
			vif_mac_random(config->vifs[i].mac);
		config->vifs[i].has_mac = true;
	}
}

static bool create_domain(struct control *control, const struct domain_config *config,
			  uint32_t pool, uint32_t *domid)
{
	struct xen_domctl_createdomain create;
	int ret;

	dom_config_pv(&create, config->max_vcpus);
	memcpy(create.handle, config->uuid, sizeof(create.handle));
	create.cpupool_id = pool;
	if (config->max_grant_frames)
		create.max_grant_frames = (int32_t)config->max_grant_frames;
	if (config->max_maptrack_frames)
		create.max_maptrack_frames = (int32_t)config->max_maptrack_frames;
	if (config->max_grant_version)
		create.grant_opts = XEN_DOMCTL_GRANT_version(config->max_grant_version);
	if (config->max_event_channels)
		create.max_evtchn_port = config->max_event_channels;
	ret = dom_create(control->fd, 0, &create);
	if (ret < 0) {
		report_error("%s: the hypervisor cannot create a domain: %s", config->name,
			     error_text(ret));
		return false;
	}
	*domid = (uint32_t)ret;
	return true;
}

/* Its nodes, without which nobody but us can find it. */
static bool publish(struct control *control, const struct domain_config *config, uint32_t domid)
{
	char failed[STORE_PATH_MAX];
	int ret = domain_tree_write(control->xs, domid, config, failed);

	if (ret < 0) {
		report_error("%s: cannot write %s to xenstore: %s", config->name, failed,
			     error_text(ret));
		return false;
	}
	return true;
}

/* Checks against the other domains, and becomes one of them. */
static bool enter(struct control *control, struct domain_config *config, uint32_t *domid,
		  bool *exists)
{
	int lock = create_lock();
	uint32_t pool;
	bool ok;

	*exists = false;
	if (lock < 0)
		return false;
	ok = domain_check_domains(control, config) && placement_check(control, config, &pool) &&
	     create_domain(control, config, pool, domid);
	*exists = ok;
	ok = ok && publish(control, config, *domid);
	close(lock);
	report_step("%s: domain created, nodes written", config->name);
	return ok;
}

static bool set_limits(struct control *control, const struct domain_config *config, uint32_t domid)
{
	int ret = dom_max_vcpus(control->fd, domid, config->max_vcpus);

	if (ret < 0) {
		report_error("%s: cannot give it %u vCPUs: %s", config->name, config->max_vcpus,
			     error_text(ret));
		return false;
	}
	ret = dom_max_mem(control->fd, domid, config->max_memory_kib + MAX_MEM_SLACK_KIB);
	if (ret < 0)
		report_error("%s: cannot set its memory limit: %s", config->name, error_text(ret));
	return ret == 0;
}

/* A port of the guest's for each of its two rings. */
static bool open_ports(struct control *control, const struct domain_config *config, uint32_t domid,
		       struct domain_rings *rings)
{
	int store = dom_evtchn_alloc_unbound(control->fd, domid, 0);
	int console = store < 0 ? store : dom_evtchn_alloc_unbound(control->fd, domid, 0);

	if (console < 0) {
		report_error("%s: cannot open an event channel: %s", config->name,
			     error_text(console));
		return false;
	}
	rings->store_port = (uint32_t)store;
	rings->console_port = (uint32_t)console;
	return true;
}

static bool build(struct control *control, const struct domain_config *config,
		  struct build_params *params, const struct build_plan *build_plan,
		  struct domain_rings *rings)
{
	struct build_message message;
	struct build_result result;

	params->store_port = rings->store_port;
	params->console_port = rings->console_port;
	if (build_domain(control->fd, params, build_plan, &result, &message) < 0) {
		report_error("%s: %s", config->name, message.text);
		return false;
	}
	rings->store_mfn = result.store_mfn;
	rings->console_mfn = result.console_mfn;
	report_step("%s: memory built", config->name);
	return true;
}

/* xenstored and consoled take up the guest's rings. */
static bool introduce(struct control *control, const struct domain_config *config, uint32_t domid,
		      const struct domain_rings *rings)
{
	char failed[STORE_PATH_MAX];
	int ret = domain_tree_write_rings(control->xs, domid, rings, failed);

	if (ret < 0) {
		report_error("%s: cannot write %s to xenstore: %s", config->name, failed,
			     error_text(ret));
		return false;
	}
	if (!xs_introduce_domain(control->xs, domid, rings->store_mfn, rings->store_port)) {
		report_error("%s: xenstored does not take it: %s; see /var/log/xen/xenstored.log",
			     config->name, error_text(errno));
		return false;
	}
	return true;
}

/* Its devices, from which on the backends are at work. */
static bool add_devices(struct control *control, const struct domain_config *config, uint32_t domid,
			device_cancel_fn *cancelled)
{
	char failed[STORE_PATH_MAX];
	int ret = domain_tree_write_devices(control->xs, domid, config, failed);

	if (ret < 0) {
		report_error("%s: cannot write %s to xenstore: %s", config->name, failed,
			     error_text(ret));
		return false;
	}
	report_step("%s: introduced, devices announced", config->name);
	ret = device_wait_ready(control, domid, config, cancelled) ? 0 : -1;
	report_step("%s: devices ready", config->name);
	return ret == 0;
}

static bool not_cancelled(const struct domain_config *config, device_cancel_fn *cancelled)
{
	if (!cancelled || !cancelled())
		return true;
	report_error("%s: interrupted", config->name);
	return false;
}

/* From the plan to a domain with devices; what fails leaves a part of it, if it exists. */
static bool make(struct control *control, struct domain_config *config,
		 const struct build_plan *build_plan, struct build_params *params,
		 device_cancel_fn *cancelled, bool *exists)
{
	struct domain_rings rings;

	return enter(control, config, &params->domid, exists) && not_cancelled(config, cancelled) &&
	       set_limits(control, config, params->domid) &&
	       placement_apply(control, config, params->domid) &&
	       open_ports(control, config, params->domid, &rings) &&
	       build(control, config, params, build_plan, &rings) &&
	       introduce(control, config, params->domid, &rings) &&
	       add_devices(control, config, params->domid, cancelled) &&
	       not_cancelled(config, cancelled);
}

/* Its file, which tells xld to undo everything if we die. The fd of its lock, negative on failure.
 */
static int begin(const struct domain_config *config)
{
	int lock = saved_config_begin(config);

	if (lock == -EEXIST)
		report_error("%s: a domain with its uuid is being created right now", config->name);
	else if (lock < 0)
		report_error("%s: cannot save its configuration in %s: %s", config->name,
			     saved_config_dir, error_text(lock));
	return lock;
}

bool domain_create(struct control *control, struct domain_config *config,
		   device_cancel_fn *cancelled, uint32_t *domid)
{
	struct build_params params;
	struct build_plan *build_plan = NULL;
	bool ok = false, exists = false;
	int lock, ret = 0;

	if (!domain_check_host(config) || !plan(config, &params, &build_plan))
		return false;
	report_step("%s: kernel, ramdisk and devices checked", config->name);
	complete(config);
	lock = begin(config);
	if (lock >= 0)
		ok = make(control, config, build_plan, &params, cancelled, &exists);
	build_plan_free(build_plan);
	*domid = params.domid;
	if (ok)
		ret = saved_config_move(config->uuid, SAVED_NEW, SAVED_CREATED);
	if (ret < 0)
		report_error("%s: cannot save its configuration in %s: %s", config->name,
			     saved_config_dir, error_text(ret));
	ok = ok && ret == 0;
	if (!ok && exists)
		domain_destroy(control, *domid);
	if (!ok && lock >= 0)
		saved_config_remove_state(config->uuid, SAVED_NEW);
	if (lock >= 0)
		close(lock);
	return ok;
}
