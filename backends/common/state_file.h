/* SPDX-License-Identifier: MIT */
/*
 * The small file, one for each device, in which a guest's process keeps what its successor must
 * know to carry on with the rings. The supervisor makes it and removes it with the device; the
 * process maps it. It is in memory (/run) and survives processes, not the host.
 */
#ifndef BACKENDS_COMMON_STATE_FILE_H
#define BACKENDS_COMMON_STATE_FILE_H

#include <stddef.h>

struct source;
struct supervisor;

/*
 * Opens /run/xen/PROGRAM-DOMID-DEVID.state, of this size; its contents are kept if an earlier
 * supervisor left one. The descriptor, or a negative errno with src->error set.
 */
int state_file_open(struct source *src, size_t bytes);
void state_file_remove(const struct source *src);

/* Removes those of devices that went while no supervisor was there. Once all devices are known. */
void state_file_sweep(struct supervisor *sup);

/* Maps it. NULL with errno set on failure; unmapping NULL is fine. */
void *state_file_map(int fd, size_t bytes);
void state_file_unmap(void *addr, size_t bytes);

#endif
