/* SPDX-License-Identifier: MIT */
/*
 * The configurations of running domains, one file each in /var/lib/xen, from which xld starts them
 * again: domain-ID-UUID.cfg, in the language of xl.cfg(5). A file is replaced whole or not at all.
 *
 * Who ends or restarts a domain holds the lock of its file, so that xl destroy and xld do not do it
 * both.
 */
#ifndef DOM0_XL_SAVED_CONFIG_H
#define DOM0_XL_SAVED_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/domain_config.h"

/* 0 or a negative errno. */
int saved_config_write(uint32_t domid, const struct domain_config *config);
/* False when there is none or it cannot be used, which is reported then. */
bool saved_config_load(uint32_t domid, const uint8_t uuid[16], struct domain_config *config);
/* Also files of earlier domains with this id. */
void saved_config_remove(uint32_t domid);

/*
 * Waits for the lock of the domain's file. An fd that holds it until it is closed; -ENOENT when
 * there is no such file, as for a domain that other tools made or that has just been ended.
 */
int saved_config_lock(uint32_t domid, const uint8_t uuid[16]);

#endif
