/* SPDX-License-Identifier: MIT */
/*
 * A machine for hypervisor code under test on the host: one CPU, a clock that the test sets,
 * domains without memory, guest pointers that are host pointers. Each part is in its own file, and
 * a test links those it needs.
 */
#ifndef TESTS_XEN_CORE_HOST_H
#define TESTS_XEN_CORE_HOST_H

/* clang-format off: cmocka.h needs these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "core/domain.h"
#include "cpu/percpu.h"

/* host.c */
extern bool host_irqs_on;

/* host_clock.c: now() without a TSC. */
extern s_time_t host_now;
extern s_time_t host_apic_deadline; /* what lapic_timer_set() was told last */

/* host_domain.c: a table of domains, vCPUs that only note what happens to them. */
extern bool host_preempt;           /* what hypercall_preempt_check() says, once */
extern unsigned int host_continued; /* hypercall_continue() calls */
extern unsigned long host_continue_args[6];
struct domain *host_domain_new(domid_t domid, unsigned int vcpus, bool privileged);
void host_domain_free(struct domain *d);
void host_run(struct domain *d); /* makes its vCPU 0 current */

/* host_frames.c: frames 0 to 7, whose references are counted. */
extern int host_frame_refs;
void *host_frame(unsigned int n, domid_t owner); /* zeroed, owned */

#endif
