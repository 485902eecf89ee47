/* SPDX-License-Identifier: MIT */
/* Ticket locks, and in debug builds the check of their order. */
#include "core/panic.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/remote.h"
#include "lib/spinlock.h"

#ifdef DEBUG
#define HELD_MAX 16
struct held_locks {
	unsigned int count;
	const spinlock_t *lock[HELD_MAX];
};
static DEFINE_PER_CPU(struct held_locks, held_locks);

/* An interrupt may come between finding and changing our CPU's list, but leaves it as it was. */
void spin_check_order(const spinlock_t *lock)
{
	struct held_locks *h = &this_cpu(held_locks);

	for (unsigned int i = 0; i < h->count; i++) {
		const spinlock_t *held = h->lock[i];

		if (held == lock || held->rank > lock->rank ||
		    (held->rank == lock->rank && held > lock))
			panic("lock order: %s (%p) taken while holding %s (%p)\n", lock->name,
			      (const void *)lock, held->name, (const void *)held);
	}
}

void spin_note_taken(const spinlock_t *lock)
{
	struct held_locks *h = &this_cpu(held_locks);

	BUG_ON(h->count == HELD_MAX);
	h->lock[h->count++] = lock;
}

void spin_note_released(const spinlock_t *lock)
{
	struct held_locks *h = &this_cpu(held_locks);
	unsigned int i = h->count;

	while (i > 0 && h->lock[i - 1] != lock)
		i--;
	BUG_ON(i == 0);
	for (; i < h->count; i++)
		h->lock[i - 1] = h->lock[i];
	h->count--;
}
#endif

void spin_wait(const spinlock_t *lock, uint16_t ticket)
{
	while (__atomic_load_n(&lock->head, __ATOMIC_ACQUIRE) != ticket)
		cpu_wait(); /* the holder may be waiting for us */
}

bool spin_trylock(spinlock_t *lock)
{
	uint16_t head = __atomic_load_n(&lock->head, __ATOMIC_RELAXED);
	uint16_t expected = head;

	if (!__atomic_compare_exchange_n(&lock->tail, &expected, (uint16_t)(head + 1), false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	spin_note_taken(lock);
	return true;
}

void spin_lock_pair(spinlock_t *a, spinlock_t *b)
{
	if (a == b) {
		spin_lock(a);
		return;
	}
	spin_lock(a < b ? a : b);
	spin_lock(a < b ? b : a);
}

void spin_unlock_pair(spinlock_t *a, spinlock_t *b)
{
	spin_unlock(a);
	if (a != b)
		spin_unlock(b);
}

bool spin_is_locked(const spinlock_t *lock)
{
	return READ_ONCE(lock->head) != READ_ONCE(lock->tail);
}
