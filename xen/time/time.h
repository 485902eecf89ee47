/* SPDX-License-Identifier: MIT */
/*
 * Clocks: system time from the TSC (calibrated against the PIT or the ACPI PM timer at boot), the
 * wallclock from the CMOS clock, and their copies in guest memory (pvclock, public/xen.h).
 */
#ifndef TIME_TIME_H
#define TIME_TIME_H

#include "lib/types.h"

struct domain;
struct vcpu;

#define MILLISECS(n) ((s_time_t)(n)*1000000)
#define MICROSECS(n) ((s_time_t)(n)*1000)
#define SECONDS(n)   ((s_time_t)(n)*1000000000)

extern uint32_t tsc_khz;

void time_init(void); /* calibrates; now() works afterwards */
s_time_t now(void);   /* ns since time_init(), the same on every CPU */
s_time_t tsc_to_ns(uint64_t tsc);
void delay_us(unsigned int us); /* busy wait, also before time_init() (then by port 0x80/PIT) */

/* Seconds and nanoseconds since 1970, UTC. */
void wallclock_now(uint64_t *sec, uint32_t *nsec);
/* dom0 sets it (platform_op settime): it was sec.nsec at system_time. */
void wallclock_set(uint64_t sec, uint32_t nsec, s_time_t system_time);
/* Writes wc_* of d's shared_info. */
void domain_publish_wallclock(struct domain *d);
/* Writes v's vcpu_time_info (and its registered copy); when it gets a CPU, and on registration. */
void vcpu_publish_time(struct vcpu *v);

/* vcpu_op and set_timer_op: VIRQ_TIMER to v. */
int vcpu_set_periodic_timer(struct vcpu *v,
			    s_time_t period); /* ns, 0 stops; -EINVAL if too short */
int vcpu_set_singleshot_timer(struct vcpu *v, s_time_t deadline, bool only_future); /* -ETIMEDOUT */
void vcpu_stop_singleshot_timer(struct vcpu *v);
void vcpu_time_init(struct vcpu *v);
void vcpu_time_destroy(struct vcpu *v);
/* v leaves / gets a CPU: periodic timers of vCPUs that do not run are stopped meanwhile. */
void vcpu_time_save(struct vcpu *v);
void vcpu_time_restore(struct vcpu *v);

#endif
