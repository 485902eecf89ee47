# SPDX-License-Identifier: MIT
#
# One make for the whole tree. Each folder adds its programs, unit tests and guests to the lists
# below in its own build.mk; the rules that build them stand here, once.

B := build
.DEFAULT_GOAL := all
SHELL := /bin/bash

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

include $(sort $(wildcard */build.mk dom0-tools/*/build.mk))

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

.PHONY: all unit clean
all: $(ALL)

unit: $(addprefix $(B)/test/,$(UNIT_TESTS))
	@set -e; for t in $^; do echo "== $$t"; $$t; done

clean:
	rm -rf $(B)

-include $(shell [ -d $(B) ] && find $(B) -name '*.d')
