/* SPDX-License-Identifier: MIT */
/*
 * kernel_cache: the second load comes from the cache and gives the same; whatever happens to kernel
 * or entry, a stale or damaged entry is never used.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dom0-tools/builder/kernel_cache.h"
#include "tests/unit/builder/packer.h"

#define ELF_BYTES 400000u

struct fixture {
	char top[32], dir[48], kernel[64];
	uint8_t elf[ELF_BYTES];
};

static struct build_message msg;

/* A packed ELF whose middle is a hole. */
static void write_kernel(struct fixture *f, const char *path, uint8_t fill)
{
	static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };
	static uint8_t packed[ELF_BYTES];
	size_t bytes;
	FILE *file;

	memset(f->elf, 0, sizeof(f->elf));
	memset(f->elf, fill, 1000);
	memcpy(f->elf, magic, sizeof(magic));
	memset(f->elf + ELF_BYTES - 1000, fill, 1000);
	bytes = packers[0].pack(f->elf, sizeof(f->elf), packed, sizeof(packed));
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(packed, 1, bytes, file), bytes);
	fclose(file);
}

static void make_fixture(struct fixture *f)
{
	strcpy(f->top, "/tmp/kernel-cache-XXXXXX");
	assert_non_null(mkdtemp(f->top));
	snprintf(f->dir, sizeof(f->dir), "%s/cache", f->top);
	snprintf(f->kernel, sizeof(f->kernel), "%s/kernel", f->top);
	write_kernel(f, f->kernel, 1);
}

/* How many entries there are; the path of the last one found, if entry is not NULL. */
static int count_entries(const struct fixture *f, char *entry, size_t size)
{
	DIR *dir = opendir(f->dir);
	struct dirent *dirent;
	int count = 0;

	while (dir && (dirent = readdir(dir))) {
		if (dirent->d_name[0] == '.')
			continue;
		count++;
		if (entry)
			assert_true(snprintf(entry, size, "%s/%s", f->dir, dirent->d_name) <
				    (int)size);
	}
	if (dir)
		closedir(dir);
	return count;
}

static void remove_fixture(struct fixture *f)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", f->top);
	assert_int_equal(system(command), 0);
}

/* Loads f->kernel, checks what comes out, and whether it came out of the cache. */
static void load(struct fixture *f, const char *container)
{
	struct kernel_image image;

	if (kernel_cache_load(f->dir, f->kernel, &image, &msg))
		fail_msg("%s", msg.text);
	assert_string_equal(image.container, container);
	assert_string_equal(image.compression, "gzip");
	assert_int_equal(image.elf_bytes, ELF_BYTES);
	assert_memory_equal(image.elf, f->elf, ELF_BYTES);
	kernel_image_free(&image);
}

static void test_second_load(void **state)
{
	struct fixture f;
	struct stat st;
	char entry[400];

	(void)state;
	make_fixture(&f);
	load(&f, "compressed ELF");
	assert_int_equal(count_entries(&f, entry, sizeof(entry)), 1);
	assert_int_equal(stat(entry, &st), 0);
	assert_true((uint64_t)st.st_blocks * 512 < ELF_BYTES / 2);
	assert_int_equal(stat(f.dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	load(&f, "cached");
	load(&f, "cached");
	assert_int_equal(count_entries(&f, NULL, 0), 1);
	remove_fixture(&f);
}

static void test_changed_kernel(void **state)
{
	struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct fixture f;

	(void)state;
	make_fixture(&f);
	load(&f, "compressed ELF");
	write_kernel(&f, f.kernel, 2);
	load(&f, "compressed ELF");
	load(&f, "cached");
	/* The same length and an older date do not fool it. */
	write_kernel(&f, f.kernel, 3);
	assert_int_equal(utimensat(AT_FDCWD, f.kernel, times, 0), 0);
	load(&f, "compressed ELF");
	assert_int_equal(unlink(f.kernel), 0);
	{
		struct kernel_image image;

		assert_int_equal(kernel_cache_load(f.dir, f.kernel, &image, &msg), -ENOENT);
	}
	remove_fixture(&f);
}

static void test_damaged_entry(void **state)
{
	struct fixture f;
	char entry[400];

	(void)state;
	make_fixture(&f);
	load(&f, "compressed ELF");
	assert_int_equal(count_entries(&f, entry, sizeof(entry)), 1);
	assert_int_equal(truncate(entry, 100000), 0);
	load(&f, "compressed ELF");
	/* It has been replaced. */
	load(&f, "cached");
	/* each of magic, key, size, format */
	for (long at = 0; at < 64; at += 8) {
		FILE *file = fopen(entry, "r+");

		assert_non_null(file);
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		assert_int_equal(fwrite("\xee\xee\xee\xee\xee\xee\xee\xee", 1, 8, file), 8);
		fclose(file);
		load(&f, "compressed ELF");
		load(&f, "cached");
	}
	remove_fixture(&f);
}

static void test_number_of_entries(void **state)
{
	struct fixture f;

	(void)state;
	make_fixture(&f);
	for (int i = 0; i < 9; i++) {
		snprintf(f.kernel, sizeof(f.kernel), "%s/kernel%d", f.top, i);
		write_kernel(&f, f.kernel, (uint8_t)(10 + i));
		load(&f, "compressed ELF");
		load(&f, "cached");
		assert_true(count_entries(&f, NULL, 0) <= (int)KERNEL_CACHE_ENTRIES);
	}
	assert_int_equal(count_entries(&f, NULL, 0), KERNEL_CACHE_ENTRIES);
	remove_fixture(&f);
}

static void test_not_cached(void **state)
{
	struct kernel_image image;
	struct fixture f;
	FILE *file;

	(void)state;
	make_fixture(&f);
	/* an ELF as it is */
	file = fopen(f.kernel, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(f.elf, 1, sizeof(f.elf), file), sizeof(f.elf));
	fclose(file);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(kernel_cache_load(f.dir, f.kernel, &image, &msg), 0);
		assert_string_equal(image.container, "ELF");
		kernel_image_free(&image);
	}
	assert_int_equal(count_entries(&f, NULL, 0), 0);
	/* a cache that cannot be */
	write_kernel(&f, f.kernel, 5);
	strcpy(f.dir, "/dev/null/cache");
	load(&f, "compressed ELF");
	load(&f, "compressed ELF");
	remove_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second_load),   cmocka_unit_test(test_changed_kernel),
		cmocka_unit_test(test_damaged_entry), cmocka_unit_test(test_number_of_entries),
		cmocka_unit_test(test_not_cached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
