/* SPDX-License-Identifier: MIT */
/*
 * kernel_image and decompress: every format as a bzImage and as a compressed ELF, cut short, with
 * changed bytes, and unpacking to more than allowed. The sanitizers watch for anything out of
 * bounds.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dom0-tools/builder/decompress.h"
#include "dom0-tools/builder/kernel_image.h"
#include "tests/unit/builder/packer.h"

#define ELF_BYTES   300000u
#define SETUP_BYTES 1024u /* boot sector and one more */
#define ROOM_BYTES  (2 * ELF_BYTES + 65536)

static const uint8_t elf_magic[4] = { 0x7f, 'E', 'L', 'F' };
static const uint8_t setup_magic[4] = { 'H', 'd', 'r', 'S' };

static struct build_message msg;

/* Something with an ELF magic that packs, but not to nothing. */
static uint8_t *make_elf(void)
{
	uint8_t *elf = malloc(ELF_BYTES);
	uint32_t x = 1;

	assert_non_null(elf);
	for (size_t i = 0; i < ELF_BYTES; i++) {
		x = x * 1103515245 + 12345;
		elf[i] = (uint8_t)(x >> 16) & 0x1f;
	}
	memcpy(elf, elf_magic, sizeof(elf_magic));
	return elf;
}

static void put_le32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void make_setup(uint8_t *image, uint32_t payload_bytes)
{
	memset(image, 0, SETUP_BYTES);
	image[0x1f1] = 1; /* setup sectors */
	image[0x1fe] = 0x55;
	image[0x1ff] = 0xaa;
	memcpy(image + 0x202, setup_magic, sizeof(setup_magic));
	image[0x206] = 0x0f; /* protocol 2.15 */
	image[0x207] = 0x02;
	put_le32(image + 0x248, 16); /* payload offset, behind the setup sectors */
	put_le32(image + 0x24c, payload_bytes);
}

/* A bzImage around elf: packed, and with its size behind except for gzip. */
static uint8_t *make_bzimage(const struct packer *packer, const uint8_t *elf, size_t *bytes)
{
	uint8_t *image = calloc(1, SETUP_BYTES + 16 + ROOM_BYTES + 64);
	uint8_t *payload;
	size_t used;

	assert_non_null(image);
	payload = image + SETUP_BYTES + 16;
	used = packer->pack(elf, ELF_BYTES, payload, ROOM_BYTES);
	if (strcmp(packer->name, "gzip") != 0) {
		put_le32(payload + used, ELF_BYTES);
		used += 4;
	}
	make_setup(image, (uint32_t)used);
	/* code and data of the boot stub follow the payload */
	memset(payload + used, 0xcc, 40);
	*bytes = SETUP_BYTES + 16 + used + 40;
	return image;
}

/* From a block of exactly that size. */
static int unpack_exact(const uint8_t *data, size_t bytes, struct kernel_image *image)
{
	uint8_t *exact = malloc(bytes ? bytes : 1);
	int ret;

	assert_non_null(exact);
	memcpy(exact, data, bytes);
	memset(&msg, 0, sizeof(msg));
	ret = kernel_image_unpack("k", exact, bytes, image, &msg);
	free(exact);
	assert_true(ret <= 0);
	assert_true(!ret == !msg.text[0]);
	if (ret)
		assert_null(image->elf);
	return ret;
}

static void test_every_format(void **state)
{
	uint8_t *elf = make_elf(), *bare = malloc(ROOM_BYTES);

	(void)state;
	assert_non_null(bare);
	for (int i = 0; i < PACKERS; i++) {
		struct kernel_image image;
		size_t bytes;
		uint8_t *bz = make_bzimage(&packers[i], elf, &bytes);

		if (unpack_exact(bz, bytes, &image))
			fail_msg("%s: %s", packers[i].name, msg.text);
		assert_string_equal(image.container, "bzImage");
		assert_string_equal(image.compression, packers[i].name);
		assert_int_equal(image.elf_bytes, ELF_BYTES);
		assert_memory_equal(image.elf, elf, ELF_BYTES);
		kernel_image_free(&image);
		free(bz);

		bytes = packers[i].pack(elf, ELF_BYTES, bare, ROOM_BYTES);
		assert_int_equal(unpack_exact(bare, bytes, &image), 0);
		assert_string_equal(image.container, "compressed ELF");
		assert_int_equal(image.elf_bytes, ELF_BYTES);
		assert_memory_equal(image.elf, elf, ELF_BYTES);
		kernel_image_free(&image);
	}
	free(bare);
	free(elf);
}

