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
	ret = dom_destroy(control->fd, domid);
	if (ret < 0 && ret != -ESRCH) {
		report_error("domain %u cannot be destroyed: %s; try again", domid,
			     error_text(ret));
		ok = false;
	}
	xs_release_domain(control->xs, domid);
	vm = store_read(control->xs, XBT_NULL, "/local/domain/%u/vm", domid);
	ret = domain_tree_remove(control->xs, domid, vm, failed);
	free(vm);
	if (ret < 0) {
		report_error("domain %u: cannot remove %s from xenstore: %s", domid, failed,
			     error_text(ret));
		ok = false;
	}
	return ok;
}

bool domain_end(struct control *control, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info, again;
	enum saved_state state;
	bool ok = true;
	int lock;

	if (dom_getinfo(control->fd, domid, &info) < 0)
		return domain_destroy(control, domid);
	lock = saved_config_lock(info.handle, &state);
	/* Whoever had the lock may have ended it; another domain may even have its id by now. */
	if (dom_getinfo(control->fd, domid, &again) == 0 &&
	    memcmp(info.handle, again.handle, sizeof(info.handle)) == 0) {
		if (lock >= 0)
			saved_config_move(info.handle, state, SAVED_DESTROY);
		ok = domain_destroy(control, domid);
		if (lock >= 0 && ok)
			saved_config_remove(info.handle);
	}
	if (lock >= 0)
		close(lock);
	return ok;
}
