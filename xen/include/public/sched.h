/* SPDX-License-Identifier: MIT */
/* sched_op: how a vCPU gives up its CPU and how a domain ends. */
#ifndef PUBLIC_SCHED_H
#define PUBLIC_SCHED_H

#include <public/event_channel.h>

#define SCHEDOP_yield           0
#define SCHEDOP_block           1 /* unmask events and sleep until one is pending */
#define SCHEDOP_shutdown        2
#define SCHEDOP_poll            3
#define SCHEDOP_remote_shutdown 4
#define SCHEDOP_shutdown_code   5 /* say the reason ahead of a shutdown */
#define SCHEDOP_watchdog        6
#define SCHEDOP_pin_override    7

#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot     1
#define SHUTDOWN_suspend    2
#define SHUTDOWN_crash      3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX        5

struct sched_shutdown {
	unsigned int reason; /* SHUTDOWN_* */
};

/* Sleep until one of the ports is pending, or until the system time timeout (ns, 0: no limit). */
struct sched_poll {
	XEN_GUEST_HANDLE(evtchn_port_t) ports;
	unsigned int nr_ports;
	uint64_t timeout;
};

struct sched_remote_shutdown {
	domid_t domain_id;
	unsigned int reason;
};

/* id 0: take a new watchdog; its id is the result. timeout in seconds, 0 stops it. */
struct sched_watchdog {
	uint32_t id;
	uint32_t timeout;
};

struct sched_pin_override {
	int32_t pcpu; /* negative: undo */
};

#endif /* PUBLIC_SCHED_H */
