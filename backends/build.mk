# SPDX-License-Identifier: MIT
# The block and network backends.

BACKEND_COMMON_SRCS := $(addprefix backends/common/,supervisor.c source.c guest.c process.c \
	device.c message.c xenbus.c ports.c loop.c privileges.c grant_cache.c page_pool.c \
	state_file.c state_map.c)
BLKBACK_CORE_SRCS := $(addprefix backends/blk/,image.c vbd.c queue.c io.c request.c journal.c)

PROGRAMS += blkback
blkback_SRCS = backends/blk/main.c backends/blk/source.c $(BLKBACK_CORE_SRCS) $(BACKEND_COMMON_SRCS) \
	$(LIBSHOJI_SRCS) $(XS_LIB_SRCS)
blkback_LIBS := -laio

PROGRAMS += netback
NETBACK_CORE_SRCS := $(addprefix backends/net/,source.c tap.c script.c vif.c tx.c rx.c outbox.c \
	packet.c credit.c)
netback_SRCS = backends/net/main.c $(NETBACK_CORE_SRCS) $(BACKEND_COMMON_SRCS) \
	$(LIBSHOJI_SRCS) $(XS_LIB_SRCS)
netback_LIBS := -lnl-route-3 -lnl-3
# libnl keeps its headers in a folder of its own.
HOST_CFLAGS += -idirafter /usr/include/libnl3
SAN_CFLAGS += -idirafter /usr/include/libnl3

BACKEND_MOCK_SRCS := $(addprefix tests/unit/backends/,mock_guest.c mock_xs.c)
BACKEND_TESTED_SRCS := $(addprefix backends/common/,device.c message.c xenbus.c ports.c loop.c \
	grant_cache.c page_pool.c state_map.c)

UNIT_TESTS += backends_common
backends_common_SRCS = tests/unit/backends/common_test.c $(BACKEND_MOCK_SRCS) \
	$(BACKEND_TESTED_SRCS) dom0-tools/lib/log.c dom0-tools/lib/daemon.c

UNIT_TESTS += backends_blk
backends_blk_SRCS = tests/unit/backends/blk_test.c $(BACKEND_MOCK_SRCS) $(BACKEND_TESTED_SRCS) \
	$(BLKBACK_CORE_SRCS) dom0-tools/lib/log.c dom0-tools/lib/daemon.c
backends_blk_LIBS := -laio

UNIT_TESTS += backends_net
backends_net_SRCS = tests/unit/backends/net_test.c $(BACKEND_MOCK_SRCS) $(BACKEND_TESTED_SRCS) \
	$(addprefix backends/net/,vif.c tx.c rx.c outbox.c packet.c credit.c) \
	dom0-tools/lib/log.c dom0-tools/lib/daemon.c

UNIT_TESTS += backends_source
backends_source_SRCS = tests/unit/backends/source_test.c tests/unit/backends/mock_xs.c \
	$(addprefix backends/common/,source.c state_file.c message.c xenbus.c loop.c) \
	dom0-tools/lib/log.c dom0-tools/lib/daemon.c
