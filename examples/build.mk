# SPDX-License-Identifier: MIT
# Small guests on the runtime.

GUESTS += hello
hello_SRCS := examples/hello/hello.c
