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

.PHONY: test-programs
test-programs: $(B)/peers/tools $(B)/peers/xen-4.17 $$(addprefix $(B)/test/,$$(UNIT_TESTS))
