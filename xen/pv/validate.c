/* SPDX-License-Identifier: MIT */
/*
 * What the entries of page tables refer to: the checks on an entry, the references it takes and
 * gives back, and the loops over whole tables.
 *
 * No lock. A table that is being validated or invalidated belongs to the CPU that does it (see
 * pv/page_type.h), and nobody can write it: it has no writable mapping, and checked updates want a
 * type reference first. Only the accessed and dirty bits may change.
 */
#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/percpu.h"
#include "mm/map.h"
#include "pv/iomem.h"
#include "pv/leaf.h"
#include "pv/page_ref.h"
#include "pv/page_type.h"

/* Look for waiting work once in so many tables below a table. */
#define PREEMPT_INTERVAL 16

#define table_log(...) guest_log(current->domain, LOG_DEBUG, __VA_ARGS__)

bool l1e_flags_ok(pte_t l1e, const struct domain *d)
{
	return !(l1e & PTE_CACHE_MASK) || d->is_hardware;
}

bool table_entry_flags_ok(pte_t entry)
{
	return !(entry & (PTE_PWT | PTE_PCD | PTE_PSE | PTE_GLOBAL));
}

/* A frame of the hypervisor that it shows to privileged domains: parts of the M2P. */
static bool get_shown_frame(struct page_info *page, pte_t l1e, const struct domain *d)
{
	return d->is_privileged && !(l1e & PTE_RW) && (READ_ONCE(page->count) & PGC_XEN_HEAP) &&
	       get_page(page, DOMID_XEN);
}

/*
 * All that is not an ordinary frame of an ordinary domain, and all errors: -EPERM for a frame it
 * may not map, -EBUSY for a writable mapping of one in use as a table, -EINVAL for the entry's
 * bits.
 */
static int get_leaf_slow(pte_t l1e, const struct domain *d, uint16_t owner)
{
	mfn_t mfn = pte_mfn(l1e);
	struct page_info *page = mfn_to_page(mfn);
	int rc = -EPERM;

	if (!l1e_flags_ok(l1e, d)) {
		table_log("L1 entry %#lx: cache attributes need a device", l1e);
		return -EINVAL;
	}
	if (!mfn_valid(mfn) || page_owner(page) == DOMID_IO) {
		if (iomem_permitted(d, mfn))
			return 0;
		table_log("L1 entry %#lx: no such memory, or not permitted", l1e);
		return -EPERM;
	}
	if (owner == DOMID_XEN) {
		if (get_shown_frame(page, l1e, d))
			return 0;
	} else if (owner < DOMID_FIRST_RESERVED && get_page(page, owner)) {
		if (!(l1e & PTE_RW) || !get_page_type(page, PGT_WRITABLE))
			return 0;
		put_page(page);
		rc = -EBUSY;
	}
	table_log("L1 entry %#lx: frame of d%u (want d%u), count %#x, type %#x", l1e,
		  page_owner(page), owner, page->count, page->type);
	return rc;
}

/* owner is the id of an ordinary domain. */
static inline int get_leaf(pte_t l1e, const struct domain *d, uint16_t owner)
{
	return likely(leaf_get(l1e, owner)) ? 0 : get_leaf_slow(l1e, d, owner);
}

int get_page_from_l1e(pte_t l1e, const struct domain *l1_owner, uint16_t page_owner)
{
	if (unlikely(page_owner >= DOMID_FIRST_RESERVED))
		return get_leaf_slow(l1e, l1_owner, page_owner);
	return get_leaf(l1e, l1_owner, page_owner);
}

void put_page_from_l1e(pte_t l1e, const struct domain *l1_owner)
{
	leaf_put(l1e, l1_owner);
}

int get_page_from_table_entry(pte_t entry, unsigned int level, const struct domain *d)
{
	uint32_t type = table_type(level - 1);
	mfn_t mfn = pte_mfn(entry);
	struct page_info *page = mfn_to_page(mfn);
	int rc;

	if (!table_entry_flags_ok(entry) || !mfn_valid(mfn)) {
		table_log("L%u entry %#lx: bits or address not allowed", level, entry);
		return -EINVAL;
	}
	if (likely(page_ref_get_table(page, d->domain_id, type)))
		return 0;
	if (level == 2)
		rc = get_page_and_type(page, d->domain_id, type);
	else
		rc = get_page_and_type_preemptible(page, d->domain_id, type);
	if (rc && rc != -ERESTART)
		table_log("L%u entry %#lx: frame of d%u, count %#x, type %#x", level, entry,
			  page_owner(page), page->count, page->type);
	return rc;
}

int put_page_from_table_entry(pte_t entry, unsigned int level)
{
	struct page_info *page = mfn_to_page(pte_mfn(entry));

	if (level > 2)
		return put_page_and_type_preemptible(page);
	if (!page_ref_put_shared(page))
		put_page_and_type(page);
	return 0;
}

/* Tables are mostly empty: entries are looked at by groups first. */
#define GROUP 8u
_Static_assert(PT_ENTRIES % GROUP == 0, "groups fill a table");

