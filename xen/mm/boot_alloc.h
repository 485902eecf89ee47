/* SPDX-License-Identifier: MIT */
/* Memory before the buddy allocator: whole frames cut from the top of free RAM below 4 GiB. */
#ifndef MM_BOOT_ALLOC_H
#define MM_BOOT_ALLOC_H

#include "lib/types.h"

/* Collects RAM not used by the image and the modules. */
void boot_alloc_init(void);
/* count zeroed frames, aligned to `align` frames (a power of two); panics when there are none. */
mfn_t boot_alloc(size_t count, size_t align);
/* The rest goes to the buddy allocator; boot_alloc() must not be called again. */
void boot_alloc_finish(void);
/* After dom0 is built: the modules' frames are free memory too. */
void boot_free_modules(void);

#endif