static void test_stored(void **state)
{
	uint8_t *elf = make_elf(), *bz = calloc(1, SETUP_BYTES + 16 + ELF_BYTES);
	struct kernel_image image;

	(void)state;
	assert_non_null(bz);
	assert_int_equal(unpack_exact(elf, ELF_BYTES, &image), 0);
	assert_string_equal(image.container, "ELF");
	kernel_image_free(&image);
	make_setup(bz, ELF_BYTES);
	memcpy(bz + SETUP_BYTES + 16, elf, ELF_BYTES);
	assert_int_equal(unpack_exact(bz, SETUP_BYTES + 16 + ELF_BYTES, &image), 0);
	assert_string_equal(image.container, "bzImage");
	assert_string_equal(image.compression, "none");
	kernel_image_free(&image);
	free(bz);
	free(elf);
}

static void test_truncated(void **state)
{
	uint8_t *elf = make_elf(), *bare = malloc(ROOM_BYTES);
	struct kernel_image image;

	(void)state;
	assert_non_null(bare);
	for (int i = 0; i < PACKERS; i++) {
		size_t bytes;
		uint8_t *bz = make_bzimage(&packers[i], elf, &bytes);

		/* The file ends early, anywhere in the payload. */
		for (size_t cut = 0x250; cut < bytes - 40; cut += 1 + bytes / 50) {
			assert_int_equal(unpack_exact(bz, cut, &image), -ENOEXEC);
			assert_non_null(strstr(msg.text, "truncated"));
		}
		free(bz);
		/* The stream ends early. lz4's has no end mark: there it may show as an ELF that is
		 * too short. */
		bytes = packers[i].pack(elf, ELF_BYTES, bare, ROOM_BYTES);
		for (size_t cut = 1; cut < bytes - 4; cut += 1 + bytes / 50) {
			int ret = unpack_exact(bare, cut, &image);

			if (ret)
				assert_int_equal(ret, -ENOEXEC);
			else
				assert_true(image.elf_bytes < ELF_BYTES);
			if (strcmp(packers[i].name, "lz4") != 0)
				assert_int_equal(ret, -ENOEXEC);
			kernel_image_free(&image);
		}
	}
	free(bare);
	free(elf);
}

static void test_changed_bytes(void **state)
{
	uint8_t *elf = make_elf();

	(void)state;
	srandom(3);
	for (int i = 0; i < PACKERS; i++) {
		size_t bytes;
		uint8_t *bz = make_bzimage(&packers[i], elf, &bytes);

		for (int round = 0; round < 60; round++) {
			/* Every other time in the first bytes, where the structure is. */
			size_t range = round % 2 ? bytes - SETUP_BYTES - 16 : 64;
			size_t at = SETUP_BYTES + 16 + (size_t)random() % range;
			uint8_t old = bz[at];
			struct kernel_image image;

			bz[at] ^= (uint8_t)(1 + random() % 255);
			if (!unpack_exact(bz, bytes, &image))
				assert_int_equal(image.elf_bytes, ELF_BYTES);
			kernel_image_free(&image);
			bz[at] = old;
		}
		free(bz);
	}
	free(elf);
}

