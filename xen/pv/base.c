/* SPDX-License-Identifier: MIT */
/*
 * The base registers: a vCPU's L4 tables for kernel and for user mode, each with a general and a
 * type reference.
 *
 * No lock: a vCPU's bases change only by itself, or while it does not run.
 */
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "cpu/tlb.h"
#include "pv/mmu.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"
#include "pv/traps.h"

void pv_update_cr3(struct vcpu *v)
{
	mfn_t mfn = v->pv.kernel_mode ? v->pv.guest_table : v->pv.guest_table_user;

	v->pv.cr3 = mfn << PAGE_SHIFT;
}

static int get_base(const struct vcpu *v, mfn_t mfn)
{
	if (!mfn_valid(mfn))
		return -EINVAL;
	return get_page_and_type_preemptible(mfn_to_page(mfn), v->domain->domain_id, PGT_L4);
}

/* Drops the references of an old base. -ERESTART: the frame is left partial. */
static int put_base(mfn_t mfn)
{
	return mfn ? put_page_and_type_preemptible(mfn_to_page(mfn)) : 0;
}

int pv_set_kernel_base(struct vcpu *v, mfn_t mfn)
{
	mfn_t old = v->pv.guest_table;
	int rc;

	if (mfn == old) {
		if (v == current)
			tlb_load_cr3(v->pv.cr3);
		return 0;
	}
	rc = get_base(v, mfn);
	if (rc)
		return rc;

	v->pv.guest_table = mfn;
	pv_update_cr3(v);
	if (v == current)
		tlb_load_cr3(v->pv.cr3);
	/* The new tables may map the LDT elsewhere. */
	if (v->pv.ldt_entries)
		pv_set_ldt(v, v->pv.ldt_base, v->pv.ldt_entries);
	if (put_base(old))
		pv_note_partial(old);
	return 0;
}

int pv_set_user_base(struct vcpu *v, mfn_t mfn)
{
	mfn_t old = v->pv.guest_table_user;
	int rc;

	if (mfn == old)
		return 0;
	rc = mfn ? get_base(v, mfn) : 0;
	if (rc)
		return rc;

	/* The running vCPU is in kernel mode, or it could not have called. */
	v->pv.guest_table_user = mfn;
	pv_update_cr3(v);
	if (put_base(old))
		pv_note_partial(old);
	return 0;
}

int pv_drop_bases(struct vcpu *v)
{
	mfn_t *bases[] = { &v->pv.guest_table, &v->pv.guest_table_user };
	unsigned int i;

	v->pv.cr3 = 0;
	v->pv.partial_table = 0;
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		mfn_t mfn = *bases[i];

		*bases[i] = 0;
		/* What stays partial is found by pv_relinquish_memory(). */
		if (put_base(mfn))
			return -ERESTART;
	}
	return 0;
}
