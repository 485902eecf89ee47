/* SPDX-License-Identifier: MIT */
/*
 * What an Ethernet frame is, as far as checksum and segmentation offloads need to know. Frames are
 * hostile: every header is checked against the length before it is read. Pure functions.
 */
#ifndef BACKENDS_NET_PACKET_H
#define BACKENDS_NET_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MIN 14u    /* an Ethernet header */
#define PACKET_MAX 65549u /* the largest IP packet behind it */

struct packet_layout {
	bool ipv6;
	uint8_t protocol;     /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t ip_offset;   /* bytes from the frame's start */
	uint16_t l4_offset;   /* of the TCP or UDP header */
	uint16_t l4_len;      /* of header and data, as IP has it; the frame may be padded */
	uint16_t csum_offset; /* of the checksum, from l4_offset */
	uint16_t header_len;  /* of all headers, from the frame's start */
};

/*
 * Finds the TCP or UDP header behind Ethernet, VLAN tags and IPv4 or IPv6 with its extensions.
 * 0, or -EINVAL for anything else: other protocols, fragments, headers that do not fit.
 */
int packet_parse(const uint8_t *frame, size_t len, struct packet_layout *layout);

/*
 * Puts the pseudo header's sum into the checksum field, as partial checksum offload wants it.
 */
void packet_prepare_checksum(uint8_t *frame, const struct packet_layout *layout);

/* Completes a checksum that is partial: from start, to be stored at start + offset. -EINVAL if that
 * is outside the frame. */
int packet_finish_checksum(uint8_t *frame, size_t len, size_t start, size_t offset);

/* "aa:bb:cc:dd:ee:ff" to six bytes of a unicast address. 0 or -EINVAL. */
int mac_parse(const char *text, uint8_t mac[6]);

#endif
