/* SPDX-License-Identifier: MIT */
/*
 * The connections that a tool needs to work on domains, and finding a domain by what the user
 * called it.
 */
#ifndef DOM0_XL_CONTROL_H
#define DOM0_XL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include <public/domctl.h>

#include "xenstore/lib/xs.h"

struct control {
	int fd;               /* privcmd */
	struct xs_handle *xs; /* NULL while not asked for */
};

/* Opens both; every failure is reported. Neither is open after a failure. */
bool control_open(struct control *control);
/* Only the hypervisor, for commands that need no xenstore. */
bool control_open_hypervisor(struct control *control);
/* The store in addition, without a report when it cannot be reached. */
bool control_try_store(struct control *control);
void control_close(struct control *control);

/*
 * The domain that text means: an id when it is all digits, else a name. Reports when there is none.
 */
bool control_find(struct control *control, const char *text, uint32_t *domid);
/* The same without a report; negative when there is none, else the id. */
int control_find_name(struct control *control, const char *name);
/* The domain with this UUID that is not dying; false when there is none. */
bool control_find_uuid(struct control *control, const uint8_t uuid[16],
		       struct xen_domctl_getdomaininfo *info);
/* The name, malloc'ed; NULL when it has none. */
char *control_domain_name(struct control *control, uint32_t domid);
/*
 * The names of count domains at once, malloc'ed each, NULL for those that have none: much faster
 * than one after the other.
 */
void control_domain_names(struct control *control, const struct xen_domctl_getdomaininfo *infos,
			  size_t count, char **names);
/* The name, or "domain N", for messages; malloc'ed, never NULL unless out of memory. */
char *control_describe(struct control *control, uint32_t domid);

#endif
