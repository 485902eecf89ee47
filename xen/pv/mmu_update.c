/* SPDX-License-Identifier: MIT */
/*
 * mmu_update: a batch of checked page-table writes and machine-to-physical entries.
 *
 * A request names a frame; what it means depends on the type that the frame has at that moment. The
 * references on the frame are kept while successive requests name it again.
 */
#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "mm/addr.h"
#include "mm/guest_words.h"
#include "pv/mmu.h"
#include "pv/mmu_batch.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"

#define REQUESTS_AT_ONCE 8

/* The frame that requests write to. */
struct update_target {
	struct page_info *page; /* NULL: none */
	mfn_t mfn;
	unsigned int level; /* 0: an ordinary writable page */
};

static void target_put(struct update_target *t)
{
	if (!t->page)
		return;
	if (t->level > 1) {
		if (put_page_and_type_preemptible(t->page))
			pv_note_partial(t->mfn);
	} else if (!page_ref_put_shared(t->page)) {
		put_page_and_type(t->page);
	}
	t->page = NULL;
}

static int target_get(struct update_target *t, mfn_t mfn, const struct domain *owner)
{
	struct page_info *page = mfn_to_page(mfn);
	uint32_t type;

	if (t->page && t->mfn == mfn)
		return 0;
	target_put(t);
	if (!mfn_valid(mfn))
		return -EINVAL;

	type = READ_ONCE(page->type) & PGT_TYPE_MASK;
	if (is_table_type(type) && page_ref_get_table(page, owner->domain_id, type)) {
		t->level = table_level(type);
	} else {
		if (get_page_and_type(page, owner->domain_id, PGT_WRITABLE))
			return -EINVAL;
		t->level = 0;
	}
	t->page = page;
	t->mfn = mfn;
	return 0;
}

static int write_entry(struct update_target *t, const struct mmu_update *req, struct domain *d,
		       uint16_t page_owner, bool preserve_ad)
{
	unsigned int i = (req->ptr & (PAGE_SIZE - 1)) / sizeof(pte_t);
	pte_t *entry;
	int rc;

	rc = target_get(t, req->ptr >> PAGE_SHIFT, d);
	if (rc)
		return rc;
	entry = (pte_t *)mfn_to_virt(t->mfn) + i;
	switch (t->level) {
	case 0:
		WRITE_ONCE(*entry, req->val);
		return 0;
	case 1:
		return pv_update_l1e(entry, req->val, d, page_owner, preserve_ad);
	case 4:
		if (i >= HV_L4_FIRST && i <= HV_L4_LAST)
			return -EINVAL;
		/* fallthrough */
	default:
		return pv_update_table_entry(entry, req->val, t->level, d, preserve_ad);
	}
}

static int set_machphys(const struct mmu_update *req, uint16_t page_owner)
{
	struct page_info *page;

	if (page_owner >= DOMID_FIRST_RESERVED)
		return -EPERM;
	page = get_page_from_mfn(req->ptr >> PAGE_SHIFT, page_owner);
	if (!page)
		return -EINVAL;
	m2p_set(req->ptr >> PAGE_SHIFT, req->val);
	put_page(page);
	return 0;
}

static int one_request(struct update_target *t, struct mmu_update *req, struct domain *pt_owner,
		       uint16_t page_owner)
{
	unsigned int cmd = req->ptr & (sizeof(pte_t) - 1);

	req->ptr -= cmd;
	switch (cmd) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_PRESERVE_AD:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		return write_entry(t, req, pt_owner, page_owner, cmd == MMU_PT_UPDATE_PRESERVE_AD);
	case MMU_MACHPHYS_UPDATE:
		return set_machphys(req, page_owner);
	default:
		return -ENOSYS;
	}
}

/* Whose tables are written, and whose frames they are to map. */
struct owners {
	struct domain *pt_owner;
	uint16_t page_owner;
	struct domain *held[2]; /* references to be dropped */
};

