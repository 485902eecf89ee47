/* SPDX-License-Identifier: MIT */
/*
 * Taking entries into use. The first use of an entry copies frame and user from the shared entry
 * into the active one; until the last use ends the guest can change the shared entry as it likes
 * without any effect. GTF_reading and GTF_writing in the shared flags tell the guest of the use.
 */
#include "console/console.h"
#include "grant/table.h"

#define PINS_MAX     0xfff0u
#define UPDATE_TRIES 8 /* of an entry that its owner keeps changing */

/* Flags and domid of an entry, which the guest may change meanwhile, as one word. */
union entry_head {
	uint32_t word;
	struct {
		uint16_t flags;
		domid_t domid;
	};
};

/* Sets use in the entry's flags, if it permits the access. */
static int mark_use(struct domain *d, grant_ref_t ref, struct grant_entry_v1 *entry, domid_t user,
		    uint16_t use)
{
	uint32_t *word = (uint32_t *)entry;
	union entry_head old = { .word = READ_ONCE(*word) }, new;

	for (unsigned int i = 0; i < UPDATE_TRIES; i++) {
		if ((old.flags & GTF_type_mask) != GTF_permit_access || old.domid != user) {
			guest_log(d, LOG_DEBUG, "grant %u: flags %#x for d%u, wanted by d%u", ref,
				  old.flags, old.domid, user);
			return GNTST_general_error;
		}
		if ((use & GTF_writing) && (old.flags & GTF_readonly))
			return GNTST_general_error;
		new = old;
		new.flags |= use;
		if (__atomic_compare_exchange_n(word, &old.word, new.word, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return GNTST_okay;
	}
	return GNTST_general_error;
}

static int pin_locked(struct domain *d, grant_ref_t ref, domid_t user, bool readonly, mfn_t *mfn)
{
	struct grant_table *t = d->grant_table;
	struct grant_entry_v1 *entry;
	struct active *a;
	bool unused;
	int rc;

	if (t->dead || ref >= t->frames * ENTRIES_PER_FRAME)
		return GNTST_bad_gntref;
	ref = index_clamp(ref, t->frames * ENTRIES_PER_FRAME);
	entry = &t->shared[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
	a = &t->active[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];

	unused = !a->readers && !a->writers;
	if (!unused && a->domid != user)
		return GNTST_general_error;
	if (a->readers >= PINS_MAX || a->writers >= PINS_MAX)
		return GNTST_no_space;
	if (unused || (!readonly && !a->writers)) {
		rc = mark_use(d, ref, entry, user,
			      (uint16_t)(GTF_reading | (readonly ? 0 : GTF_writing)));
		if (rc)
			return rc;
	}
	if (unused) {
		a->domid = user;
		a->mfn = READ_ONCE(entry->frame);
	}
	if (readonly)
		a->readers++;
	else
		a->writers++;
	*mfn = a->mfn;
	return GNTST_okay;
}

int grant_pin(struct domain *d, grant_ref_t ref, domid_t user, bool readonly, mfn_t *mfn)
{
	int rc;

	spin_lock(&d->grant_table->lock);
	rc = pin_locked(d, ref, user, readonly, mfn);
	spin_unlock(&d->grant_table->lock);
	return rc;
}

void grant_unpin(struct domain *d, grant_ref_t ref, bool readonly)
{
	struct grant_table *t = d->grant_table;
	struct active *a;
	uint16_t over = 0;

	spin_lock(&t->lock);
	a = &t->active[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
	if (readonly)
		a->readers--;
	else
		a->writers--;
	if (!a->writers)
		over |= GTF_writing;
	if (!a->writers && !a->readers)
		over |= GTF_reading;
	if (over && !t->dead) {
		uint16_t *flags =
			&t->shared[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME].flags;

		__atomic_fetch_and(flags, (uint16_t)~over, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&t->lock);
}
