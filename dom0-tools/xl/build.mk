# SPDX-License-Identifier: MIT
# xl, and the parts of it that xld uses too.
XL_CONFIG_SRCS := $(addprefix dom0-tools/xl/,report.c units.c nearest.c cfg_lex.c cfg_parse.c \
	cpu_list.c disk_spec.c vif_spec.c config_keys.c domain_config.c domain_config_cpus.c domain_config_devices.c \
	domain_config_format.c)
XL_DOMAIN_SRCS := $(XL_CONFIG_SRCS) $(addprefix dom0-tools/xl/,control.c store.c store_batch.c device_tree.c \
	domain_tree.c device_wait.c saved_config.c domain_check.c domain_create.c \
	domain_destroy.c cpupool.c placement.c)
XL_DOMAIN_LIBS := -luuid

PROGRAMS += xl
xl_SRCS = $(XL_DOMAIN_SRCS) $(addprefix dom0-tools/xl/,main.c command.c console.c \
	domain_request.c cmd_console.c cmd_cpupool.c cmd_cpupool_cpus.c cmd_cpupool_create.c cmd_create.c \
	cmd_debug_keys.c cmd_destroy.c cmd_dmesg.c cmd_domid.c cmd_help.c cmd_info.c cmd_list.c cmd_pause.c \
	cmd_sched.c cmd_shutdown.c cmd_vcpu_list.c cmd_vcpu_pin.c cmd_vcpu_set.c cpupool_change.c \
	domain_json.c) \
	$(BUILDER_SRCS) $(LIBSHOJI_SRCS) $(XS_LIB_SRCS)
# Static: xl is started for every command, and loading libraries would be most of its time.
xl_LIBS = $(XL_DOMAIN_LIBS) $(KERNEL_IMAGE_LIBS) -lyajl_s -static-pie

UNIT_TESTS += test_cfg_parse test_specs test_domain_config test_cpu_list
test_cpu_list_SRCS := tests/unit/xl/test_cpu_list.c dom0-tools/xl/cpu_list.c
test_cfg_parse_SRCS := tests/unit/xl/test_cfg_parse.c $(XL_CONFIG_SRCS)
test_cfg_parse_LIBS := -luuid
test_specs_SRCS := tests/unit/xl/test_specs.c $(XL_CONFIG_SRCS)
test_specs_LIBS := -luuid
test_domain_config_SRCS := tests/unit/xl/test_domain_config.c $(XL_CONFIG_SRCS)
test_domain_config_LIBS := -luuid

UNIT_TESTS += test_saved_config test_store_batch
test_saved_config_SRCS = tests/unit/xl/test_saved_config.c dom0-tools/xl/saved_config.c \
	$(XL_CONFIG_SRCS) $(LIBSHOJI_SRCS)
test_saved_config_LIBS := -luuid
test_store_batch_SRCS = tests/unit/xl/test_store_batch.c dom0-tools/xl/store.c \
	dom0-tools/xl/store_batch.c $(LIBSHOJI_SRCS) $(XS_LIB_SRCS)
