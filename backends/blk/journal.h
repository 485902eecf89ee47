/* SPDX-License-Identifier: MIT */
/*
 * What a successor must know to carry on with a ring: which requests were taken and not answered.
 * It lives in the device's state file (common/state_file.h), which survives the process.
 *
 * Responses may overtake each other and overwrite the slots of requests that are still being
 * worked on, so the ring alone does not tell; hence a copy of each request here, made before the
 * request counts as taken and dropped after its response is visible:
 *
 *	TAKEN (request and req_index written), then req_cons moves past it
 *	ANSWERED (rsp_index written), then the response goes into the ring, then rsp_prod moves
 *	FREE
 *
 * Whatever point a process dies at, the two indexes decide each entry's fate. One writer: the
 * guest's process.
 */
#ifndef BACKENDS_BLK_JOURNAL_H
#define BACKENDS_BLK_JOURNAL_H

#include <stdint.h>

#include "backends/blk/request.h"

#define JOURNAL_ENTRIES 512u /* slots of the largest ring */
#define JOURNAL_MAGIC   0x316c6a62u
#define JOURNAL_BYTES   (128u * 1024u)

enum journal_state { JOURNAL_FREE, JOURNAL_TAKEN, JOURNAL_ANSWERED };

struct journal_entry {
	uint32_t state;     /* enum journal_state */
	uint32_t req_index; /* where the request stood */
	uint32_t rsp_index; /* where its response goes, when ANSWERED */
	uint32_t pad;
	union blk_wire wire;
};

struct journal {
	uint32_t magic; /* JOURNAL_MAGIC while a ring is served */
	uint32_t slots; /* of that ring */
	uint32_t req_cons;
	uint32_t pad;
	struct journal_entry entries[JOURNAL_ENTRIES];
};

/* A new connection begins with nothing taken: slots and the first index of its ring. */
void journal_start(struct journal *journal, uint32_t slots, uint32_t req_cons);
/* The connection has ended in good order. */
void journal_end(struct journal *journal);

void journal_take(struct journal *journal, unsigned int entry, uint32_t req_index,
		  const union blk_wire *wire);
void journal_answer(struct journal *journal, unsigned int entry, uint32_t rsp_index);
void journal_free(struct journal *journal, unsigned int entry);

/*
 * For a ring of this many slots whose visible response index is rsp_prod: frees all entries that
 * need no work and returns the number of those that do (state TAKEN now), with the ring's next
 * request in *req_cons. -EPROTO if journal and ring do not belong together.
 */
int journal_recover(struct journal *journal, uint32_t slots, uint32_t rsp_prod, uint32_t *req_cons);

#endif
