/* SPDX-License-Identifier: MIT */
/*
 * The grammar of configuration files: what is accepted, and that garbage, truncation and deep
 * nesting end in one message at the right place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/cfg_parse.h"
#include "tests/unit/xl/reported.h"

static bool parse(struct cfg *cfg, const char *text)
{
	capture_reset();
	cfg_init(cfg);
	return cfg_parse(cfg, "t.cfg", text, strlen(text), true);
}

/* The text does not parse, and the message holds part. */
static void refuse(const char *text, const char *part)
{
	struct cfg cfg;

	assert_false(parse(&cfg, text));
	assert_int_equal(error_count, 1);
	assert_reported(part);
	cfg_free(&cfg);
}

static void test_values(void **state)
{
	const struct cfg_setting *setting;
	struct cfg cfg;

	(void)state;
	assert_true(parse(&cfg,
			  "# comment\r\n\n  a = 'x' # more\nb=\"y\\n\\x41\\101'\" ; c = -0x10\n"
			  "d = [ 1, 'two',\n\n  [ \"3\", ], # note\n]\ne = []\n;;\nf=07;g=5m\n"));
	assert_int_equal(cfg.count, 7);
	assert_string_equal(cfg_find(&cfg, "a")->value.text, "x");
	assert_string_equal(cfg_find(&cfg, "b")->value.text, "y\nAA'");
	assert_int_equal(cfg_find(&cfg, "c")->value.kind, CFG_NUMBER);
	assert_string_equal(cfg_find(&cfg, "c")->value.text, "-0x10");
	setting = cfg_find(&cfg, "d");
	assert_int_equal(setting->value.kind, CFG_LIST);
	assert_int_equal(setting->value.count, 3);
	assert_string_equal(setting->value.items[1].text, "two");
	assert_int_equal(setting->value.items[2].count, 1);
	assert_int_equal(cfg_find(&cfg, "e")->value.count, 0);
	assert_null(cfg_find(&cfg, "h"));
	cfg_free(&cfg);
}

static void test_set_again_and_append(void **state)
{
	struct cfg cfg;

	(void)state;
	assert_true(parse(
		&cfg, "a = 1\na = 2\nl = ['x']\nl += ['y', 'z']\ns = 'p'\ns += 'q'\nn += []\n"));
	assert_string_equal(cfg_find(&cfg, "a")->value.text, "2");
	assert_int_equal(note_count, 1);
	assert_int_equal(cfg_find(&cfg, "l")->value.count, 3);
	assert_string_equal(cfg_find(&cfg, "l")->value.items[2].text, "z");
	assert_string_equal(cfg_find(&cfg, "s")->value.text, "pq");
	/* Another source replaces without a note: these are overrides. */
	assert_true(cfg_parse(&cfg, "<command line>", "a=3", 3, false));
	assert_string_equal(cfg_find(&cfg, "a")->value.text, "3");
	assert_int_equal(note_count, 1);
	cfg_free(&cfg);
	refuse("a = 1\na += 2\n", "+= adds");
	refuse("a = 'x'\na += ['y']\n", "+= adds");
}

static void test_message_has_place(void **state)
{
	(void)state;
	refuse("name = 'x'\n\tvcpus = four\n", "t.cfg:2:10: ");
	assert_reported("\"four\"");
	assert_reported("\n     vcpus = four\n             ^");
	refuse("x = 12abc\n", "\"12abc\" is not a number");
	refuse("x = \n", "value is missing");
	refuse("x 1\n", "expected = after \"x\"");
	refuse("x = 'a' y = 'b'\n", "expected the end of the line");
	refuse("= 3\n", "expected a setting");
	refuse("x = [ 1 2 ]\n", "comma or ]");
	refuse("x = [ , ]\n", "value is missing");
	refuse("x = 'abc\ny = 1\n", "no closing '");
	refuse("x = 'a\\q'\n", "unknown escape");
	refuse("x = 'a\\0'\n", "unknown escape");
	refuse("x = %\n", "unexpected character '%'");
}

