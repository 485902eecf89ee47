/* SPDX-License-Identifier: MIT */
/*
 * Grant tables version 1 (public/grant_table.h): pages one domain lets another map or copy.
 *
 * Lock: each table's lock (RANK_GRANT) covers its shared frames and active entries; the map-track
 * list of the mapping domain has its own (RANK_MAPTRACK). Never two tables' locks at once.
 */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include <public/xen.h>

#include "lib/types.h"

struct domain;

#define GRANT_FRAMES_DEFAULT    64u
#define MAPTRACK_FRAMES_DEFAULT 1024u
#define GRANT_FRAMES_MAX        4096u
#define MAPTRACK_FRAMES_MAX     65536u

/* -EINVAL beyond the limits above, -ENOMEM. */
int grant_table_create(struct domain *d, unsigned int max_frames, unsigned int max_maptrack_frames);
/* Undoes every mapping that d made of others' grants; d does not run. Preemptible: -ERESTART. */
int grant_release_mappings(struct domain *d);
/*
 * Takes the table's frames from d, which has no mappings of its own left. Others may still map its
 * pages.
 */
void grant_table_destroy(struct domain *d);
/* Frees the table with the domain, when nobody maps any page of it. */
void grant_table_free(struct domain *d);
/* Machine frame of d's shared table frame idx, growing the table (XENMEM_acquire_resource,
 * builder). */
int grant_shared_frame(struct domain *d, unsigned int idx, mfn_t *mfn);
/* Seeds v1 entry ref of d (toolstack console and xenstore pages): frame permitted to domid. */
int grant_seed(struct domain *d, unsigned int ref, domid_t domid, mfn_t frame);
void grant_dump(struct domain *d);

#endif
