/* SPDX-License-Identifier: MIT */
/* The user page table: one table of each level, which maps 2 MiB from USER_BASE on. */
#include "frontends/runtime/user.h"
#include "frontends/runtime/hypercall.h"
#include "frontends/runtime/memory.h"
#include "frontends/runtime/runtime.h"

#define PTE_TABLE (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

static pte_t *l1_table;

static int mmuext(unsigned int cmd, mfn_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return (int)hypercall(mmuext_op, &op, 1, 0, DOMID_SELF);
}

int user_init(void *kernel_stack_end)
{
	pte_t *tables[4]; /* by level, from 1 */
	int rc = 0;

	for (unsigned int l = 0; l < ARRAY_SIZE(tables); l++) {
		tables[l] = page_alloc();
		if (!tables[l])
			return -ENOMEM;
		if (l > 0)
			tables[l][PT_INDEX(USER_BASE, l + 1)] =
				pte_make(virt_to_mfn_guest(tables[l - 1]), PTE_TABLE);
		rc = page_remap(tables[l], page_own_pte(tables[l]) & ~PTE_RW);
		if (rc)
			return rc;
	}
	rc = mmuext(MMUEXT_PIN_L4_TABLE, virt_to_mfn_guest(tables[3]));
	if (!rc)
		rc = mmuext(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn_guest(tables[3]));
	if (!rc)
		rc = (int)hypercall(stack_switch, FLAT_KERNEL_SS, kernel_stack_end, 0, 0);
	if (!rc)
		l1_table = tables[0];
	return rc;
}

int user_map(unsigned int index, const void *va, bool writable)
{
	struct mmu_update req = {
		.ptr = (virt_to_mfn_guest(l1_table) << PAGE_SHIFT) + index * sizeof(pte_t),
		.val = page_own_pte(va) & (writable ? ~0ul : ~(unsigned long)PTE_RW),
	};

	if (index >= USER_PAGES)
		return -EINVAL;
	return (int)hypercall(mmu_update, &req, 1, 0, DOMID_SELF);
}
