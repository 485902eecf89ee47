/* SPDX-License-Identifier: MIT */
/*
 * sched_op (public/sched.h): a vCPU gives up its CPU for a while, until an event, or for ever.
 *
 * Blocking and polling set a pause flag first and look for events afterwards; a sender sets the
 * event first and clears the flag afterwards, so one of the two sees the other.
 */
#include "boot/boot.h"
#include "console/console.h"
#include "core/domain.h"
#include "core/hypercall.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "irq/acpi.h"
#include "mm/guest_access.h"
#include "time/time.h"

#define POLL_PORTS_MAX 128u
#define POLL_CHUNK     16u

static long sched_yield(void)
{
	current->sched.yielded = true;
	softirq_raise(SOFTIRQ_SCHEDULE);
	return 0;
}

static long sched_block(void)
{
	struct vcpu *v = current;

	if (v->vcpu_info)
		WRITE_ONCE(v->vcpu_info->evtchn_upcall_mask, 0);
	set_bit(VPF_BLOCKED, &v->pause_flags);
	if (vcpu_event_pending(v))
		clear_bit(VPF_BLOCKED, &v->pause_flags);
	else
		softirq_raise(SOFTIRQ_SCHEDULE);
	return 0;
}

/* 1 if one of the ports is pending, 0 if none is, or a negative errno. */
static int poll_ports(struct domain *d, const struct sched_poll *poll)
{
	evtchn_port_t port[POLL_CHUNK];
	unsigned int done = 0;

	while (done < poll->nr_ports) {
		unsigned int n = min(POLL_CHUNK, poll->nr_ports - done);

		if (copy_from_guest_offset(port, poll->ports, done, n))
			return -EFAULT;
		for (unsigned int i = 0; i < n; i++) {
			int pending = evtchn_port_pending(d, port[i]);

			if (pending)
				return pending;
		}
		done += n;
	}
	return 0;
}

static long sched_poll(const struct sched_poll *poll)
{
	struct vcpu *v = current;
	struct domain *d = v->domain;
	evtchn_port_t only = 0;
	int rc;

	if (poll->nr_ports > POLL_PORTS_MAX)
		return -EINVAL;
	if (poll->nr_ports == 1 && copy_from_guest(&only, poll->ports, sizeof(only)))
		return -EFAULT;

	timer_stop(&v->poll_timer);
	WRITE_ONCE(v->poll_port, 0); /* any port wakes it until all have been looked at */
	evtchn_poll_begin(v);
	rc = vcpu_event_pending(v) ? 1 : poll_ports(d, poll);
	if (rc) {
		evtchn_poll_end(v);
		return rc < 0 ? rc : 0;
	}
	if (poll->nr_ports == 1)
		WRITE_ONCE(v->poll_port, only);
	if (poll->timeout && (s_time_t)poll->timeout > 0)
		timer_set(&v->poll_timer, (s_time_t)poll->timeout);
	softirq_raise(SOFTIRQ_SCHEDULE);
	return 0;
}

void vcpu_poll_expired(void *data)
{
	struct vcpu *v = data;

	if (test_bit(VPF_POLL, &v->pause_flags))
		vcpu_unblock(v);
}

void hardware_domain_shutdown(unsigned int reason)
{
	static const char *const name[] = {
		[SHUTDOWN_poweroff] = "power off", [SHUTDOWN_reboot] = "reboot",
		[SHUTDOWN_suspend] = "suspend",    [SHUTDOWN_crash] = "crash",
		[SHUTDOWN_watchdog] = "watchdog",  [SHUTDOWN_soft_reset] = "soft reset",
	};

	pr_info("Hardware domain has shut down: %s\n",
		reason < ARRAY_SIZE(name) ? name[reason] : "unknown reason");
	if (reason == SHUTDOWN_poweroff)
		machine_power_off();
	if (reason == SHUTDOWN_reboot || !boot_options.noreboot)
		machine_restart();
	pr_info("The machine is halted, as noreboot asks for\n");
	irq_disable();
	for (;;)
		__asm__ __volatile__("hlt");
}

static long shut_down(struct domain *d, unsigned int reason)
{
	domain_shutdown(d, (uint8_t)reason);
	return 0;
}

static long remote_shutdown(const struct sched_remote_shutdown *op)
{
	struct domain *d = domain_get_any(op->domain_id);
	long rc;

	if (!d)
		return -ESRCH;
	rc = may_control(d) ? shut_down(d, op->reason) : -EPERM;
	domain_put(d);
	return rc;
}

/* The reason counts when the domain shuts down, whatever reason is given then. */
static long announce_shutdown(unsigned int reason)
{
	struct domain *d = current->domain;
	long rc = -EBUSY;

	spin_lock(&d->lock);
	if (!d->is_shutting_down) {
		d->shutdown_code = (uint8_t)reason;
		rc = 0;
	}
	spin_unlock(&d->lock);
	return rc;
}

static long pin_override(const struct sched_pin_override *op)
{
	if (!current->domain->is_hardware)
		return -EPERM;
	return sched_pin_override(current, op->pcpu);
}

long do_sched_op(int cmd, void *arg)
{
	union {
		struct sched_shutdown shutdown;
		struct sched_poll poll;
		struct sched_remote_shutdown remote;
		struct sched_watchdog watchdog;
		struct sched_pin_override pin;
	} u;

	switch (cmd) {
	case SCHEDOP_yield:
		return sched_yield();
	case SCHEDOP_block:
		return sched_block();
	case SCHEDOP_shutdown:
		if (copy_from_guest(&u.shutdown, arg, sizeof(u.shutdown)))
			return -EFAULT;
		return shut_down(current->domain, u.shutdown.reason);
	case SCHEDOP_shutdown_code:
		if (copy_from_guest(&u.shutdown, arg, sizeof(u.shutdown)))
			return -EFAULT;
		return announce_shutdown(u.shutdown.reason);
	case SCHEDOP_poll:
		if (copy_from_guest(&u.poll, arg, sizeof(u.poll)))
			return -EFAULT;
		return sched_poll(&u.poll);
	case SCHEDOP_remote_shutdown:
		if (copy_from_guest(&u.remote, arg, sizeof(u.remote)))
			return -EFAULT;
		return remote_shutdown(&u.remote);
	case SCHEDOP_watchdog:
		if (copy_from_guest(&u.watchdog, arg, sizeof(u.watchdog)))
			return -EFAULT;
		return watchdog_set(u.watchdog.id, u.watchdog.timeout);
	case SCHEDOP_pin_override:
		if (copy_from_guest(&u.pin, arg, sizeof(u.pin)))
			return -EFAULT;
		return pin_override(&u.pin);
	default:
		return -ENOSYS;
	}
}

long do_sched_op_compat(int cmd, unsigned long arg)
{
	switch (cmd) {
	case SCHEDOP_yield:
		return sched_yield();
	case SCHEDOP_block:
		return sched_block();
	case SCHEDOP_shutdown:
		return shut_down(current->domain, (unsigned int)arg);
	default:
		return -ENOSYS;
	}
}
