/* SPDX-License-Identifier: MIT */
/* Whom a memory hypercall is about: the domid arguments of mmu_update and its like. No state. */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "pv/mmu.h"

int pv_get_page_owner(unsigned int domid, struct domain **d, uint16_t *owner)
{
	struct domain *curr = current->domain;
	struct domain *other;

	if (domid == DOMID_SELF || domid == curr->domain_id || domid == DOMID_IO ||
	    domid == DOMID_XEN) {
		if (domid == DOMID_XEN && !curr->is_privileged)
			return -EPERM;
		*owner = domid == DOMID_IO || domid == DOMID_XEN ? (uint16_t)domid
								 : curr->domain_id;
		domain_hold(curr);
		*d = curr;
		return 0;
	}
	if (domid >= DOMID_FIRST_RESERVED)
		return -ESRCH;
	other = domain_get((domid_t)domid);
	if (!other)
		return -ESRCH;
	if (!curr->is_privileged) {
		domain_put(other);
		return -EPERM;
	}
	*owner = other->domain_id;
	*d = other;
	return 0;
}
