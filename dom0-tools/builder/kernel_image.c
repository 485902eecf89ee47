/* SPDX-License-Identifier: MIT */
/*
 * From a kernel file to its ELF image: reads the file, finds the payload of a bzImage through the
 * setup header (linux/Documentation/arch/x86/boot.rst), unpacks it, checks that an ELF came out.
 * The input buffer is never written; all offsets are checked against its length before use.
 */
#include "dom0-tools/builder/kernel_image.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dom0-tools/builder/decompress.h"
#include "dom0-tools/builder/pages.h"
#include "dom0-tools/builder/read_file.h"

/* The setup header of a bzImage: offsets in the file, little-endian fields. */
#define SETUP_SECTS          0x1f1
#define SETUP_BOOT_FLAG      0x1fe
#define SETUP_HEADER         0x202
#define SETUP_VERSION        0x206
#define SETUP_PAYLOAD_OFFSET 0x248
#define SETUP_PAYLOAD_LENGTH 0x24c
#define SETUP_END            0x250
#define BOOT_FLAG            0xaa55
#define SECTOR_BYTES         512u
#define VERSION_PAYLOAD      0x0208 /* the first protocol with payload fields */
#define DEFAULT_SETUP_SECTS  4u

#define RATIO_MAX 32u /* no kernel packs better than this */

static const uint8_t elf_magic[4] = { 0x7f, 'E', 'L', 'F' };

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static int is_elf(const uint8_t *data, size_t bytes)
{
	return bytes >= sizeof(elf_magic) && !memcmp(data, elf_magic, sizeof(elf_magic));
}

static int is_bzimage(const uint8_t *data, size_t bytes)
{
	return bytes >= SETUP_END && le16(data + SETUP_BOOT_FLAG) == BOOT_FLAG &&
	       !memcmp(data + SETUP_HEADER, "HdrS", 4);
}

static int find_payload(const char *name, const uint8_t *data, size_t bytes,
			const uint8_t **payload, size_t *payload_bytes, struct build_message *msg)
{
	uint32_t version = le16(data + SETUP_VERSION);
	uint64_t sects = data[SETUP_SECTS] ? data[SETUP_SECTS] : DEFAULT_SETUP_SECTS;
	uint64_t start = (sects + 1) * SECTOR_BYTES;
	uint64_t offset = le32(data + SETUP_PAYLOAD_OFFSET);
	uint64_t length = le32(data + SETUP_PAYLOAD_LENGTH);

	if (version < VERSION_PAYLOAD)
		return build_fail(msg, -ENOEXEC,
				  "kernel '%s': its boot protocol %u.%02u is too old to find the "
				  "kernel inside; use Linux 2.6.26 or newer, or its vmlinux",
				  name, version >> 8, version & 0xff);
	start += offset;
	if (!length || start + length > bytes)
		return build_fail(msg, -ENOEXEC,
				  "kernel '%s' is truncated: its header promises %" PRIu64
				  " bytes, the "
				  "file has %zu; copy it again",
				  name, start + length, bytes);
	*payload = data + start;
	*payload_bytes = length;
	return 0;
}

static int explain(const char *name, const char *format, int err, struct build_message *msg)
{
	switch (err) {
	case -ENODATA:
		return build_fail(
			msg, -ENOEXEC,
			"kernel '%s' is truncated: its %s data ends too early; copy it again", name,
			format);
	case -EFBIG:
		return build_fail(
			msg, err,
			"kernel '%s' unpacks to more than %u MiB; this is no usable kernel", name,
			KERNEL_UNPACKED_MAX >> 20);
	case -ENOMEM:
		return build_fail(msg, err,
				  "kernel '%s': not enough memory here to unpack its %s data; free "
				  "some memory",
				  name, format);
	default:
		return build_fail(msg, -ENOEXEC,
				  "kernel '%s' is corrupt: its %s data cannot be unpacked; copy it "
				  "again",
				  name, format);
	}
}

/*
 * The last four bytes tell the unpacked size: gzip's own trailer, and in a bzImage what follows
 * other formats. Only a hint; where it is out of all proportion, no memory is spent on it.
 */
static size_t expected_size(const struct decompressor *d, const uint8_t *data, size_t bytes,
			    int in_bzimage)
{
	size_t size;

	if (!d || bytes < 4 || (!in_bzimage && strcmp(d->name, "gzip") != 0))
		return 0;
	size = le32(data + bytes - 4);
	return size / RATIO_MAX > bytes || size > KERNEL_UNPACKED_MAX ? 0 : size;
}