static void test_bad_setup_header(void **state)
{
	uint8_t *elf = make_elf();
	struct kernel_image image;
	size_t bytes;
	uint8_t *bz = make_bzimage(&packers[0], elf, &bytes);

	(void)state;
	bz[0x206] = 7;
	assert_int_equal(unpack_exact(bz, bytes, &image), -ENOEXEC);
	assert_non_null(strstr(msg.text, "protocol 2.07 is too old"));
	bz[0x206] = 15;
	put_le32(bz + 0x248, 0xffffffff);
	assert_int_equal(unpack_exact(bz, bytes, &image), -ENOEXEC);
	assert_non_null(strstr(msg.text, "truncated"));
	put_le32(bz + 0x248, 16);
	put_le32(bz + 0x24c, 0);
	assert_int_equal(unpack_exact(bz, bytes, &image), -ENOEXEC);
	put_le32(bz + 0x24c, 0xffffffff);
	assert_int_equal(unpack_exact(bz, bytes, &image), -ENOEXEC);
	put_le32(bz + 0x24c, 2);
	assert_int_equal(unpack_exact(bz, bytes, &image), -ENOEXEC);
	assert_non_null(strstr(msg.text, "compressed in an unknown way"));
	free(bz);
	free(elf);
}

static void test_wrong_size_behind(void **state)
{
	uint8_t *elf = make_elf();
	struct kernel_image image;
	size_t bytes;
	uint8_t *bz = make_bzimage(&packers[6], elf, &bytes);

	(void)state;
	put_le32(bz + bytes - 40 - 4, ELF_BYTES + 1);
	assert_int_equal(unpack_exact(bz, bytes, &image), -ENOEXEC);
	assert_non_null(strstr(msg.text, "corrupt"));
	free(bz);
	free(elf);
}

static void test_no_kernel_inside(void **state)
{
	uint8_t text[5000], packed[20000];
	struct kernel_image image;
	size_t bytes;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(unpack_exact(text, sizeof(text), &image), -ENOEXEC);
	assert_non_null(strstr(msg.text, "no kernel image"));
	bytes = packers[0].pack(text, sizeof(text), packed, sizeof(packed));
	assert_int_equal(unpack_exact(packed, bytes, &image), -ENOEXEC);
	assert_non_null(strstr(msg.text, "no ELF kernel inside"));
	assert_int_equal(unpack_exact(text, 0, &image), -ENOEXEC);
	assert_non_null(strstr(msg.text, "empty"));
}

/* Output is bounded in every format, whatever the stream holds. */
static void test_output_limit(void **state)
{
	uint8_t *elf = make_elf(), *packed = malloc(ROOM_BYTES);

	(void)state;
	assert_non_null(packed);
	for (int i = 0; i < PACKERS; i++) {
		size_t bytes = packers[i].pack(elf, ELF_BYTES, packed, ROOM_BYTES);
		const struct decompressor *d = decompressor_find(packed, bytes);

		assert_non_null(d);
		assert_string_equal(d->name, packers[i].name);
		for (size_t limit = 0; limit <= ELF_BYTES; limit += ELF_BYTES / 3) {
			struct out_buffer out = { .limit = limit };
			int ret = d->unpack(packed, bytes, &out);

			assert_int_equal(ret, limit < ELF_BYTES ? -EFBIG : 0);
			assert_true(out.used <= limit && out.size <= limit);
			out_buffer_free(&out);
		}
	}
	free(packed);
	free(elf);
}

static void test_files(void **state)
{
	char dir[] = "/tmp/kernel-image-XXXXXX", path[64];
	struct kernel_image image;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/k", dir);
	assert_int_equal(kernel_image_load(path, &image, &msg), -ENOENT);
	assert_non_null(strstr(msg.text, "No such file or directory"));
	assert_non_null(strstr(msg.text, path));
	assert_int_equal(kernel_image_load(dir, &image, &msg), -EISDIR);
	assert_non_null(strstr(msg.text, "is a directory"));
	assert_int_equal(kernel_image_load("/dev/null", &image, &msg), -EINVAL);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(kernel_image_load(path, &image, &msg), -ENOEXEC);
	assert_int_equal(ftruncate(fileno(file), (off_t)KERNEL_FILE_MAX + 1), 0);
	assert_int_equal(kernel_image_load(path, &image, &msg), -EFBIG);
	fclose(file);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_format),
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_changed_bytes),
		cmocka_unit_test(test_bad_setup_header),
		cmocka_unit_test(test_wrong_size_behind),
		cmocka_unit_test(test_no_kernel_inside),
		cmocka_unit_test(test_output_limit),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
