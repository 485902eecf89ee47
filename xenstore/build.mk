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
