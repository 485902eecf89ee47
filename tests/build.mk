# SPDX-License-Identifier: MIT
# Tests of shoji-vm's parts, the peers (Debian's Xen and its tools), and what the test run needs built.

UNIT_TESTS += vm_test
vm_test_SRCS := tests/unit/vm_test.c $(VM_LIB_SRCS)

# Debian's own xl, xenstored and xenconsoled for dom0: an overlay for shoji-vm.
$(B)/peers/tools: tests/debian-tools
	rm -rf $@ $@.new
	tests/debian-tools $@.new
	mv $@.new $@

$(B)/peers/xen-4.17: tests/debian-xen
	tests/debian-xen $@
	touch $@

# The guests' kernel as ELF on a disk image: a guest starts without the time to unpack it.
$(B)/peers/kernel.img: $(B)/cache/base $(B)/bin/unpack-kernel
	rm -rf $@ $(B)/peers/kernel
	mkdir -p $(B)/peers/kernel
	$(B)/bin/unpack-kernel $(B)/image/vmlinuz $(B)/peers/kernel/vmlinux
	/sbin/mke2fs -q -d $(B)/peers/kernel $@ 80M
	rm -r $(B)/peers/kernel

.PHONY: test-programs
test-programs: all $(B)/bench/linux-bench $(B)/peers/kernel.img $(B)/peers/tools $(B)/peers/xen-4.17 $$(addprefix $(B)/test/,$$(UNIT_TESTS))
