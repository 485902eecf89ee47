/* SPDX-License-Identifier: MIT */
/* Fixed-width types and the few macros every file needs. */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t; /* a machine address, bytes */
typedef uint64_t mfn_t;   /* a machine frame number */
typedef int64_t s_time_t; /* nanoseconds of system time since boot */

#define INVALID_MFN (~(mfn_t)0)

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define min(a, b)                              \
	({                                     \
		__typeof__(a) min_a = (a);     \
		__typeof__(b) min_b = (b);     \
		min_a < min_b ? min_a : min_b; \
	})
#define max(a, b)                              \
	({                                     \
		__typeof__(a) max_a = (a);     \
		__typeof__(b) max_b = (b);     \
		max_a > max_b ? max_a : max_b; \
	})
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define ROUND_UP(n, a)     (((n) + (a)-1) & ~((__typeof__(n))(a)-1))
#define ROUND_DOWN(n, a)   ((n) & ~((__typeof__(n))(a)-1))

#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#define __noreturn     __attribute__((__noreturn__))
#define __packed       __attribute__((__packed__))
#define __aligned(n)   __attribute__((__aligned__(n)))
#define __printf(f, a) __attribute__((__format__(__printf__, f, a)))
#define __must_check   __attribute__((__warn_unused_result__))
#define __maybe_unused __attribute__((__unused__))

/* One read or write of exactly this size: for memory that others change meanwhile. */
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()        __asm__ __volatile__("" ::: "memory")

#endif
