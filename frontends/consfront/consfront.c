/* SPDX-License-Identifier: MIT */
/*
 * Console front end. Before the ring is mapped, and for what the hypervisor lets a guest say
 * itself, nothing is printed: the ring is up before guest_main().
 */
#include <public/io/console.h>
#include <public/sched.h>

#include "frontends/consfront/consfront.h"
#include "frontends/runtime/clock.h"
#include "frontends/runtime/events.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"

#define PTE_RING      (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define FLUSH_NS      1000000000ul
#define FLUSH_STEP_NS 1000000ul

static char window[PAGE_SIZE] __aligned(PAGE_SIZE);
static struct xencons_interface *const ring = (struct xencons_interface *)window;
static bool ready;

static void wake(evtchn_port_t port, void *data)
{
	(void)port;
	(void)data;
}

void consfront_init(void)
{
	if (page_remap(window, pte_make(start_info.console.domU.mfn, PTE_RING)))
		guest_shutdown(SHUTDOWN_crash);
	events_attach(start_info.console.domU.evtchn, wake, NULL);
	ready = true;
}

static bool full(void)
{
	return ring->out_prod - READ_ONCE(ring->out_cons) >= sizeof(ring->out);
}

static void put(char c)
{
	while (full()) {
		bool were_open = events_disable();

		events_send(start_info.console.domU.evtchn);
		if (full())
			events_wait();
		events_restore(were_open);
	}
	ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = c;
	__atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_RELEASE);
}

void consfront_write(const char *text, size_t len)
{
	if (!ready)
		return;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			put('\r');
		put(text[i]);
	}
	events_send(start_info.console.domU.evtchn);
}

void consfront_flush(void)
{
	uint64_t start = clock_now();

	while (ready && READ_ONCE(ring->out_cons) != ring->out_prod &&
	       clock_now() - start < FLUSH_NS)
		clock_sleep(FLUSH_STEP_NS);
}

size_t consfront_read(char *buf, size_t size)
{
	uint32_t cons = ring->in_cons;
	uint32_t have = __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) - cons;
	size_t n;

	if (have > sizeof(ring->in))
		have = sizeof(ring->in);
	n = min((size_t)have, size);
	for (size_t i = 0; i < n; i++)
		buf[i] = ring->in[MASK_XENCONS_IDX(cons + (uint32_t)i, ring->in)];
	__atomic_store_n(&ring->in_cons, cons + (uint32_t)n, __ATOMIC_RELEASE);
	if (n > 0)
		events_send(start_info.console.domU.evtchn);
	return n;
}

size_t consfront_read_wait(char *buf, size_t size)
{
	size_t n;

	while ((n = consfront_read(buf, size)) == 0) {
		bool were_open = events_disable();

		if (READ_ONCE(ring->in_prod) == ring->in_cons)
			events_wait();
		events_restore(were_open);
	}
	return n;
}
