/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's devices: opened, reported, handed over, released, whatever the order in which
 * the toolstack, the class and the guest's process act. The processes themselves are played here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/common/supervisor.h"
#include "tests/unit/backends/mock_xs.h"
#include "xenstore/lib/xs.h"

#define DIR "/local/domain/0/backend/vbd/3/7"

static struct {
	struct supervisor sup;
	struct guest guest;
	int open_result, release_result;
	int opened, released, served;
	int fd; /* the last one that open() gave */
	struct source *src;
} t;

static int class_open(struct source *src)
{
	t.opened++;
	t.src = src;
	t.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	src->fds[0] = t.fd;
	src->priv = malloc(10);
	if (t.open_result < 0)
		snprintf(src->error, sizeof(src->error), "disk x: broken; mend it");
	return t.open_result;
}

static int class_release(struct source *src)
{
	(void)src;
	t.released++;
	return t.release_result;
}

static const struct backend_class cls = {
	.name = "vbd",
	.program = "source_test",
	.open = class_open,
	.release = class_release,
};

/* In place of guest.c. */
void guest_serve(struct source *src)
{
	t.served++;
	src->served = true;
}

struct guest *guest_find(struct supervisor *sup, uint32_t domid)
{
	(void)sup;
	return domid == t.guest.domid ? &t.guest : NULL;
}

static void on_tidy(void *arg)
{
	(void)arg;
}

static void set_up(const char *state)
{
	memset(&t, 0, sizeof(t));
	mock_xs_reset();
	assert_int_equal(loop_init(&t.sup.loop), 0);
	t.sup.cls = &cls;
	t.sup.xs = mock_xs;
	t.sup.tidy_work = (struct loop_work){ .handle = on_tidy };
	snprintf(t.sup.class_path, sizeof(t.sup.class_path), "/local/domain/0/backend/vbd");
	t.guest = (struct guest){ .sup = &t.sup, .domid = 3, .channel = { .fd = -1 } };
	mock_xs_set(DIR "/online", "1");
	mock_xs_set(DIR "/state", state);
}

static bool fd_is_open(void)
{
	return fcntl(t.fd, F_GETFD) >= 0;
}

static void directory_goes(void)
{
	mock_xs_reset();
	source_check(&t.guest, 7);
}

static void tear_down(void)
{
	assert_null(t.guest.sources);
	assert_false(t.opened && fd_is_open());
	loop_close(&t.sup.loop);
}

static void test_life(void **state)
{
	(void)state;
	set_up("1");
	source_check(&t.guest, 7);
	assert_int_equal(t.served, 1);
	/* Events repeat. */
	source_check(&t.guest, 7);
	source_scan(&t.guest);
	assert_int_equal(t.opened, 1);
	mock_xs_set(DIR "/online", "0");
	mock_xs_set(DIR "/state", "5");
	source_check(&t.guest, 7);
	assert_int_equal(t.released, 0); /* its process sees to that */
	source_closed(t.src);
	assert_int_equal(t.released, 1);
	assert_false(fd_is_open());
	assert_string_equal(mock_xs_get(DIR "/state"), "6");
	directory_goes();
	assert_int_equal(t.released, 1);
	tear_down();
}

static void test_open_fails(void **state)
{
	(void)state;
	set_up("1");
	t.open_result = -ENOENT;
	source_check(&t.guest, 7);
	assert_string_equal(mock_xs_get(DIR "/hotplug-error"), "disk x: broken; mend it");
	assert_string_equal(mock_xs_get(DIR "/hotplug-status"), "error");
	assert_false(fd_is_open());
	assert_int_equal(t.served, 0);
	source_check(&t.guest, 7);
	assert_int_equal(t.opened, 1); /* not again and again */
	mock_xs_set(DIR "/online", "0");
	mock_xs_set(DIR "/state", "5");
	source_check(&t.guest, 7);
	assert_string_equal(mock_xs_get(DIR "/state"), "6");
	directory_goes();
	tear_down();
}

static void test_gone_while_serving(void **state)
{
	(void)state;
	set_up("1");
	source_check(&t.guest, 7);
	t.release_result = -EINPROGRESS;
	directory_goes();
	assert_non_null(t.guest.sources);
	source_check(&t.guest, 7); /* not a new device yet */
	assert_int_equal(t.opened, 1);
	source_released(t.src);
	assert_string_equal(mock_xs_get(DIR "/state"), "");
	tear_down();
}

static void test_gone_while_opening(void **state)
{
	(void)state;
	set_up("1");
	t.open_result = -EINPROGRESS;
	source_check(&t.guest, 7);
	directory_goes();
	source_opened(t.src, 0);
	assert_int_equal(t.served, 0);
	assert_int_equal(t.released, 1);
	tear_down();

	set_up("1");
	t.open_result = -EINPROGRESS;
	source_check(&t.guest, 7);
	directory_goes();
	source_opened(t.src, -EIO);
	tear_down();
}

static void test_closing_without_process(void **state)
{
	(void)state;
	set_up("1");
	source_check(&t.guest, 7);
	t.src->served = false; /* it crashed and pauses */
	mock_xs_set(DIR "/online", "0");
	mock_xs_set(DIR "/state", "5");
	source_check(&t.guest, 7);
	assert_string_equal(mock_xs_get(DIR "/state"), "6");
	directory_goes();
	tear_down();

	/* Left behind, and never opened. */
	set_up("5");
	mock_xs_set(DIR "/online", "0");
	source_check(&t.guest, 7);
	assert_int_equal(t.opened, 0);
	assert_string_equal(mock_xs_get(DIR "/state"), "6");
	directory_goes();
	tear_down();
}

static void test_taken_over(void **state)
{
	(void)state;
	set_up("4");
	t.open_result = -EWOULDBLOCK;
	source_check(&t.guest, 7);
	assert_string_equal(mock_xs_get(DIR "/hotplug-status"), "");
	t.open_result = 0;
	while (!t.served)
		assert_int_equal(loop_turn(&t.sup.loop), 0);
	assert_int_equal(t.opened, 2);
	assert_string_equal(mock_xs_get(DIR "/state"), "4");
	directory_goes();
	tear_down();
}

static void test_not_a_device(void **state)
{
	(void)state;
	set_up("");
	source_check(&t.guest, 7);
	assert_int_equal(t.opened, 0);
	tear_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_open_fails),
		cmocka_unit_test(test_gone_while_serving),
		cmocka_unit_test(test_gone_while_opening),
		cmocka_unit_test(test_closing_without_process),
		cmocka_unit_test(test_taken_over),
		cmocka_unit_test(test_not_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
