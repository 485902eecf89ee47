# SPDX-License-Identifier: MIT
#
# Guests on the runtime: NAME in GUESTS, NAME_SRCS (.c, .S); each becomes $(B)/guests/NAME, an ELF image
# that `xl create` boots by kernel=. They share formatting and strings with the hypervisor's lib/.

RUNTIME_SRCS := $(wildcard frontends/runtime/*.c frontends/consfront/*.c) \
	xen/lib/printf.c xen/lib/string.c xen/lib/bitops.c
RUNTIME_ASMS := $(wildcard frontends/runtime/*.S)
GUEST_CFLAGS := -std=gnu11 -O2 -g $(WARN) -I. -Ixen -Ixen/include -ffreestanding -nostdinc \
	-isystem $(shell $(CC) -print-file-name=include) -fno-pie -mcmodel=kernel -mno-red-zone \
	-mgeneral-regs-only -fno-omit-frame-pointer -fno-strict-aliasing -fno-common \
	-fno-asynchronous-unwind-tables -fstack-protector-strong -mstack-protector-guard=global \
	-ffunction-sections -fdata-sections
GUEST_LDFLAGS := -nostdlib -static -no-pie -Wl,-z,noexecstack -Wl,--gc-sections \
	-Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments
RUNTIME_OBJS := $(patsubst %,$(B)/guest/%.o,$(RUNTIME_SRCS) $(RUNTIME_ASMS))

$(B)/guest/%.c.o: %.c
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/guest/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

.SECONDEXPANSION:
$(B)/guests/%: $$(patsubst $$(percent),$(B)/guest/$$(percent).o,$$($$*_SRCS)) $(RUNTIME_OBJS) \
		frontends/runtime/runtime.lds
	@mkdir -p $(@D)
	$(CC) $(GUEST_LDFLAGS) -T frontends/runtime/runtime.lds -o $@ $(filter %.o,$^)

percent := %
ALL += $$(addprefix $(B)/guests/,$$(GUESTS))
