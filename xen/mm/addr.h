/* SPDX-License-Identifier: MIT */
/* Conversions between machine frames, machine addresses and the direct map. */
#ifndef MM_ADDR_H
#define MM_ADDR_H

#include "lib/types.h"
#include "mm/layout.h"

/* Host-run tests give the "machine" its memory by setting this pointer. */
#ifdef SHOJI_HOST_TEST
extern unsigned char *host_directmap;
#define DIRECTMAP_BASE ((uint64_t)host_directmap)
#else
#define DIRECTMAP_BASE DIRECTMAP_VIRT_START
#endif

static inline void *maddr_to_virt(paddr_t ma)
{
	return (void *)(DIRECTMAP_BASE + ma);
}

static inline void *mfn_to_virt(mfn_t mfn)
{
	return maddr_to_virt(mfn << PAGE_SHIFT);
}

/* Only for addresses in the direct map. */
static inline paddr_t virt_to_maddr(const void *va)
{
	return (uint64_t)va - DIRECTMAP_BASE;
}

static inline mfn_t virt_to_mfn(const void *va)
{
	return virt_to_maddr(va) >> PAGE_SHIFT;
}

/* Bits 63..47 all equal. */
static inline bool is_canonical(uint64_t va)
{
	return (int64_t)(va << 16) >> 16 == (int64_t)va;
}

#endif
