# SPDX-License-Identifier: MIT
#
# The hypervisor: build/shoji is a flat multiboot image, build/shoji-syms the ELF with symbols that it
# was made from. DEBUG=1 checks lock order and assertions. Sources are every .c and .S below xen/.

XEN_SRCS := $(sort $(wildcard xen/*/*.c))
XEN_ASMS := $(sort $(wildcard xen/*/*.S))
XEN_CFLAGS := -std=gnu11 -O2 -g $(WARN) -Ixen -Ixen/include -ffreestanding -nostdinc \
	-isystem $(shell $(CC) -print-file-name=include) -fpie -fvisibility=hidden -mcmodel=small \
	-mno-red-zone -mno-mmx -mno-sse -mno-sse2 -mno-avx -msoft-float -fno-omit-frame-pointer \
	-fno-strict-aliasing -fno-common -fno-asynchronous-unwind-tables -fno-jump-tables \
	-fstack-protector-strong -mstack-protector-guard=global -fno-delete-null-pointer-checks \
	-ffunction-sections -fdata-sections $(if $(DEBUG),-DDEBUG)
XEN_OBJS := $(patsubst %,$(B)/obj/%.o,$(XEN_SRCS) $(XEN_ASMS))
XEN_LDFLAGS := -nostdlib -static -no-pie -Wl,-z,noexecstack -Wl,--gc-sections -Wl,--build-id=none \
	-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments

$(B)/obj/xen/%.c.o: xen/%.c
	@mkdir -p $(@D)
	$(CC) $(XEN_CFLAGS) -include lib/visibility.h -MMD -MP -c -o $@ $<

