# SPDX-License-Identifier: MIT
# The benchmark guest, the Linux program, and `make bench`:
#
#	make bench [ONLY=NAME,NAME] [ON=shoji|xen] [CPU=MODEL,MODEL] [CLOCK=icount|wall] [ROUNDS=N]

GUESTS += bench
bench_SRCS := $(wildcard tests/bench/guest_*.c) tests/bench/guest_bounce.S

$(B)/bench/linux-bench: tests/bench/linux_bench.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -fPIE,$(HOST_CFLAGS)) -static -o $@ $<

BENCH_PARTS := $(B)/bench/linux-bench $(B)/guests/bench $(B)/peers/xen-4.17 $(B)/peers/kernel.img

.PHONY: bench
bench: deps-test
	@$(MAKE) -s --no-print-directory image $(BENCH_PARTS)
	@tests/bench/run $(B) $(if $(ONLY),--only $(ONLY)) $(if $(ON),--on $(ON)) $(if $(CPU),--cpu $(CPU)) \
		$(if $(CLOCK),--clock $(CLOCK)) $(if $(ROUNDS),--rounds $(ROUNDS))
