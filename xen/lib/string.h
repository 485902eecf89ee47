/* SPDX-License-Identifier: MIT */
/* The freestanding subset of string.h, strtoull and bounded formatting. */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stdarg.h>

#include "lib/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
/* Copies at most size - 1 bytes and always terminates; returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);
/* base 0 recognises 0x and 0 prefixes; *end is the first character not used. */
unsigned long long strtoull(const char *s, char **end, int base);

/*
 * C99 formats without floating point, and %pS: a code address as symbol+offset. Return what
 * snprintf(3) returns: the length had there been room.
 */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

#endif
