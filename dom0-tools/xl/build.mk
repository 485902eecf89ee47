# SPDX-License-Identifier: MIT
# xl, and the parts of it that xld uses too.
XL_CONFIG_SRCS := $(addprefix dom0-tools/xl/,report.c units.c nearest.c cfg_lex.c cfg_parse.c \
	disk_spec.c vif_spec.c config_keys.c domain_config.c domain_config_format.c)

UNIT_TESTS += test_cfg_parse test_specs test_domain_config
test_cfg_parse_SRCS := tests/unit/xl/test_cfg_parse.c $(XL_CONFIG_SRCS)
test_cfg_parse_LIBS := -luuid
test_specs_SRCS := tests/unit/xl/test_specs.c $(XL_CONFIG_SRCS)
test_specs_LIBS := -luuid
test_domain_config_SRCS := tests/unit/xl/test_domain_config.c $(XL_CONFIG_SRCS)
test_domain_config_LIBS := -luuid
