/* SPDX-License-Identifier: MIT */
/*
 * GNTTABOP_copy: copying between pages, each named by a grant or, for the caller's own, by its
 * frame number. A page stays claimed from one copy to the next of a batch while the next names it
 * again.
 */
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "grant/table.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/guest_access.h"

#define COPY_BATCH 64u

/* One side of a copy: a page that is claimed for reading, or for reading and writing. */
struct side {
	bool claimed, by_ref, writable;
	domid_t domid; /* as the guest gave it */
	uint64_t name; /* grant reference or frame number */
	struct domain *owner;
	mfn_t mfn;
};

static void release(struct side *s)
{
	if (!s->claimed)
		return;
	grant_put_frame(s->mfn, !s->writable);
	if (s->by_ref)
		grant_unpin(s->owner, (grant_ref_t)s->name, !s->writable);
	domain_put(s->owner);
	s->claimed = false;
}

/* Claims what p names, unless that is what s holds already. GNTST_*. */
static int claim(struct side *s, const struct gnttab_copy_ptr *p, bool by_ref)
{
	uint64_t name = by_ref ? p->u.ref : p->u.gmfn;
	int rc = GNTST_okay;

	if (s->claimed && s->by_ref == by_ref && s->domid == p->domid && s->name == name)
		return GNTST_okay;
	release(s);
	if (!by_ref && p->domid != DOMID_SELF)
		return GNTST_permission_denied;
	s->owner = domain_get_any(p->domid);
	if (!s->owner)
		return GNTST_bad_domain;
	s->by_ref = by_ref;
	s->domid = p->domid;
	s->name = name;
	s->mfn = name;
	if (by_ref)
		rc = grant_pin(s->owner, p->u.ref, current->domain->domain_id, !s->writable,
			       &s->mfn);
	if (!rc) {
		rc = grant_get_frame(s->owner, s->mfn, !s->writable);
		if (rc && by_ref)
			grant_unpin(s->owner, p->u.ref, !s->writable);
	}
	if (rc)
		domain_put(s->owner);
	else
		s->claimed = true;
	return rc;
}

static int copy_one(const struct gnttab_copy *op, struct side *from, struct side *to)
{
	int rc;

	if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
		return GNTST_bad_copy_arg;
	rc = claim(from, &op->source, op->flags & GNTCOPY_source_gref);
	if (!rc)
		rc = claim(to, &op->dest, op->flags & GNTCOPY_dest_gref);
	if (!rc)
		memmove((char *)mfn_to_virt(to->mfn) + op->dest.offset,
			(const char *)mfn_to_virt(from->mfn) + op->source.offset, op->len);
	return rc;
}

long grant_copy(struct gnttab_copy *ops, unsigned int count)
{
	struct side from = { .claimed = false }, to = { .writable = true };
	struct gnttab_copy op;
	unsigned int i;
	long rc = 0;

	for (i = 0; i < count && i < COPY_BATCH && !rc; i++) {
		if (copy_from_guest_offset(&op, ops, i, 1)) {
			rc = -EFAULT;
			break;
		}
		op.status = (int16_t)copy_one(&op, &from, &to);
		if (copy_to_guest(&ops[i].status, &op.status, sizeof(op.status)))
			rc = -EFAULT;
	}
	release(&from);
	release(&to);
	return rc ? rc : i < count ? (long)i : 0;
}
