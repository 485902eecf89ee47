# SPDX-License-Identifier: MIT
# PV test guests on the runtime (frontends/).

GUESTS += test-abi-memory test-abi-cpu test-abi-events test-hostile test-races
test-abi-memory_SRCS := tests/guests/abi_memory.c
test-abi-cpu_SRCS := tests/guests/abi_cpu.c
test-abi-events_SRCS := tests/guests/abi_events.c
test-hostile_SRCS := tests/guests/hostile.c
test-races_SRCS := tests/guests/races.c