static inline bool group_present(const pte_t *e)
{
	return (e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]) & PTE_PRESENT;
}

/* The first present entry from i on; PT_ENTRIES if there is none. */
static inline unsigned int next_present(const pte_t *table, unsigned int i)
{
	for (; i % GROUP; i++)
		if (table[i] & PTE_PRESENT)
			return i;
	while (i < PT_ENTRIES && !group_present(&table[i]))
		i += GROUP;
	while (i < PT_ENTRIES && !(table[i] & PTE_PRESENT))
		i++;
	return i;
}

/* The number behind the last present entry below n; 0 if there is none. */
static inline unsigned int end_of_present(const pte_t *table, unsigned int n)
{
	for (; n % GROUP; n--)
		if (table[n - 1] & PTE_PRESENT)
			return n;
	while (n > 0 && !group_present(&table[n - GROUP]))
		n -= GROUP;
	while (n > 0 && !(table[n - 1] & PTE_PRESENT))
		n--;
	return n;
}

/* Gives back what the entries below n hold. */
static void put_leaves(const pte_t *l1, unsigned int n, const struct domain *d)
{
	unsigned int i;

	for (i = next_present(l1, 0); i < n; i = next_present(l1, i + 1))
		leaf_put(READ_ONCE(l1[i]), d);
}

static int validate_l1(struct page_info *page, const struct domain *d)
{
	pte_t *l1 = page_to_virt(page);
	uint16_t owner = d->domain_id;
	unsigned int i;
	int rc;

	for (i = next_present(l1, 0); i < PT_ENTRIES; i = next_present(l1, i + 1)) {
		pte_t e = READ_ONCE(l1[i]), adjusted = leaf_adjusted(e);

		rc = get_leaf(e, d, owner);
		if (unlikely(rc)) {
			put_leaves(l1, i, d);
			return rc;
		}
		if (e != adjusted)
			WRITE_ONCE(l1[i], adjusted);
	}
	return 0;
}

static bool is_our_slot(unsigned int level, unsigned int i)
{
	return level == 4 && i >= HV_L4_FIRST && i <= HV_L4_LAST;
}

static int validate_upper(struct page_info *page, unsigned int level, const struct domain *d)
{
	pte_t *table = page_to_virt(page);
	unsigned int i = next_present(table, page->extra), work = 0;
	int rc = 0;

	for (; i < PT_ENTRIES; i = next_present(table, i + 1)) {
		pte_t e = READ_ONCE(table[i]);

		if (is_our_slot(level, i))
			continue;
		if (++work % PREEMPT_INTERVAL == 0 && hypercall_preempt_check()) {
			rc = -ERESTART;
			break;
		}
		rc = get_page_from_table_entry(e, level, d);
		if (rc)
			break;
		if (!(e & PTE_USER))
			WRITE_ONCE(table[i], e | PTE_USER);
	}
	page->extra = (uint16_t)i;
	if (!rc && level == 4)
		map_init_guest_l4(table);
	return rc;
}

/* Entry page->extra, where validation or invalidation stopped, may have a partial table behind it.
 */
static int undo_partial_entry(const struct page_info *page, const pte_t *table, unsigned int level)
{
	struct page_info *target;
	pte_t e;
	int rc;

	if (page->extra >= PT_ENTRIES || level == 2 || is_our_slot(level, page->extra))
		return 0;
	e = READ_ONCE(table[page->extra]);
	if (!(e & PTE_PRESENT))
		return 0;
	target = get_page_from_mfn(pte_mfn(e), page_owner(page));
	if (!target)
		return 0;
	rc = undo_partial_type(target);
	put_page(target);
	return rc;
}

static int invalidate_upper(struct page_info *page, unsigned int level)
{
	pte_t *table = page_to_virt(page);
	unsigned int i, work = 0;
	int rc;

	rc = undo_partial_entry(page, table, level);
	if (rc)
		return rc;
	for (i = end_of_present(table, page->extra); i > 0; i = end_of_present(table, i)) {
		i--;
		if (is_our_slot(level, i))
			continue;
		if (++work % PREEMPT_INTERVAL == 0 && hypercall_preempt_check()) {
			page->extra = (uint16_t)(i + 1);
			return -ERESTART;
		}
		rc = put_page_from_table_entry(READ_ONCE(table[i]), level);
		if (rc) {
			page->extra = (uint16_t)i;
			return rc;
		}
	}
	return 0;
}

int validate_table(struct page_info *page, unsigned int level)
{
	const struct domain *d = page_owner_domain(page);

	if (!d)
		return -EINVAL;
	return level == 1 ? validate_l1(page, d) : validate_upper(page, level, d);
}

int invalidate_table(struct page_info *page, unsigned int level)
{
	if (level > 1)
		return invalidate_upper(page, level);
	put_leaves(page_to_virt(page), PT_ENTRIES, page_owner_domain(page));
	return 0;
}
