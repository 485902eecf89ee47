/* SPDX-License-Identifier: MIT */
/*
 * FIFO events. Each port has a word in an array of pages that the guest provides: flags, and the
 * number of the port that follows in its queue. Each vCPU has 16 queues, one for each priority,
 * whose heads are in a control block of the guest's; the tails are kept here. We add ports at the
 * tail, the guest takes them from the head. A port is in at most one queue: LINKED says so, and
 * only the guest clears it, when it takes the port out.
 *
 * The guest's memory is only ever written with port numbers and flags, and what is read from it
 * decides nothing but which of the guest's own events arrive.
 */
#include "evtchn/fifo.h"

#include <public/event_channel.h>

#include "core/domain.h"
#include "cpu/percpu.h"
#include "evtchn/port.h"
#include "lib/errno.h"
#include "mm/heap.h"
#include "mm/page.h"
#include "pv/page_type.h"

#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define ARRAY_PAGES    (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)
#define PENDING        (1u << EVTCHN_FIFO_PENDING)
#define MASKED         (1u << EVTCHN_FIFO_MASKED)
#define LINKED         (1u << EVTCHN_FIFO_LINKED)
#define BUSY           (1u << EVTCHN_FIFO_BUSY)
#define LINK_MASK      ((uint32_t)EVTCHN_FIFO_LINK_MASK)

/* Attempts to change a word that the guest keeps changing, before and after asking it to pause. */
#define TRIES_POLITE 4
#define TRIES_MAX    256

struct fifo_vcpu {
	struct page_info *page;
	struct evtchn_fifo_control_block *block;
	uint32_t tail[EVTCHN_FIFO_MAX_QUEUES]; /* the port added last, 0: none to link to */
};

struct evtchn_fifo {
	spinlock_t lock;
	/* Set once each, and read without a lock while the port is open. */
	struct fifo_vcpu *vcpu[MAX_VCPUS];
	event_word_t *words[ARRAY_PAGES];
	unsigned int pages; /* under d->evtchn.lock */
};

static event_word_t *word_of(const struct domain *d, uint32_t port)
{
	event_word_t *words =
		__atomic_load_n(&d->evtchn.fifo->words[port / WORDS_PER_PAGE], __ATOMIC_ACQUIRE);

	return words ? &words[port % WORDS_PER_PAGE] : NULL;
}

