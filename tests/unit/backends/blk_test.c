/* SPDX-License-Identifier: MIT */
/*
 * The block backend without a hypervisor: decoding, the journal, opening images, and whole disks
 * served from a file with a mock guest on the other side of the ring, honest and hostile.
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/blk/image.h"
#include "backends/blk/vbd.h"
#include "tests/unit/backends/mock_guest.h"
#include "tests/unit/backends/mock_xs.h"

#define SECTORS   2048u /* 1 MiB */
#define RING_REF  1u
#define FIRST_REF 16u /* data pages */
#define BACK      "/local/domain/0/backend/vbd/3/1"
#define FRONT     "/local/domain/3/device/vbd/1"

static const struct disk plain = { .sectors = SECTORS, .flags = DISK_DISCARD };
static const struct disk readonly = { .sectors = SECTORS, .flags = DISK_READONLY };

/* Decoding */

static int decode(const struct disk *disk, const union blk_wire *wire)
{
	static struct blk_request req;

	return blk_request_decode(disk, wire, &req);
}

static union blk_wire rw(uint8_t operation, uint64_t sector, uint8_t segments, uint8_t first,
			 uint8_t last)
{
	union blk_wire wire = { .rw = { .operation = operation,
					.nr_segments = segments,
					.id = 42,
					.sector_number = sector } };

	for (int i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++)
		wire.rw.seg[i] =
			(struct blkif_request_segment){ FIRST_REF + (uint32_t)i, first, last };
	return wire;
}

