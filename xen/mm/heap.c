/* SPDX-License-Identifier: MIT */
/*
 * Small allocations: power-of-two classes from 32 bytes to half a page, cut from single frames
 * whose first bytes describe them; larger ones are whole frames, as many as they need, with a
 * header of one cache line.
 *
 * Lock: heap_lock (RANK_XMALLOC). Frames are taken and given back outside it.
 */
#include "core/panic.h"
#include "lib/bitops.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "mm/addr.h"
#include "mm/buddy.h"
#include "mm/heap.h"

#define CLASS_MIN_SHIFT 5
#define CLASS_COUNT     6 /* 32 .. 1024 bytes */
#define HEADER_SIZE     64
#define SLAB_MAGIC      0x51ab51ab
#define LARGE_MAGIC     0x1a49e1a4

struct slab {
	uint32_t magic;
	uint16_t class, in_use;
	struct free_item *free;
	struct list_head list; /* in partial[class] while something is free */
	unsigned int frames;   /* large: how many */
};
_Static_assert(sizeof(struct slab) <= HEADER_SIZE, "header fits its line");

struct free_item {
	struct free_item *next;
};

static spinlock_t heap_lock = SPINLOCK_INIT(RANK_XMALLOC);
static struct list_head partial[CLASS_COUNT] = {
	LIST_HEAD_INIT(partial[0]), LIST_HEAD_INIT(partial[1]), LIST_HEAD_INIT(partial[2]),
	LIST_HEAD_INIT(partial[3]), LIST_HEAD_INIT(partial[4]), LIST_HEAD_INIT(partial[5]),
};

static struct slab *slab_of(const void *p)
{
	return (struct slab *)((uint64_t)p & (uint64_t)PAGE_MASK);
}

static struct slab *slab_create(unsigned int class)
{
	size_t size = 1ul << (class + CLASS_MIN_SHIFT);
	struct slab *slab = alloc_pages_virt(0, 0);

	if (!slab)
		return NULL;
	*slab = (struct slab){ .magic = SLAB_MAGIC, .class = (uint16_t) class };
	list_init(&slab->list);
	for (size_t off = ROUND_UP((size_t)HEADER_SIZE, min(size, (size_t)HEADER_SIZE));
	     off + size <= PAGE_SIZE; off += size) {
		struct free_item *item = (struct free_item *)((char *)slab + off);

		item->next = slab->free;
		slab->free = item;
	}
	return slab;
}

/* Gives back frames start up to end of a block, which is as aligned as it is large. */
static void free_range(struct slab *block, unsigned int start, unsigned int end)
{
	while (start < end) {
		unsigned int order = start ? (unsigned int)__builtin_ctz(start) : MAX_ORDER;

		while ((1u << order) > end - start)
			order--;
		free_pages_virt((char *)block + (size_t)start * PAGE_SIZE, order);
		start += 1u << order;
	}
}

static void *large_alloc(size_t size)
{
	unsigned int frames = (unsigned int)DIV_ROUND_UP(size + HEADER_SIZE, PAGE_SIZE);
	unsigned int order = order_of(frames);
	struct slab *head = order > MAX_ORDER ? NULL : alloc_pages_virt(order, 0);

	if (!head)
		return NULL;
	free_range(head, frames, 1u << order);
	*head = (struct slab){ .magic = LARGE_MAGIC, .frames = frames };
	return (char *)head + HEADER_SIZE;
}

static void *take(struct slab *slab)
{
	struct free_item *item = slab->free;

	BUG_ON(!item); /* a slab on the list has something free */
	slab->free = item->next;
	slab->in_use++;
	if (!slab->free)
		list_del(&slab->list);
	return item;
}

void *xmalloc_bytes(size_t size)
{
	unsigned int class = order_of(DIV_ROUND_UP(max(size, 1ul), 1ul << CLASS_MIN_SHIFT));
	struct slab *fresh = NULL;
	unsigned long flags;
	void *p;

	if (size > 1ul << 40)
		return NULL;
	if (class >= CLASS_COUNT)
		return large_alloc(size);

	flags = spin_lock_irqsave(&heap_lock);
	if (list_empty(&partial[class])) {
		spin_unlock_irqrestore(&heap_lock, flags);
		fresh = slab_create(class);
		if (!fresh)
			return NULL;
		flags = spin_lock_irqsave(&heap_lock);
		list_add(&fresh->list, &partial[class]);
	}
	p = take(list_first_entry(&partial[class], struct slab, list));
	spin_unlock_irqrestore(&heap_lock, flags);
	return p;
}

void *xzalloc_bytes(size_t size)
{
	void *p = xmalloc_bytes(size);

	if (p)
		memset(p, 0, size);
	return p;
}

void xfree(void *p)
{
	struct slab *slab = slab_of(p);
	struct free_item *item = p;
	unsigned long flags;
	bool empty;

	if (!p)
		return;
	if (slab->magic == LARGE_MAGIC) {
		slab->magic = 0;
		free_range(slab, 0, slab->frames);
		return;
	}
	BUG_ON(slab->magic != SLAB_MAGIC);

	flags = spin_lock_irqsave(&heap_lock);
	if (!slab->free)
		list_add(&slab->list, &partial[slab->class]);
	item->next = slab->free;
	slab->free = item;
	empty = --slab->in_use == 0;
	if (empty)
		list_del(&slab->list);
	spin_unlock_irqrestore(&heap_lock, flags);
	if (empty) {
		slab->magic = 0;
		free_pages_virt(slab, 0);
	}
}
