# SPDX-License-Identifier: MIT
# consoled: guest consoles as terminals and log files.
PROGRAMS += consoled
consoled_SRCS = $(addprefix dom0-tools/consoled/,main.c registry.c console.c ring.c backlog.c \
	guest_log.c) $(LIBSHOJI_SRCS) $(XS_LIB_SRCS)

UNIT_TESTS += consoled_test
consoled_test_SRCS = tests/unit/consoled/test_consoled.c \
	$(addprefix dom0-tools/consoled/,ring.c backlog.c guest_log.c) \
	$(addprefix dom0-tools/lib/,log.c daemon.c)
