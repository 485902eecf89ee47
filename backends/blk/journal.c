/* SPDX-License-Identifier: MIT */
/* Requests taken and not answered: see journal.h. */
#include "backends/blk/journal.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(struct journal) <= JOURNAL_BYTES, "the file must hold it");

/*
 * Death comes between two instructions of one process, so only the compiler must be kept from
 * reordering.
 */
static void in_order(void)
{
	__asm__ volatile("" : : : "memory");
}

void journal_start(struct journal *journal, uint32_t slots, uint32_t req_cons)
{
	journal->magic = 0;
	in_order();
	for (unsigned int i = 0; i < JOURNAL_ENTRIES; i++)
		journal->entries[i].state = JOURNAL_FREE;
	journal->slots = slots;
	journal->req_cons = req_cons;
	in_order();
	journal->magic = JOURNAL_MAGIC;
}

void journal_end(struct journal *journal)
{
	journal->magic = 0;
}

void journal_take(struct journal *journal, unsigned int entry, uint32_t req_index,
		  const union blk_wire *wire)
{
	struct journal_entry *e = &journal->entries[entry];

	e->req_index = req_index;
	memcpy(&e->wire, wire, sizeof(e->wire));
	in_order();
	e->state = JOURNAL_TAKEN;
	in_order();
	journal->req_cons = req_index + 1;
}

void journal_answer(struct journal *journal, unsigned int entry, uint32_t rsp_index)
{
	struct journal_entry *e = &journal->entries[entry];

	e->rsp_index = rsp_index;
	in_order();
	e->state = JOURNAL_ANSWERED;
	in_order();
}

void journal_free(struct journal *journal, unsigned int entry)
{
	in_order();
	journal->entries[entry].state = JOURNAL_FREE;
	in_order();
}

/* Whether index a comes before b, both free-running. */
static int before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

int journal_recover(struct journal *journal, uint32_t slots, uint32_t rsp_prod, uint32_t *req_cons)
{
	uint32_t count = 0;

	if (journal->magic != JOURNAL_MAGIC || journal->slots != slots)
		return -EPROTO;
	for (unsigned int i = 0; i < JOURNAL_ENTRIES; i++) {
		struct journal_entry *e = &journal->entries[i];

		if (e->state == JOURNAL_FREE)
			continue;
		/* Not yet counted as taken, or its response is out already. */
		if (!before(e->req_index, journal->req_cons) ||
		    (e->state == JOURNAL_ANSWERED && before(e->rsp_index, rsp_prod))) {
			e->state = JOURNAL_FREE;
			continue;
		}
		e->state = JOURNAL_TAKEN;
		count++;
	}
	if (journal->req_cons - rsp_prod != count || count > slots)
		return -EPROTO;
	*req_cons = journal->req_cons;
	return (int)count;
}
