/* SPDX-License-Identifier: MIT */
/*
 * Request/response rings in shared memory. A page (or several) holds four indices and an array of
 * slots; a request and its response use the same slot. The frontend produces requests and consumes
 * responses, the backend the other way round. Indices run freely and are masked on use, so the
 * number of slots is a power of two.
 *
 * req_event and rsp_event say at which index the other side wants to be woken by an event: a
 * producer notifies only if its new index has passed it. Indices written by the other side are
 * untrusted: copy a slot before looking at it (RING_COPY_*) and check producer indices
 * (RING_*_PROD_OVERFLOW).
 */
#ifndef PUBLIC_IO_RING_H
#define PUBLIC_IO_RING_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned int RING_IDX;

#ifndef xen_mb
#define xen_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#endif

/* The largest power of two that is not above x (x > 0). */
#define RING_ROUND_DOWN(x) (1U << (31 - __builtin_clz((unsigned int)(x))))

/* Number of slots of a NAME_sring in size bytes: from the type name, or from a pointer to one. */
#define __CONST_RING_SIZE(name, size)                                  \
	RING_ROUND_DOWN(((size)-offsetof(struct name##_sring, ring)) / \
			sizeof(((struct name##_sring *)0)->ring[0]))
#define __RING_SIZE(s, size) \
	RING_ROUND_DOWN(((size)-offsetof(__typeof__(*(s)), ring)) / sizeof((s)->ring[0]))

/* The types of one protocol: the shared ring, and each side's private view of it. */
#define DEFINE_RING_TYPES(name, req_t, rsp_t)                 \
	union name##_sring_entry {                            \
		req_t req;                                    \
		rsp_t rsp;                                    \
	};                                                    \
	struct name##_sring {                                 \
		RING_IDX req_prod, req_event;                 \
		RING_IDX rsp_prod, rsp_event;                 \
		union {                                       \
			uint8_t pvt_pad[4];                   \
		} pvt;                                        \
		uint8_t __pad[44];                            \
		union name##_sring_entry ring[1];             \
	};                                                    \
	struct name##_front_ring {                            \
		RING_IDX req_prod_pvt;                        \
		RING_IDX rsp_cons;                            \
		unsigned int nr_ents;                         \
		struct name##_sring *sring;                   \
	};                                                    \
	struct name##_back_ring {                             \
		RING_IDX rsp_prod_pvt;                        \
		RING_IDX req_cons;                            \
		unsigned int nr_ents;                         \
		struct name##_sring *sring;                   \
	};                                                    \
	typedef struct name##_sring name##_sring_t;           \
	typedef struct name##_front_ring name##_front_ring_t; \
	typedef struct name##_back_ring name##_back_ring_t

/* The frontend makes the ring empty before it offers it to the backend. */
#define SHARED_RING_INIT(s)                                                      \
	do {                                                                     \
		(s)->req_prod = 0;                                               \
		(s)->rsp_prod = 0;                                               \
		(s)->req_event = 1;                                              \
		(s)->rsp_event = 1;                                              \
		__builtin_memset((s)->pvt.pvt_pad, 0, sizeof((s)->pvt.pvt_pad)); \
		__builtin_memset((s)->__pad, 0, sizeof((s)->__pad));             \
	} while (0)

/* Take part in a ring of size bytes, at index i on. */
#define FRONT_RING_ATTACH(r, s, i, size)             \
	do {                                         \
		(r)->req_prod_pvt = (i);             \
		(r)->rsp_cons = (i);                 \
		(r)->nr_ents = __RING_SIZE(s, size); \
		(r)->sring = (s);                    \
	} while (0)

#define BACK_RING_ATTACH(r, s, i, size)              \
	do {                                         \
		(r)->rsp_prod_pvt = (i);             \
		(r)->req_cons = (i);                 \
		(r)->nr_ents = __RING_SIZE(s, size); \
		(r)->sring = (s);                    \
	} while (0)

#define FRONT_RING_INIT(r, s, size) FRONT_RING_ATTACH(r, s, 0, size)
#define BACK_RING_INIT(r, s, size)  BACK_RING_ATTACH(r, s, 0, size)

#define XEN_FRONT_RING_INIT(r, s, size)      \
	do {                                 \
		SHARED_RING_INIT(s);         \
		FRONT_RING_INIT(r, s, size); \
	} while (0)

#define RING_SIZE(r) ((r)->nr_ents)

/* Frontend: free slots. */
#define RING_FREE_REQUESTS(r) (RING_SIZE(r) - ((r)->req_prod_pvt - (r)->rsp_cons))
#define RING_FULL(r)          (RING_FREE_REQUESTS(r) == 0)

/* Work waiting: for the frontend in responses, for the backend in requests it has room to answer.
 */
#define XEN_RING_NR_UNCONSUMED_RESPONSES(r) \
	(__atomic_load_n(&(r)->sring->rsp_prod, __ATOMIC_ACQUIRE) - (r)->rsp_cons)
#define XEN_RING_NR_UNCONSUMED_REQUESTS(r)                                                        \
	({                                                                                        \
		unsigned int waiting_ =                                                           \
			__atomic_load_n(&(r)->sring->req_prod, __ATOMIC_ACQUIRE) - (r)->req_cons; \
		unsigned int room_ = RING_SIZE(r) - ((r)->req_cons - (r)->rsp_prod_pvt);          \
		waiting_ < room_ ? waiting_ : room_;                                              \
	})
#define RING_HAS_UNCONSUMED_RESPONSES(r) (XEN_RING_NR_UNCONSUMED_RESPONSES(r) != 0)
#define RING_HAS_UNCONSUMED_REQUESTS(r)  (XEN_RING_NR_UNCONSUMED_REQUESTS(r) != 0)

/* A slot, in shared memory. */
#define RING_GET_REQUEST(r, idx)  (&(r)->sring->ring[(idx) & (RING_SIZE(r) - 1)].req)
#define RING_GET_RESPONSE(r, idx) (&(r)->sring->ring[(idx) & (RING_SIZE(r) - 1)].rsp)

/* A private copy of a slot, read once. */
#define RING_COPY_FROM_SLOT(dest, slot)                            \
	do {                                                       \
		__builtin_memcpy((dest), (slot), sizeof(*(dest))); \
		__asm__ volatile("" ::: "memory");                 \
	} while (0)
#define RING_COPY_REQUEST(r, idx, dest)  RING_COPY_FROM_SLOT(dest, RING_GET_REQUEST(r, idx))
#define RING_COPY_RESPONSE(r, idx, dest) RING_COPY_FROM_SLOT(dest, RING_GET_RESPONSE(r, idx))

/* Backend: taking a request at index cons would overrun the responses. */
#define RING_REQUEST_CONS_OVERFLOW(r, cons)  (((cons) - (r)->rsp_prod_pvt) >= RING_SIZE(r))
/* The other side's producer index claims more than a ring can hold. */
#define RING_REQUEST_PROD_OVERFLOW(r, prod)  (((prod) - (r)->rsp_prod_pvt) > RING_SIZE(r))
#define RING_RESPONSE_PROD_OVERFLOW(r, prod) (((prod) - (r)->rsp_cons) > RING_SIZE(r))

/* Let the other side see what was produced. */
#define RING_PUSH_REQUESTS(r) \
	__atomic_store_n(&(r)->sring->req_prod, (r)->req_prod_pvt, __ATOMIC_RELEASE)
#define RING_PUSH_RESPONSES(r) \
	__atomic_store_n(&(r)->sring->rsp_prod, (r)->rsp_prod_pvt, __ATOMIC_RELEASE)

/*
 * The same, and set notify if the other side asked to be woken by one of the new indices. The fence
 * orders the store of the producer index before the load of the event index; the FINAL_CHECKs are
 * its counterpart.
 */
#define RING_PUSH_AND_CHECK(s, prod, event, new_, notify)                                      \
	do {                                                                                   \
		RING_IDX now_ = (new_);                                                        \
		RING_IDX old_ = (s)->prod;                                                     \
		__atomic_store_n(&(s)->prod, now_, __ATOMIC_RELEASE);                          \
		xen_mb();                                                                      \
		(notify) = (RING_IDX)(now_ - __atomic_load_n(&(s)->event, __ATOMIC_RELAXED)) < \
			   (RING_IDX)(now_ - old_);                                            \
	} while (0)
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(r, notify) \
	RING_PUSH_AND_CHECK((r)->sring, req_prod, req_event, (r)->req_prod_pvt, notify)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(r, notify) \
	RING_PUSH_AND_CHECK((r)->sring, rsp_prod, rsp_event, (r)->rsp_prod_pvt, notify)

/* Ask to be woken by the next message, and set work if one is already there. */
#define RING_FINAL_CHECK_FOR_REQUESTS(r, work)                                                 \
	do {                                                                                   \
		(work) = RING_HAS_UNCONSUMED_REQUESTS(r);                                      \
		if (work)                                                                      \
			break;                                                                 \
		__atomic_store_n(&(r)->sring->req_event, (r)->req_cons + 1, __ATOMIC_RELAXED); \
		xen_mb();                                                                      \
		(work) = RING_HAS_UNCONSUMED_REQUESTS(r);                                      \
	} while (0)
#define RING_FINAL_CHECK_FOR_RESPONSES(r, work)                                                \
	do {                                                                                   \
		(work) = RING_HAS_UNCONSUMED_RESPONSES(r);                                     \
		if (work)                                                                      \
			break;                                                                 \
		__atomic_store_n(&(r)->sring->rsp_event, (r)->rsp_cons + 1, __ATOMIC_RELAXED); \
		xen_mb();                                                                      \
		(work) = RING_HAS_UNCONSUMED_RESPONSES(r);                                     \
	} while (0)

#endif /* PUBLIC_IO_RING_H */
