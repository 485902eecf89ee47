/* SPDX-License-Identifier: MIT */
/*
 * The script channel: one byte stream from dom0 that carries the script's output as it is, and
 * between it messages from dom0's /init. A message is 0x01 "SHOJI:" TOKEN ":" WORDS "\n"; TOKEN is
 * random for each boot, so that no output can be taken for a message.
 *
 *   start             services are up, output follows (all bytes before it are dropped)
 *   fail TEXT         the platform cannot come up, and why
 *   exit STATUS OUT   the script has ended; OUT is none, ok or failed (the archive of /out)
 */
#ifndef SHOJI_VM_CHANNEL_H
#define SHOJI_VM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#define CHANNEL_TOKEN_LEN 32

enum channel_state { CHANNEL_BOOTING, CHANNEL_RUNNING, CHANNEL_FAILED, CHANNEL_ENDED };
enum channel_archive { CHANNEL_OUT_NONE, CHANNEL_OUT_OK, CHANNEL_OUT_FAILED };

typedef void (*channel_output_fn)(void *arg, const char *data, size_t len);

struct channel {
	enum channel_state state;
	enum channel_archive archive; /* valid once ended */
	int status;                   /* the script's exit status, valid once ended */
	char message[256];            /* the message being read; the reason once failed */

	channel_output_fn output;
	void *arg;
	char prefix[CHANNEL_TOKEN_LEN + 16];
	size_t prefix_len;
	size_t matched; /* bytes of prefix seen and held back */
	size_t message_len;
	bool in_message;
};

/* @token: CHANNEL_TOKEN_LEN hex digits at most. @output receives the script's bytes in order. */
void channel_init(struct channel *c, const char *token, channel_output_fn output, void *arg);

/* Takes the next bytes of the stream. */
void channel_feed(struct channel *c, const char *data, size_t len);

#endif
