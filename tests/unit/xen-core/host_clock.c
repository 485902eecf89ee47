/* SPDX-License-Identifier: MIT */
/* A clock and a local APIC timer that the test moves. */
#include "host.h"

#include "irq/lapic.h"
#include "time/time.h"

s_time_t host_now;
s_time_t host_apic_deadline;

s_time_t now(void)
{
	return host_now;
}

void lapic_timer_set(s_time_t deadline)
{
	host_apic_deadline = deadline;
}
