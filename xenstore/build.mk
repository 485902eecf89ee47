# SPDX-License-Identifier: MIT

# The client library, for every program that talks to the store.
XS_LIB_SRCS := xenstore/lib/xs.c xenstore/lib/link.c xenstore/lib/wire.c
