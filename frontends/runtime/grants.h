/* SPDX-License-Identifier: MIT */
/* Grant table version 1: pages this guest lets others use, and use of others' pages. */
#ifndef RUNTIME_GRANTS_H
#define RUNTIME_GRANTS_H

#include <public/grant_table.h>

#include "lib/types.h"

void grants_init(void);
/* Lets domid use the page at va; the grant reference, or -ENOSPC. */
int grant_access(domid_t domid, const void *va, bool read_only);
/* Ends it; -EBUSY while it is mapped. */
int grant_end(grant_ref_t ref);
/* Another guest's page at va, a page of ours that it hides. handle for grant_unmap(). GNTST_*. */
int grant_map(domid_t domid, grant_ref_t ref, void *va, bool read_only, grant_handle_t *handle);
int grant_unmap(void *va, grant_handle_t handle);

#endif
