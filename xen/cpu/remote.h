/* SPDX-License-Identifier: MIT */
/*
 * What one CPU asks of others and waits for: TLB flushes and calls.
 *
 * No deadlock by waiting: a CPU that waits for others, or for a spinlock, serves what is asked of
 * it meanwhile (remote_serve()), so it does not matter whether it has interrupts off or which locks
 * it holds. In return what is asked must not take locks.
 */
#ifndef CPU_REMOTE_H
#define CPU_REMOTE_H

#include "cpu/asm.h"
#include "cpu/cpumask.h"
#include "lib/types.h"

/* Boot: the vector by which requests are announced. */
void remote_init(void);
/* One page, or all that is not global, on each other online CPU of the mask. */
#define TLB_ALL (~0ul)
void remote_flush(const cpumask_t *mask, uint64_t page);
/* fn(data) on each online CPU of the mask, also this one; fn has interrupts off, takes no locks. */
void remote_call(const cpumask_t *mask, void (*fn)(void *data), void *data);
/* Does what others have asked of this CPU. Cheap when there is nothing. */
void remote_serve(void);

/* In a loop that waits for another CPU. */
static inline void cpu_wait(void)
{
	remote_serve();
	cpu_relax();
}

#endif