static void test_truncated(void **state)
{
	static const char whole[] =
		"name = 'guest'\ndisk = [ '/a,raw,xvda,w',\n [ 1 ] ]\nvcpus = 2\n";
	struct cfg cfg;
	size_t n;

	(void)state;
	assert_true(parse(&cfg, whole));
	cfg_free(&cfg);
	/* Cut anywhere but after the first or second setting, it is refused with one message. */
	for (n = 1; n < sizeof(whole) - 1; n++) {
		bool complete = n == 15 || n == 50;

		capture_reset();
		cfg_init(&cfg);
		assert_int_equal(cfg_parse(&cfg, "t.cfg", whole, n, true), complete);
		assert_int_equal(error_count, !complete);
		cfg_free(&cfg);
	}
	refuse("a = [ 1,\n 2,\n", "opened at t.cfg:1");
	refuse("a = 'x", "truncated");
	refuse("a = ", "truncated");
	refuse("a", "truncated");
	refuse("a = 1", "the last line has no end");
}

static void test_garbage(void **state)
{
	static const char zero[] = "a = 'x\0y'\n";
	struct cfg cfg;
	unsigned int seed = 1, i, j;

	(void)state;
	capture_reset();
	cfg_init(&cfg);
	assert_false(cfg_parse(&cfg, "t.cfg", zero, sizeof(zero) - 1, true));
	assert_reported("zero byte");
	cfg_free(&cfg);
	refuse("\x7f"
	       "ELF\x02\x01\n",
	       "byte 0x7f");
	for (i = 0; i < 20000; i++) {
		/* Bytes that the grammar knows, and some that it does not. */
		static const char bytes[] = "ab1=+[],;'\"\\x#\n \t-_\x80\x01";
		char text[24];
		size_t length = (size_t)(rand_r(&seed) % (int)sizeof(text));

		for (j = 0; j < length; j++)
			text[j] = bytes[(size_t)rand_r(&seed) % sizeof(bytes)];
		capture_reset();
		cfg_init(&cfg);
		if (!cfg_parse(&cfg, "t.cfg", text, length, i % 2 == 0))
			assert_int_equal(error_count, 1);
		else
			assert_int_equal(error_count, 0);
		cfg_free(&cfg);
	}
}

static void test_deep_nesting(void **state)
{
	struct cfg cfg;
	char *text = malloc(200010);

	(void)state;
	assert_non_null(text);
	snprintf(text, 200010, "a = ");
	memset(text + 4, '[', 100000);
	memset(text + 100004, ']', 100000);
	memcpy(text + 200004, "\n", 2);
	refuse(text, "nested more than");
	memset(text + 4, '[', CFG_MAX_DEPTH);
	memset(text + 4 + CFG_MAX_DEPTH, ']', CFG_MAX_DEPTH);
	memcpy(text + 4 + (size_t)2 * CFG_MAX_DEPTH, "\n", 2);
	assert_true(parse(&cfg, text));
	cfg_free(&cfg);
	free(text);
}

static void test_long_line(void **state)
{
	char text[3000];

	(void)state;
	memset(text, ' ', sizeof(text));
	text[0] = 'a';
	text[1] = '=';
	text[2500] = '%';
	text[2999] = '\0';
	refuse(text, "t.cfg:1:2501: ");
	assert_true(strlen(last_error) < 300);
}

static void test_files(void **state)
{
	struct cfg cfg;

	(void)state;
	capture_reset();
	cfg_init(&cfg);
	assert_false(cfg_parse_file(&cfg, "/nonexistent/x.cfg"));
	assert_reported("cannot open configuration file /nonexistent/x.cfg: No such file");
	assert_false(cfg_parse_file(&cfg, "/"));
	assert_reported("Is a directory");
	assert_false(cfg_parse_file(&cfg, "/dev/zero"));
	assert_reported("larger than");
	assert_true(cfg_parse_file(&cfg, "/dev/null"));
	assert_int_equal(cfg.count, 0);
	cfg_free(&cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_set_again_and_append),
		cmocka_unit_test(test_message_has_place),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
