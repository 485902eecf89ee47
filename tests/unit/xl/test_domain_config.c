/* SPDX-License-Identifier: MIT */
/*
 * The meaning of configuration files: defaults, combinations, refusals, and that what is saved of a
 * domain loads to the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/domain_config.h"
#include "tests/unit/xl/reported.h"

#define MINIMAL "name = 'g'\nkernel = '/boot/k'\n"

static bool load(const char *text, struct domain_config *config)
{
	struct cfg cfg;
	bool ok;

	*config = (struct domain_config){ 0 };
	capture_reset();
	cfg_init(&cfg);
	ok = cfg_parse(&cfg, "t.cfg", text, strlen(text), true) && domain_config_load(&cfg, config);
	cfg_free(&cfg);
	if (ok)
		assert_int_equal(error_count, 0);
	return ok;
}

static void load_ok(const char *text, struct domain_config *config)
{
	if (!load(text, config))
		fail_msg("%s", last_error);
}

static void refuse(const char *text, const char *part)
{
	struct domain_config config;

	if (load(text, &config))
		fail_msg("accepted: %s", text);
	assert_reported(part);
}

static void test_defaults(void **state)
{
	struct domain_config config;

	(void)state;
	load_ok(MINIMAL, &config);
	assert_int_equal(config.memory_kib, 32 * 1024);
	assert_int_equal(config.max_memory_kib, 32 * 1024);
	assert_int_equal(config.vcpus, 1);
	assert_int_equal(config.max_vcpus, 1);
	assert_int_equal(config.on[EVENT_POWEROFF], ACTION_DESTROY);
	assert_int_equal(config.on[EVENT_REBOOT], ACTION_RESTART);
	assert_int_equal(config.on[EVENT_CRASH], ACTION_DESTROY);
	assert_string_equal(config.cmdline, "");
	assert_null(config.ramdisk);
	assert_false(config.has_uuid);
	domain_config_free(&config);
}

static void test_cmdline(void **state)
{
	struct domain_config config;

	(void)state;
	load_ok(MINIMAL "root = '/dev/xvda1 ro'\nextra = 'quiet'\n", &config);
	assert_string_equal(config.cmdline, "root=/dev/xvda1 ro quiet");
	domain_config_free(&config);
	load_ok(MINIMAL "extra = 'quiet'\n", &config);
	assert_string_equal(config.cmdline, "quiet");
	domain_config_free(&config);
	load_ok(MINIMAL "extra = 'quiet'\ncmdline = 'x'\n", &config);
	assert_string_equal(config.cmdline, "x");
	assert_int_equal(note_count, 1);
	domain_config_free(&config);
}

static void test_round_trip(void **state)
{
	struct domain_config config, again;
	char *text, *text2;

	(void)state;
	load_ok("name = \"we\\\"ird \\\\ n\303\244me\"\nuuid = "
		"'6F9619FF-8B86-D011-B42D-00CF4FC964FF'\n"
		"kernel = '/k'\nramdisk = '/r'\nextra = \"a='b' c\"\nmemory = 512\nmaxmem = "
		"1g\nvcpus = 2\n"
		"maxvcpus = 4\non_crash = 'preserve'\non_poweroff = 'rename-restart'\n"
		"disk = [ 'phy:/dev/x,xvda,w', '/i.iso,,hdc,cdrom', "
		"'vdev=d7,access=w!,target=/a,b' ]\n"
		"vif = [ 'mac=00:16:3e:00:00:01,rate=10Mb/s', '' ]\nmax_grant_frames = 64\n"
		"cpus = '0-1'\ncpus_soft = [ '0', 'all,^0' ]\ncpu_weight = 7\ncap = 50\npool = "
		"'p \"1'\n",
		&config);
	text = domain_config_format(&config);
	assert_non_null(text);
	load_ok(text, &again);
	text2 = domain_config_format(&again);
	assert_string_equal(text, text2);
	assert_string_equal(again.name, "we\"ird \\ n\303\244me");
	assert_int_equal(again.disk_count, 3);
	assert_int_equal(again.vif_count, 2);
	assert_non_null(again.vifs);
	if (again.vifs)
		assert_int_equal(again.vifs[0].rate_bytes, 62500);
	assert_int_equal(again.max_memory_kib, 1 << 20);
	assert_int_equal(again.on[EVENT_CRASH], ACTION_PRESERVE);
	assert_true(again.has_uuid);
	assert_int_equal(again.uuid[0], 0x6f);
	assert_string_equal(cpu_lists_get(&again.cpus, 3), "0-1");
	assert_string_equal(cpu_lists_get(&again.cpus_soft, 1), "all,^0");
	assert_null(cpu_lists_get(&again.cpus_soft, 2));
	assert_int_equal(again.cpu_weight, 7);
	assert_int_equal(again.cap, 50);
	assert_string_equal(again.pool, "p \"1");
	domain_config_free(&config);
	domain_config_free(&again);
	free(text);
	free(text2);
}

static void test_cpus(void **state)
{
	struct domain_config config;

	(void)state;
	load_ok(MINIMAL "vcpus = 2\nmaxvcpus = 4\ncap = 400\ncpus = '0-3,^1'\ncpus_soft = [ 0, "
			"'all' ]\ncpu_weight = 65535\npool = 'p'\n",
		&config);
	assert_string_equal(cpu_lists_get(&config.cpus, 0), "0-3,^1");
	assert_string_equal(cpu_lists_get(&config.cpus, 3), "0-3,^1");
	assert_string_equal(cpu_lists_get(&config.cpus_soft, 0), "0");
	assert_string_equal(cpu_lists_get(&config.cpus_soft, 1), "all");
	assert_null(cpu_lists_get(&config.cpus_soft, 2));
	assert_int_equal(config.cpu_weight, 65535);
	assert_int_equal(config.cap, 400);
	assert_string_equal(config.pool, "p");
	domain_config_free(&config);
	load_ok(MINIMAL "cpus = ''\ncpus_soft = []\npool = ''\n", &config);
	assert_null(cpu_lists_get(&config.cpus, 0));
	assert_null(cpu_lists_get(&config.cpus_soft, 0));
	assert_null(config.pool);
	domain_config_free(&config);
}

static void test_refusals(void **state)
{
	char big[1200];

	(void)state;
	refuse("kernel = '/k'\n", "no name");
	refuse("name = 'g'\n", "no kernel");
	refuse(MINIMAL "memmory = 512\n",
	       "t.cfg:3:1: unknown key \"memmory\"; did you mean \"memory\"?");
	refuse(MINIMAL "frobnicate = 1\n", "unknown key \"frobnicate\"; see");
	refuse(MINIMAL "memory = 'lots'\n", "number of MiB");
	refuse(MINIMAL "memory = 0\n", "from 1 MiB");
	refuse(MINIMAL "memory = 64\nmaxmem = 32\n", "maxmem is less than memory");
	refuse(MINIMAL "vcpus = 0\n", "vcpus must be from 1 to 128");
	refuse(MINIMAL "vcpus = 4\nmaxvcpus = 2\n", "maxvcpus is less");
	refuse(MINIMAL "vcpus = []\n", "vcpus must be a number");
	refuse(MINIMAL "vcpus = 129\n", "vcpus must be from 1 to 128");
	refuse(MINIMAL "maxvcpus = 129\n", "maxvcpus must be from 1 to 128");
	refuse(MINIMAL "cpu_weight = 0\n", "cpu_weight must be from 1 to 65535");
	refuse(MINIMAL "cpu_weight = 65536\n", "cpu_weight must be from 1 to 65535");
	refuse(MINIMAL "vcpus = 2\ncap = 201\n", "cap must be from 0 to 200");
	refuse(MINIMAL "cap = -1\n", "cap must be from 0");
	refuse(MINIMAL "pool = 1\n", "pool must be a string");
	refuse(MINIMAL "cpus = 'one'\n", "cpus: \"one\" is no CPU");
	refuse(MINIMAL "cpus = [ '0', [ '1' ] ]\n", "cpus must be a string");
	refuse(MINIMAL "cpus_soft = [ '0', '1-' ]\n", "cpus_soft: \"1-\" is no CPU");
	refuse(MINIMAL "type = 'hvm'\n", "hardware virtualization");
	refuse(MINIMAL "on_crash = 'coredump-restart'\n", "core dumps");
	refuse(MINIMAL "on_crash = 'restrat'\n", "did you mean \"restart\"");
	refuse(MINIMAL "on_reboot = 'soft-reset'\n", "HVM");
	refuse(MINIMAL "uuid = 'x'\n", "not a UUID");
	refuse(MINIMAL "pci = [ '01:00.0' ]\n", "PCI passthrough");
	refuse(MINIMAL "bootloader = 'pygrub'\n", "boot loaders");
	refuse(MINIMAL "disk = [ 1 ]\n", "list of strings");
	refuse(MINIMAL "disk = [ '/a,raw,xvda,w', '/b,raw,xvda,w' ]\n", "xvda is given twice");
	refuse(MINIMAL "disk = [ '/a,qcow2,xvda,w' ]\n", "only raw");
	refuse(MINIMAL "disk = [ '/a,raw,xvda,w',\n '/b,raw,xvdb,q' ]\n",
	       "t.cfg:4:2: disk: unknown access");
	refuse(MINIMAL "vif = [ 'devid=1', '' ]\n", "device number 1 is given twice");
	refuse(MINIMAL "vif = [ 'mac=00:16:3e:00:00:01', 'mac=00:16:3e:00:00:01' ]\n", "same mac");
	refuse("name = 'a/b'\nkernel='/k'\n", "no /");
	refuse("name = ''\nkernel='/k'\n", "1 to 255");
	refuse("name = 5\nkernel='/k'\n", "string in quotes");
	snprintf(big, sizeof(big), MINIMAL "extra = '%01100d'\n", 0);
	refuse(big, "at most 1023");
}

static void test_all_errors_are_found(void **state)
{
	(void)state;
	refuse(MINIMAL "memmory = 1\nvcpus = 'x'\ndisk = [ 'a', 'b' ]\n", "disk");
	assert_int_equal(error_count, 4);
}

static void test_ignored(void **state)
{
	struct domain_config config;

	(void)state;
	load_ok(MINIMAL "tsc_mode = 1\ndevice_model_version = 'qemu-xen'\npci = []\nvfb = []\n"
			"bootloader = ''\nvif = [ 'model=e1000' ]\nlocaltime = 0\n",
		&config);
	assert_int_equal(note_count, 3);
	domain_config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_all_errors_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
