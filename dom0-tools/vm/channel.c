/* SPDX-License-Identifier: MIT */
/*
 * Splits the script channel into output and messages. Bytes that may begin a message are held back
 * until that is decided; 0x01 occurs in a prefix at its first place only, so a mismatch never needs
 * to look back.
 */
#include "dom0-tools/vm/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void channel_init(struct channel *c, const char *token, channel_output_fn output, void *arg)
{
	memset(c, 0, sizeof(*c));
	c->output = output;
	c->arg = arg;
	snprintf(c->prefix, sizeof(c->prefix), "\001SHOJI:%.*s:", CHANNEL_TOKEN_LEN, token);
	c->prefix_len = strlen(c->prefix);
}

static void emit(struct channel *c, const char *data, size_t len)
{
	if (c->state == CHANNEL_RUNNING && len)
		c->output(c->arg, data, len);
}

static void take_exit(struct channel *c, const char *words)
{
	char *end;
	long status = strtol(words, &end, 10);

	c->status = end == words || status < 0 || status > 255 ? 255 : (int)status;
	while (*end == ' ')
		end++;
	if (!strcmp(end, "ok"))
		c->archive = CHANNEL_OUT_OK;
	else if (!strcmp(end, "none"))
		c->archive = CHANNEL_OUT_NONE;
	else
		c->archive = CHANNEL_OUT_FAILED;
	c->state = CHANNEL_ENDED;
}

static void take_message(struct channel *c)
{
	if (!strcmp(c->message, "start") && c->state == CHANNEL_BOOTING) {
		c->state = CHANNEL_RUNNING;
	} else if (!strncmp(c->message, "exit ", 5) && c->state == CHANNEL_RUNNING) {
		take_exit(c, c->message + 5);
	} else if (!strncmp(c->message, "fail ", 5) && c->state == CHANNEL_BOOTING) {
		memmove(c->message, c->message + 5, strlen(c->message + 5) + 1);
		c->state = CHANNEL_FAILED;
	}
}

static void feed_message(struct channel *c, char byte)
{
	if (byte != '\n') {
		if (c->message_len < sizeof(c->message) - 1)
			c->message[c->message_len++] = byte;
		return;
	}
	c->message[c->message_len] = '\0';
	c->in_message = false;
	take_message(c);
}

void channel_feed(struct channel *c, const char *data, size_t len)
{
	size_t plain = 0; /* start of the bytes not yet emitted */

	for (size_t i = 0; i < len; i++) {
		if (c->in_message) {
			feed_message(c, data[i]);
			plain = i + 1;
			continue;
		}
		if (data[i] == c->prefix[c->matched]) {
			if (c->matched == 0)
				emit(c, data + plain, i - plain);
			plain = i + 1;
			if (++c->matched == c->prefix_len) {
				c->matched = 0;
				c->message_len = 0;
				c->in_message = true;
			}
			continue;
		}
		if (c->matched) {
			emit(c, c->prefix, c->matched);
			c->matched = 0;
			plain = i;
			if (data[i] == c->prefix[0]) {
				c->matched = 1;
				plain = i + 1;
			}
		}
	}
	emit(c, data + plain, len - plain);
}
