/* SPDX-License-Identifier: MIT */
/*
 * What backs a virtual disk, in the supervisor: from the nodes `params`, `mode`, `shareable`,
 * `device-type`, `removable` and `discard-enable` to an open image and a state file.
 */
#ifndef BACKENDS_BLK_SOURCE_H
#define BACKENDS_BLK_SOURCE_H

struct source;

/* backend_class.open. */
int blk_source_open(struct source *src);

#endif