/*
 * In a bzImage all formats but gzip are followed by the unpacked size, 4 bytes. It must not reach
 * the lz4 decoder, to which it looks like one more block, and shows whether all came out.
 */
static int unpack_stream(const char *name, const uint8_t *data, size_t bytes, int in_bzimage,
			 struct kernel_image *image, struct build_message *msg)
{
	const struct decompressor *d = decompressor_find(data, bytes);
	struct out_buffer out = {
		.limit = KERNEL_UNPACKED_MAX,
		.expected = expected_size(d, data, bytes, in_bzimage),
	};
	int has_size = in_bzimage && bytes >= 4 && d && strcmp(d->name, "gzip") != 0;
	int err;

	if (!d)
		return build_fail(msg, -ENOEXEC,
				  "kernel '%s': %s; give an ELF vmlinux or a bzImage", name,
				  in_bzimage ? "its payload is compressed in an unknown way"
					     : "this is no kernel image");
	if (has_size)
		bytes -= 4;
	err = d->unpack(data, bytes, &out);
	if (!err && has_size && le32(data + bytes) != (uint32_t)out.used)
		err = -EILSEQ;
	if (err) {
		out_buffer_free(&out);
		return explain(name, d->name, err, msg);
	}
	if (!is_elf(out.data, out.used)) {
		out_buffer_free(&out);
		return build_fail(
			msg, -ENOEXEC,
			"kernel '%s': no ELF kernel inside its %s data; give a bzImage or a "
			"compressed vmlinux",
			name, d->name);
	}
	image->elf = out.data;
	image->elf_bytes = out.used;
	image->allocated = out.size;
	image->compression = d->name;
	return 0;
}

static int copy_elf(const char *name, const uint8_t *data, size_t bytes, struct kernel_image *image,
		    struct build_message *msg)
{
	image->elf = pages_alloc(bytes);
	if (!image->elf)
		return build_fail(msg, -ENOMEM,
				  "kernel '%s': not enough memory here for its %zu bytes", name,
				  bytes);
	memcpy(image->elf, data, bytes);
	image->elf_bytes = bytes;
	image->allocated = bytes;
	image->compression = "none";
	return 0;
}

int kernel_image_unpack(const char *name, const void *data, size_t bytes,
			struct kernel_image *image, struct build_message *msg)
{
	const uint8_t *payload = data;
	size_t payload_bytes = bytes;
	int in_bzimage = is_bzimage(payload, bytes);
	int ret;

	memset(image, 0, sizeof(*image));
	if (!bytes)
		return build_fail(msg, -ENOEXEC, "kernel '%s' is empty; copy it again", name);
	if (in_bzimage) {
		ret = find_payload(name, data, bytes, &payload, &payload_bytes, msg);
		if (ret < 0)
			return ret;
	}
	image->container = in_bzimage ? "bzImage" : "compressed ELF";
	if (!is_elf(payload, payload_bytes))
		return unpack_stream(name, payload, payload_bytes, in_bzimage, image, msg);
	if (!in_bzimage)
		image->container = "ELF";
	return copy_elf(name, payload, payload_bytes, image, msg);
}

/* An ELF file needs no unpacking: the image takes over its bytes. */
static void take_file(struct file_bytes *file, struct kernel_image *image)
{
	memset(image, 0, sizeof(*image));
	image->elf = file->data;
	image->elf_bytes = file->bytes;
	image->allocated = file->bytes;
	image->container = "ELF";
	image->compression = "none";
	memset(file, 0, sizeof(*file));
}

int kernel_image_load(const char *path, struct kernel_image *image, struct build_message *msg)
{
	struct file_bytes file;
	int ret = read_file("kernel", path, KERNEL_FILE_MAX, &file, msg);

	if (ret < 0)
		return ret;
	if (is_elf(file.data, file.bytes)) {
		take_file(&file, image);
		return 0;
	}
	ret = kernel_image_unpack(path, file.data, file.bytes, image, msg);
	free_file(&file);
	return ret;
}

void kernel_image_free(struct kernel_image *image)
{
	pages_free(image->elf, image->allocated);
	memset(image, 0, sizeof(*image));
}