$(B)/obj/xen/%.S.o: xen/%.S
	@mkdir -p $(@D)
	$(CC) $(XEN_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

# Linked three times: with an empty symbol table, with one of the right size, with the right one.
define link_with_symbols
	python3 xen/lib/mksyms.py < $(1) > $(B)/obj/xen/syms.S
	$(CC) -c -o $(B)/obj/xen/syms.o $(B)/obj/xen/syms.S
	$(CC) $(XEN_LDFLAGS) -T xen/boot/shoji.lds -o $(2) $(XEN_OBJS) $(B)/obj/xen/syms.o
	nm -n $(2) > $(B)/obj/xen/syms.txt
endef

$(B)/shoji-syms: $(XEN_OBJS) xen/boot/shoji.lds xen/lib/mksyms.py
	$(call link_with_symbols,/dev/null,$@.1)
	$(call link_with_symbols,$(B)/obj/xen/syms.txt,$@.1)
	$(call link_with_symbols,$(B)/obj/xen/syms.txt,$@)
	rm -f $@.1

$(B)/shoji: $(B)/shoji-syms
	objcopy -O binary $< $@

ALL += $(B)/shoji

# Unit tests: parts of the hypervisor compiled for the host, with lock order checked. Headers in
# shadow/ stand in for instructions that a host program cannot execute.
XEN_TEST := tests/unit/xen-core
XEN_TEST_CFLAGS := -I$(XEN_TEST)/shadow -Ixen -DSHOJI_HOST_TEST -DDEBUG -fno-strict-aliasing
$(B)/san/xen/%.o $(B)/san/$(XEN_TEST)/%.o: EXTRA_CFLAGS += $(XEN_TEST_CFLAGS)
XEN_TEST_HOST := $(XEN_TEST)/host.c xen/lib/spinlock.c xen/lib/bitops.c

UNIT_TESTS += xen-timer xen-time xen-evtchn xen-grant xen-sched
xen-timer_SRCS := $(XEN_TEST)/test_timer.c $(XEN_TEST)/host_clock.c $(XEN_TEST_HOST) \
	xen/time/timer.c xen/sched/softirq.c
xen-time_SRCS := $(XEN_TEST)/test_time.c $(XEN_TEST)/host_domain.c $(XEN_TEST_HOST) \
	xen/sched/softirq.c $(addprefix xen/time/,time.c wallclock.c guest_time.c timer.c)
XEN_EVTCHN_TEST := $(XEN_TEST)/host_domain.c $(XEN_TEST)/host_frames.c $(XEN_TEST_HOST) \
	$(wildcard xen/evtchn/*.c)
xen-evtchn_SRCS := $(XEN_TEST)/test_evtchn.c $(XEN_EVTCHN_TEST)
UNIT_TESTS += xen-evtchn-fifo
xen-evtchn-fifo_SRCS := $(XEN_TEST)/test_evtchn_fifo.c $(XEN_EVTCHN_TEST)
xen-grant_SRCS := $(XEN_TEST)/test_grant.c $(XEN_TEST)/host_domain.c $(XEN_TEST_HOST) \
	$(wildcard xen/grant/*.c)
xen-sched_SRCS := $(XEN_TEST)/test_sched.c $(XEN_TEST)/host_domain.c $(XEN_TEST)/host_clock.c \
	$(XEN_TEST)/host_frames.c \
	$(XEN_TEST_HOST) $(wildcard xen/sched/*.c xen/evtchn/*.c) xen/time/timer.c xen/lib/tree.c

# The scheduler on a simulated machine of four CPUs.
XEN_SCHED_TEST := tests/unit/xen-sched
$(B)/san/$(XEN_SCHED_TEST)/%.o: EXTRA_CFLAGS += $(XEN_TEST_CFLAGS)
XEN_SCHED_TEST_SRCS := $(XEN_SCHED_TEST)/sim.c $(XEN_TEST)/host_domain.c $(XEN_TEST_HOST) \
	$(filter-out %/sched_op.c %/watchdog.c,$(wildcard xen/sched/*.c)) xen/time/timer.c \
	xen/lib/tree.c
UNIT_TESTS += xen-sched-smp xen-sched-pools xen-sched-random xen-tree
xen-sched-smp_SRCS := $(XEN_SCHED_TEST)/test_smp.c $(XEN_SCHED_TEST_SRCS)
xen-sched-pools_SRCS := $(XEN_SCHED_TEST)/test_pools.c $(XEN_SCHED_TEST_SRCS)
xen-sched-random_SRCS := $(XEN_SCHED_TEST)/test_random.c $(XEN_SCHED_TEST_SRCS)
xen-tree_SRCS := $(XEN_SCHED_TEST)/test_tree.c $(XEN_TEST_HOST) xen/lib/tree.c

# Page types and page-table hypercalls on a machine of a few frames.
XEN_PV_TEST := tests/unit/xen-pv
$(B)/san/$(XEN_PV_TEST)/%.o: EXTRA_CFLAGS += $(XEN_TEST_CFLAGS)
XEN_PV_TEST_SRCS := $(XEN_PV_TEST)/machine.c $(XEN_TEST)/host_domain.c $(XEN_TEST_HOST) \
	xen/mm/page.c $(addprefix xen/pv/,page_type.c validate.c entry.c owner.c walk.c iomem.c \
	mmu_update.c mmuext.c update_va.c grant_map.c teardown.c fault.c insn.c)

UNIT_TESTS += xen-page-type
xen-page-type_SRCS := $(XEN_PV_TEST)/test_page_type.c $(XEN_PV_TEST_SRCS)
UNIT_TESTS += xen-mmu xen-elf
xen-mmu_SRCS := $(XEN_PV_TEST)/test_mmu.c $(XEN_PV_TEST_SRCS)
xen-elf_SRCS := $(XEN_PV_TEST)/test_elf.c $(XEN_TEST_HOST) xen/lib/elf.c

# Hypercalls of ops/ and the readers of firmware tables, in the same way.
XEN_OPS_TEST := tests/unit/xen-ops
$(B)/san/$(XEN_OPS_TEST)/%.o: EXTRA_CFLAGS += $(XEN_TEST_CFLAGS)
UNIT_TESTS += xen-memory-op
xen-memory-op_SRCS := $(XEN_OPS_TEST)/test_memory_op.c $(XEN_TEST)/host_domain.c $(XEN_TEST_HOST) \
	xen/mm/page.c xen/mm/buddy.c \
	$(addprefix xen/ops/,memory_op.c reservation.c memory_exchange.c memory_map.c)
UNIT_TESTS += xen-firmware
xen-firmware_SRCS := $(XEN_OPS_TEST)/test_firmware.c $(XEN_TEST_HOST) xen/irq/acpi.c xen/irq/madt.c
UNIT_TESTS += xen-cpu-policy
xen-cpu-policy_SRCS := $(XEN_OPS_TEST)/test_cpu_policy.c $(XEN_TEST)/host_domain.c $(XEN_TEST_HOST) \
	xen/ops/cpu_policy.c
