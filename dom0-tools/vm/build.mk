# SPDX-License-Identifier: MIT
# shoji-vm, and the dom0 image that it boots.

PROGRAMS += shoji-vm
VM_LIB_SRCS := $(addprefix dom0-tools/vm/,channel.c cpio.c options.c)
shoji-vm_SRCS := $(VM_LIB_SRCS) $(addprefix dom0-tools/vm/,machine.c main.c platform.c)

ALL += $(B)/shoji-vm
$(B)/shoji-vm: $(B)/bin/shoji-vm
	cp $< $@

.PHONY: image
image: all
	dom0-tools/vm/mkimage $(B)
