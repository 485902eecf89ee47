/* SPDX-License-Identifier: MIT */
/* The guest's console: the ring that consoled serves (public/io/console.h). */
#ifndef CONSFRONT_CONSFRONT_H
#define CONSFRONT_CONSFRONT_H

#include "lib/types.h"

void consfront_init(void);
/* Waits for room in the ring; "\n" becomes "\r\n". */
void consfront_write(const char *text, size_t len);
/* Waits until the other side has taken everything, at most a second. */
void consfront_flush(void);
/* Bytes typed, at most size of them; 0 if there are none now. */
size_t consfront_read(char *buf, size_t size);
/* Waits for at least one byte. */
size_t consfront_read_wait(char *buf, size_t size);

#endif
