/* SPDX-License-Identifier: MIT */
/* What mmu_update and mmuext_op share: batches with a count of what is done, in pieces. */
#ifndef PV_MMU_BATCH_H
#define PV_MMU_BATCH_H

#include "core/domain.h"
#include "cpu/percpu.h"
#include "lib/errno.h"
#include "lib/types.h"
#include "mm/guest_access.h"
#include "pv/page_type.h"

/* In the count argument: the call goes on, and *pdone counts what earlier pieces did. */
#define MMU_BATCH_CONTINUED (1u << 31)

/* After each request: what it left partial. -ERESTART: go on later. */
static inline int mmu_batch_finish_one(void)
{
	return unlikely(current->pv.partial_table) ? pv_undo_partial() : 0;
}

/*
 * Takes the flag out of *count, finishes what the last operation left partial, and reads into
 * *before how many requests are done already. -ERESTART: go on later.
 */
static inline int mmu_batch_begin(unsigned int *count, const unsigned int *pdone,
				  unsigned int *before)
{
	*before = 0;
	if (*count & MMU_BATCH_CONTINUED) {
		*count &= ~MMU_BATCH_CONTINUED;
		if (pdone && copy_from_guest(before, pdone, sizeof(*before)))
			return -EFAULT;
	}
	return mmu_batch_finish_one();
}

/* Tells the guest how many are done. */
static inline long mmu_batch_end(long rc, unsigned int *pdone, unsigned int done)
{
	if (pdone && copy_to_guest(pdone, &done, sizeof(done)))
		return -EFAULT;
	return rc;
}

#endif
