/* SPDX-License-Identifier: MIT */
/*
 * Domains as JSON, with the keys of Xen's `xl list -l`.
 */
#ifndef DOM0_XL_DOMAIN_JSON_H
#define DOM0_XL_DOMAIN_JSON_H

#include <stddef.h>

#include "dom0-tools/xl/control.h"

/*
 * A list of the domains, malloc'ed text that ends with a newline; NULL without memory. What a
 * domain was created from is known for those that xl created; of others there are name, UUID and
 * memory.
 */
char *domain_json(struct control *control, const struct xen_domctl_getdomaininfo *infos,
		  size_t count);

#endif
