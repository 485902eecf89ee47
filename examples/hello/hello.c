/* SPDX-License-Identifier: MIT */
/*
 * The smallest useful guest: it says where it runs, waits for its timer, handles an event and a
 * trap, shares a page, and leaves a note in xenstore. It prints the same on every hypervisor of
 * this ABI.
 */
#include <public/version.h>

#include "frontends/runtime/clock.h"
#include "frontends/runtime/events.h"
#include "frontends/runtime/grants.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"
#include "frontends/runtime/traps.h"
#include "frontends/runtime/xenbus.h"

#define NAP_NS 100000000ul

static volatile unsigned int events_seen;

static void count_event(evtchn_port_t port, void *data)
{
	(void)port;
	(void)data;
	events_seen++;
}

static void say_hello(void)
{
	long version = hypercall(xen_version, XENVER_version, 0, 0, 0);

	printf("Hello from a guest with %lu KiB of memory\n", start_info.nr_pages * 4);
	printf("hypervisor ABI: %ld.%ld\n", version >> 16, version & 0xffff);
}

static int try_timer(void)
{
	uint64_t start = clock_now(), took;

	clock_sleep(NAP_NS);
	took = clock_now() - start;
	printf("timer: slept %s\n",
	       took >= NAP_NS && clock_ticks() > 0 ? "100 ms or more" : "too short");
	return took >= NAP_NS ? 0 : 1;
}

static int try_event(void)
{
	int port = events_bind_ipi(count_event, NULL);

	if (port < 0 || events_send((evtchn_port_t)port))
		return 1;
	printf("event: sent to myself, received %u\n", events_seen);
	return events_close((evtchn_port_t)port) != 0 || events_seen != 1;
}

static int try_trap(void)
{
	unsigned int rc = probe_write((void *)0x10, 1);

	printf("trap: a write to address 0x10 gave exception %d\n", (int)rc - 1);
	return rc != 14 + 1;
}

static int try_grant(void)
{
	static char target[PAGE_SIZE] __aligned(PAGE_SIZE);
	char *page = page_alloc();
	char text[16];
	domid_t domid;
	grant_handle_t handle;
	int ref, rc;

	if (!page || xenbus_read(0, "domid", text, sizeof(text)))
		return 1;
	domid = (domid_t)strtoull(text, NULL, 10);
	strlcpy(page, "shared", PAGE_SIZE);
	/* Granted to and mapped by itself: two addresses, one page. */
	ref = grant_access(domid, page, true);
	if (ref < 0)
		return 1;
	rc = grant_map(domid, (grant_ref_t)ref, target, true, &handle);
	printf("grant: mapped, it says \"%s\"\n", rc == GNTST_okay ? target : "nothing");
	if (rc != GNTST_okay)
		return 1;
	rc = grant_unmap(target, handle);
	page_free(page);
	return rc != GNTST_okay || grant_end((grant_ref_t)ref) != 0;
}

static int try_xenbus(void)
{
	char name[64], note[64];

	if (xenbus_read(0, "name", name, sizeof(name)) ||
	    xenbus_printf(0, "data/hello", "%s was here", name) ||
	    xenbus_read(0, "data/hello", note, sizeof(note)))
		return 1;
	printf("xenstore: my name is %s; I wrote \"%s\"\n", name, note);
	return 0;
}

int guest_main(void)
{
	int failed;

	say_hello();
	failed = try_timer() + try_event() + try_trap() + try_grant() + try_xenbus();
	if (failed)
		printf("%d steps failed\n", failed);
	else
		printf("all is well\n");
	return failed;
}
