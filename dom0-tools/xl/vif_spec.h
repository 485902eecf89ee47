/* SPDX-License-Identifier: MIT */
/*
 * One entry of `vif = [ ... ]`, in the language of xl-network-configuration(5).
 */
#ifndef DOM0_XL_VIF_SPEC_H
#define DOM0_XL_VIF_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/disk_spec.h"

#define VIF_MAC_BYTES 6
#define VIF_MAC_TEXT  18 /* with the 0 byte */

struct vif_spec {
	uint8_t mac[VIF_MAC_BYTES];
	bool has_mac; /* without, one is made when the domain is created */
	char *bridge; /* NULL: xenbr0 */
	char *ip;
	char *vifname;
	char *script;
	char *gatewaydev;
	char *backend;       /* name or id of the backend domain, NULL for domain 0 */
	uint64_t rate_bytes; /* credit of one interval; 0 for no limit */
	uint32_t rate_interval_us;
	uint32_t mtu;  /* 0: what the bridge has */
	int32_t devid; /* -1: the place in the list */
	bool untrusted;
	bool has_hvm_key; /* type= or model=, which only emulated cards have */
};

/* Fills vif from text. False with a message in error; nothing needs freeing then. */
bool vif_spec_parse(const char *text, struct vif_spec *vif, char error[SPEC_ERROR_MAX]);
void vif_spec_free(struct vif_spec *vif);
/* The canonical spelling, which parses to the same interface; malloc'ed, NULL without memory. */
char *vif_spec_format(const struct vif_spec *vif);

/* Six hexadecimal pairs with colons, a unicast address; false otherwise. */
bool vif_mac_parse(const char *text, uint8_t mac[VIF_MAC_BYTES]);
void vif_mac_format(const uint8_t mac[VIF_MAC_BYTES], char text[VIF_MAC_TEXT]);
/* A random address in Xen's space, 00:16:3e. */
void vif_mac_random(uint8_t mac[VIF_MAC_BYTES]);

#endif
