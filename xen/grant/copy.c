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
#define CHUNK      8u /* entries that are copied from the guest at once; divides COPY_BATCH */

/* One side of a copy: a page that is claimed for reading, or for reading and writing. */
struct side {
	bool claimed, by_ref, writable;
	domid_t domid;        /* as the guest gave it; of owner, and of the claimed page */
	uint64_t name;        /* grant reference or frame number */
	struct domain *owner; /* referenced; NULL at the start */
	mfn_t mfn;
};

static void release(struct side *s)
{
	if (!s->claimed)
		return;
	grant_put_frame(s->mfn, !s->writable);
	if (s->by_ref)
		grant_unpin(s->owner, (grant_ref_t)s->name, !s->writable);
	s->claimed = false;
}

/* Makes domid's domain the side's owner. Its page is released. */
static bool find_owner(struct side *s, domid_t domid)
{
	if (s->owner && s->domid == domid)
		return true;
	if (s->owner)
		domain_put(s->owner);
	s->owner = domain_get_any(domid);
	s->domid = domid;
	return s->owner;
}

/* Claims what p names, unless that is what s holds already. GNTST_*. */
static int claim(struct side *s, const struct gnttab_copy_ptr *p, bool by_ref)
{
	uint64_t name = by_ref ? p->u.ref : p->u.gmfn;
	int rc;

	if (s->claimed && s->name == name && s->by_ref == by_ref && s->domid == p->domid)
		return GNTST_okay;
	release(s);
	if (!by_ref && p->domid != DOMID_SELF)
		return GNTST_permission_denied;
	if (!find_owner(s, p->domid))
		return GNTST_bad_domain;
	s->by_ref = by_ref;
	s->name = name;
	s->mfn = name;
	if (by_ref) {
		rc = grant_pin(s->owner, p->u.ref, current->domain->domain_id, !s->writable,
			       &s->mfn);
		if (rc)
			return rc;
	}
	rc = grant_get_frame(s->owner, s->mfn, !s->writable);
	if (rc && by_ref)
		grant_unpin(s->owner, p->u.ref, !s->writable);
	s->claimed = !rc;
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

static void side_end(struct side *s)
{
	release(s);
	if (s->owner)
		domain_put(s->owner);
}

long grant_copy(struct gnttab_copy *ops, unsigned int count)
{
	struct side from = { .claimed = false }, to = { .writable = true };
	struct gnttab_copy op[CHUNK];
	unsigned int done, n, i;
	long rc = 0;

	for (done = 0; done < min(count, COPY_BATCH) && !rc; done += n) {
		n = min(count - done, CHUNK);
		if (copy_from_guest_offset(op, ops, done, n)) {
			rc = -EFAULT;
			break;
		}
		for (i = 0; i < n; i++)
			op[i].status = (int16_t)copy_one(&op[i], &from, &to);
		if (copy_to_guest_offset(ops, done, op, n))
			rc = -EFAULT;
	}
	side_end(&from);
	side_end(&to);
	return rc ? rc : done < count ? (long)done : 0;
}
