/* SPDX-License-Identifier: MIT */
/*
 * Lists of CPUs: what they mean on a host, what is refused, and how sets are written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/cpu_list.h"

/* Eight CPUs on two nodes; CPU 5 is offline. */
static struct host_cpus host;

static int set_up(void **state)
{
	unsigned int cpu;

	(void)state;
	host.count = 8;
	host.nodes = 2;
	for (cpu = 0; cpu < host.count; cpu++) {
		host.node[cpu] = cpu / 4;
		if (cpu != 5)
			cpu_set_add(&host.online, cpu);
	}
	return 0;
}

static void means(const char *list, const char *numbers)
{
	char error[CPU_LIST_ERROR_MAX] = "", *text;
	struct cpu_set set;

	if (!cpu_list_parse(list, &host, &set, error))
		fail_msg("%s: %s", list, error);
	text = cpu_list_numbers(&set);
	assert_string_equal(text, numbers);
	free(text);
}

static void refused(const char *list, const char *part)
{
	char error[CPU_LIST_ERROR_MAX] = "";
	struct cpu_set set;

	if (cpu_list_parse(list, &host, &set, error))
		fail_msg("accepted: %s", list);
	if (!strstr(error, part))
		fail_msg("\"%s\" is not in \"%s\"", part, error);
}

static void test_meaning(void **state)
{
	(void)state;
	means("0", "0");
	means("0-3", "0-3");
	means("3-3", "3");
	means("1,3,2", "1-3");
	means(" 1 , 3 ", "1,3");
	means("all", "0-7");
	means("all,^1", "0,2-7");
	means("all,^1-6", "0,7");
	/* From left to right. */
	means("^1,0-2", "0-2");
	means("0-2,^1,1", "0-2");
	means("node:1", "4,6-7");
	means("nodes:0-1", "0-4,6-7");
	means("nodes:0,^2", "0-1,3");
	means("all,^node:0", "4-7");
	means("nodes:all", "0-7");
	/* A range may reach beyond what there is. */
	means("6-100", "6-7");
	means("4-6", "4-6");
	means("0,^9", "0");
}

static void test_refusals(void **state)
{
	static const char *const bad[] = {
		"",    " ",     "x",       "1x",   "-",           "1-",   "-1",
		"3-1", "0,",    ",0",      "0,,1", "^all",        "all1", "none",
		"0-x", "node:", "nodes:x", "4096", "99999999999", "^",    "+1",
		"0x1", "1 2",   "^^1",     "1--2",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], "is no CPU, range");
	refused("8", "there is no CPU 8: the host has CPUs 0-7");
	refused("0,9", "there is no CPU 9");
	refused("8-9", "there is no CPU 8");
	refused("node:2", "there is no node 2: the host has nodes 0-1");
	refused("5", "CPU 5 is not online");
	refused("^0", "leaves no CPU");
	refused("1,^1", "leaves no CPU");
}

/* Without a host only the form counts. */
static void test_form(void **state)
{
	char error[CPU_LIST_ERROR_MAX] = "";
	struct cpu_set set;

	(void)state;
	assert_true(cpu_list_parse("4000", NULL, &set, error));
	assert_true(cpu_list_parse("node:63,^1", NULL, &set, error));
	assert_true(cpu_list_parse("^1", NULL, &set, error));
	assert_false(cpu_list_parse("1;2", NULL, &set, error));
	assert_false(cpu_list_parse("4096", NULL, &set, error));
}

static void formatted(const char *list, unsigned int count, const char *expected)
{
	char error[CPU_LIST_ERROR_MAX] = "", *text;
	struct cpu_set set;

	memset(&set, 0, sizeof(set));
	if (*list)
		assert_true(cpu_list_parse(list, &host, &set, error));
	text = cpu_list_format(&set, count);
	assert_string_equal(text, expected);
	free(text);
}

static void test_format(void **state)
{
	(void)state;
	formatted("", 8, "none");
	formatted("all", 8, "all");
	formatted("0-6", 8, "0-6");
	formatted("0,2,4-6", 8, "0,2,4-6");
	formatted("0-3", 4, "all");
}

static void test_sets(void **state)
{
	struct cpu_set a = { { 0 } }, b = { { 0 } };

	(void)state;
	cpu_set_add(&a, 0);
	cpu_set_add(&a, CPU_MAP_CPUS - 1);
	assert_int_equal(cpu_set_count(&a), 2);
	assert_false(cpu_set_intersects(&a, &b));
	cpu_set_add(&b, CPU_MAP_CPUS - 1);
	assert_true(cpu_set_intersects(&a, &b));
	cpu_set_remove(&a, CPU_MAP_CPUS - 1);
	assert_false(cpu_set_has(&a, CPU_MAP_CPUS - 1));
	assert_false(cpu_set_intersects(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_form),    cmocka_unit_test(test_format),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
