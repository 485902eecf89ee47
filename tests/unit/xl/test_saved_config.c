/* SPDX-License-Identifier: MIT */
/*
 * Files of domains: their states, the lock through renames and the death of its holder, and what a
 * crash leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dom0-tools/xl/saved_config.h"
#include "tests/unit/xl/reported.h"

static char dir[] = "/tmp/saved-config-XXXXXX";
static char name[] = "guest", kernel[] = "/k", cmdline[] = "";

static struct domain_config config = {
	.name = name,
	.kernel = kernel,
	.cmdline = cmdline,
	.uuid = { 1, 2, 3 },
	.has_uuid = true,
	.memory_kib = 65536,
	.max_memory_kib = 65536,
	.vcpus = 1,
	.max_vcpus = 1,
};

static int set_up(void **state)
{
	(void)state;
	capture_reset();
	saved_config_dir = mkdtemp(dir);
	return saved_config_dir ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void test_states(void **state)
{
	struct domain_config loaded = { 0 };
	uint8_t(*uuids)[16];
	size_t count;
	int lock;

	(void)state;
	assert_int_equal(saved_config_state(config.uuid), SAVED_NONE);
	lock = saved_config_begin(&config);
	assert_true(lock >= 0);
	assert_int_equal(saved_config_state(config.uuid), SAVED_NEW);
	/* A second creator with the same UUID. */
	assert_int_equal(saved_config_begin(&config), -EEXIST);
	assert_int_equal(saved_config_move(config.uuid, SAVED_NEW, SAVED_CREATED), 0);
	close(lock);
	assert_int_equal(saved_config_state(config.uuid), SAVED_CREATED);
	assert_true(saved_config_load(config.uuid, SAVED_CREATED, &loaded));
	assert_string_equal(loaded.name, "guest");
	assert_memory_equal(loaded.uuid, config.uuid, 16);
	domain_config_free(&loaded);
	assert_int_equal(saved_config_list(&uuids, &count), 0);
	assert_int_equal(count, 1);
	assert_memory_equal(uuids[0], config.uuid, 16);
	free(uuids);
	saved_config_remove(config.uuid);
	assert_int_equal(saved_config_state(config.uuid), SAVED_NONE);
	assert_int_equal(saved_config_move(config.uuid, SAVED_NEW, SAVED_CREATED), -ENOENT);
}

static void test_crash_in_a_restart(void **state)
{
	enum saved_state found;
	int lock;

	(void)state;
	close(saved_config_begin(&config));
	saved_config_move(config.uuid, SAVED_NEW, SAVED_RESTART);
	/* The file of an attempt whose process died: taken over. */
	close(saved_config_begin(&config));
	lock = saved_config_begin(&config);
	assert_true(lock >= 0);
	close(lock);
	/* The restart is what is to be finished. */
	lock = saved_config_lock(config.uuid, &found);
	assert_true(lock >= 0);
	assert_int_equal(found, SAVED_RESTART);
	close(lock);
	saved_config_remove(config.uuid);
	assert_int_equal(saved_config_lock(config.uuid, &found), -ENOENT);
}

/* A child takes the lock and tells; the parent waits for it through a rename and the child's end.
 */
static void test_lock_waits(void **state)
{
	enum saved_state found;
	int ready[2], go[2], lock;
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	child = fork();
	if (child == 0) {
		lock = saved_config_begin(&config);
		if (lock < 0 || write(ready[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		/* The parent is waiting by now, or will be; either must work. */
		usleep(20000);
		saved_config_move(config.uuid, SAVED_NEW, SAVED_CREATED);
		raise(SIGKILL);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(saved_config_state(config.uuid), SAVED_NEW);
	assert_int_equal(write(go[1], "x", 1), 1);
	lock = saved_config_lock(config.uuid, &found);
	assert_true(lock >= 0);
	assert_int_equal(found, SAVED_CREATED);
	close(lock);
	waitpid(child, NULL, 0);
	saved_config_remove(config.uuid);
}

static void set_vcpus(struct domain_config *changed, void *arg)
{
	const uint32_t *vcpus = arg;

	changed->max_vcpus = 8;
	changed->vcpus = *vcpus;
}

/* Whoever waits for the lock meanwhile gets the changed file's. */
static void test_change(void **state)
{
	struct domain_config loaded = { 0 };
	enum saved_state found;
	uint32_t vcpus = 3;
	int lock, status;
	char path[128];
	pid_t pid;

	(void)state;
	assert_int_equal(saved_config_change(config.uuid, set_vcpus, &vcpus), -ENOENT);
	lock = saved_config_begin(&config);
	assert_true(lock >= 0);
	assert_int_equal(saved_config_move(config.uuid, SAVED_NEW, SAVED_CREATED), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(lock);
		_exit(saved_config_change(config.uuid, set_vcpus, &vcpus) == 0 ? 0 : 1);
	}
	close(lock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	lock = saved_config_lock(config.uuid, &found);
	assert_true(lock >= 0);
	assert_int_equal(found, SAVED_CREATED);
	assert_true(saved_config_load(config.uuid, SAVED_CREATED, &loaded));
	assert_int_equal(loaded.vcpus, 3);
	domain_config_free(&loaded);
	close(lock);
	/* What a killed process leaves of a change goes with the rest. */
	snprintf(path, sizeof(path), "%s/01020300-0000-0000-0000-000000000000.cfg.next", dir);
	assert_int_equal(close(creat(path, 0600)), 0);
	assert_int_equal(saved_config_change(config.uuid, set_vcpus, &vcpus), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(close(creat(path, 0600)), 0);
	saved_config_remove(config.uuid);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_foreign_files(void **state)
{
	char path[128];
	uint8_t(*uuids)[16];
	size_t count;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/notes.cfg", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(saved_config_list(&uuids, &count), 0);
	assert_int_equal(count, 0);
	free(uuids);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),        cmocka_unit_test(test_crash_in_a_restart),
		cmocka_unit_test(test_lock_waits),    cmocka_unit_test(test_change),
		cmocka_unit_test(test_foreign_files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
