/* SPDX-License-Identifier: MIT */
/*
 * The first page tables of a PV guest, as data: entries hold machine frames, the tables themselves
 * are mapped read-only (a PV guest may not write to a page table in use).
 */
#ifndef BUILDER_PAGE_TABLES_H
#define BUILDER_PAGE_TABLES_H

#include <stdint.h>

#include "dom0-tools/builder/layout.h"

#define PV_TABLE_ENTRIES 512

/*
 * Fills the tables of layout. p2m[pfn] is the frame of each of its total_pages pages; tables is
 * layout->tables.pages tables in order, p2m_tables layout->p2m_tables.pages (NULL when 0). Both
 * must be zeroed. Cannot fail for a layout of pv_layout_plan().
 */
void page_tables_fill(const struct pv_layout *layout, const uint64_t *p2m,
		      uint64_t (*tables)[PV_TABLE_ENTRIES],
		      uint64_t (*p2m_tables)[PV_TABLE_ENTRIES]);

#endif
