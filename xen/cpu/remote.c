/* SPDX-License-Identifier: MIT */
/*
 * Each CPU has a mailbox. Who asks leaves the details, then takes a ticket by counting `requested`
 * up, and sends the vector; the owner reads `requested`, does all that is in the box, and says so
 * by setting `completed` to what it has read. Details that arrive too late for one round are done
 * early, never forgotten: their ticket makes for another round.
 *
 * No lock for flushes. call_lock (RANK_REMOTE) for calls, one at a time.
 */
#include "cpu/remote.h"

#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "irq/irq.h"
#include "irq/lapic.h"
#include "lib/spinlock.h"

#define PAGE_VALID 1ul /* in mailbox.page, whose address may be 0 */

struct mailbox {
	uint32_t requested, completed; /* tickets */
	bool flush;                    /* everything that is not global */
	bool call;
	uint64_t page; /* address | PAGE_VALID of one page to flush, or 0 */
};

static DEFINE_PER_CPU(struct mailbox, mailbox);

static spinlock_t call_lock = SPINLOCK_INIT(RANK_REMOTE);
static void (*call_fn)(void *data);
static void *call_data;

void remote_serve(void)
{
	struct mailbox *box = &this_cpu(mailbox);
	uint32_t requested = __atomic_load_n(&box->requested, __ATOMIC_ACQUIRE);
	unsigned long flags;
	uint64_t page;

	if (likely(requested == READ_ONCE(box->completed)))
		return;
	flags = irq_save(); /* an interrupt may serve in between: then this round is empty */
	requested = __atomic_load_n(&box->requested, __ATOMIC_ACQUIRE);
	page = __atomic_exchange_n(&box->page, 0, __ATOMIC_ACQ_REL);
	if (__atomic_exchange_n(&box->flush, false, __ATOMIC_ACQ_REL))
		tlb_flush_local();
	if (page)
		tlb_flush_page_local(page & ~PAGE_VALID);
	if (__atomic_exchange_n(&box->call, false, __ATOMIC_ACQ_REL))
		call_fn(call_data);
	__atomic_store_n(&box->completed, requested, __ATOMIC_RELEASE);
	irq_restore(flags);
}

static void handle_request(unsigned int vector, void *data)
{
	(void)vector;
	(void)data;
	remote_serve();
}

/* The details are in the box; returns what mailbox.completed will reach. */
static uint32_t announce(unsigned int cpu)
{
	struct mailbox *box = &per_cpu(mailbox, cpu);
	uint32_t ticket = __atomic_add_fetch(&box->requested, 1, __ATOMIC_SEQ_CST);

	cpu_send_ipi(cpu, VECTOR_REMOTE);
	return ticket;
}

static void wait_for(unsigned int cpu, uint32_t ticket)
{
	const struct mailbox *box = &per_cpu(mailbox, cpu);

	while ((int32_t)(__atomic_load_n(&box->completed, __ATOMIC_ACQUIRE) - ticket) < 0)
		cpu_wait();
}

static void ask_flush(struct mailbox *box, uint64_t page)
{
	uint64_t none = 0;

	if (page != TLB_ALL &&
	    __atomic_compare_exchange_n(&box->page, &none, page | PAGE_VALID, false,
					__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&box->flush, true, __ATOMIC_RELEASE);
}

void remote_flush(const cpumask_t *mask, uint64_t page)
{
	unsigned int cpu, self = smp_processor_id(), n = 0;
	uint32_t ticket[NR_CPUS];
	cpumask_t asked = *mask; /* a domain's mask changes meanwhile */

	for_each_online_cpu(cpu) {
		if (cpu == self || !cpumask_test(cpu, &asked))
			continue;
		ask_flush(&per_cpu(mailbox, cpu), page);
		ticket[cpu] = announce(cpu);
		n++;
	}
	if (!n)
		return;
	for_each_online_cpu(cpu)
		if (cpu != self && cpumask_test(cpu, &asked))
			wait_for(cpu, ticket[cpu]);
}

void remote_call(const cpumask_t *mask, void (*fn)(void *data), void *data)
{
	unsigned int cpu, self = smp_processor_id();
	unsigned long flags = spin_lock_irqsave(&call_lock);
	uint32_t ticket[NR_CPUS];
	cpumask_t asked = *mask;

	call_fn = fn;
	call_data = data;
	for_each_online_cpu(cpu) {
		if (cpu == self || !cpumask_test(cpu, &asked))
			continue;
		__atomic_store_n(&per_cpu(mailbox, cpu).call, true, __ATOMIC_RELEASE);
		ticket[cpu] = announce(cpu);
	}
	if (cpumask_test(self, &asked))
		fn(data);
	for_each_online_cpu(cpu)
		if (cpu != self && cpumask_test(cpu, &asked))
			wait_for(cpu, ticket[cpu]);
	spin_unlock_irqrestore(&call_lock, flags);
}

void remote_init(void)
{
	irq_register_fixed(VECTOR_REMOTE, handle_request);
}
