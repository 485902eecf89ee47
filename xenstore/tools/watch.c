/* SPDX-License-Identifier: MIT */
/*
 * xenstore-watch and xenstore-control.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/tools/tool.h"

int tool_watch(struct tool *tool, int argc, char **argv)
{
	int left = tool->options.events;

	for (int i = 0; i < argc; i++) {
		if (!xs_watch(tool->xs, argv[i], argv[i])) {
			tool_error("cannot watch %s: %s", argv[i], strerror(errno));
			return 1;
		}
	}
	while (left < 0 || left-- > 0) {
		unsigned int count;
		char **event = xs_read_watch(tool->xs, &count);

		if (!event) {
			tool_error("lost the connection: %s", strerror(errno));
			return 1;
		}
		fprintf(tool->out, "%s\n", event[XS_WATCH_PATH]);
		fflush(tool->out);
		free(event);
	}
	return 0;
}

int tool_control(struct tool *tool, int argc, char **argv)
{
	char args[XENSTORE_PAYLOAD_MAX];
	size_t used = 0;
	char *answer;

	for (int i = 1; i < argc; i++) {
		size_t len = strlen(argv[i]) + 1;

		if (len > sizeof(args) - used) {
			tool_error("the command is too long");
			return 1;
		}
		memcpy(args + used, argv[i], len);
		used += len;
	}
	answer = xs_control_command(tool->xs, argv[0], args, (unsigned int)used);
	if (!answer) {
		tool_error("%s failed: %s; try xenstore-control help", argv[0], strerror(errno));
		return 1;
	}
	fprintf(tool->out, "%s\n", answer);
	free(answer);
	return 0;
}
