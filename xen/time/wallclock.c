/* SPDX-License-Identifier: MIT */
/*
 * The wallclock: the CMOS clock once at boot, afterwards what dom0 says. It is kept, as guests see
 * it, as the time since 1970 at system time zero.
 *
 * Lock: wallclock_lock (RANK_CLOCK) for the base and for the copies in shared_info.
 */
#include "core/domain.h"
#include "cpu/asm.h"
#include "lib/spinlock.h"
#include "time/time.h"

#define CMOS_INDEX    0x70
#define CMOS_DATA     0x71
#define RTC_SECONDS   0x00
#define RTC_MINUTES   0x02
#define RTC_HOURS     0x04
#define RTC_DAY       0x07
#define RTC_MONTH     0x08
#define RTC_YEAR      0x09
#define RTC_STATUS_A  0x0a
#define RTC_STATUS_B  0x0b
#define RTC_A_UPDATE  0x80 /* the clock registers are changing */
#define RTC_B_24HOURS 0x02
#define RTC_B_BINARY  0x04
#define RTC_HOURS_PM  0x80

#define NSEC_PER_SEC 1000000000ull

static spinlock_t wallclock_lock = SPINLOCK_INIT(RANK_CLOCK);
static uint64_t wallclock_base; /* ns since 1970 at system time 0 */

struct rtc_time {
	uint8_t sec, min, hour, day, month, year;
};

static uint8_t cmos_read(uint8_t index)
{
	outb(index, CMOS_INDEX);
	return inb(CMOS_DATA);
}

static void rtc_read_raw(struct rtc_time *t)
{
	unsigned int spins = 0;

	while ((cmos_read(RTC_STATUS_A) & RTC_A_UPDATE) && ++spins < 100000)
		cpu_relax();
	t->sec = cmos_read(RTC_SECONDS);
	t->min = cmos_read(RTC_MINUTES);
	t->hour = cmos_read(RTC_HOURS);
	t->day = cmos_read(RTC_DAY);
	t->month = cmos_read(RTC_MONTH);
	t->year = cmos_read(RTC_YEAR);
}

static uint8_t from_bcd(uint8_t v)
{
	return (uint8_t)((v >> 4) * 10 + (v & 15));
}

/* Seconds since 1970 of a date in the Gregorian calendar (month and day from 1). */
static uint64_t date_to_seconds(unsigned int year, unsigned int month, unsigned int day,
				unsigned int hour, unsigned int min, unsigned int sec)
{
	/* Years that start in March have the leap day at their end. */
	uint64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
	uint64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;

	days -= 719468; /* from 1 March of year 0 to 1 January 1970 */
	return ((days * 24 + hour) * 60 + min) * 60 + sec;
}

static uint64_t rtc_seconds(void)
{
	struct rtc_time t, again;
	unsigned int tries = 0;
	uint8_t status_b = cmos_read(RTC_STATUS_B), pm;

	rtc_read_raw(&again);
	do {
		t = again;
		rtc_read_raw(&again);
	} while (__builtin_memcmp(&t, &again, sizeof(t)) && ++tries < 16);

	pm = t.hour & RTC_HOURS_PM;
	t.hour &= (uint8_t)~RTC_HOURS_PM;
	if (!(status_b & RTC_B_BINARY)) {
		t.sec = from_bcd(t.sec);
		t.min = from_bcd(t.min);
		t.hour = from_bcd(t.hour);
		t.day = from_bcd(t.day);
		t.month = from_bcd(t.month);
		t.year = from_bcd(t.year);
	}
	if (!(status_b & RTC_B_24HOURS))
		t.hour = (uint8_t)(t.hour % 12 + (pm ? 12 : 0));
	return date_to_seconds(2000u + t.year, t.month, t.day, t.hour, t.min, t.sec);
}

void wallclock_init(void)
{
	wallclock_base = rtc_seconds() * NSEC_PER_SEC - (uint64_t)now();
}

void wallclock_now(uint64_t *sec, uint32_t *nsec)
{
	unsigned long flags = spin_lock_irqsave(&wallclock_lock);
	uint64_t ns = wallclock_base + (uint64_t)now();

	spin_unlock_irqrestore(&wallclock_lock, flags);
	*sec = ns / NSEC_PER_SEC;
	*nsec = (uint32_t)(ns % NSEC_PER_SEC);
}

void domain_publish_wallclock(struct domain *d)
{
	unsigned long flags = spin_lock_irqsave(&wallclock_lock);
	struct shared_info *s = d->shared_info;
	uint64_t sec = wallclock_base / NSEC_PER_SEC + (uint64_t)d->time_offset_seconds;
	uint32_t version = READ_ONCE(s->wc_version) | 1;

	WRITE_ONCE(s->wc_version, version);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	s->wc_sec = (uint32_t)sec;
	s->wc_sec_hi = (uint32_t)(sec >> 32);
	s->wc_nsec = (uint32_t)(wallclock_base % NSEC_PER_SEC);
	__atomic_store_n(&s->wc_version, version + 1, __ATOMIC_RELEASE);
	spin_unlock_irqrestore(&wallclock_lock, flags);
}

void wallclock_set(uint64_t sec, uint32_t nsec, s_time_t system_time)
{
	unsigned long flags = spin_lock_irqsave(&wallclock_lock);
	struct domain *d;
	domid_t next;

	wallclock_base = sec * NSEC_PER_SEC + nsec - (uint64_t)system_time;
	spin_unlock_irqrestore(&wallclock_lock, flags);

	for (next = 0; (d = domain_get_next(next)) != NULL; domain_put(d)) {
		domain_publish_wallclock(d);
		next = (domid_t)(d->domain_id + 1);
	}
}
