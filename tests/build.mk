# SPDX-License-Identifier: MIT
# Tests of shoji-vm's parts, the overlay with Debian's tools, and the whole test run.

UNIT_TESTS += vm_test
vm_test_SRCS := tests/unit/vm_test.c $(VM_LIB_SRCS)

# Debian's own xl, xenstored and xenconsoled for dom0: peers in the end-to-end tests.
$(B)/debian-tools: tests/debian-tools
	rm -rf $@ $@.new
	tests/debian-tools $@.new
	mv $@.new $@
