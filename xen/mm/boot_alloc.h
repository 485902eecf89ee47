/* SPDX-License-Identifier: MIT */
/* Memory before the buddy allocator: whole frames cut from the top of free RAM below 4 GiB. */
#ifndef MM_BOOT_ALLOC_H
#define MM_BOOT_ALLOC_H

#include "lib/types.h"

/*
 * Collects RAM not used by the image and the modules. The first 64 KiB stay as they are: real-mode
 * vectors and data of the firmware, some of which writes there when nobody expects it.
 */
void boot_alloc_init(void);
#define LOW_RESERVED_FRAMES 16
/* A frame below 640 KiB that is not free memory, for other CPUs to start from; 0: there is none. */
extern mfn_t boot_low_frame;
/* count zeroed frames, aligned to `align` frames (a power of two); panics when there are none. */
mfn_t boot_alloc(size_t count, size_t align);
/* The rest goes to the buddy allocator; boot_alloc() must not be called again. */
void boot_alloc_finish(void);
/* After dom0 is built: the modules' frames are free memory too. */
void boot_free_modules(void);

#endif