/* Makes requests until one fails or other work is waiting; *done counts those made. */
static int run_requests(const struct mmu_update *reqs, unsigned int count,
			const struct owners *owners, unsigned int *done)
{
	struct update_target target = { .page = NULL };
	struct mmu_update req[REQUESTS_AT_ONCE];
	unsigned int n = 0, i;
	int rc = 0;

	while (!rc && *done < count) {
		n = min(count - *done, (unsigned int)REQUESTS_AT_ONCE);
		if (copy_from_guest_offset(req, reqs, *done, n)) {
			rc = -EFAULT;
			break;
		}
		for (i = 0; i < n; i++) {
			rc = one_request(&target, &req[i], owners->pt_owner, owners->page_owner);
			if (rc)
				break;
			++*done;
			rc = mmu_batch_finish_one();
			if (rc)
				break;
		}
		if (!rc && *done < count && hypercall_preempt_check())
			rc = -ERESTART;
	}
	target_put(&target);
	return rc;
}

static void put_owners(struct owners *o)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(o->held); i++)
		if (o->held[i])
			domain_put(o->held[i]);
}

/* By the two domids in the argument. */
static int get_owners(unsigned int foreign, struct owners *o)
{
	struct domain *curr = current->domain;
	uint16_t unused;
	int rc;

	*o = (struct owners){ .pt_owner = curr, .page_owner = curr->domain_id };
	if (likely(foreign == DOMID_SELF))
		return 0;
	rc = pv_get_page_owner(foreign & 0xffff, &o->held[0], &o->page_owner);
	if (!rc && foreign >> 16) {
		rc = pv_get_page_owner((foreign >> 16) - 1, &o->held[1], &unused);
		o->pt_owner = o->held[1];
	}
	/* A dying domain's tables are being taken apart. */
	if (!rc && o->pt_owner != curr && READ_ONCE(o->pt_owner->dying) != DOMDYING_ALIVE)
		rc = -ESRCH;
	if (rc)
		put_owners(o);
	return rc;
}

/*
 * One entry of an own L1 table, which is what kernels mostly ask for. False: it is something else,
 * and nothing has been done.
 */
static inline bool update_one(const struct mmu_update *req, struct vcpu *v, int *rc)
{
	const struct domain *d = v->domain;
	struct page_info *page;
	uint64_t ptr, val, cmd;

	if (!guest_words_begin(req, sizeof(*req)))
		return false;
	guest_get_word(ptr, guest_field(req, ptr), fault);
	guest_get_word(val, guest_field(req, val), fault);
	guest_words_end();

	cmd = ptr & (sizeof(pte_t) - 1);
	ptr -= cmd;
	if ((cmd != MMU_NORMAL_PT_UPDATE && cmd != MMU_PT_UPDATE_PRESERVE_AD) ||
	    !mfn_valid(ptr >> PAGE_SHIFT))
		return false;
	page = mfn_to_page(ptr >> PAGE_SHIFT);
	if (!page_ref_get_table(page, d->domain_id, PGT_L1))
		return false;
	*rc = pv_update_l1e(maddr_to_virt(ptr), val, d, d->domain_id,
			    cmd == MMU_PT_UPDATE_PRESERVE_AD);
	if (!page_ref_put_shared(page))
		put_page_and_type(page);
	return true;
fault:
	guest_words_end();
	return false;
}

static __attribute__((__noinline__)) long update_batch(const struct mmu_update *reqs,
						       unsigned int count, unsigned int *pdone,
						       unsigned int foreign);

long do_mmu_update(const struct mmu_update *reqs, unsigned int count, unsigned int *pdone,
		   unsigned int foreign)
{
	struct vcpu *v = current;
	int rc;

	if (count != 1 || foreign != DOMID_SELF || v->pv.partial_table || !update_one(reqs, v, &rc))
		return update_batch(reqs, count, pdone, foreign);
	return mmu_batch_end(rc, pdone, rc == 0);
}

static long update_batch(const struct mmu_update *reqs, unsigned int count, unsigned int *pdone,
			 unsigned int foreign)
{
	unsigned int before, done = 0;
	struct owners owners;
	long rc;

	rc = mmu_batch_begin(&count, pdone, &before);
	if (!rc)
		rc = get_owners(foreign, &owners);
	if (!rc) {
		rc = run_requests(reqs, count, &owners, &done);
		put_owners(&owners);
	}
	rc = mmu_batch_end(rc, pdone, before + done);
	if (rc == -ERESTART)
		rc = hypercall_continue(__HYPERVISOR_mmu_update, 4, (unsigned long)(reqs + done),
					(unsigned long)((count - done) | MMU_BATCH_CONTINUED),
					(unsigned long)pdone, (unsigned long)foreign);
	return rc;
}
