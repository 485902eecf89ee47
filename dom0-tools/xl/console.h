/* SPDX-License-Identifier: MIT */
/*
 * The user's terminal on a guest's console: the pty that consoled made for it.
 */
#ifndef DOM0_XL_CONSOLE_H
#define DOM0_XL_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/control.h"

/* Waits for the domain's pty and opens it; the fd, or -1 with a report. */
int console_open(struct control *control, uint32_t domid);
/*
 * Copies between the pty and stdin/stdout until the user types Ctrl-], the domain ends, or a signal
 * with a handler arrives, when it returns false. Closes fd.
 */
bool console_run(int fd);

#endif
