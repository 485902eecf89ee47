/* SPDX-License-Identifier: MIT */
/* Event channels, grants, scheduling, versions and privileged calls. */
#include <public/domctl.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/version.h>

#include "frontends/runtime/clock.h"
#include "frontends/runtime/events.h"
#include "frontends/runtime/grants.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "tests/guests/verdict.h"

static unsigned int seen;

static void count(evtchn_port_t port, void *data)
{
	(void)port;
	(void)data;
	seen++;
}

static long status_of(evtchn_port_t port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };
	long rc = hypercall(event_channel_op, EVTCHNOP_status, &op, 0, 0);

	return rc ? rc : (long)op.status;
}

static void ports(void)
{
	struct evtchn_bind_vcpu bind_vcpu = { .vcpu = 5 };
	struct evtchn_bind_interdomain inter = { .remote_dom = DOMID_SELF, .remote_port = 999 };
	struct evtchn_bind_virq virq = { .virq = 23 };
	struct evtchn_alloc_unbound foreign = { .dom = 0, .remote_dom = DOMID_SELF };
	int unbound = events_alloc_unbound(DOMID_SELF, count, NULL), other;

	VERDICT("unbound port", unbound > 0);
	VERDICT("its status", status_of((evtchn_port_t)unbound));
	VERDICT("send to an unbound port", events_send((evtchn_port_t)unbound));
	other = events_bind_interdomain(DOMID_SELF, (evtchn_port_t)unbound, count, NULL);
	VERDICT("bind to it", other > 0);
	VERDICT("its status now", status_of((evtchn_port_t)other));
	seen = 0;
	VERDICT("send", events_send((evtchn_port_t)other));
	VERDICT("received", seen);
	VERDICT("close", events_close((evtchn_port_t)other));
	VERDICT("status of the other end", status_of((evtchn_port_t)unbound));
	VERDICT("close it", events_close((evtchn_port_t)unbound));
	VERDICT("close again", events_close((evtchn_port_t)unbound));
	VERDICT("send to a closed port", events_send((evtchn_port_t)unbound));
	VERDICT("send to a port out of range", events_send(4000000000u));
	VERDICT("status out of range", status_of(4000000000u));
	VERDICT("close port 0", events_close(0));
	VERDICT("bind to a port that is not there",
		hypercall(event_channel_op, EVTCHNOP_bind_interdomain, &inter, 0, 0));
	VERDICT("bind an unknown virq",
		hypercall(event_channel_op, EVTCHNOP_bind_virq, &virq, 0, 0));
	virq.virq = 1000;
	VERDICT("bind a virq out of range",
		hypercall(event_channel_op, EVTCHNOP_bind_virq, &virq, 0, 0));
	virq.virq = VIRQ_DOM_EXC;
	VERDICT("bind a privileged virq",
		hypercall(event_channel_op, EVTCHNOP_bind_virq, &virq, 0, 0) != 0);
	virq = (struct evtchn_bind_virq){ .virq = VIRQ_TIMER };
	VERDICT("bind the timer twice",
		hypercall(event_channel_op, EVTCHNOP_bind_virq, &virq, 0, 0));
	VERDICT("a port in another domain",
		hypercall(event_channel_op, EVTCHNOP_alloc_unbound, &foreign, 0, 0));
	VERDICT("unknown operation", hypercall(event_channel_op, 55, &foreign, 0, 0));
	VERDICT("bad pointer", hypercall(event_channel_op, EVTCHNOP_send, 0x10, 0, 0));
	bind_vcpu.port = 1;
	VERDICT("a vCPU that is not there",
		hypercall(event_channel_op, EVTCHNOP_bind_vcpu, &bind_vcpu, 0, 0));
}

