/* SPDX-License-Identifier: MIT */
/*
 * Domains: the table that finds them, creation, references.
 *
 * Lock: table_lock (RANK_DOMAIN_TABLE) for the table.
 */
#include "core/domain.h"
#include "core/panic.h"
#include "cpu/percpu.h"
#include "grant/grant.h"
#include "irq/pirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/page.h"
#include "pv/cpuid.h"
#include "pv/page_type.h"
#include "pv/traps.h"
#include "sched/cpupool.h"
#include "time/time.h"

#define TABLE_PART   512u /* domids in one part of the table */
#define TABLE_PARTS  DIV_ROUND_UP((unsigned int)DOMID_FIRST_RESERVED, TABLE_PART)
#define CHUNK_FRAMES 512u

struct domain *hardware_domain;
struct domain *idle_domain;

static spinlock_t table_lock = SPINLOCK_INIT(RANK_DOMAIN_TABLE);
static struct domain **table[TABLE_PARTS]; /* parts are made on demand and stay */
static domid_t last_id;

/* Where a domain's shared memory points once the domain is dying and the real one is given back. */
static uint8_t scratch_page[PAGE_SIZE] __aligned(4096);

struct domain *domain_peek(domid_t domid)
{
	struct domain **part;

	if (domid >= DOMID_FIRST_RESERVED)
		return NULL;
	part = __atomic_load_n(&table[domid / TABLE_PART], __ATOMIC_ACQUIRE);
	return part ? __atomic_load_n(&part[domid % TABLE_PART], __ATOMIC_ACQUIRE) : NULL;
}

static int table_insert(struct domain *d)
{
	domid_t id = d->domain_id;
	struct domain **fresh = xzalloc_array(struct domain *, TABLE_PART), **part;
	int rc = 0;

	if (!fresh)
		return -ENOMEM;
	spin_lock(&table_lock);
	part = table[id / TABLE_PART];
	if (!part) {
		part = fresh;
		__atomic_store_n(&table[id / TABLE_PART], fresh, __ATOMIC_RELEASE);
		fresh = NULL;
	}
	if (part[id % TABLE_PART])
		rc = -EEXIST;
	else
		__atomic_store_n(&part[id % TABLE_PART], d, __ATOMIC_RELEASE);
	spin_unlock(&table_lock);
	xfree(fresh);
	return rc;
}

