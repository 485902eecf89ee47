/* SPDX-License-Identifier: MIT */
/* Opening virtual interfaces: see source.h. */
#include "backends/net/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/common/state_file.h"
#include "backends/common/supervisor.h"
#include "backends/net/credit.h"
#include "backends/net/outbox.h"
#include "backends/net/packet.h"
#include "backends/net/script.h"
#include "dom0-tools/lib/log.h"

/* Xen's standard script: attaching to a bridge, which is what we do ourselves, without a shell. */
#define STANDARD_SCRIPT "vif-bridge"
#define MTU_MIN         68u
#define MTU_MAX         65535u

/* What the class keeps of an open source. */
struct net_source {
	struct script script;
	char name[TAP_NAME_MAX];
	char script_path[256]; /* empty: attached by ourselves */
};

static int refuse(struct source *src, int ret, const char *what, const char *value, const char *why)
{
	snprintf(src->error, sizeof(src->error), "%s %s: %s", what, value, why);
	return ret;
}

static int read_info(struct source *src, struct vif_info *info)
{
	struct xs_handle *xs = src->sup->xs;
	char text[64];
	uint64_t handle = src->devid;
	int ret;

	xenbus_read_number(xs, src->path, "handle", UINT32_MAX, &handle);
	ret = xenbus_read(xs, src->path, "vifname", text, sizeof(text));
	if (ret == -ENOENT || (ret == 0 && !*text))
		snprintf(info->name, sizeof(info->name), "vif%u.%llu", src->guest->domid,
			 (unsigned long long)handle);
	else if (ret < 0 || strlen(text) >= sizeof(info->name))
		return refuse(src, -EINVAL, "vifname", ret < 0 ? "" : text,
			      "is longer than 15 characters");
	else
		memcpy(info->name, text, strlen(text) + 1);

	if (xenbus_read(xs, src->path, "mac", text, sizeof(text)) == 0 &&
	    mac_parse(text, info->mac) < 0)
		return refuse(src, -EINVAL, "mac", text, "is not the address of one interface");
	if (xenbus_read(xs, src->path, "rate", text, sizeof(text)) == 0 &&
	    credit_parse(text, &info->rate_bytes, &info->rate_usec) < 0)
		return refuse(src, -EINVAL, "rate", text, "is not BYTES,MICROSECONDS");
	return 0;
}

/* The script of the administrator's own, if there is one. */
static void read_script(struct source *src, char *path, size_t size)
{
	const char *base;

	if (xenbus_read(src->sup->xs, src->path, "script", path, size) < 0)
		path[0] = '\0';
	base = strrchr(path, '/');
	if (!strcmp(base ? base + 1 : path, STANDARD_SCRIPT))
		path[0] = '\0';
}

/* Attaches the interface by script or by ourselves. As backend_class.open. */
static int attach(struct source *src, struct net_source *net)
{
	char bridge[32] = "";
	uint64_t mtu = 0;

	xenbus_read(src->sup->xs, src->path, "bridge", bridge, sizeof(bridge));
	if (xenbus_read_number(src->sup->xs, src->path, "mtu", MTU_MAX, &mtu) == 0 && mtu < MTU_MIN)
		return refuse(src, -EINVAL, "interface", net->name, "its mtu is below 68");
	if (net->script_path[0])
		return script_run(&net->script, src, net->script_path, net->name, true);
	return tap_configure(net->name, (unsigned int)mtu, bridge, src->error, sizeof(src->error));
}

int net_source_open(struct source *src)
{
	struct vif_info info = { .name = "" };
	struct net_source *net = calloc(1, sizeof(*net));
	int ret;

	if (!net)
		return refuse(src, -ENOMEM, "device", src->path, "no memory");
	src->priv = net;
	ret = read_info(src, &info);
	if (ret == 0)
		ret = tap_create(info.name, src->error, sizeof(src->error));
	if (ret < 0)
		return ret;
	src->fds[VIF_FD_TAP] = ret;
	ret = state_file_open(src, sizeof(struct vif_state));
	if (ret < 0)
		return ret;
	src->fds[VIF_FD_STATE] = ret;
	memcpy(net->name, info.name, sizeof(net->name));
	read_script(src, net->script_path, sizeof(net->script_path));
	_Static_assert(sizeof(info) <= sizeof(src->info), "must fit into a message");
	memcpy(src->info, &info, sizeof(info));

	ret = attach(src, net);
	if (ret < 0 && ret != -EINPROGRESS)
		return ret;
	log_info("%s: interface %s%s", src->path, net->name,
		 net->script_path[0] ? ", attached by script" : "");
	xenbus_write(src->sup->xs, src->path, "vifname", "%s", net->name);
	return ret;
}

int net_source_release(struct source *src)
{
	struct net_source *net = src->priv;

	int ret = 0;

	if (net->script_path[0])
		ret = script_run(&net->script, src, net->script_path, net->name, false);
	if (ret < 0 && ret != -EINPROGRESS)
		log_error("%s: %s", src->path, src->error);
	return ret;
}
