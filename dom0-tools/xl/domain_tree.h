/* SPDX-License-Identifier: MIT */
/*
 * The nodes that a domain has in xenstore, as xenstore-paths and the split drivers define them:
 * /local/domain/N, /vm/UUID, the backends under /local/domain/0/backend, and /libxl/N, through
 * which Xen's own tools find the devices of a domain.
 */
#ifndef DOM0_XL_DOMAIN_TREE_H
#define DOM0_XL_DOMAIN_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "dom0-tools/xl/domain_config.h"
#include "dom0-tools/xl/store.h"

#define DOMAIN_TREE_BACKEND "/local/domain/0/backend" /* all backends run in domain 0 */

/* The rings that the guest shares with xenstored and consoled. */
struct domain_rings {
	uint64_t store_mfn, console_mfn;
	uint32_t store_port, console_port; /* the guest's ports */
};

/*
 * A domain's nodes are written in three steps, each a transaction: what it is and which devices it
 * will have (uuid and every vif's mac must be set); its rings; its devices, once it has been
 * introduced. 0 or a negative errno with the node that could not be written in failed_path
 * (STORE_PATH_MAX bytes).
 */
int domain_tree_write(struct xs_handle *xs, uint32_t domid, const struct domain_config *config,
		      char *failed_path);
int domain_tree_write_rings(struct xs_handle *xs, uint32_t domid, const struct domain_rings *rings,
			    char *failed_path);
int domain_tree_write_devices(struct xs_handle *xs, uint32_t domid,
			      const struct domain_config *config, char *failed_path);
/*
 * Removes every node of the domain, and parents that it leaves empty. vm_path is what its vm node
 * said, or NULL.
 */
int domain_tree_remove(struct xs_handle *xs, uint32_t domid, const char *vm_path,
		       char *failed_path);
/* Takes away all devices of a domain that will not run again, so that others may have them. */
int domain_tree_drop_devices(struct xs_handle *xs, uint32_t domid, char *failed_path);
/* The domain whose vm node is /vm/UUID; -1 when there is none. */
long domain_tree_find_uuid(struct xs_handle *xs, const uint8_t uuid[16]);
/* Gives the domain another name, in all places. */
int domain_tree_rename(struct xs_handle *xs, uint32_t domid, const char *name, char *failed_path);
/* Moves the domain from one UUID to another. */
int domain_tree_set_uuid(struct xs_handle *xs, uint32_t domid, const uint8_t uuid[16],
			 char *failed_path);

#endif
