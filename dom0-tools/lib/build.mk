# SPDX-License-Identifier: MIT
# The library of the dom0 programs: kernel devices, hypercalls, daemon skeleton.
LIBSHOJI_SRCS := $(addprefix dom0-tools/lib/,evtchn.c gntdev.c privcmd.c log.c daemon.c \
	bounce.c domain.c domain_memory.c host.c sched.c)
