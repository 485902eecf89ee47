/* SPDX-License-Identifier: MIT */
/*
 * Domain destruction; see domain_destroy.h. The order: the guest stands still, its backends let go
 * of its memory, the hypervisor frees it, xenstored lets go of its ring, and only then the nodes
 * go, so that whatever interrupts this can be done again from the start.
 */
#include "dom0-tools/xl/domain_destroy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/xl/device_wait.h"
#include "dom0-tools/xl/domain_tree.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/saved_config.h"
#include "dom0-tools/xl/store.h"

bool domain_destroy(struct control *control, uint32_t domid)
{
	char failed[STORE_PATH_MAX], *vm;
	bool ok = true;
	int ret;

	ret = dom_pause(control->fd, domid);
	if (ret < 0 && ret != -ESRCH) {
		report_error("domain %u cannot be stopped: %s", domid, error_text(ret));
		return false;
	}
	device_close_all(control, domid);
	report_step("domain %u: stopped, devices closed", domid);
	ret = dom_destroy(control->fd, domid);
	if (ret < 0 && ret != -ESRCH) {
		report_error("domain %u cannot be destroyed: %s; try again", domid,
			     error_text(ret));
		ok = false;
	}
	report_step("domain %u: memory freed", domid);
	xs_release_domain(control->xs, domid);
	vm = store_read(control->xs, XBT_NULL, "/local/domain/%u/vm", domid);
	ret = domain_tree_remove(control->xs, domid, vm, failed);
	free(vm);
	if (ret < 0) {
		report_error("domain %u: cannot remove %s from xenstore: %s", domid, failed,
			     error_text(ret));
		ok = false;
	}
	report_step("domain %u: nodes removed", domid);
	return ok;
}

/* With the lock held: the domain that has the UUID now, which a restart may have moved. */
static bool end_locked(struct control *control, uint32_t domid,
		       const struct xen_domctl_getdomaininfo *before, enum saved_state state)
{
	struct xen_domctl_getdomaininfo now;

	if (!control_find_uuid(control, before->handle, &now)) {
		/* Gone, or dying since somebody else's attempt. */
		if (dom_getinfo(control->fd, domid, &now) < 0 ||
		    memcmp(now.handle, before->handle, sizeof(now.handle)) != 0)
			return true;
	}
	if (state != SAVED_NONE)
		saved_config_move(before->handle, state, SAVED_DESTROY);
	if (!domain_destroy(control, now.domain))
		return false;
	saved_config_remove(before->handle);
	return true;
}

bool domain_end(struct control *control, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;
	enum saved_state state;
	bool ok;
	int lock;

	if (dom_getinfo(control->fd, domid, &info) < 0)
		return domain_destroy(control, domid);
	lock = saved_config_lock(info.handle, &state);
	if (lock >= 0) {
		ok = end_locked(control, domid, &info, state);
		close(lock);
		return ok;
	}
	/* Not one of ours. */
	ok = domain_destroy(control, domid);
	if (ok)
		saved_config_remove_foreign(domid, info.handle);
	return ok;
}