/* Makes port follow the one whose word this is, if that one is still queued. */
static bool set_link(event_word_t *word, uint32_t port)
{
	unsigned int tries;

	for (tries = 0; tries < TRIES_MAX; tries++) {
		event_word_t old = READ_ONCE(*word);

		if (!(old & LINKED))
			break;
		if (__atomic_compare_exchange_n(word, &old, (old & ~(LINK_MASK | BUSY)) | port,
						false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return true;
		if (tries == TRIES_POLITE)
			__atomic_fetch_or(word, BUSY, __ATOMIC_SEQ_CST);
	}
	if (tries > TRIES_POLITE)
		__atomic_fetch_and(word, ~BUSY, __ATOMIC_SEQ_CST);
	return false; /* a guest that never lets go of its word loses what was queued before */
}

/* Puts port behind the last one of its queue. True if the queue was empty. Queue lock is held. */
static bool append(struct domain *d, struct evtchn *chn, struct fifo_vcpu *fv)
{
	struct fifo_vcpu *last = d->evtchn.fifo->vcpu[chn->last_vcpu];
	uint32_t *tail = &fv->tail[chn->priority];
	event_word_t *tail_word;
	bool linked = false;

	/* Where it was the last one before, that queue has been emptied since. */
	if (last && last->tail[chn->last_priority] == chn->port)
		last->tail[chn->last_priority] = 0;
	chn->last_vcpu = chn->vcpu;
	chn->last_priority = chn->priority;

	if (*tail) {
		tail_word = word_of(d, *tail);
		linked = tail_word && set_link(tail_word, chn->port);
	}
	if (!linked)
		WRITE_ONCE(fv->block->head[chn->priority], chn->port);
	*tail = chn->port;
	return !linked;
}

/* The port is pending and not masked: queue it, if it is not queued yet. */
static void enqueue(struct domain *d, struct evtchn *chn, event_word_t *word)
{
	struct evtchn_fifo *fifo = d->evtchn.fifo;
	unsigned int id = READ_ONCE(chn->vcpu), priority;
	struct fifo_vcpu *fv;
	unsigned long flags;
	bool first;

	flags = spin_lock_irqsave(&fifo->lock);
	fv = __atomic_load_n(&fifo->vcpu[id], __ATOMIC_ACQUIRE);
	/* A vCPU without a control block cannot be told; it finds the port pending later. */
	if (!fv || __atomic_fetch_or(word, LINKED, __ATOMIC_SEQ_CST) & LINKED) {
		spin_unlock_irqrestore(&fifo->lock, flags);
		return;
	}
	first = append(d, chn, fv);
	priority = chn->last_priority;
	spin_unlock_irqrestore(&fifo->lock, flags);

	if (first && !(__atomic_fetch_or(&fv->block->ready, 1u << priority, __ATOMIC_SEQ_CST) &
		       (1u << priority)))
		vcpu_mark_events_pending(d->vcpu[id]);
}

bool fifo_set_pending(struct domain *d, struct evtchn *chn)
{
	event_word_t *word = word_of(d, chn->port), old;

	if (!word) {
		bool was = chn->pending;

		chn->pending = true; /* until the guest provides the word */
		return !was;
	}
	old = __atomic_fetch_or(word, PENDING, __ATOMIC_SEQ_CST);
	if (!(old & (MASKED | LINKED)))
		enqueue(d, chn, word);
	return !(old & PENDING);
}

void fifo_clear_pending(struct domain *d, struct evtchn *chn)
{
	event_word_t *word = word_of(d, chn->port);

	chn->pending = false;
	if (word)
		__atomic_fetch_and(word, ~PENDING, __ATOMIC_SEQ_CST);
}

void fifo_unmask(struct domain *d, struct evtchn *chn)
{
	event_word_t *word = word_of(d, chn->port), old;

	if (!word)
		return;
	old = __atomic_fetch_and(word, ~MASKED, __ATOMIC_SEQ_CST);
	if ((old & (PENDING | LINKED)) == PENDING)
		enqueue(d, chn, word);
}

bool fifo_is_pending(struct domain *d, const struct evtchn *chn)
{
	const event_word_t *word = word_of(d, chn->port);

	return word ? READ_ONCE(*word) & PENDING : chn->pending;
}

bool fifo_is_masked(struct domain *d, const struct evtchn *chn)
{
	const event_word_t *word = word_of(d, chn->port);

	return !word || READ_ONCE(*word) & MASKED;
}

/* ---- set-up by the guest ---- */

static struct page_info *get_frame(const struct domain *d, uint64_t gfn)
{
	struct page_info *page = get_page_from_mfn(gfn, d->domain_id);

	if (page && get_page_type(page, PGT_WRITABLE)) {
		put_page(page);
		page = NULL;
	}
	return page;
}

/* From two-level to FIFO: what is pending stays so until the words come. Port locks are not held.
 */
static void switch_ports(struct domain *d)
{
	uint32_t port;

	for (port = 1; port < d->evtchn.max_ports; port++) {
		struct evtchn *chn = evtchn_port(d, port);
		unsigned long flags;

		if (!chn)
			continue;
		flags = spin_lock_irqsave(&chn->lock);
		if (chn->status != EVTCHNSTAT_closed && evtchn_2l_is_pending(d, port))
			chn->pending = true;
		spin_unlock_irqrestore(&chn->lock, flags);
	}
}

static struct evtchn_fifo *fifo_alloc(void)
{
	struct evtchn_fifo *fifo = xzalloc(struct evtchn_fifo);

	if (fifo)
		spin_lock_init(&fifo->lock, RANK_EVTCHN_QUEUE);
	return fifo;
}

/* d->evtchn.lock is held; on success fv belongs to the domain. */
static int attach_vcpu(struct domain *d, unsigned int id, struct fifo_vcpu *fv)
{
	struct evtchn_fifo *fifo = d->evtchn.fifo;

	if (READ_ONCE(d->dying) != DOMDYING_ALIVE)
		return -EINVAL;
	if (fifo) {
		if (fifo->vcpu[id])
			return -EINVAL;
		__atomic_store_n(&fifo->vcpu[id], fv, __ATOMIC_RELEASE);
		return 0;
	}
	fifo = fifo_alloc();
	if (!fifo)
		return -ENOMEM;
	fifo->vcpu[id] = fv;
	__atomic_store_n(&d->evtchn.fifo, fifo, __ATOMIC_RELEASE);
	switch_ports(d);
	return 0;
}

int fifo_init_control(struct evtchn_init_control *init)
{
	struct domain *d = current->domain;
	struct fifo_vcpu *fv;
	int rc;

	init->link_bits = EVTCHN_FIFO_LINK_BITS;
	if (!domain_vcpu(d, init->vcpu))
		return -ENOENT;
	if (init->offset % 8 || init->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block))
		return -EINVAL;
	fv = xzalloc(struct fifo_vcpu);
	if (!fv)
		return -ENOMEM;
	fv->page = get_frame(d, init->control_gfn);
	if (!fv->page) {
		xfree(fv);
		return -EINVAL;
	}
	fv->block = (void *)((char *)page_to_virt(fv->page) + init->offset);

	spin_lock(&d->evtchn.lock);
	rc = attach_vcpu(d, init->vcpu, fv);
	spin_unlock(&d->evtchn.lock);
	if (rc) {
		put_page_and_type(fv->page);
		xfree(fv);
	}
	return rc;
}

/* Ports that became pending before they had a word. d->evtchn.lock is held. */
static void deliver_early(struct domain *d, uint32_t first)
{
	uint32_t port;

	for (port = first; port < first + WORDS_PER_PAGE && port < d->evtchn.max_ports; port++) {
		struct evtchn *chn = evtchn_port(d, port);
		unsigned long flags;

		if (!chn)
			continue;
		flags = spin_lock_irqsave(&chn->lock);
		if (chn->pending) {
			chn->pending = false;
			(void)fifo_set_pending(d, chn);
		}
		spin_unlock_irqrestore(&chn->lock, flags);
	}
}

int fifo_expand_array(uint64_t array_gfn)
{
	struct domain *d = current->domain;
	struct evtchn_fifo *fifo;
	struct page_info *page = get_frame(d, array_gfn);
	int rc = 0;

	if (!page)
		return -EINVAL;
	spin_lock(&d->evtchn.lock);
	fifo = d->evtchn.fifo;
	if (!fifo || READ_ONCE(d->dying) != DOMDYING_ALIVE) {
		rc = -EOPNOTSUPP;
	} else if (fifo->pages == ARRAY_PAGES) {
		rc = -ENOSPC;
	} else {
		__atomic_store_n(&fifo->words[fifo->pages], (event_word_t *)page_to_virt(page),
				 __ATOMIC_RELEASE);
		fifo->pages++;
		deliver_early(d, (uint32_t)((fifo->pages - 1) * WORDS_PER_PAGE));
	}
	spin_unlock(&d->evtchn.lock);
	if (rc)
		put_page_and_type(page);
	return rc;
}

/* ---- the end ---- */

void fifo_release_frames(struct domain *d)
{
	struct evtchn_fifo *fifo = d->evtchn.fifo;
	unsigned int i;

	if (!fifo)
		return;
	for (i = 0; i < ARRAY_PAGES; i++) {
		event_word_t *words = __atomic_exchange_n(&fifo->words[i], NULL, __ATOMIC_ACQ_REL);

		if (words)
			put_page_and_type(virt_to_page(words));
	}
	for (i = 0; i < MAX_VCPUS; i++) {
		if (!fifo->vcpu[i])
			continue;
		put_page_and_type(fifo->vcpu[i]->page);
		xfree(fifo->vcpu[i]);
		fifo->vcpu[i] = NULL;
	}
}

void fifo_free(struct domain *d)
{
	xfree(d->evtchn.fifo);
	d->evtchn.fifo = NULL;
}
