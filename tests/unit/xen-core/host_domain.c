/* SPDX-License-Identifier: MIT */
/* Domains in a small table, and hypercalls made by the current one. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "core/hypercall.h"
#include "lib/errno.h"
#include "mm/guest_access.h"

#define DOMAINS 8

struct domain *hardware_domain;
struct domain *idle_domain;
bool host_preempt;
unsigned int host_continued;
unsigned long host_continue_args[6];

static struct domain *domains[DOMAINS];

struct domain *host_domain_new(domid_t domid, unsigned int vcpus, bool privileged)
{
	struct domain *d = calloc(1, sizeof(*d));

	d->domain_id = domid;
	d->max_vcpus = vcpus;
	d->is_privileged = d->is_hardware = privileged;
	d->refcount = 1;
	spin_lock_init(&d->lock, RANK_DOMAIN);
	d->shared_info = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	memset(d->shared_info, 0, PAGE_SIZE);
	for (unsigned int i = 0; i < vcpus; i++) {
		struct vcpu *v = calloc(1, sizeof(*v));

		v->vcpu_id = i;
		v->domain = d;
		v->vcpu_info = &d->shared_info->vcpu_info[i];
		d->vcpu[i] = v;
	}
	domains[domid] = d;
	if (privileged)
		hardware_domain = d;
	return d;
}

void host_domain_free(struct domain *d)
{
	domains[d->domain_id] = NULL;
	if (hardware_domain == d)
		hardware_domain = NULL;
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		free(d->vcpu[i]);
	free(d->shared_info);
	free(d);
}

void host_run(struct domain *d)
{
	current = d->vcpu[0];
}

struct domain *domain_get(domid_t domid)
{
	struct domain *d = domid < DOMAINS ? domains[domid] : NULL;

	if (d)
		d->refcount++;
	return d;
}

struct domain *domain_get_any(domid_t domid)
{
	return domain_get(domid == DOMID_SELF ? current->domain->domain_id : domid);
}

struct domain *domain_get_next(domid_t domid)
{
	for (; domid < DOMAINS; domid++)
		if (domains[domid])
			return domain_get(domid);
	return NULL;
}

void domain_hold(struct domain *d)
{
	d->refcount++;
}

bool domain_hold_alive(struct domain *d)
{
	d->refcount++;
	return true;
}

void domain_put(struct domain *d)
{
	assert_true(d->refcount > 1);
	d->refcount--;
}

struct vcpu *domain_vcpu(const struct domain *d, unsigned int vcpu_id)
{
	return vcpu_id < d->max_vcpus ? d->vcpu[vcpu_id] : NULL;
}

bool may_control(const struct domain *d)
{
	return current->domain == d || current->domain->is_privileged;
}

bool hypercall_preempt_check(void)
{
	bool preempt = host_preempt;

	host_preempt = false;
	return preempt;
}

long hypercall_continue(unsigned int op, unsigned int nargs, ...)
{
	va_list args;

	(void)op;
	host_continued++;
	va_start(args, nargs);
	for (unsigned int i = 0; i < nargs; i++)
		host_continue_args[i] = va_arg(args, unsigned long);
	va_end(args);
	return -ERESTART;
}

/* NULL is the address at which a guest has nothing mapped. */
int copy_from_guest(void *dst, const void *guest, size_t len)
{
	if (!guest)
		return -EFAULT;
	memcpy(dst, guest, len);
	return 0;
}

int copy_to_guest(void *guest, const void *src, size_t len)
{
	if (!guest)
		return -EFAULT;
	memcpy(guest, src, len);
	return 0;
}
