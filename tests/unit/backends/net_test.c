/* SPDX-License-Identifier: MIT */
/*
 * The network backend without a hypervisor: frame layouts, checksums, the rate limit, decoding of
 * transmit chains, and whole interfaces between a mock guest and a socket in place of the TAP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/net/vif.h"
#include "tests/unit/backends/mock_guest.h"
#include "tests/unit/backends/mock_xs.h"

#define TX_REF   1u
#define RX_REF   2u
#define DATA_REF 16u  /* the guest's buffers to send from */
#define POST_REF 300u /* and to receive in */
#define BACK     "/local/domain/0/backend/vif/3/0"
#define FRONT    "/local/domain/3/device/vif/0"

/* In place of tap.c. */
static unsigned int offload_now;
static bool carrier_now;

int tap_set_offload(int fd, unsigned int flags)
{
	(void)fd;
	offload_now = flags;
	return 0;
}

int tap_set_carrier(int fd, bool on)
{
	(void)fd;
	carrier_now = on;
	return 0;
}

/* Frames */

/* Ethernet, IPv4, TCP with payload; returns the length. */
static size_t make_tcp4(uint8_t *frame, size_t payload)
{
	static const uint8_t addresses[8] = { 10, 0, 0, 1, 10, 0, 0, 2 };

	memset(frame, 0, 54 + payload);
	frame[12] = 0x08;
	frame[14] = 0x45;
	frame[16] = (uint8_t)((40 + payload) >> 8);
	frame[17] = (uint8_t)(40 + payload);
	frame[22] = 64;
	frame[23] = 6;
	memcpy(frame + 26, addresses, sizeof(addresses));
	frame[46] = 5 << 4;
	for (size_t i = 0; i < payload; i++)
		frame[54 + i] = (uint8_t)(i * 7);
	return 54 + payload;
}

static size_t make_udp6(uint8_t *frame, size_t payload)
{
	memset(frame, 0, 70 + payload);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	frame[14] = 0x60;
	frame[18] = (uint8_t)((16 + payload) >> 8);
	frame[19] = (uint8_t)(16 + payload);
	frame[20] = 0; /* hop-by-hop options, 8 bytes */
	frame[22 + 15] = 1;
	frame[38 + 15] = 2;
	frame[54] = 17;
	frame[66] = (uint8_t)((8 + payload) >> 8);
	frame[67] = (uint8_t)(8 + payload);
	return 70 + payload;
}

static const uint8_t vlan_tag[4] = { 0x81, 0x00, 0x00, 0x05 };

static void test_parse(void **state)
{
	struct packet_layout layout;
	uint8_t frame[2048];
	size_t len = make_tcp4(frame, 100);

	(void)state;
	assert_int_equal(packet_parse(frame, len, &layout), 0);
	assert_false(layout.ipv6);
	assert_int_equal(layout.l4_offset, 34);
	assert_int_equal(layout.csum_offset, 16);
	assert_int_equal(layout.header_len, 54);
	/* Whatever is missing at the end, nothing is read behind it. */
	for (size_t cut = 0; cut < 54; cut++) {
		uint8_t exact[54];

		memcpy(exact + 54 - cut, frame, cut);
		assert_int_equal(packet_parse(exact + 54 - cut, cut, &layout), -EINVAL);
	}
	frame[20] = 0x20; /* more fragments */
	assert_int_equal(packet_parse(frame, len, &layout), -EINVAL);
	frame[20] = 0;
	/* Padded, and longer than it is. */
	assert_int_equal(packet_parse(frame, len + 6, &layout), 0);
	assert_int_equal(layout.l4_len, len - 34);
	assert_int_equal(packet_parse(frame, len - 1, &layout), -EINVAL);
	frame[14] = 0x4f; /* a header of 60 bytes: TCP's is elsewhere then */
	frame[74 + 12] = 0xf0;
	assert_int_equal(packet_parse(frame, len, &layout), 0);
	assert_int_equal(layout.l4_offset, 74);
	frame[14] = 0x44;
	assert_int_equal(packet_parse(frame, len, &layout), -EINVAL);
	frame[14] = 0x45;
	frame[46] = 4 << 4;
	assert_int_equal(packet_parse(frame, len, &layout), -EINVAL);

	len = make_udp6(frame, 10);
	assert_int_equal(packet_parse(frame, len, &layout), 0);
	assert_true(layout.ipv6);
	assert_int_equal(layout.l4_offset, 62);
	frame[55] = 255; /* options longer than the frame */
	assert_int_equal(packet_parse(frame, len, &layout), -EINVAL);

	len = make_tcp4(frame, 0);
	memmove(frame + 16, frame + 12, len - 12);
	memcpy(frame + 12, vlan_tag, sizeof(vlan_tag));
	assert_int_equal(packet_parse(frame, len + 4, &layout), 0);
	assert_int_equal(layout.ip_offset, 18);
	for (size_t i = 12; i < 60; i += 4)
		memcpy(frame + i, vlan_tag, sizeof(vlan_tag));
	assert_int_equal(packet_parse(frame, len, &layout), -EINVAL);
}

