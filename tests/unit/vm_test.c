/* SPDX-License-Identifier: MIT */
/*
 * shoji-vm's parts on the host: the script channel at every split of its input, the cpio writer
 * against cpio(1), the command line.
 */
#include "dom0-tools/vm/channel.h"
#include "dom0-tools/vm/cpio.h"
#include "dom0-tools/vm/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define TOKEN "0123456789abcdef0123456789abcdef"
#define MSG   "\001SHOJI:" TOKEN ":"

struct text {
	char data[512];
	size_t len;
};

static void collect(void *arg, const char *data, size_t len)
{
	struct text *t = arg;

	assert_true(t->len + len < sizeof(t->data));
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

/* Feeds @stream in two pieces, at every split. */
static void check_stream(const char *stream, size_t len, const char *expected,
			 enum channel_state state, int status, enum channel_archive archive)
{
	for (size_t split = 0; split <= len; split++) {
		struct text t = { .len = 0 };
		struct channel c;

		channel_init(&c, TOKEN, collect, &t);
		channel_feed(&c, stream, split);
		channel_feed(&c, stream + split, len - split);
		assert_string_equal(t.data, expected);
		assert_int_equal(c.state, state);
		if (state == CHANNEL_ENDED) {
			assert_int_equal(c.status, status);
			assert_int_equal(c.archive, archive);
		}
	}
}

static void channel_passes_output_between_start_and_exit(void **state)
{
	static const char s[] = "noise\r\n" MSG "start\nhello\nworld" MSG "exit 7 ok\nmore";

	(void)state;
	check_stream(s, sizeof(s) - 1, "hello\nworld", CHANNEL_ENDED, 7, CHANNEL_OUT_OK);
}

static void channel_keeps_what_only_looks_like_a_message(void **state)
{
	static const char s[] = MSG "start\n\001\001SHO\001SHOJI:0123x\001" MSG "exit 0 none\n";

	(void)state;
	check_stream(s, sizeof(s) - 1, "\001\001SHO\001SHOJI:0123x\001", CHANNEL_ENDED, 0,
		     CHANNEL_OUT_NONE);
}

static void channel_ignores_messages_out_of_order(void **state)
{
	static const char early[] = MSG "exit 0 ok\n";
	static const char late[] = MSG "start\n" MSG "fail too late\nx";

	(void)state;
	check_stream(early, sizeof(early) - 1, "", CHANNEL_BOOTING, 0, CHANNEL_OUT_NONE);
	check_stream(late, sizeof(late) - 1, "x", CHANNEL_RUNNING, 0, CHANNEL_OUT_NONE);
}

static void channel_reports_failure_with_reason(void **state)
{
	static const char s[] = MSG "fail xenstored did not start\n";
	struct text t = { .len = 0 };
	struct channel c;

	(void)state;
	channel_init(&c, TOKEN, collect, &t);
	channel_feed(&c, s, sizeof(s) - 1);
	assert_int_equal(c.state, CHANNEL_FAILED);
	assert_string_equal(c.message, "xenstored did not start");
}

static void channel_cuts_an_endless_message(void **state)
{
	struct text t = { .len = 0 };
	struct channel c;

	(void)state;
	channel_init(&c, TOKEN, collect, &t);
	channel_feed(&c, MSG, sizeof(MSG) - 1);
	for (int i = 0; i < 5000; i++)
		channel_feed(&c, "a", 1);
	assert_int_equal(c.state, CHANNEL_BOOTING);
	assert_true(c.message_len < sizeof(c.message));
}

static void channel_rejects_odd_status(void **state)
{
	static const char s[] = MSG "start\n" MSG "exit 999 what\n";

	(void)state;
	check_stream(s, sizeof(s) - 1, "", CHANNEL_ENDED, 255, CHANNEL_OUT_FAILED);
}

static char *temp_dir(void)
{
	char *dir = strdup("/tmp/shoji-vm-test.XXXXXX");

	assert_non_null(dir);
	assert_non_null(mkdtemp(dir));
	return dir;
}

static void shell(const char *fmt, ...)
{
	char cmd[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static void cpio_archive_unpacks_to_the_same_tree(void **state)
{
	char *dir = temp_dir();
	char path[256];
	struct cpio c;
	FILE *f;

	(void)state;
	shell("mkdir -p %s/in/a/b %s/out && echo one >%s/in/a/f && chmod 640 %s/in/a/f && : "
	      ">%s/in/empty && "
	      "ln -s ../nowhere %s/in/a/b/link && mkfifo %s/in/pipe",
	      dir, dir, dir, dir, dir, dir, dir);
	snprintf(path, sizeof(path), "%s/in", dir);
	snprintf(path + 128, sizeof(path) - 128, "%s/archive", dir);
	f = fopen(path + 128, "w");
	assert_non_null(f);
	cpio_begin(&c, f);
	assert_int_equal(cpio_add_tree(&c, path), 0);
	assert_int_equal(cpio_add_data(&c, "made", S_IFREG | 0755, "12345", 5), 0);
	assert_int_equal(cpio_end(&c), 0);
	assert_int_equal(fclose(f), 0);
	shell("cd %s/out && cpio --quiet -id --no-preserve-owner <../archive", dir);
	shell("cd %s && test \"$(cat out/made)\" = 12345 && test -x out/made && rm out/made", dir);
	shell("cd %s && for t in in out; do (cd $t && find . -printf '%%P %%m %%y %%l\\n' | sort) "
	      ">$t.list; done && cmp in.list out.list && cmp in/a/f out/a/f",
	      dir);
	shell("rm -r %s", dir);
	free(dir);
}

static void cpio_names_what_it_cannot_read(void **state)
{
	struct cpio c;
	FILE *f = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(f);
	cpio_begin(&c, f);
	assert_int_equal(cpio_add_file(&c, "x", 0644, "/nonexistent"), -ENOENT);
	assert_int_equal(cpio_add_tree(&c, "/nonexistent"), -ENOENT);
	fclose(f);
}

#define PARSE(o, ...)                                                                           \
	vm_options_parse((o),                                                                   \
			 (int)(sizeof((char *[]){ "shoji-vm", __VA_ARGS__ }) / sizeof(char *)), \
			 (char *[]){ "shoji-vm", __VA_ARGS__, NULL })

static void options_take_every_value(void **state)
{
	struct vm_options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--script", "/dev/null", "--overlay=/tmp", "--out", "/tmp/o",
			       "--disk", "/dev/null", "--disk", "/dev/zero", "--mem", "512",
			       "--timeout", "9", "--accel", "tcg", "--icount", "--xen-args", "a b",
			       "--dom0-args", "c,d"),
			 VM_PARSE_OK);
	assert_string_equal(o.overlay, "/tmp");
	assert_int_equal(o.nr_disks, 2);
	assert_int_equal(o.mem_mib, 512);
	assert_int_equal(o.cpus, 1);
	assert_int_equal(o.timeout_s, 9);
	assert_int_equal(o.accel, VM_ACCEL_TCG);
	assert_true(o.icount);
	assert_string_equal(o.dom0_args, "c,d");
}

static void options_refuse_bad_values(void **state)
{
	struct vm_options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--script", "/nonexistent"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--script", "/tmp"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--overlay", "/dev/null"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--mem", "12M"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--mem", "-1"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--mem", "64"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--cpus", "0"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--timeout", ""), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--timeout"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--accel", "hvf"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--icount", "--cpus", "2"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--icount", "--accel", "kvm"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "--nonsense"), VM_PARSE_ERROR);
	assert_int_equal(PARSE(&o, "word"), VM_PARSE_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(channel_passes_output_between_start_and_exit),
		cmocka_unit_test(channel_keeps_what_only_looks_like_a_message),
		cmocka_unit_test(channel_ignores_messages_out_of_order),
		cmocka_unit_test(channel_reports_failure_with_reason),
		cmocka_unit_test(channel_cuts_an_endless_message),
		cmocka_unit_test(channel_rejects_odd_status),
		cmocka_unit_test(cpio_archive_unpacks_to_the_same_tree),
		cmocka_unit_test(cpio_names_what_it_cannot_read),
		cmocka_unit_test(options_take_every_value),
		cmocka_unit_test(options_refuse_bad_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
