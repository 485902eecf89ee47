/* SPDX-License-Identifier: MIT */
/*
 * Connections and look-up; see control.h. A name is looked up by asking the hypervisor which
 * domains there are and the store for their names: the store alone may know domains that are gone.
 */
#include "dom0-tools/xl/control.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dom0-tools/lib/domain.h"
#include "dom0-tools/lib/log.h"
#include "dom0-tools/lib/privcmd.h"
#include "dom0-tools/xl/report.h"
#include "dom0-tools/xl/store.h"
#include "dom0-tools/xl/store_batch.h"

bool control_open_hypervisor(struct control *control)
{
	int ret;

	*control = (struct control){ .fd = -1 };
	ret = privcmd_open();
	if (ret == -ENOENT || ret == -ENODEV || ret == -ENXIO) {
		report_error("no hypervisor: /dev/xen/privcmd: %s; this must run in domain 0",
			     error_text(ret));
		return false;
	}
	if (ret < 0) {
		report_error("cannot open /dev/xen/privcmd: %s%s", error_text(ret),
			     ret == -EACCES ? "; run as root" : "");
		return false;
	}
	control->fd = ret;
	ret = dom_check_interface(control->fd);
	if (ret == -EPROTO)
		report_error("the hypervisor has another control interface than Xen 4.17; use the "
			     "tools of its version");
	else if (ret < 0)
		report_error("the hypervisor refuses control: %s; this must run in domain 0",
			     error_text(ret));
	if (ret < 0)
		control_close(control);
	return ret == 0;
}

bool control_try_store(struct control *control)
{
	if (!control->xs)
		control->xs = xs_open(0);
	return control->xs != NULL;
}

bool control_open(struct control *control)
{
	if (!control_open_hypervisor(control))
		return false;
	if (control_try_store(control))
		return true;
	report_error("cannot reach xenstored: %s; is it running?", error_text(errno));
	control_close(control);
	return false;
}

void control_close(struct control *control)
{
	if (control->xs)
		xs_close(control->xs);
	if (control->fd >= 0)
		close(control->fd);
	*control = (struct control){ .fd = -1 };
}

char *control_domain_name(struct control *control, uint32_t domid)
{
	if (!control->xs)
		return NULL;
	return store_read(control->xs, XBT_NULL, "/local/domain/%u/name", domid);
}

char *control_describe(struct control *control, uint32_t domid)
{
	char *name = control_domain_name(control, domid);

	if (!name && asprintf(&name, "domain %u", domid) < 0)
		name = NULL;
	return name;
}

/* In one go over a connection of its own; false when there is no such connection. */
static bool read_names(const struct xen_domctl_getdomaininfo *infos, size_t count, char **names)
{
	struct store_batch *batch = store_batch_open();
	char **paths = calloc(count + 1, sizeof(*paths));
	bool ok = batch && paths;
	size_t i;

	for (i = 0; i < count && ok; i++) {
		ok = asprintf(&paths[i], "/local/domain/%u/name", infos[i].domain) >= 0;
		if (!ok)
			paths[i] = NULL;
	}
	ok = ok && store_batch_read(batch, paths, count, names) == 0;
	for (i = 0; i < count && paths; i++)
		free(paths[i]);
	free(paths);
	if (batch)
		store_batch_close(batch);
	return ok;
}

void control_domain_names(struct control *control, const struct xen_domctl_getdomaininfo *infos,
			  size_t count, char **names)
{
	size_t i;

	if (control->xs && count > 1 && read_names(infos, count, names))
		return;
	for (i = 0; i < count; i++)
		names[i] = control_domain_name(control, infos[i].domain);
}

int control_find_name(struct control *control, const char *name)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos), i;
	int found = count < 0 ? count : -ESRCH;
	char **names = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*names));

	if (count >= 0 && !names)
		found = -ENOMEM;
	if (names)
		control_domain_names(control, infos, (size_t)count, names);
	for (i = 0; i < count && names; i++) {
		if (found < 0 && names[i] && strcmp(names[i], name) == 0)
			found = infos[i].domain;
		free(names[i]);
	}
	free(names);
	free(infos);
	return found;
}

bool control_find_uuid(struct control *control, const uint8_t uuid[16],
		       struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	int count = dom_list_all(control->fd, &infos), i;
	bool found = false;

	for (i = 0; i < count && !found; i++) {
		/* A dying domain keeps its handle, but is nobody's any more. */
		found = memcmp(infos[i].handle, uuid, sizeof(infos[i].handle)) == 0 &&
			!(infos[i].flags & XEN_DOMINF_dying);
		if (found)
			*info = infos[i];
	}
	free(infos);
	return found;
}

static bool all_digits(const char *text)
{
	const char *c;

	for (c = text; *c; c++) {
		if (!isdigit((unsigned char)*c))
			return false;
	}
	return c != text && c - text <= 5;
}

bool control_find(struct control *control, const char *text, uint32_t *domid)
{
	struct xen_domctl_getdomaininfo info;
	int ret;

	if (all_digits(text)) {
		*domid = (uint32_t)strtoul(text, NULL, 10);
		ret = *domid < DOMID_FIRST_RESERVED ? dom_getinfo(control->fd, *domid, &info)
						    : -ESRCH;
	} else {
		ret = control_find_name(control, text);
		if (ret >= 0)
			*domid = (uint32_t)ret;
	}
	if (ret == -ESRCH)
		report_error("there is no domain \"%s\"; xl list shows the domains", text);
	else if (ret < 0)
		report_error("cannot look up domain \"%s\": %s", text, error_text(ret));
	return ret >= 0;
}
