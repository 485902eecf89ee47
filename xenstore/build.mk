# SPDX-License-Identifier: MIT

# The client library, for every program that talks to the store.
XS_LIB_SRCS := xenstore/lib/xs.c xenstore/lib/link.c xenstore/lib/wire.c

# The daemon apart from what talks to the outside, for the unit tests too.
XENSTORED_CORE_SRCS := $(addprefix xenstore/daemon/,perm.c node.c path.c tree.c quota.c domain.c \
	store.c transaction.c watch.c conn.c ring.c request.c request_domain.c control.c) \
	xenstore/lib/wire.c

PROGRAMS += xenstored
xenstored_SRCS = $(XENSTORED_CORE_SRCS) $(addprefix xenstore/daemon/,main.c loop.c socket.c \
	hypervisor.c) $(LIBSHOJI_SRCS)

PROGRAMS += xenstore
xenstore_SRCS = $(addprefix xenstore/tools/,main.c ls.c nodes.c watch.c text.c) $(XS_LIB_SRCS)

XENSTORED_HARNESS_SRCS = tests/unit/xenstore/harness.c $(XENSTORED_CORE_SRCS) \
	dom0-tools/lib/log.c dom0-tools/lib/daemon.c

UNIT_TESTS += test_xs_tree test_xs_store test_xs_transaction test_xs_watch test_xs_ring \
	test_xs_socket test_xs_memory
test_xs_tree_SRCS := tests/unit/xenstore/test_xs_tree.c \
	$(addprefix xenstore/daemon/,node.c tree.c path.c perm.c)
test_xs_store_SRCS = tests/unit/xenstore/test_xs_store.c $(XENSTORED_HARNESS_SRCS)
test_xs_transaction_SRCS = tests/unit/xenstore/test_xs_transaction.c $(XENSTORED_HARNESS_SRCS)
test_xs_watch_SRCS = tests/unit/xenstore/test_xs_watch.c $(XENSTORED_HARNESS_SRCS)
test_xs_ring_SRCS = tests/unit/xenstore/test_xs_ring.c $(XENSTORED_HARNESS_SRCS)
test_xs_socket_SRCS = tests/unit/xenstore/test_xs_socket.c $(XENSTORED_CORE_SRCS) \
	$(addprefix xenstore/daemon/,loop.c socket.c hypervisor.c) \
	$(filter-out xenstore/lib/wire.c,$(XS_LIB_SRCS)) $(LIBSHOJI_SRCS)
test_xs_memory_SRCS = tests/unit/xenstore/test_xs_memory.c $(XENSTORED_HARNESS_SRCS)
test_xs_memory_LIBS := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