static void grants(void)
{
	static char window[PAGE_SIZE] __aligned(PAGE_SIZE);
	struct gnttab_copy copy = { .len = 5000 };
	struct gnttab_unmap_grant_ref unmap = { .handle = 12345, .host_addr = (uint64_t)window };
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1000000 };
	struct gnttab_query_size query = { .dom = DOMID_SELF };
	grant_handle_t handle;

	VERDICT("map from a domain that is not there",
		grant_map(0x7abc, 8, window, false, &handle));
	VERDICT("map a reference out of range", grant_map(0, 1000000, window, false, &handle));
	hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1, 0);
	VERDICT("unmap with a bad handle", unmap.status);
	copy.source.domid = copy.dest.domid = DOMID_SELF;
	copy.flags = 0;
	copy.source.u.gmfn = virt_to_mfn_guest(window);
	copy.dest.u.gmfn = virt_to_mfn_guest(window);
	hypercall(grant_table_op, GNTTABOP_copy, &copy, 1, 0);
	VERDICT("copy more than a page", copy.status);
	copy.len = 100;
	copy.source.offset = 4090;
	hypercall(grant_table_op, GNTTABOP_copy, &copy, 1, 0);
	VERDICT("copy across a page's end", copy.status);
	copy.source.offset = 0;
	copy.dest.offset = 200;
	hypercall(grant_table_op, GNTTABOP_copy, &copy, 1, 0);
	VERDICT("copy within a page", copy.status);
	setup.frame_list = NULL;
	VERDICT("a table too large", hypercall(grant_table_op, GNTTABOP_setup_table, &setup, 1, 0));
	VERDICT("its status", setup.status != 0);
	VERDICT("query", hypercall(grant_table_op, GNTTABOP_query_size, &query, 1, 0));
	VERDICT("query's status", query.status);
	VERDICT("unknown operation", hypercall(grant_table_op, 77, &query, 1, 0));
	VERDICT("bad pointer", hypercall(grant_table_op, GNTTABOP_map_grant_ref, 0x10, 1, 0));
}

static void scheduling(void)
{
	struct sched_poll poll = { .nr_ports = 1000 };
	struct vcpu_runstate_info runstate = { 0 };

	VERDICT("yield", hypercall(sched_op, SCHEDOP_yield, 0, 0, 0));
	VERDICT("poll too many ports", hypercall(sched_op, SCHEDOP_poll, &poll, 0, 0));
	VERDICT("unknown sched_op", hypercall(sched_op, 99, 0, 0, 0));
	VERDICT("bad pointer", hypercall(sched_op, SCHEDOP_poll, 0x10, 0, 0));
	VERDICT("vCPU 0 is up", hypercall(vcpu_op, VCPUOP_is_up, 0, 0, 0));
	VERDICT("vCPU 77 is not there", hypercall(vcpu_op, VCPUOP_is_up, 77, 0, 0));
	VERDICT("unknown vcpu_op", hypercall(vcpu_op, 99, 0, 0, 0));
	VERDICT("runstate", hypercall(vcpu_op, VCPUOP_get_runstate_info, 0, &runstate, 0));
	VERDICT("is running", runstate.state);
	VERDICT("a timer in the past", hypercall(set_timer_op, 1, 0, 0, 0));
}

static void privileged(void)
{
	uint64_t op[32] = { 0 };
	struct xen_domctl domctl = { .cmd = XEN_DOMCTL_getdomaininfo,
				     .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
	struct xen_sysctl sysctl = { .cmd = XEN_SYSCTL_physinfo,
				     .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	struct xen_platform_op platform = { .cmd = XENPF_getidletime,
					    .interface_version = XENPF_INTERFACE_VERSION };

	VERDICT("domctl", hypercall(domctl, &domctl, 0, 0, 0));
	VERDICT("sysctl", hypercall(sysctl, &sysctl, 0, 0, 0));
	VERDICT("platform_op", hypercall(platform_op, &platform, 0, 0, 0));
	VERDICT("unknown hypercall", hypercall5(60, 0, 0, 0, 0, 0));
	VERDICT("hypercall out of range", hypercall5(6000, 0, 0, 0, 0, 0));
	VERDICT("unknown version", hypercall(xen_version, 99, op, 0, 0));
	VERDICT("version at a bad address",
		hypercall(xen_version, XENVER_extraversion, 0x10, 0, 0));
}

static void multicalls(void)
{
	struct multicall_entry calls[3] = {
		{ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
		{ .op = 60 },
		{ .op = __HYPERVISOR_sched_op, .args = { SCHEDOP_yield } },
	};

	VERDICT("multicall", hypercall(multicall, calls, 3, 0, 0));
	VERDICT("first result", calls[0].result);
	VERDICT("second result", calls[1].result);
	VERDICT("third result", calls[2].result);
	VERDICT("at a bad address", hypercall(multicall, 0x10, 1, 0, 0));
	VERDICT("of nothing", hypercall(multicall, calls, 0, 0, 0));
}

int guest_main(void)
{
	ports();
	grants();
	scheduling();
	privileged();
	multicalls();
	VERDICTS_DONE();
	return 0;
}
