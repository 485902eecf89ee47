/* SPDX-License-Identifier: MIT */
/*
 * Included before every source file: all symbols are in one image, so references to them are direct
 * and need no table of addresses.
 */
#ifndef LIB_VISIBILITY_H
#define LIB_VISIBILITY_H

#pragma GCC visibility push(hidden)

#endif
