# SPDX-License-Identifier: MIT
# shoji-vm, and the dom0 image that it boots.

PROGRAMS += shoji-vm
VM_LIB_SRCS := $(addprefix dom0-tools/vm/,channel.c cpio.c options.c)
shoji-vm_SRCS := $(VM_LIB_SRCS) $(addprefix dom0-tools/vm/,machine.c main.c platform.c)

ALL += $(B)/shoji-vm
$(B)/shoji-vm: $(B)/bin/shoji-vm
	cp $< $@.new
	mv $@.new $@

# dom0's root, in two parts: see mkimage. The programs' part follows PROGRAMS, which is complete only
# when all fragments have been read.
DOM0_PROGRAMS = $(filter xenstored xenstore xld consoled blkback netback xl,$(PROGRAMS))

.SECONDEXPANSION:
$(B)/cache/base: dom0-tools/vm/mkimage $(shell find dom0-tools/vm/image -type f) \
		$(wildcard /boot/vmlinuz-*-amd64)
	dom0-tools/vm/mkimage $(B) base

$(B)/cache/programs: dom0-tools/vm/mkimage $$(addprefix $(B)/bin/,$$(DOM0_PROGRAMS))
	dom0-tools/vm/mkimage $(B) programs

$(B)/image/initramfs: $(B)/cache/base $(B)/cache/programs
	dom0-tools/vm/mkimage $(B) image
