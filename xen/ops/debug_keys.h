/* SPDX-License-Identifier: MIT */
/* Single keys that dump state into the log: `xl debug-keys`, or typed on the console. */
#ifndef OPS_DEBUG_KEYS_H
#define OPS_DEBUG_KEYS_H

/* An unknown key is ignored. */
void debug_key(char key);

#endif
