/* SPDX-License-Identifier: MIT */
/*
 * Clocks: system time from the TSC (its rate from CPUID or measured against the PIT at boot), the
 * wallclock from the CMOS clock, and their copies in guest memory (pvclock, public/xen.h).
 *
 * System time is one linear function of the TSC, the same for the hypervisor and every vCPU: what
 * guests compute by themselves equals now() to the nanosecond, on each CPU.
 */
#ifndef TIME_TIME_H
#define TIME_TIME_H

#include "lib/types.h"

struct domain;
struct vcpu;

#define MILLISECS(n) ((s_time_t)(n)*1000000)
#define MICROSECS(n) ((s_time_t)(n)*1000)
#define SECONDS(n)   ((s_time_t)(n)*1000000000)

/* time.c: ns = ((tsc - base) << shift) * mul >> 32 (a negative shift goes right). */
struct tsc_clock {
	uint64_t base;
	uint32_t mul;
	int8_t shift;
};
extern struct tsc_clock tsc_clock;
extern uint32_t tsc_khz;
/* False if some CPU's TSC was seen behind another's: guests then keep their clocks monotonic. */
extern bool tsc_synchronized;

void time_init(void); /* calibrates; now() works afterwards */
s_time_t now(void);   /* ns since time_init(), the same on every CPU */
s_time_t tsc_to_ns(uint64_t tsc);
/* The TSC value at which now() reaches ns >= 0. */
uint64_t ns_to_tsc(s_time_t ns);
/* mul and shift of struct tsc_clock for a counter of hz. */
void tsc_scale(uint64_t hz, uint32_t *mul, int8_t *shift);
void delay_us(unsigned int us); /* busy wait, also before time_init() (then by port 0x80) */

/* wallclock.c: reads the CMOS clock; after time_init(). */
void wallclock_init(void);
/* Seconds and nanoseconds since 1970, UTC. */
void wallclock_now(uint64_t *sec, uint32_t *nsec);
/* dom0 sets it (platform_op settime): it was sec.nsec at system_time. Every domain is told. */
void wallclock_set(uint64_t sec, uint32_t nsec, s_time_t system_time);
/* Writes wc_* of d's shared_info. */
void domain_publish_wallclock(struct domain *d);

/* guest_time.c */
/* Writes v's vcpu_time_info, and its registered copy if v runs here; on registration. */
void vcpu_publish_time(struct vcpu *v);
/* VIRQ_TIMER to v every period ns; 0 stops; -EINVAL if it is under 1 ms or absurdly long. */
int vcpu_set_periodic_timer(struct vcpu *v, s_time_t period);
/* VIRQ_TIMER to v at deadline (now()'s clock). -ETIME if it is past and only_future is set. */
int vcpu_set_singleshot_timer(struct vcpu *v, s_time_t deadline, bool only_future);
void vcpu_stop_singleshot_timer(struct vcpu *v);
void vcpu_time_init(struct vcpu *v);
void vcpu_time_destroy(struct vcpu *v);
/*
 * v leaves / gets a CPU; context_switch() calls them with v's page tables loaded, interrupts off.
 * Periodic timers of vCPUs that do not run are stopped meanwhile; what the guest sees of clock and
 * runstate is brought up to date.
 */
void vcpu_time_save(struct vcpu *v);
void vcpu_time_restore(struct vcpu *v);

#endif
