# SPDX-License-Identifier: MIT
# The life-cycle daemon.
PROGRAMS += xld
xld_SRCS = $(addprefix dom0-tools/xld/,main.c lifecycle.c children.c) $(XL_DOMAIN_SRCS) \
	$(BUILDER_SRCS) $(LIBSHOJI_SRCS) $(XS_LIB_SRCS)
xld_LIBS = $(XL_DOMAIN_LIBS) $(KERNEL_IMAGE_LIBS) -static-pie
