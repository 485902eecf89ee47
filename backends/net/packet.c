/* SPDX-License-Identifier: MIT */
/* Frame layouts and checksums: see packet.h. Stateless. */
#include "backends/net/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

#define ETHERTYPE_8021AD    0x88a8
#define VLAN_TAGS_MAX       2
#define IPV6_HEADER         40u
#define IPV6_EXTENSIONS_MAX 8
#define TCP_HEADER          20u
#define UDP_HEADER          8u
#define TCP_CSUM            16u
#define UDP_CSUM            6u

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static int parse_ipv4(const uint8_t *frame, size_t len, struct packet_layout *layout)
{
	size_t at = layout->ip_offset, header, total;

	if (len - at < 20)
		return -EINVAL;
	header = (size_t)(frame[at] & 0xf) * 4;
	total = get16(frame + at + 2);
	if (frame[at] >> 4 != 4 || header < 20 || total < header || len - at < total)
		return -EINVAL;
	/* A fragment: more to come, or not the first. */
	if (get16(frame + at + 6) & 0x3fff)
		return -EINVAL;
	layout->ipv6 = false;
	layout->protocol = frame[at + 9];
	layout->l4_offset = (uint16_t)(at + header);
	layout->l4_len = (uint16_t)(total - header);
	return 0;
}

static int parse_ipv6(const uint8_t *frame, size_t len, struct packet_layout *layout)
{
	size_t at = layout->ip_offset, end;
	uint8_t next;

	if (len - at < IPV6_HEADER || frame[at] >> 4 != 6)
		return -EINVAL;
	next = frame[at + 6];
	end = at + IPV6_HEADER + get16(frame + at + 4);
	at += IPV6_HEADER;
	if (end > len)
		return -EINVAL;
	for (int i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		size_t header;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS)
			break;
		if (end - at < 8)
			return -EINVAL;
		header = ((size_t)frame[at + 1] + 1) * 8;
		if (end - at < header)
			return -EINVAL;
		next = frame[at];
		at += header;
	}
	layout->ipv6 = true;
	layout->protocol = next;
	layout->l4_offset = (uint16_t)at;
	layout->l4_len = (uint16_t)(end - at);
	return 0;
}

static int parse_l4(const uint8_t *frame, struct packet_layout *layout)
{
	size_t left = layout->l4_len, header;

	if (layout->protocol == IPPROTO_TCP) {
		if (left < TCP_HEADER)
			return -EINVAL;
		header = (size_t)(frame[layout->l4_offset + 12] >> 4) * 4;
		if (header < TCP_HEADER || header > left)
			return -EINVAL;
		layout->csum_offset = TCP_CSUM;
	} else if (layout->protocol == IPPROTO_UDP) {
		if (left < UDP_HEADER)
			return -EINVAL;
		header = UDP_HEADER;
		layout->csum_offset = UDP_CSUM;
	} else {
		return -EINVAL;
	}
	layout->header_len = (uint16_t)(layout->l4_offset + header);
	return 0;
}

int packet_parse(const uint8_t *frame, size_t len, struct packet_layout *layout)
{
	size_t at = 12;
	uint16_t type = 0;
	int ret;

	if (len < PACKET_MIN || len > PACKET_MAX)
		return -EINVAL;
	for (int tags = 0; tags <= VLAN_TAGS_MAX; tags++) {
		if (len - at < 2)
			return -EINVAL;
		type = get16(frame + at);
		at += 2;
		if (type != ETHERTYPE_VLAN && type != ETHERTYPE_8021AD)
			break;
		if (len - at < 2)
			return -EINVAL;
		at += 2;
	}
	layout->ip_offset = (uint16_t)at;
	if (type == ETHERTYPE_IP)
		ret = parse_ipv4(frame, len, layout);
	else if (type == ETHERTYPE_IPV6)
		ret = parse_ipv6(frame, len, layout);
	else
		return -EINVAL;
	return ret < 0 ? ret : parse_l4(frame, layout);
}

/* The ones' complement sum of 16-bit words; an odd byte counts as the high half of a word. */
static uint64_t sum_bytes(const uint8_t *p, size_t len, uint64_t sum)
{
	for (; len >= 8; p += 8, len -= 8) {
		uint64_t words;

		memcpy(&words, p, sizeof(words));
		sum += words & 0xffffffffu;
		sum += words >> 32;
	}
	for (; len >= 2; p += 2, len -= 2) {
		uint16_t word;

		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	return len ? sum + *p
		   : sum; /* little-endian: the byte at the lower address is the low one */
}

/* The sum in network order of bytes, as a number read from memory. */
static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ntohs((uint16_t)sum);
}

void packet_prepare_checksum(uint8_t *frame, const struct packet_layout *layout)
{
	const uint8_t *ip = frame + layout->ip_offset;
	uint64_t sum;

	sum = layout->ipv6 ? sum_bytes(ip + 8, 32, 0) : sum_bytes(ip + 12, 8, 0);
	sum += htons(layout->protocol);
	sum += htons(layout->l4_len);
	put16(frame + layout->l4_offset + layout->csum_offset, fold(sum));
}

int packet_finish_checksum(uint8_t *frame, size_t len, size_t start, size_t offset)
{
	uint16_t sum;

	if (start > len || len - start < 2 || offset > len - start - 2)
		return -EINVAL;
	sum = (uint16_t)~fold(sum_bytes(frame + start, len - start, 0));
	/* 0 means "none" in UDP; its other form is as good for TCP. */
	put16(frame + start + offset, sum ? sum : 0xffff);
	return 0;
}

int mac_parse(const char *text, uint8_t mac[6])
{
	for (int i = 0; i < 6; i++) {
		unsigned int byte = 0;

		for (int digit = 0; digit < 2; digit++, text++) {
			unsigned int c = (unsigned char)*text;

			if (c >= '0' && c <= '9')
				c -= '0';
			else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
				c = (c | 0x20) - 'a' + 10;
			else
				return -EINVAL;
			byte = byte * 16 + c;
		}
		mac[i] = (uint8_t)byte;
		if (*text != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		text += i < 5;
	}
	return mac[0] & 1 ? -EINVAL : 0;
}