/* A count of zero never rises again: its domain_put() is about to free the domain. */
bool domain_hold_alive(struct domain *d)
{
	unsigned int count = __atomic_load_n(&d->refcount, __ATOMIC_RELAXED);

	do {
		if (count == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&d->refcount, &count, count + 1, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return true;
}

struct domain *domain_get(domid_t domid)
{
	struct domain *d;

	spin_lock(&table_lock);
	d = domain_peek(domid);
	if (d && !domain_hold_alive(d))
		d = NULL;
	spin_unlock(&table_lock);
	return d;
}

struct domain *domain_get_any(domid_t domid)
{
	if (domid == DOMID_SELF) {
		domain_hold(current->domain);
		return current->domain;
	}
	return domain_get(domid);
}

struct domain *domain_get_next(domid_t domid)
{
	struct domain *d = NULL;

	for (unsigned int id = domid; id < DOMID_FIRST_RESERVED && !d; id++) {
		if (!table[id / TABLE_PART]) {
			id = ROUND_DOWN(id, TABLE_PART) + TABLE_PART - 1;
			continue;
		}
		d = domain_get((domid_t)id);
	}
	return d;
}

void domain_hold(struct domain *d)
{
	__atomic_fetch_add(&d->refcount, 1, __ATOMIC_RELAXED);
}

static void free_vcpu(struct vcpu *v)
{
	sched_destroy_vcpu(v);
	vcpu_time_destroy(v);
	pv_vcpu_destroy(v);
	xfree(v);
}

/* What domain_create() made, in reverse order; nothing refers to d any more. */
static void free_domain(struct domain *d)
{
	for (unsigned int i = 0; i < MAX_VCPUS; i++)
		if (d->vcpu[i])
			free_vcpu(d->vcpu[i]);
	if (d->pirqs)
		pirq_domain_destroy(d);
	cpupool_remove_domain(d);
	evtchn_domain_free(d);
	grant_table_free(d);
	xfree(d->policy);
	xfree(d->memory_map);
	xfree(d->ioport_denied);
	xfree(d->owned_chunks);
	xfree(d);
}

void domain_put(struct domain *d)
{
	if (__atomic_sub_fetch(&d->refcount, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	spin_lock(&table_lock);
	table[d->domain_id / TABLE_PART][d->domain_id % TABLE_PART] = NULL;
	spin_unlock(&table_lock);
	free_domain(d);
	send_global_virq(VIRQ_DOM_EXC);
}

struct vcpu *domain_vcpu(const struct domain *d, unsigned int vcpu_id)
{
	if (vcpu_id >= d->max_vcpus)
		return NULL;
	__asm__ __volatile__("lfence"); /* the check holds for the load, too */
	return d->vcpu[vcpu_id];
}

bool may_control(const struct domain *d)
{
	return current->domain == d || current->domain->is_privileged;
}

int domain_alloc_id(void)
{
	int rc = -ENOSPC;

	spin_lock(&table_lock);
	for (unsigned int i = 1; i < DOMID_FIRST_RESERVED; i++) {
		unsigned int id = (last_id + i) % DOMID_FIRST_RESERVED;

		if (id == 0 || domain_peek((domid_t)id))
			continue;
		last_id = (domid_t)id;
		rc = (int)id;
		break;
	}
	spin_unlock(&table_lock);
	return rc;
}

static int create_shared_info(struct domain *d)
{
	struct page_info *page = alloc_frames(0, ALLOC_ZERO);

	if (!page)
		return -ENOMEM;
	d->shared_info = page_to_virt(page);
	share_frame(page, d, false);
	m2p_set(page_to_mfn(page), M2P_INVALID);
	return 0;
}

static void init_fields(struct domain *d, domid_t domid, const struct domain_config *config)
{
	d->domain_id = domid;
	d->is_privileged = config->is_privileged;
	d->is_hardware = config->is_hardware;
	memcpy(d->handle, config->handle, sizeof(d->handle));
	d->ssidref = config->ssidref;
	d->max_vcpus = config->max_vcpus;
	d->refcount = 1;
	d->shutdown_code = ~0u;
	d->pause_count = d->controller_pause_count = 1;
	spin_lock_init(&d->lock, RANK_DOMAIN);
	spin_lock_init(&d->page_alloc_lock, RANK_PAGE_ALLOC);
}

int domain_create(domid_t domid, const struct domain_config *config, struct domain **out)
{
	struct domain *d;
	int rc;

	if (config->max_vcpus < 1 || config->max_vcpus > MAX_VCPUS)
		return -EINVAL;
	d = xzalloc(struct domain);
	if (!d)
		return -ENOMEM;
	init_fields(d, domid, config);
	rc = cpupool_add_domain(d, config->cpupool_id);
	if (rc) {
		xfree(d);
		return rc;
	}
	rc = -ENOMEM;
	d->owned_chunks =
		xzalloc_array(unsigned long, BITS_TO_LONGS(DIV_ROUND_UP(max_mfn, CHUNK_FRAMES)));
	if (!d->owned_chunks)
		goto free;
	rc = evtchn_domain_init(d, config->max_evtchn_port);
	if (rc)
		goto free;
	rc = grant_table_create(d, config->max_grant_frames, config->max_maptrack_frames);
	if (rc)
		goto free_evtchn;
	if (d->is_hardware) {
		rc = pirq_domain_init(d);
		if (rc)
			goto free_grant;
	}
	rc = table_insert(d);
	if (rc)
		goto free_pirq;
	/* From here on the ordinary way of dying undoes everything. */
	rc = create_shared_info(d);
	if (rc) {
		while (domain_kill(d) == -ERESTART)
			;
		return rc;
	}
	domain_publish_wallclock(d);
	if (d->is_hardware)
		hardware_domain = d;
	*out = d;
	return 0;

free_pirq:
	if (d->pirqs)
		pirq_domain_destroy(d);
free_grant:
	grant_table_free(d);
free_evtchn:
	evtchn_domain_free(d);
free:
	cpupool_remove_domain(d);
	xfree(d->owned_chunks);
	xfree(d);
	return rc;
}

int vcpu_create(struct domain *d, unsigned int vcpu_id, struct vcpu **out)
{
	struct vcpu *v;
	int rc;

	if (vcpu_id >= d->max_vcpus)
		return -EINVAL;
	if (d->vcpu[vcpu_id])
		return -EEXIST;
	v = xzalloc(struct vcpu);
	if (!v)
		return -ENOMEM;
	v->vcpu_id = vcpu_id;
	v->domain = d;
	v->pause_flags = BIT(VPF_DOWN);
	v->vcpu_info = vcpu_id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[vcpu_id]
						      : (struct vcpu_info *)scratch_page;
	rc = pv_vcpu_init(v);
	if (rc) {
		xfree(v);
		return rc;
	}
	sched_init_vcpu(v);
	vcpu_time_init(v);
	__atomic_store_n(&d->vcpu[vcpu_id], v, __ATOMIC_RELEASE);
	sched_vcpu_created(v);
	if (out)
		*out = v;
	return 0;
}

int vcpu_map_info(struct vcpu *v, mfn_t mfn, unsigned int offset)
{
	struct domain *d = v->domain;
	struct page_info *page;
	struct vcpu_info *new;
	int rc;

	if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || offset % sizeof(unsigned long))
		return -EINVAL;
	if (v->vcpu_info_page)
		return -EINVAL;
	/* It moves while it is in use only for the vCPU that asks. */
	if (v != current && !(READ_ONCE(v->pause_flags) & BIT(VPF_DOWN)))
		return -EINVAL;
	page = get_page_from_mfn(mfn, d->domain_id);
	if (!page)
		return -EINVAL;
	rc = get_page_type(page, PGT_WRITABLE);
	if (rc) {
		put_page(page);
		return rc;
	}
	new = (struct vcpu_info *)((char *)page_to_virt(page) + offset);
	if ((void *)v->vcpu_info == scratch_page) {
		memset(new, 0, sizeof(*new));
		new->evtchn_upcall_mask = 1;
	} else {
		*new = *v->vcpu_info;
	}
	v->vcpu_info = new;
	v->vcpu_info_page = page;
	evtchn_vcpu_info_moved(v);
	return 0;
}

/* Nothing of the guest's memory is written by us any more. No vCPU of d runs. */
void domain_detach_shared_memory(struct domain *d)
{
	struct page_info *page;
	struct vcpu *v;

	for_each_vcpu(d, v) {
		v->vcpu_info = (struct vcpu_info *)scratch_page;
		v->runstate_guest = NULL;
		v->time_info_guest = NULL;
		page = v->vcpu_info_page;
		v->vcpu_info_page = NULL;
		if (page)
			put_page_and_type(page);
	}
	if (d->shared_info && (void *)d->shared_info != scratch_page) {
		page = virt_to_page(d->shared_info);
		d->shared_info = (struct shared_info *)scratch_page;
		unshare_frame(page);
	}
}
