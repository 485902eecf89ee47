# SPDX-License-Identifier: MIT
#
# One make for the whole tree. Each folder adds its programs, unit tests and guests to the lists
# below in its own build.mk; the rules that build them stand here, once.

B := build
.DEFAULT_GOAL := all
SHELL := /bin/bash

# As many jobs as CPUs unless -j says otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

# Programs for dom0 and the host: NAME in PROGRAMS, NAME_SRCS (.c), NAME_LIBS (-l...).
PROGRAMS :=
# Host-run unit tests under ASan and UBSan: NAME in UNIT_TESTS, NAME_SRCS, NAME_LIBS.
UNIT_TESTS :=
# Everything else that `make all` builds.
ALL :=

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
INCLUDES := -I. -Ixen/include
HOST_CFLAGS := -std=gnu11 -O2 -g $(WARN) $(INCLUDES) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -fno-strict-aliasing
HOST_LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack
SAN_CFLAGS := -std=gnu11 -O1 -g $(WARN) $(INCLUDES) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_LDFLAGS := -fsanitize=address,undefined

# The libraries' fragments come first: others use the lists that they define.
FRAGMENTS := $(wildcard dom0-tools/lib/build.mk dom0-tools/builder/build.mk xenstore/build.mk)
FRAGMENTS += $(filter-out $(FRAGMENTS),$(sort $(wildcard */build.mk dom0-tools/*/build.mk tests/*/build.mk)))
include $(FRAGMENTS)

define program_rule
$(B)/bin/$(1): $$(patsubst %.c,$(B)/obj/%.o,$$($(1)_SRCS))
	@mkdir -p $$(@D)
	$$(CC) $$(HOST_LDFLAGS) -o $$@ $$^ $$($(1)_LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

define unit_test_rule
$(B)/test/$(1): $$(patsubst %.c,$(B)/san/%.o,$$($(1)_SRCS))
	@mkdir -p $$(@D)
	$$(CC) $$(SAN_LDFLAGS) -o $$@ $$^ $$($(1)_LIBS) -lcmocka
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_test_rule,$(t))))

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/san/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c -o $@ $<

ALL += $(addprefix $(B)/bin/,$(PROGRAMS))

.PHONY: all deps deps-build deps-test image run test unit lint install clean
all: $(ALL)

# Debian packages. BUILD: make all and make image; RUN: shoji-vm; TEST: everything else.
DEPS_BUILD := gcc libc6-dev binutils python3-minimal libaio-dev libnl-3-dev libnl-route-3-dev \
	libyajl-dev libxml2-dev uuid-dev zlib1g-dev liblzma-dev libbz2-dev liblzo2-dev liblz4-dev \
	libzstd-dev busybox-static kmod cpio zstd
DEPS_RUN := qemu-system-x86 seabios
DEPS_TEST := libcmocka-dev libxen-dev xen-utils-4.17 python3-pytest python3-pexpect e2fsprogs \
	clang clang-format clang-tidy cppcheck lz4 lzop bzip2 xz-utils

deps: deps-build deps-test

deps-build:
	@.ci/deps $(DEPS_BUILD) $(DEPS_RUN)

deps-test:
	@.ci/deps $(DEPS_BUILD) $(DEPS_RUN) $(DEPS_TEST)

# dom0's root is packed anew only if something that goes into it has changed.
image: $(B)/image/initramfs $(B)/shoji-vm $(B)/bin/unpack-kernel $(B)/shoji
	@dom0-tools/vm/mkimage $(B) check

# On a terminal: dom0's shell, with a guest to try xl on. Elsewhere: the same, shown by a script.
run: deps-build
	@echo "building Shoji and dom0's image"
	@$(MAKE) -s --no-print-directory image
	@examples/demo $(B)

test: deps-test
	@echo "building Shoji, dom0's image and the tests"
	@$(MAKE) -s --no-print-directory image test-programs
	@MAKE="$(MAKE)" tests/run $(B)

lint:
	@XEN_CFLAGS='$(XEN_CFLAGS)' GUEST_CFLAGS='$(GUEST_CFLAGS)' HOST_CFLAGS='$(filter-out -D_FORTIFY_SOURCE=2,$(HOST_CFLAGS))' \
		tests/lint $(B)

PREFIX ?= /usr/local
install: image
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/shoji/{bin,image}
	install $(B)/bin/shoji-vm $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(B)/shoji $(DESTDIR)$(PREFIX)/lib/shoji/
	install -m 644 $(B)/image/{vmlinuz,initramfs} $(DESTDIR)$(PREFIX)/lib/shoji/image/
	install $(B)/bin/unpack-kernel $(DESTDIR)$(PREFIX)/lib/shoji/bin/

unit: $(addprefix $(B)/test/,$(UNIT_TESTS))
	@set -e; for t in $^; do echo "== $$t"; $$t; done

clean:
	rm -rf $(B)

-include $(shell [ -d $(B) ] && find $(B) -name '*.d')