static void test_decode_bounds(void **state)
{
	const struct {
		uint64_t sector;
		uint8_t segments, first, last;
		int status;
	} cases[] = {
		{ 0, 1, 0, 7, 0 },
		{ 0, 11, 0, 7, 0 },
		{ SECTORS - 8, 1, 0, 7, 0 },
		{ SECTORS - 7, 1, 0, 7, BLKIF_RSP_ERROR },
		{ SECTORS, 1, 0, 0, BLKIF_RSP_ERROR },
		{ UINT64_MAX, 1, 0, 0, BLKIF_RSP_ERROR },
		{ UINT64_MAX - 7, 1, 0, 7, BLKIF_RSP_ERROR },
		{ UINT64_MAX / 512 + 1, 1, 0, 7, BLKIF_RSP_ERROR },
		{ 0, 0, 0, 7, BLKIF_RSP_ERROR },
		{ 0, 12, 0, 7, BLKIF_RSP_ERROR },
		{ 0, 255, 0, 7, BLKIF_RSP_ERROR },
		{ 0, 1, 3, 2, BLKIF_RSP_ERROR },
		{ 0, 1, 0, 8, BLKIF_RSP_ERROR },
		{ 0, 1, 255, 255, BLKIF_RSP_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union blk_wire wire = rw(BLKIF_OP_READ, cases[i].sector, cases[i].segments,
					 cases[i].first, cases[i].last);

		assert_int_equal(decode(&plain, &wire), cases[i].status);
	}
}

static void test_decode_operations(void **state)
{
	union blk_wire wire = rw(BLKIF_OP_WRITE, 0, 1, 0, 7);
	struct blk_request req;

	(void)state;
	assert_int_equal(decode(&readonly, &wire), BLKIF_RSP_ERROR);
	wire = rw(BLKIF_OP_WRITE_BARRIER, 0, 1, 0, 7);
	assert_int_equal(decode(&plain, &wire), 0);
	assert_int_equal(decode(&readonly, &wire), BLKIF_RSP_ERROR);
	wire.rw.nr_segments = 0;
	assert_int_equal(blk_request_decode(&plain, &wire, &req), 0);
	assert_int_equal(req.action, BLK_FLUSH);
	for (int operation = 0; operation < 256; operation++) {
		wire = rw((uint8_t)operation, 0, 1, 0, 7);
		if (operation > BLKIF_OP_INDIRECT || operation == BLKIF_OP_RESERVED_1)
			assert_int_equal(decode(&plain, &wire), BLKIF_RSP_EOPNOTSUPP);
	}
	wire = (union blk_wire){ .discard = { .operation = BLKIF_OP_DISCARD,
					      .sector_number = 8,
					      .nr_sectors = SECTORS - 8 } };
	assert_int_equal(decode(&plain, &wire), 0);
	assert_int_equal(decode(&readonly, &wire), BLKIF_RSP_EOPNOTSUPP);
	wire.discard.nr_sectors = UINT64_MAX - 4;
	assert_int_equal(decode(&plain, &wire), BLKIF_RSP_ERROR);
	wire.discard.flag = BLKIF_DISCARD_SECURE;
	assert_int_equal(decode(&plain, &wire), BLKIF_RSP_EOPNOTSUPP);
}

static void test_decode_indirect(void **state)
{
	static struct blkif_request_segment segments[BLK_SEGMENTS_MAX];
	union blk_wire wire = { .indirect = { .operation = BLKIF_OP_INDIRECT,
					      .indirect_op = BLKIF_OP_WRITE,
					      .nr_segments = BLK_SEGMENTS_MAX,
					      .sector_number = 0 } };
	static struct blk_request req;

	(void)state;
	for (unsigned int i = 0; i < BLK_SEGMENTS_MAX; i++)
		segments[i] = (struct blkif_request_segment){ i, 0, 7 };
	assert_int_equal(blk_request_decode(&plain, &wire, &req), 0);
	/* The frontend checks that the response names the operation itself. */
	assert_int_equal(req.operation, BLKIF_OP_WRITE);
	assert_int_equal(req.nr_indirect, 1);
	assert_int_equal(blk_request_segments(&plain, segments, &req), 0);
	assert_int_equal(req.len, BLK_SEGMENTS_MAX * 4096);

	wire.indirect.sector_number = 1;
	assert_int_equal(blk_request_decode(&plain, &wire, &req), 0);
	assert_int_equal(blk_request_segments(&plain, segments, &req), BLKIF_RSP_ERROR);
	wire.indirect.sector_number = 0;
	assert_int_equal(blk_request_decode(&plain, &wire, &req), 0);
	segments[200].last_sect = 9;
	assert_int_equal(blk_request_segments(&plain, segments, &req), BLKIF_RSP_ERROR);

	wire.indirect.nr_segments = BLK_SEGMENTS_MAX + 1;
	assert_int_equal(blk_request_decode(&plain, &wire, &req), BLKIF_RSP_ERROR);
	wire.indirect.nr_segments = 0;
	assert_int_equal(blk_request_decode(&plain, &wire, &req), BLKIF_RSP_ERROR);
	wire.indirect.nr_segments = 1;
	wire.indirect.indirect_op = BLKIF_OP_INDIRECT;
	assert_int_equal(blk_request_decode(&plain, &wire, &req), BLKIF_RSP_EOPNOTSUPP);
	wire.indirect.indirect_op = BLKIF_OP_WRITE;
	assert_int_equal(blk_request_decode(&readonly, &wire, &req), BLKIF_RSP_ERROR);
}

/* The journal */

static void test_journal(void **state)
{
	static struct journal journal;
	union blk_wire wire = rw(BLKIF_OP_READ, 0, 1, 0, 7);
	uint32_t req_cons = 0;

	(void)state;
	assert_int_equal(journal_recover(&journal, 32, 0, &req_cons), -EPROTO);
	journal_start(&journal, 32, (uint32_t)-2);
	for (uint32_t i = 0; i < 4; i++)
		journal_take(&journal, i, (uint32_t)-2 + i, &wire);
	/* Response of entry 1 is out, of entry 2 only announced. */
	journal_answer(&journal, 1, (uint32_t)-2);
	journal_answer(&journal, 2, (uint32_t)-1);
	assert_int_equal(journal_recover(&journal, 32, (uint32_t)-1, &req_cons), 3);
	assert_int_equal(req_cons, 2);
	assert_int_equal(journal.entries[1].state, JOURNAL_FREE);
	assert_int_equal(journal.entries[2].state, JOURNAL_TAKEN);
	/* Written, but death came before it counted as taken. */
	journal_take(&journal, 7, 2, &wire);
	journal.req_cons = 2;
	assert_int_equal(journal_recover(&journal, 32, (uint32_t)-1, &req_cons), 3);
	assert_int_equal(journal.entries[7].state, JOURNAL_FREE);
	/* A ring that is not the one it belongs to. */
	assert_int_equal(journal_recover(&journal, 64, (uint32_t)-1, &req_cons), -EPROTO);
	assert_int_equal(journal_recover(&journal, 32, 77, &req_cons), -EPROTO);
	journal_start(&journal, 32, 5);
	assert_int_equal(journal_recover(&journal, 32, 5, &req_cons), 0);
	journal_end(&journal);
	assert_int_equal(journal_recover(&journal, 32, 5, &req_cons), -EPROTO);
}

/* Images */

static void test_disk_spec(void **state)
{
	struct disk_spec spec;
	char error[256];
	static char longest[2000];

	(void)state;
	assert_int_equal(disk_spec_parse("/a/b c", "w", &spec, error, sizeof(error)), 0);
	assert_string_equal(spec.path, "/a/b c");
	assert_true(spec.writable && !spec.shared);
	assert_int_equal(disk_spec_parse("aio:/x", "r", &spec, error, sizeof(error)), 0);
	assert_string_equal(spec.path, "/x");
	assert_false(spec.writable);
	assert_int_equal(disk_spec_parse("tap:aio:/x", "w!", &spec, error, sizeof(error)), 0);
	assert_true(spec.writable && spec.shared);
	assert_int_equal(disk_spec_parse("vg0/root", "rw", &spec, error, sizeof(error)), 0);
	assert_string_equal(spec.path, "/dev/vg0/root");
	assert_int_equal(disk_spec_parse("", "w", &spec, error, sizeof(error)), -EINVAL);
	assert_int_equal(disk_spec_parse("raw:", "w", &spec, error, sizeof(error)), -EINVAL);
	assert_int_equal(disk_spec_parse("/x", "rwx", &spec, error, sizeof(error)), -EINVAL);
	assert_int_equal(disk_spec_parse("/x", "", &spec, error, sizeof(error)), -EINVAL);
	memset(longest, '/', sizeof(longest) - 1);
	assert_int_equal(disk_spec_parse(longest, "r", &spec, error, sizeof(error)), -EINVAL);
}

static int try_open(const char *path, const char *mode, char error[256], struct disk *disk)
{
	struct disk_spec spec;

	assert_int_equal(disk_spec_parse(path, mode, &spec, error, 256), 0);
	return disk_open(&spec, disk, error, 256);
}

static void test_disk_open(void **state)
{
	char path[] = "/tmp/blk_test.XXXXXX", error[256];
	int file = mkstemp(path), writer, readers[2];
	struct disk disk;

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(try_open(path, "w", error, &disk), -EINVAL);
	assert_non_null(strstr(error, "is empty"));
	assert_int_equal(ftruncate(file, 100000), 0);
	writer = try_open(path, "w", error, &disk);
	assert_true(writer >= 0);
	assert_int_equal(disk.sectors, 195);
	assert_int_equal(try_open(path, "w", error, &disk), -EWOULDBLOCK);
	assert_non_null(strstr(error, "in use"));
	assert_non_null(strstr(error, path));
	assert_int_equal(try_open(path, "r", error, &disk), -EWOULDBLOCK);
	close(writer);
	readers[0] = try_open(path, "r", error, &disk);
	assert_true(disk.flags & DISK_READONLY);
	readers[1] = try_open(path, "w!", error, &disk);
	assert_true(readers[0] >= 0 && readers[1] >= 0);
	assert_int_equal(try_open(path, "w", error, &disk), -EWOULDBLOCK);
	close(readers[0]);
	close(readers[1]);
	unlink(path);
	assert_int_equal(try_open(path, "r", error, &disk), -ENOENT);
	assert_non_null(strstr(error, "No such file"));
	assert_int_equal(try_open("/tmp", "r", error, &disk), -EISDIR);
	assert_int_equal(try_open("/dev/null", "r", error, &disk), -EINVAL);
	close(file);
}

/* A whole disk */

static struct {
	struct loop loop;
	struct ports ports;
	struct device dev;
	struct vbd *vbd;
	uint8_t *image; /* the file, mapped */
	int image_fd, journal_fd;
	struct ring_header *ring;
	uint32_t next_id;
} t;

static int memory_file(const char *name, off_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

/* Like a process of the guest's that starts: state nodes decide whether it resumes. */
static void start_process(const char *back_state)
{
	struct disk disk = plain;
	const int fds[MESSAGE_FDS_MAX] = { fcntl(t.image_fd, F_DUPFD_CLOEXEC, 0),
					   fcntl(t.journal_fd, F_DUPFD_CLOEXEC, 0) };

	assert_int_equal(loop_init(&t.loop), 0);
	assert_int_equal(ports_init(&t.ports, &t.loop), 0);
	t.dev = (struct device){ .loop = &t.loop,
				 .ports = &t.ports,
				 .xs = mock_xs,
				 .gntdev = -1,
				 .channel = -1,
				 .ops = &vbd_ops,
				 .domid = 3,
				 .devid = 1,
				 .log_limit = { .rate = 1, .burst = 20 },
				 .backend = BACK };
	mock_xs_set(BACK "/state", back_state);
	assert_int_equal(device_attach(&t.dev, fds, &disk), 0);
	device_changed(&t.dev);
	t.vbd = t.dev.priv;
	assert_true(t.dev.connected);
}

static void set_up(bool persistent)
{
	memset(&t, 0, sizeof(t));
	mock_guest_reset();
	mock_xs_reset();
	t.image_fd = memory_file("image", (off_t)SECTORS * SECTOR_SIZE);
	t.journal_fd = memory_file("journal", JOURNAL_BYTES);
	t.image = mmap(NULL, (size_t)SECTORS * SECTOR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       t.image_fd, 0);
	t.ring = mock_guest_page(RING_REF);
	t.ring->rsp_event = t.ring->req_event = 1;
	mock_xs_set(BACK "/frontend", FRONT);
	mock_xs_set(BACK "/online", "1");
	mock_xs_set(FRONT "/state", "4");
	mock_xs_set(FRONT "/ring-ref", "1");
	mock_xs_set(FRONT "/event-channel", "9");
	mock_xs_set(FRONT "/feature-persistent", persistent ? "1" : "0");
	start_process("1");
}

/* Everything that a process has goes, in no order at all. */
static void process_dies(void)
{
	struct vbd *vbd = t.vbd;

	io_destroy(vbd->aio);
	close(vbd->completions.fd);
	close(vbd->image);
	munmap(vbd->ring_addr, GUEST_PAGE);
	for (struct grant_range *r = vbd->grants.ranges, *next; r; r = next) {
		next = r->next;
		munmap(r->addr, r->pages * GUEST_PAGE);
		free(r);
	}
	free(vbd->grants.entries);
	page_pool_close(&vbd->bounce);
	munmap(vbd->journal, JOURNAL_BYTES);
	free(vbd->slots);
	free(vbd);
	close(t.ports.lfd.fd);
	loop_close(&t.loop);
	guest.mapped = 0;
}

static void tear_down(void)
{
	device_detach(&t.dev);
	assert_int_equal(guest.mapped, 0);
	ports_close(&t.ports);
	loop_close(&t.loop);
	munmap(t.image, (size_t)SECTORS * SECTOR_SIZE);
	close(t.image_fd);
	close(t.journal_fd);
}

static void put_request(const union blk_wire *wire)
{
	uint8_t *slots = (uint8_t *)t.ring + RING_HEADER_SIZE;

	memcpy(slots + (size_t)(t.ring->req_prod & 31) * sizeof(union blkif_sring_entry), wire,
	       sizeof(*wire));
	t.ring->req_prod++;
}

static const struct blkif_response *response(uint32_t index)
{
	uint8_t *slots = (uint8_t *)t.ring + RING_HEADER_SIZE;

	return (const void *)(slots + (size_t)(index & 31) * sizeof(union blkif_sring_entry));
}

/* Serves until count responses are there. */
static void serve(uint32_t count)
{
	vbd_service(t.vbd);
	for (int i = 0; i < 1000 && t.ring->rsp_prod < count; i++)
		assert_int_equal(loop_turn(&t.loop), 0);
	assert_int_equal(t.ring->rsp_prod, count);
}

static void check_transfer(bool persistent)
{
	union blk_wire wire = rw(BLKIF_OP_WRITE, 16, 2, 0, 7);

	set_up(persistent);
	memset(mock_guest_page(FIRST_REF), 0xa5, GUEST_PAGE);
	memset(mock_guest_page(FIRST_REF + 1), 0x5a, GUEST_PAGE);
	put_request(&wire);
	serve(1);
	assert_int_equal(response(0)->id, 42);
	assert_int_equal(response(0)->status, BLKIF_RSP_OKAY);
	assert_int_equal(t.image[16 * 512], 0xa5);
	assert_int_equal(t.image[31 * 512], 0x5a);
	assert_int_equal(t.image[32 * 512], 0);
	assert_true(guest.events > 0);

	/* Read a part into the middle of a page, and leave the rest of it alone. */
	wire = rw(BLKIF_OP_READ, 16, 1, 2, 3);
	wire.rw.seg[0].gref = FIRST_REF + 9;
	memset(mock_guest_page(FIRST_REF + 9), 0x11, GUEST_PAGE);
	put_request(&wire);
	serve(2);
	assert_int_equal(response(1)->status, BLKIF_RSP_OKAY);
	assert_int_equal(((uint8_t *)mock_guest_page(FIRST_REF + 9))[1023], 0x11);
	assert_int_equal(((uint8_t *)mock_guest_page(FIRST_REF + 9))[1024], 0xa5);
	assert_int_equal(((uint8_t *)mock_guest_page(FIRST_REF + 9))[2048], 0x11);
	assert_int_equal(guest.copies, persistent ? 0 : 3);
	tear_down();
}

static void test_transfer_copied(void **state)
{
	(void)state;
	check_transfer(false);
}

static void test_transfer_persistent(void **state)
{
	(void)state;
	check_transfer(true);
}

static void test_batch_is_one_copy_call(void **state)
{
	(void)state;
	set_up(false);
	for (uint64_t i = 0; i < 32; i++) {
		union blk_wire wire = rw(BLKIF_OP_WRITE, i * 8, 1, 0, 7);

		put_request(&wire);
	}
	guest.copy_calls = 0;
	guest.events = 0;
	serve(32);
	assert_int_equal(guest.copies, 32);
	assert_int_equal(guest.copy_calls, 1);
	assert_int_equal(guest.events, 1);
	tear_down();
}

static void test_indirect_flush_barrier_discard(void **state)
{
	struct blkif_request_segment *segments;
	union blk_wire wire;

	(void)state;
	set_up(true);
	segments = mock_guest_page(8);
	for (uint32_t i = 0; i < 200; i++) {
		segments[i] = (struct blkif_request_segment){ 100 + i, 0, 7 };
		memset(mock_guest_page(100 + i), (int)i, GUEST_PAGE);
	}
	wire = (union blk_wire){ .indirect = { .operation = BLKIF_OP_INDIRECT,
					       .indirect_op = BLKIF_OP_WRITE,
					       .nr_segments = 200,
					       .sector_number = 8,
					       .indirect_grefs = { 8 } } };
	put_request(&wire);
	wire = (union blk_wire){ .rw = { .operation = BLKIF_OP_FLUSH_DISKCACHE } };
	put_request(&wire);
	wire = rw(BLKIF_OP_WRITE_BARRIER, 0, 1, 0, 7);
	wire.rw.seg[0].gref = 150;
	put_request(&wire);
	wire = (union blk_wire){
		.discard = { .operation = BLKIF_OP_DISCARD, .sector_number = 16, .nr_sectors = 8 }
	};
	put_request(&wire);
	serve(4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(response(i)->status, BLKIF_RSP_OKAY);
	assert_int_equal(t.image[0], 50);
	assert_int_equal(t.image[(size_t)200 * 4096], 199);
	assert_int_equal(t.image[(size_t)2 * 4096], 0);
	assert_null(t.vbd->barrier);
	tear_down();
}

static void test_errors_are_answered(void **state)
{
	union blk_wire wire = rw(BLKIF_OP_READ, SECTORS, 1, 0, 7);

	(void)state;
	set_up(true);
	put_request(&wire);
	wire = rw(BLKIF_OP_WRITE, 0, 1, 0, 7);
	wire.rw.seg[0].gref = 100000; /* no such grant */
	put_request(&wire);
	guest.revoked[30] = true;
	wire = rw(BLKIF_OP_READ, 0, 2, 0, 7);
	wire.rw.seg[1].gref = 30;
	put_request(&wire);
	wire = (union blk_wire){ .indirect = { .operation = BLKIF_OP_INDIRECT,
					       .nr_segments = 4,
					       .indirect_grefs = { 99999 } } };
	put_request(&wire);
	wire = rw(200, 0, 1, 0, 7);
	put_request(&wire);
	/* The image has become shorter than the disk. */
	assert_int_equal(ftruncate(t.image_fd, 4096), 0);
	wire = rw(BLKIF_OP_READ, 8, 1, 0, 7);
	put_request(&wire);
	serve(6);
	for (uint32_t i = 0; i < 6; i++)
		assert_true(response(i)->status < 0);
	assert_int_equal(t.vbd->free.count, 32);
	assert_int_equal(t.vbd->bounce.count, BOUNCE_PAGES);
	tear_down();
}

static void test_impossible_index(void **state)
{
	(void)state;
	set_up(true);
	t.ring->req_prod = 33;
	vbd_service(t.vbd);
	assert_false(t.dev.connected);
	assert_string_equal(mock_xs_get(BACK "/state"), "5");
	assert_int_equal(guest.mapped, 0);
	tear_down();
}

/* Dies with requests taken and unanswered, one answer written but not pushed, others waiting. */
static void test_replay(void **state)
{
	struct blkif_response rsp = { .id = 1000, .status = BLKIF_RSP_OKAY };

	(void)state;
	set_up(true);
	for (uint32_t i = 0; i < 6; i++) {
		union blk_wire wire = rw(BLKIF_OP_WRITE, (uint64_t)i * 8, 1, 0, 7);

		wire.rw.id = 1000 + i;
		wire.rw.seg[0].gref = FIRST_REF + i;
		memset(mock_guest_page(FIRST_REF + i), (int)(i + 1), GUEST_PAGE);
		put_request(&wire);
		if (i < 4) {
			journal_take(t.vbd->journal, 31 - i, i, &wire);
			t.vbd->ring.req_cons++;
		}
	}
	/* Request 0 was answered and is out; request 1's answer is in the ring, but not visible. */
	journal_answer(t.vbd->journal, 31, 0);
	ring_respond(&t.vbd->ring, &rsp, sizeof(rsp));
	ring_push(&t.vbd->ring);
	rsp.id = 1001;
	journal_answer(t.vbd->journal, 30, 1);
	ring_respond(&t.vbd->ring, &rsp, sizeof(rsp));
	process_dies();

	start_process("4");
	serve(6);
	for (uint32_t i = 1; i < 6; i++) {
		uint32_t seen = 0;

		for (uint32_t j = 1; j < 6; j++)
			seen += response(j)->id == 1000 + i;
		assert_int_equal(seen, 1);
		assert_int_equal(t.image[(size_t)i * 4096], i + 1);
	}
	assert_int_equal(t.vbd->free.count, 32);
	tear_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_bounds),
		cmocka_unit_test(test_decode_operations),
		cmocka_unit_test(test_decode_indirect),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_disk_spec),
		cmocka_unit_test(test_disk_open),
		cmocka_unit_test(test_transfer_copied),
		cmocka_unit_test(test_transfer_persistent),
		cmocka_unit_test(test_batch_is_one_copy_call),
		cmocka_unit_test(test_indirect_flush_barrier_discard),
		cmocka_unit_test(test_errors_are_answered),
		cmocka_unit_test(test_impossible_index),
		cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
