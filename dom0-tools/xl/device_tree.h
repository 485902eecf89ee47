/* SPDX-License-Identifier: MIT */
/*
 * The xenstore nodes of one device: its frontend directory (the guest's), its backend directory
 * (domain 0's) and its entry for Xen's tools under /libxl. See xenstore-paths, public/io/blkif.h
 * and public/io/netif.h for the nodes.
 */
#ifndef DOM0_XL_DEVICE_TREE_H
#define DOM0_XL_DEVICE_TREE_H

#include <stdint.h>

#include "dom0-tools/xl/disk_spec.h"
#include "dom0-tools/xl/store.h"
#include "dom0-tools/xl/vif_spec.h"

#define VIF_DEFAULT_BRIDGE "xenbr0"

/*
 * A device's entry under /libxl: from here on it is known as this domain's, so that no other domain
 * may have its storage.
 */
void device_tree_claim_disk(struct store_writer *writer, uint32_t domid,
			    const struct disk_spec *disk);
void device_tree_claim_vif(struct store_writer *writer, uint32_t domid, const struct vif_spec *vif);
/*
 * The frontend and backend directories, on which backends start to work. They take a domain that is
 * not introduced for dead, so this comes after xs_introduce_domain().
 */
void device_tree_write_disk(struct store_writer *writer, uint32_t domid,
			    const struct disk_spec *disk);
void device_tree_write_vif(struct store_writer *writer, uint32_t domid, const struct vif_spec *vif);

/* The directory where scripts for vifs are found when script= has no slash. */
#define XEN_SCRIPT_DIR "/etc/xen/scripts"

#endif
