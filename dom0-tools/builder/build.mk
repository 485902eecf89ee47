# SPDX-License-Identifier: MIT
# The domain builder: kernel unpacking (host-safe), ELF and notes, memory layout, the build itself.
KERNEL_IMAGE_SRCS := $(addprefix dom0-tools/builder/,kernel_image.c decompress.c \
	decompress_framed.c read_file.c pages.c message.c)
KERNEL_IMAGE_LIBS := -lz -lbz2 -llzma -llzo2 -llz4 -lzstd

# What a program that builds domains links: with LIBSHOJI_SRCS and KERNEL_IMAGE_LIBS.
BUILDER_SRCS := $(KERNEL_IMAGE_SRCS) $(addprefix dom0-tools/builder/,builder.c boot_state.c \
	guest_memory.c kernel_cache.c layout.c page_tables.c pv_kernel.c xen_notes.c)

PROGRAMS += unpack-kernel
unpack-kernel_SRCS := dom0-tools/builder/unpack_kernel.c $(KERNEL_IMAGE_SRCS)
unpack-kernel_LIBS := $(KERNEL_IMAGE_LIBS)

UNIT_TESTS += builder_pv_kernel
builder_pv_kernel_SRCS := $(addprefix tests/unit/builder/,test_pv_kernel.c elf_maker.c) \
	$(addprefix dom0-tools/builder/,pv_kernel.c xen_notes.c message.c)

UNIT_TESTS += builder_layout
builder_layout_SRCS := tests/unit/builder/test_layout.c \
	$(addprefix dom0-tools/builder/,layout.c page_tables.c boot_state.c message.c)

UNIT_TESTS += builder_kernel_image
builder_kernel_image_SRCS := $(addprefix tests/unit/builder/,test_kernel_image.c packer.c \
	pages_malloc.c) $(filter-out %/pages.c,$(KERNEL_IMAGE_SRCS))
builder_kernel_image_LIBS := $(KERNEL_IMAGE_LIBS)

UNIT_TESTS += builder_kernel_cache
builder_kernel_cache_SRCS := $(addprefix tests/unit/builder/,test_kernel_cache.c packer.c) \
	dom0-tools/builder/kernel_cache.c $(KERNEL_IMAGE_SRCS)
builder_kernel_cache_LIBS := $(KERNEL_IMAGE_LIBS)

UNIT_TESTS += builder_guest_memory
builder_guest_memory_SRCS := tests/unit/builder/test_guest_memory.c \
	dom0-tools/builder/guest_memory.c dom0-tools/builder/message.c \
	dom0-tools/lib/log.c dom0-tools/lib/daemon.c
