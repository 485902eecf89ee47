/* SPDX-License-Identifier: MIT */
/*
 * Ticket spinlocks with a rank. Locks are taken in ascending rank; a debug build (make DEBUG=1)
 * checks that on every acquisition and panics with both names. Of two locks with the same rank the
 * one at the lower address is taken first, by spin_lock_pair().
 *
 * A lock that an interrupt handler takes is always taken with spin_lock_irqsave().
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include "cpu/asm.h"
#include "lib/types.h"

/* The lock order of the hypervisor; the explanation is in xen/README.md. */
enum lock_rank {
	RANK_DOMCTL = 1,   /* one toolstack operation at a time */
	RANK_CPUPOOL,      /* the CPU pools */
	RANK_DOMAIN,       /* struct domain: life-cycle, vcpu array, capabilities */
	RANK_GRANT,        /* struct grant_table */
	RANK_MAPTRACK,     /* a domain's map-track free list */
	RANK_EVTCHN,       /* a domain's ports */
	RANK_PIRQ,         /* guest side of physical interrupts */
	RANK_PAGE_ALLOC,   /* a domain's page accounting */
	RANK_DOMAIN_TABLE, /* domid to struct domain */
	RANK_MAP,          /* the hypervisor's own page tables */
	RANK_BUDDY,        /* the free frames */
	RANK_XMALLOC,      /* the heap; takes frames outside its lock */
	RANK_EVTCHN_PORT,  /* what one port is bound to; from here on, interrupts off */
	RANK_EVTCHN_QUEUE, /* a domain's FIFO event queues */
	RANK_SCHED,        /* a CPU's run queue */
	RANK_SCHED_NULL,   /* whose CPU is whose under the null policy */
	RANK_TIMER,        /* a CPU's timers */
	RANK_IRQ,          /* an interrupt descriptor, IOAPIC, MSI */
	RANK_CLOCK,        /* wallclock, calibration */
	RANK_REMOTE,       /* the one call to other CPUs at a time */
	RANK_CONSOLE,      /* log ring, UART */
};

typedef struct spinlock {
	uint16_t head, tail; /* tickets: being served, next to hand out */
	uint8_t rank;
#ifdef DEBUG
	const char *name;
#endif
} spinlock_t;

#ifdef DEBUG
#define SPINLOCK_INIT(lock_rank)                        \
	{                                               \
		.rank = (lock_rank), .name = #lock_rank \
	}
#else
#define SPINLOCK_INIT(lock_rank)    \
	{                           \
		.rank = (lock_rank) \
	}
#endif

#define spin_lock_init(lock, lock_rank) (*(lock) = (spinlock_t)SPINLOCK_INIT(lock_rank))

/* The lock is taken: waits until it is this ticket's turn. */
void spin_wait(const spinlock_t *lock, uint16_t ticket);

#ifdef DEBUG
void spin_check_order(const spinlock_t *lock);
void spin_note_taken(const spinlock_t *lock);
void spin_note_released(const spinlock_t *lock);
#else
static inline void spin_check_order(const spinlock_t *lock)
{
	(void)lock;
}

static inline void spin_note_taken(const spinlock_t *lock)
{
	(void)lock;
}

static inline void spin_note_released(const spinlock_t *lock)
{
	(void)lock;
}
#endif

static inline void spin_lock(spinlock_t *lock)
{
	uint16_t ticket;

	spin_check_order(lock);
	ticket = __atomic_fetch_add(&lock->tail, 1, __ATOMIC_RELAXED);
	if (unlikely(__atomic_load_n(&lock->head, __ATOMIC_ACQUIRE) != ticket))
		spin_wait(lock, ticket);
	spin_note_taken(lock);
}

static inline void spin_unlock(spinlock_t *lock)
{
	spin_note_released(lock);
	__atomic_store_n(&lock->head, (uint16_t)(lock->head + 1), __ATOMIC_RELEASE);
}

/* Returns the flags for spin_unlock_irqrestore(). */
static inline unsigned long spin_lock_irqsave(spinlock_t *lock)
{
	unsigned long flags = irq_save();

	spin_lock(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)
{
	spin_unlock(lock);
	irq_restore(flags);
}

bool spin_trylock(spinlock_t *lock);
/* Both locks, of the same rank, in address order; the same lock twice is taken once. */
void spin_lock_pair(spinlock_t *a, spinlock_t *b);
void spin_unlock_pair(spinlock_t *a, spinlock_t *b);
bool spin_is_locked(const spinlock_t *lock);

#endif
