/* SPDX-License-Identifier: MIT */
/*
 * Disk and network specifications, sizes, rates, and the nearest known word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/disk_spec.h"
#include "dom0-tools/xl/nearest.h"
#include "dom0-tools/xl/units.h"
#include "dom0-tools/xl/vif_spec.h"

static char error[SPEC_ERROR_MAX];

static struct disk_spec disk_ok(const char *text)
{
	struct disk_spec disk;

	if (!disk_spec_parse(text, &disk, error))
		fail_msg("%s: %s", text, error);
	return disk;
}

static void expect_disk(const char *text, const char *target, const char *vdev, bool readonly,
			bool cdrom)
{
	struct disk_spec disk = disk_ok(text), again;
	char *canonical;

	if (target)
		assert_string_equal(disk.target, target);
	else
		assert_null(disk.target);
	assert_string_equal(disk.vdev, vdev);
	assert_int_equal(disk.readonly, readonly);
	assert_int_equal(disk.cdrom, cdrom);
	canonical = disk_spec_format(&disk);
	again = disk_ok(canonical);
	assert_string_equal(again.vdev, vdev);
	assert_int_equal(again.readonly, readonly);
	assert_int_equal(again.cdrom, cdrom);
	assert_int_equal(again.shareable, disk.shareable);
	if (target)
		assert_string_equal(again.target, target);
	disk_spec_free(&again);
	disk_spec_free(&disk);
	free(canonical);
}

static void refuse_disk(const char *text, const char *part)
{
	struct disk_spec disk;

	if (disk_spec_parse(text, &disk, error))
		fail_msg("accepted: %s", text);
	if (!strstr(error, part))
		fail_msg("%s: \"%s\" is not in \"%s\"", text, part, error);
}

static void test_disk_forms(void **state)
{
	(void)state;
	expect_disk("/dev/vg/guest-volume,,hda", "/dev/vg/guest-volume", "hda", false, false);
	expect_disk("/dev/vg/guest-volume,raw,hda,rw", "/dev/vg/guest-volume", "hda", false, false);
	expect_disk("format=raw, vdev=hda, access=rw, target=/dev/vg/guest-volume",
		    "/dev/vg/guest-volume", "hda", false, false);
	expect_disk("raw:/dev/vg/guest-volume,hda,w", "/dev/vg/guest-volume", "hda", false, false);
	expect_disk("/root/image.iso,,hdc,cdrom", "/root/image.iso", "hdc", true, true);
	expect_disk("/root/image.iso,,hdc,,cdrom", "/root/image.iso", "hdc", true, true);
	expect_disk("/root/image.iso,raw,hdc,devtype=cdrom", "/root/image.iso", "hdc", true, true);
	expect_disk("format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/root/image.iso",
		    "/root/image.iso", "hdc", true, true);
	expect_disk("raw:/root/image.iso,hdc:cdrom,ro", "/root/image.iso", "hdc", true, true);
	expect_disk("phy:/dev/sdb,xvda,w", "/dev/sdb", "xvda", false, false);
	expect_disk("phy:vg/root,xvda1,r", "/dev/vg/root", "xvda1", true, false);
	expect_disk("file:/srv/a.img,xvda,w", "/srv/a.img", "xvda", false, false);
	expect_disk("tap:aio:/srv/a.img,xvda,r", "/srv/a.img", "xvda", true, false);
	expect_disk("tap2:tapdisk:aio:/srv/a.img,xvda,w!", "/srv/a.img", "xvda", false, false);
	expect_disk(",hdc:cdrom,r", NULL, "hdc", true, true);
	expect_disk(",,hdc,,cdrom", NULL, "hdc", true, true);
	expect_disk("vdev=xvda,access=!,target=/a,b=c, d", "/a,b=c, d", "xvda", false, false);
	expect_disk(" /a , raw , xvda , ro ", "/a", "xvda", true, false);
	expect_disk("vdev=xvdb,/a,raw,w", "/a", "xvdb", false, false);
	expect_disk("/a,,xvda,,direct-io-safe,no-discard,untrusted,backendtype=phy", "/a", "xvda",
		    false, false);
	expect_disk("/a,raw,d5p3", "/a", "d5p3", false, false);
	expect_disk(",raw,xvda,w,target=/late", "/late", "xvda", false, false);
}

static void test_disk_errors(void **state)
{
	(void)state;
	refuse_disk("", "no virtual device");
	refuse_disk("/a", "no virtual device");
	refuse_disk("/a,xvda,w", "write target,raw,xvda");
	refuse_disk("/a,raw,sdzz", "not a virtual device");
	refuse_disk("/a,raw,xvda,rwx", "unknown access");
	refuse_disk("/a,raw,xvda,w,xvdb", "too many parts");
	refuse_disk("/a,foo,xvda,w", "unknown disk format");
	refuse_disk("ftp:/a,xvda,w", "unknown prefix");
	refuse_disk("nbd:host,xvda,w", "scripts for disks");
	refuse_disk("vdev=xvda,vdev=xvdb,target=/a", "given twice");
	refuse_disk("vdev=xvda,acess=w,target=/a", "did you mean \"access\"");
	refuse_disk("vdev=xvda,target=", "no target");
	refuse_disk("/a,raw,hdc,w,cdrom", "cannot be writable");
	refuse_disk("/a,raw,xvda,w,devtype=floppy", "unknown devtype");
	refuse_disk("/a,raw,xvda:tape,w", "unknown device type");
	refuse_disk("/a,raw,xvda,w,specification=virtio", "not for PV");
}

static void test_vdev_numbers(void **state)
{
	static const struct {
		const char *name;
		uint32_t number;
	} good[] = {
		{ "xvda", 51712 },
		{ "xvda1", 51713 },
		{ "xvdb", 51728 },
		{ "xvdp15", 51967 },
		{ "d0", 51712 },
		{ "d0p1", 51713 },
		{ "d1p2", 51730 },
		{ "xvdq", 1u << 28 | 16 << 8 },
		{ "xvda16", 1u << 28 | 16 },
		{ "d536p37", 1u << 28 | 536 << 8 | 37 },
		{ "xvdtq37", 1u << 28 | 536 << 8 | 37 },
		{ "sda", 2048 },
		{ "sdb3", 2067 },
		{ "hda", 768 },
		{ "hdc2", 5634 },
		{ "51712", 51712 },
		{ "0xca00", 51712 },
	};
	static const char *const bad[] = { "",       "d",      "dp1",      "xvd",    "xvda0",
					   "xvda01", "xvd1",   "sdq",      "sda16",  "hde",
					   "hda64",  "d0p256", "d1048576", "xvda1x", "xvdzzzzzzzzz",
					   "-1",     "vda",    "d01",      "d0p" };
	uint32_t number;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!disk_vdev_number(good[i].name, &number))
			fail_msg("%s", good[i].name);
		assert_int_equal(number, good[i].number);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (disk_vdev_number(bad[i], &number))
			fail_msg("accepted %s", bad[i]);
	}
}

static void refuse_vif(const char *text, const char *part)
{
	struct vif_spec vif;

	if (vif_spec_parse(text, &vif, error))
		fail_msg("accepted: %s", text);
	if (!strstr(error, part))
		fail_msg("%s: \"%s\" is not in \"%s\"", text, part, error);
}

static void test_vifs(void **state)
{
	struct vif_spec vif;
	char *canonical, mac[VIF_MAC_TEXT];

	(void)state;
	assert_true(vif_spec_parse("", &vif, error));
	assert_false(vif.has_mac);
	assert_null(vif.bridge);
	assert_int_equal(vif.devid, -1);
	vif_spec_free(&vif);
	assert_true(vif_spec_parse(" mac=00:16:3E:74:3d:76, bridge=br1,ip=10.0.0.2,vifname=g0,"
				   "script=vif-route,rate=1MB/s@20ms,mtu=9000,model=e1000,type=vif,"
				   "gatewaydev=eth0,devid=3,backend=0,untrusted",
				   &vif, error));
	vif_mac_format(vif.mac, mac);
	assert_string_equal(mac, "00:16:3e:74:3d:76");
	assert_string_equal(vif.bridge, "br1");
	assert_int_equal(vif.rate_bytes, 20000);
	assert_int_equal(vif.rate_interval_us, 20000);
	assert_true(vif.has_hvm_key);
	canonical = vif_spec_format(&vif);
	vif_spec_free(&vif);
	assert_true(vif_spec_parse(canonical, &vif, error));
	free(canonical);
	assert_int_equal(vif.rate_bytes, 20000);
	assert_int_equal(vif.devid, 3);
	assert_int_equal(vif.mtu, 9000);
	assert_true(vif.untrusted);
	assert_string_equal(vif.gatewaydev, "eth0");
	vif_spec_free(&vif);
	refuse_vif("mac=00:16:3e:74:3d", "not a unicast MAC");
	refuse_vif("mac=01:16:3e:74:3d:76", "not a unicast MAC");
	refuse_vif("mac=00:16:3e:74:3d:7g", "not a unicast MAC");
	refuse_vif("brigde=x", "did you mean \"bridge\"");
	refuse_vif("bridge=a,bridge=b", "given twice");
	refuse_vif("xenbr0", "not key=value");
	refuse_vif("vifname=0123456789abcdef", "too long");
	refuse_vif("bridge=a/b", "not a name");
	refuse_vif("mtu=67", "mtu=67 is not a number from");
	refuse_vif("rate=10", "needs a unit");
	vif_mac_random(vif.mac);
	assert_int_equal(vif.mac[2], 0x3e);
}

static void expect_rate(const char *text, uint64_t bytes, uint32_t interval)
{
	uint64_t got_bytes;
	uint32_t got_interval;

	assert_null(parse_rate(text, &got_bytes, &got_interval));
	assert_int_equal(got_bytes, bytes);
	assert_int_equal(got_interval, interval);
}

static void test_rates(void **state)
{
	static const char *const bad[] = { "",
					   "x",
					   "10",
					   "10K",
					   "10Kb",
					   "10Kb/",
					   "10Kb/m",
					   "10kb/s",
					   "10Kb/s@",
					   "10Kb/s@0ms",
					   "10Kb/s@5",
					   "10Kb/s@5ks",
					   "10Kb/s@99999s",
					   "99999999999999999999B/s",
					   "0B/s",
					   "1b/s",
					   "18446744073709551615GB/s",
					   "-5B/s",
					   "10Kb/s " };
	uint64_t bytes;
	uint32_t interval;
	size_t i;

	(void)state;
	expect_rate("10Mb/s", 62500, 50000);
	expect_rate("250KB/s", 12500, 50000);
	expect_rate("1MB/s@20ms", 20000, 20000);
	expect_rate("10B/s@1s", 10, 1000000);
	expect_rate("3GB/s@1us", 3000, 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!parse_rate(bad[i], &bytes, &interval))
			fail_msg("accepted %s", bad[i]);
	}
}

static void test_sizes(void **state)
{
	uint64_t bytes;
	int64_t number;

	(void)state;
	assert_true(parse_size("512", 1 << 20, &bytes));
	assert_int_equal(bytes, 512u << 20);
	assert_true(parse_size("2g", 1 << 20, &bytes));
	assert_int_equal(bytes, UINT64_C(2) << 30);
	assert_true(parse_size("0x10K", 1, &bytes));
	assert_int_equal(bytes, 16384);
	assert_true(parse_size("1T", 1, &bytes));
	assert_int_equal(bytes, UINT64_C(1) << 40);
	assert_false(parse_size("", 1, &bytes));
	assert_false(parse_size("-1", 1, &bytes));
	assert_false(parse_size("1mm", 1, &bytes));
	assert_false(parse_size("1x", 1, &bytes));
	assert_false(parse_size("9999999999t", 1, &bytes));
	assert_false(parse_size("99999999999999999999", 1, &bytes));
	assert_true(parse_integer("-010", &number));
	assert_int_equal(number, -8);
	assert_false(parse_integer("1 ", &number));
	assert_false(parse_integer("", &number));
	assert_false(parse_integer(" 1", &number));
	assert_false(parse_integer("99999999999999999999", &number));
}

static const char *const words[] = { "memory", "maxmem", "vcpus", "maxvcpus", "disk" };

static const char *word_at(size_t i, void *arg)
{
	(void)arg;
	return words[i];
}

static void test_nearest(void **state)
{
	(void)state;
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("memory", "memory"), 0);
	assert_int_equal(edit_distance("memroy", "memory"), 1);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("Memory", "memory"), 0);
	assert_string_equal(nearest_word("memmory", 5, word_at, NULL), "memory");
	assert_string_equal(nearest_word("vcpu", 5, word_at, NULL), "vcpus");
	assert_string_equal(nearest_word("dsik", 5, word_at, NULL), "disk");
	assert_null(nearest_word("frobnicate", 5, word_at, NULL));
	assert_null(nearest_word("", 5, word_at, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk_forms),   cmocka_unit_test(test_disk_errors),
		cmocka_unit_test(test_vdev_numbers), cmocka_unit_test(test_vifs),
		cmocka_unit_test(test_rates),        cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