/* By the definition: the ones' complement sum over pseudo header and segment is 0xffff. */
static uint16_t reference_sum(const uint8_t *frame, size_t len, const struct packet_layout *l)
{
	uint32_t sum = l->protocol + (uint32_t)(len - l->l4_offset);
	size_t addresses = l->ip_offset + (l->ipv6 ? 8u : 12u), count = l->ipv6 ? 32 : 8;

	for (size_t i = 0; i < count; i++)
		sum += (uint32_t)frame[addresses + i] << (i % 2 ? 0 : 8);
	for (size_t i = l->l4_offset; i < len; i++)
		sum += (uint32_t)frame[i] << ((i - l->l4_offset) % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void test_checksums(void **state)
{
	struct packet_layout layout;
	uint8_t frame[2048];

	(void)state;
	for (size_t payload = 0; payload < 40; payload++) {
		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			size_t len = ipv6 ? make_udp6(frame, payload) : make_tcp4(frame, payload);

			assert_int_equal(packet_parse(frame, len, &layout), 0);
			packet_prepare_checksum(frame, &layout);
			assert_int_equal(packet_finish_checksum(frame, len, layout.l4_offset,
								layout.csum_offset),
					 0);
			assert_int_equal(reference_sum(frame, len, &layout), 0xffff);
		}
	}
	assert_int_equal(packet_finish_checksum(frame, 100, 100, 0), -EINVAL);
	assert_int_equal(packet_finish_checksum(frame, 100, 101, 0), -EINVAL);
	assert_int_equal(packet_finish_checksum(frame, 100, 90, 9), -EINVAL);
	assert_int_equal(packet_finish_checksum(frame, 100, 90, SIZE_MAX), -EINVAL);
	assert_int_equal(packet_finish_checksum(frame, 100, 90, 8), 0);
}

static void test_mac(void **state)
{
	uint8_t mac[6];

	(void)state;
	assert_int_equal(mac_parse("00:16:3e:aB:Cd:9f", mac), 0);
	assert_memory_equal(mac, "\x00\x16\x3e\xab\xcd\x9f", 6);
	assert_int_equal(mac_parse("01:16:3e:ab:cd:9f", mac), -EINVAL); /* multicast */
	assert_int_equal(mac_parse("00:16:3e:ab:cd", mac), -EINVAL);
	assert_int_equal(mac_parse("00:16:3e:ab:cd:9f:1", mac), -EINVAL);
	assert_int_equal(mac_parse("00-16-3e-ab-cd-9f", mac), -EINVAL);
	assert_int_equal(mac_parse("0:16:3e:ab:cd:9f", mac), -EINVAL);
	assert_int_equal(mac_parse("", mac), -EINVAL);
}

/* The rate limit */

static void test_credit(void **state)
{
	struct credit credit;
	uint64_t bytes, usec, sent = 0, now = 1000;

	(void)state;
	assert_int_equal(credit_parse("125000,50000", &bytes, &usec), 0);
	assert_true(bytes == 125000 && usec == 50000);
	assert_int_equal(credit_parse("0,50000", &bytes, &usec), 0);
	assert_true(bytes == 0 && usec == 0);
	assert_int_equal(credit_parse("125000", &bytes, &usec), -EINVAL);
	assert_int_equal(credit_parse("1,2,3", &bytes, &usec), -EINVAL);
	assert_int_equal(credit_parse("-1,5", &bytes, &usec), -EINVAL);
	assert_int_equal(credit_parse(",", &bytes, &usec), -EINVAL);
	assert_int_equal(credit_parse("99999999999,5", &bytes, &usec), -EINVAL);

	credit_init(&credit, 0, 0, now);
	assert_true(credit_ready(&credit, now));

	/* 1000 bytes in 50 ms: 20,000 a second, in large frames that overdraw. */
	credit_init(&credit, 1000, 50000, now);
	for (uint64_t end = now + 10000000000ull; now < end;) {
		if (credit_ready(&credit, now)) {
			credit_spend(&credit, 9000);
			sent += 9000;
		} else {
			uint64_t wait = credit_wait(&credit);

			assert_true(wait > 0 && wait < 1000000000ull);
			now += wait;
		}
	}
	assert_in_range(sent, 190000, 220000);
	/* Asked in tiny steps, it must not lose what does not make a whole byte. */
	credit_init(&credit, 1, 1000000, now);
	credit_spend(&credit, 1);
	for (int i = 0; i < 1000; i++)
		assert_false(credit_ready(&credit, now += 999000));
	assert_true(credit_ready(&credit, now += 2000000));
}

/* Whole interfaces */

static struct {
	struct loop loop;
	struct ports ports;
	struct device dev;
	struct vif *vif;
	struct ring_header *tx, *rx;
	int net;   /* the network's end of the TAP */
	int state; /* the state file */
	uint32_t posted;
} t;

static void start_process(const char *back_state)
{
	struct vif_info info = { .name = "test" };
	int pair[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	t.net = pair[1];
	assert_int_equal(loop_init(&t.loop), 0);
	assert_int_equal(ports_init(&t.ports, &t.loop), 0);
	t.dev = (struct device){ .loop = &t.loop,
				 .ports = &t.ports,
				 .xs = mock_xs,
				 .gntdev = -1,
				 .channel = -1,
				 .ops = &vif_ops,
				 .domid = 3,
				 .log_limit = { .rate = 1, .burst = 20 },
				 .backend = BACK };
	mock_xs_set(BACK "/state", back_state);
	assert_int_equal(device_attach(&t.dev,
				       (int[]){ pair[0], fcntl(t.state, F_DUPFD_CLOEXEC, 0) },
				       &info),
			 0);
	device_changed(&t.dev);
	assert_true(t.dev.connected);
	t.vif = t.dev.priv;
}

static void set_up(bool offloads)
{
	memset(&t, 0, sizeof(t));
	mock_guest_reset();
	mock_xs_reset();
	t.state = memfd_create("state", MFD_CLOEXEC);
	assert_int_equal(ftruncate(t.state, sizeof(struct vif_state)), 0);
	t.tx = mock_guest_page(TX_REF);
	t.rx = mock_guest_page(RX_REF);
	t.tx->rsp_event = t.rx->rsp_event = 1;
	mock_xs_set(BACK "/frontend", FRONT);
	mock_xs_set(BACK "/online", "1");
	mock_xs_set(FRONT "/state", "4");
	mock_xs_set(FRONT "/tx-ring-ref", "1");
	mock_xs_set(FRONT "/rx-ring-ref", "2");
	mock_xs_set(FRONT "/event-channel-tx", "5");
	mock_xs_set(FRONT "/event-channel-rx", "6");
	mock_xs_set(FRONT "/request-rx-copy", "1");
	mock_xs_set(FRONT "/feature-rx-notify", "1");
	mock_xs_set(FRONT "/feature-sg", offloads ? "1" : "0");
	mock_xs_set(FRONT "/feature-gso-tcpv4", offloads ? "1" : "0");
	mock_xs_set(FRONT "/feature-no-csum-offload", offloads ? "0" : "1");
	start_process("1");
}

static void tear_down(void)
{
	device_detach(&t.dev);
	assert_int_equal(guest.mapped, 0);
	assert_false(carrier_now);
	ports_close(&t.ports);
	loop_close(&t.loop);
	close(t.net);
	close(t.state);
}

static void *tx_slot(uint32_t index)
{
	return (uint8_t *)t.tx + RING_HEADER_SIZE +
	       (size_t)(index & 255) * sizeof(union netif_tx_sring_entry);
}

static void *rx_slot(uint32_t index)
{
	return (uint8_t *)t.rx + RING_HEADER_SIZE +
	       (size_t)(index & 255) * sizeof(union netif_rx_sring_entry);
}

static void put_tx(uint32_t ref, uint16_t offset, uint16_t flags, uint16_t size)
{
	struct netif_tx_request req = { .gref = ref,
					.offset = offset,
					.flags = flags,
					.id = (uint16_t)t.tx->req_prod,
					.size = size };

	memcpy(tx_slot(t.tx->req_prod), &req, sizeof(req));
	t.tx->req_prod++;
}

static void put_tx_extra(uint8_t type, uint8_t flags, uint16_t size, uint8_t gso)
{
	struct netif_extra_info extra = { .type = type, .flags = flags };

	extra.u.gso.size = size;
	extra.u.gso.type = gso;
	memcpy(tx_slot(t.tx->req_prod), &extra, sizeof(extra));
	t.tx->req_prod++;
}

static int tx_status(uint32_t index)
{
	struct netif_tx_response rsp;

	memcpy(&rsp, tx_slot(index), sizeof(rsp));
	return rsp.status;
}

static void post_buffers(uint32_t count)
{
	for (; count > 0; count--, t.posted++) {
		struct netif_rx_request req = { .id = (uint16_t)t.posted,
						.gref = POST_REF + t.posted % 256 };

		memcpy(rx_slot(t.posted), &req, sizeof(req));
	}
	t.rx->req_prod = t.posted;
}

static struct netif_rx_response rx_response(uint32_t index)
{
	struct netif_rx_response rsp;

	memcpy(&rsp, rx_slot(index), sizeof(rsp));
	return rsp;
}

static void test_tx_simple(void **state)
{
	uint8_t got[70000];
	const tap_header *hdr = (const void *)got;

	(void)state;
	set_up(true);
	assert_true(carrier_now);
	memset(mock_guest_page(DATA_REF), 0x33, GUEST_PAGE);
	put_tx(DATA_REF, 100, 0, 60);
	put_tx(DATA_REF, 4096 - 14, 0, 14);
	vif_tx_service(t.vif);
	assert_int_equal(t.tx->rsp_prod, 2);
	assert_int_equal(tx_status(0), NETIF_RSP_OKAY);
	assert_int_equal(guest.copy_calls, 1);
	assert_int_equal(read(t.net, got, sizeof(got)), sizeof(*hdr) + 60);
	assert_int_equal(hdr->flags, 0);
	assert_int_equal(got[sizeof(*hdr) + 59], 0x33);
	assert_int_equal(read(t.net, got, sizeof(got)), sizeof(*hdr) + 14);
	tear_down();
}

static void test_tx_chain_with_gso(void **state)
{
	uint8_t got[70000];
	const tap_header *hdr = (const void *)got;
	size_t len;

	(void)state;
	set_up(true);
	len = make_tcp4(mock_guest_page(DATA_REF), 6000);
	put_tx(DATA_REF, 0, NETTXF_csum_blank | NETTXF_extra_info | NETTXF_more_data,
	       (uint16_t)len);
	put_tx_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV4);
	put_tx(DATA_REF + 1, 0, 0, (uint16_t)(len - 4096));
	vif_tx_service(t.vif);
	assert_int_equal(t.tx->rsp_prod, 3);
	assert_int_equal(tx_status(0), NETIF_RSP_OKAY);
	assert_int_equal(tx_status(1), NETIF_RSP_NULL);
	assert_int_equal(tx_status(2), NETIF_RSP_OKAY);
	assert_int_equal(read(t.net, got, sizeof(got)), sizeof(*hdr) + len);
	assert_int_equal(hdr->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(hdr->gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(hdr->gso_size, 1448);
	assert_int_equal(hdr->csum_start, 34);
	assert_int_equal(hdr->hdr_len, 54);
	tear_down();
}

static void expect_refused(uint32_t first, uint32_t last)
{
	uint8_t got[100];

	vif_tx_service(t.vif);
	assert_int_equal(t.tx->rsp_prod, last + 1);
	for (uint32_t i = first; i <= last; i++)
		assert_true(tx_status(i) == NETIF_RSP_ERROR || tx_status(i) == NETIF_RSP_NULL);
	assert_int_equal(read(t.net, got, sizeof(got)), -1);
	assert_true(t.dev.connected);
}

static void test_tx_hostile(void **state)
{
	(void)state;
	set_up(true);
	put_tx(DATA_REF, 4090, 0, 60); /* over the page's end */
	expect_refused(0, 0);
	put_tx(DATA_REF, 65535, 0, 60);
	expect_refused(1, 1);
	put_tx(DATA_REF, 0, 0, 13); /* no frame */
	expect_refused(2, 2);
	put_tx(DATA_REF, 0, 0, 0);
	expect_refused(3, 3);
	put_tx(DATA_REF, 0, 0, 5000); /* one slot cannot hold it */
	expect_refused(4, 4);
	put_tx(DATA_REF, 0, NETTXF_more_data, 100); /* the rest is larger than the whole */
	put_tx(DATA_REF, 0, 0, 200);
	expect_refused(5, 6);
	put_tx(DATA_REF, 0, NETTXF_more_data, 100); /* or all of it */
	put_tx(DATA_REF, 0, 0, 100);
	expect_refused(7, 8);
	put_tx(DATA_REF, 0, NETTXF_more_data, 100); /* a piece of nothing */
	put_tx(DATA_REF, 0, 0, 0);
	expect_refused(9, 10);
	put_tx(100000, 0, 0, 60); /* no such grant */
	expect_refused(11, 11);
	put_tx(DATA_REF, 0, NETTXF_extra_info, 60);
	put_tx_extra(99, 0, 0, 0);
	expect_refused(12, 13);
	put_tx(DATA_REF, 0, NETTXF_extra_info, 60);
	put_tx_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 0, XEN_NETIF_GSO_TYPE_TCPV4);
	expect_refused(14, 15);
	/* Segmentation of what is not TCP. */
	make_udp6(mock_guest_page(DATA_REF), 200);
	put_tx(DATA_REF, 0, NETTXF_extra_info | NETTXF_csum_blank, 270);
	put_tx_extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 100, XEN_NETIF_GSO_TYPE_TCPV6);
	expect_refused(16, 17);
	/* And it all left no mark: a good frame passes. */
	put_tx(DATA_REF, 0, 0, 60);
	vif_tx_service(t.vif);
	assert_int_equal(tx_status(18), NETIF_RSP_OKAY);
	tear_down();
}

static void test_tx_endless_chains(void **state)
{
	(void)state;
	set_up(true);
	/* More slots than any frame may have: all refused, and the next frame is found again. */
	for (int i = 0; i < 100; i++)
		put_tx(DATA_REF, 0, NETTXF_more_data, 1000);
	put_tx(DATA_REF, 0, 0, 10);
	put_tx(DATA_REF, 0, 0, 60);
	while (t.tx->rsp_prod < 102)
		vif_tx_service(t.vif);
	for (uint32_t i = 0; i <= 100; i++)
		assert_int_equal(tx_status(i), NETIF_RSP_ERROR);
	assert_int_equal(tx_status(101), NETIF_RSP_OKAY);
	/* Extras without end. */
	put_tx(DATA_REF, 0, NETTXF_extra_info, 60);
	for (int i = 0; i < 50; i++)
		put_tx_extra(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
	for (int i = 0; i < 20; i++)
		vif_tx_service(t.vif);
	assert_true(t.dev.connected);
	tear_down();
}

static void test_tx_unfinished_frame(void **state)
{
	(void)state;
	set_up(true);
	put_tx(DATA_REF, 0, NETTXF_more_data, 100);
	vif_tx_service(t.vif);
	assert_int_equal(t.tx->rsp_prod, 0);
	assert_null(t.loop.work ? t.loop.work->next : NULL);
	assert_int_equal(t.tx->req_event, 2); /* wakes us when there is more, not before */
	put_tx(DATA_REF, 50, 0, 40);
	vif_tx_service(t.vif);
	assert_int_equal(t.tx->rsp_prod, 2);
	assert_int_equal(tx_status(1), NETIF_RSP_OKAY);

	t.tx->req_prod += 300;
	vif_tx_service(t.vif);
	assert_false(t.dev.connected);
	assert_string_equal(mock_xs_get(BACK "/state"), "5");
	tear_down();
}

static void test_tx_rate(void **state)
{
	(void)state;
	set_up(true);
	credit_init(&t.vif->tx.credit, 100, 20000, monotonic_ns());
	for (int i = 0; i < 8; i++)
		put_tx(DATA_REF, 0, 0, 60);
	vif_tx_service(t.vif);
	assert_in_range(t.tx->rsp_prod, 2, 3);
	while (t.tx->rsp_prod < 8)
		assert_int_equal(loop_turn(&t.loop), 0);
	tear_down();
}

/* A frame arrives from the network. */
static void arrive(const tap_header *hdr, const uint8_t *frame, size_t len)
{
	uint8_t buf[70000];

	memcpy(buf, hdr, sizeof(*hdr));
	memcpy(buf + sizeof(*hdr), frame, len);
	assert_int_equal(write(t.net, buf, sizeof(*hdr) + len), sizeof(*hdr) + len);
}

static void test_rx(void **state)
{
	static uint8_t frame[20000];
	tap_header hdr = { 0 };
	struct netif_rx_response rsp;
	struct netif_extra_info extra;
	size_t len;

	(void)state;
	set_up(true);
	/* Nothing is read before there are buffers. */
	len = make_tcp4(frame, 20);
	arrive(&hdr, frame, len);
	vif_rx_service(t.vif);
	assert_int_equal(t.vif->tap.events, 0);
	post_buffers(2);
	vif_rx_service(t.vif);
	assert_int_equal(t.rx->rsp_prod, 1);
	rsp = rx_response(0);
	assert_int_equal(rsp.status, len);
	assert_int_equal(rsp.flags, 0);
	assert_memory_equal(mock_guest_page(POST_REF), frame, len);

	/* A large one: it waits for three buffers and an extra's. */
	len = make_tcp4(frame, 9000);
	hdr = (tap_header){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
			    .gso_size = 1448,
			    .csum_start = 34,
			    .csum_offset = 16 };
	arrive(&hdr, frame, len);
	vif_rx_service(t.vif);
	assert_int_equal(t.rx->rsp_prod, 1);
	assert_int_equal(t.rx->req_event, 1 + 4);
	post_buffers(10);
	vif_rx_service(t.vif);
	assert_int_equal(t.rx->rsp_prod, 5);
	rsp = rx_response(1);
	assert_int_equal(rsp.status, 4096);
	assert_int_equal(rsp.flags, NETRXF_csum_blank | NETRXF_data_validated | NETRXF_extra_info |
					    NETRXF_more_data);
	memcpy(&extra, rx_slot(2), sizeof(extra));
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
	assert_int_equal(extra.u.gso.size, 1448);
	assert_int_equal(extra.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV4);
	rsp = rx_response(4);
	assert_int_equal(rsp.status, len - 8192);
	assert_int_equal(rsp.flags, 0);
	assert_memory_equal(mock_guest_page(POST_REF + 4), frame + 8192, len - 8192);
	tear_down();
}

static void test_rx_plain_guest(void **state)
{
	static uint8_t frame[20000];
	tap_header hdr = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			   .csum_start = 34,
			   .csum_offset = 16 };
	struct packet_layout layout;
	size_t len = make_tcp4(frame, 31);

	(void)state;
	set_up(false);
	assert_int_equal(offload_now, 0);
	post_buffers(8);
	/* Its checksum is completed for it. */
	assert_int_equal(packet_parse(frame, len, &layout), 0);
	packet_prepare_checksum(frame, &layout);
	arrive(&hdr, frame, len);
	vif_rx_service(t.vif);
	assert_int_equal(t.rx->rsp_prod, 1);
	assert_int_equal(rx_response(0).flags, NETRXF_data_validated);
	assert_int_equal(reference_sum(mock_guest_page(POST_REF), len, &layout), 0xffff);
	/* What does not fit into one buffer is not for it; nor is a broken header. */
	len = make_tcp4(frame, 9000);
	arrive(&(tap_header){ 0 }, frame, len);
	arrive(&hdr, frame, 14);
	arrive(&(tap_header){ 0 }, frame, 5);
	vif_rx_service(t.vif);
	assert_int_equal(t.rx->rsp_prod, 1);
	assert_null(t.vif->rx.held);
	tear_down();
}

static void test_rx_bad_buffers(void **state)
{
	static uint8_t frame[100];

	(void)state;
	set_up(true);
	guest.revoked[POST_REF] = true;
	post_buffers(2);
	arrive(&(tap_header){ 0 }, frame, 60);
	arrive(&(tap_header){ 0 }, frame, 60);
	vif_rx_service(t.vif);
	assert_int_equal(t.rx->rsp_prod, 2);
	assert_int_equal(rx_response(0).status, NETIF_RSP_ERROR);
	assert_int_equal(rx_response(1).status, 60);
	t.rx->req_prod = 5000;
	vif_rx_service(t.vif);
	assert_false(t.dev.connected);
	tear_down();
}

/* Death between writing responses and showing them: the successor shows the same ones. */
static void test_outbox(void **state)
{
	static struct outbox box;
	struct netif_rx_response rsp = { .status = 60 };
	struct back_ring ring, successor;

	(void)state;
	mock_guest_reset();
	t.rx = mock_guest_page(RX_REF);
	t.rx->rsp_event = 1;
	t.posted = 0;
	post_buffers(4);
	ring_attach(&ring, t.rx, 1, sizeof(union netif_rx_sring_entry));
	ring.req_cons = 2;
	for (uint16_t i = 0; i < 2; i++) {
		rsp.id = i;
		outbox_add(&box, &rsp, sizeof(rsp));
	}
	/* Not committed: as if nothing had happened. */
	ring_attach(&successor, t.rx, 1, sizeof(union netif_rx_sring_entry));
	assert_false(outbox_recover(&box, &successor, sizeof(rsp)));
	assert_int_equal(successor.req_cons, 0);

	for (uint16_t i = 0; i < 2; i++) {
		rsp.id = i;
		outbox_add(&box, &rsp, sizeof(rsp));
	}
	box.first = 0;
	box.committed = 1;
	memset(rx_slot(0), 0xee, 8); /* half written */
	ring_attach(&successor, t.rx, 1, sizeof(union netif_rx_sring_entry));
	assert_true(outbox_recover(&box, &successor, sizeof(rsp)));
	assert_int_equal(successor.req_cons, 2);
	assert_int_equal(t.rx->rsp_prod, 2);
	assert_int_equal(rx_response(0).id, 0);
	assert_int_equal(rx_response(1).id, 1);
	/* Shown already: not again. */
	box.committed = 1;
	box.count = 2;
	ring_attach(&successor, t.rx, 1, sizeof(union netif_rx_sring_entry));
	assert_false(outbox_recover(&box, &successor, sizeof(rsp)));
	assert_int_equal(t.rx->rsp_prod, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_checksums),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_credit),
		cmocka_unit_test(test_tx_simple),
		cmocka_unit_test(test_tx_chain_with_gso),
		cmocka_unit_test(test_tx_hostile),
		cmocka_unit_test(test_tx_endless_chains),
		cmocka_unit_test(test_tx_unfinished_frame),
		cmocka_unit_test(test_tx_rate),
		cmocka_unit_test(test_rx),
		cmocka_unit_test(test_rx_plain_guest),
		cmocka_unit_test(test_rx_bad_buffers),
		cmocka_unit_test(test_outbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
