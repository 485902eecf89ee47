/* SPDX-License-Identifier: MIT */
/*
 * What is kept of each domain in /var/lib/xen: its configuration, in the language of xl.cfg(5), in
 *a file named by its UUID. The ending says what is being done with the domain, so that xld can
 *finish or undo it when whoever does it dies:
 *
 *	UUID.new      it is being created
 *	UUID.cfg      it has been created
 *	UUID.destroy  it is being destroyed
 *	UUID.restart  it is being destroyed and created again
 *
 * Lock: whoever creates, ends or restarts a domain holds an flock on its file for as long as that
 * takes; the lock goes with the process. A file keeps its lock when it is renamed.
 */
#ifndef DOM0_XL_SAVED_CONFIG_H
#define DOM0_XL_SAVED_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dom0-tools/xl/domain_config.h"

/* In the order in which they count when a crash has left several files of one domain. */
enum saved_state {
	SAVED_RESTART,
	SAVED_DESTROY,
	SAVED_NEW,
	SAVED_CREATED,
	SAVED_NONE, /* no file: not created by us, or preserved after its end */
};

/* Where the files are: /var/lib/xen, except in tests. */
extern const char *saved_config_dir;

/* Writes UUID.new and locks it. The fd that holds the lock, or a negative errno. */
int saved_config_begin(const struct domain_config *config);
/* Moves the file from one state to another. 0 or a negative errno. */
int saved_config_move(const uint8_t uuid[16], enum saved_state from, enum saved_state to);
enum saved_state saved_config_state(const uint8_t uuid[16]);
bool saved_config_exists(const uint8_t uuid[16], enum saved_state state);
/* False when there is none or it cannot be used, which is reported. */
bool saved_config_load(const uint8_t uuid[16], enum saved_state state,
		       struct domain_config *config);
/* Removes the file of one state, and of all states. */
void saved_config_remove_state(const uint8_t uuid[16], enum saved_state state);
void saved_config_remove(const uint8_t uuid[16]);

/* Removes what Xen's own tools keep of a domain that they created. */
void saved_config_remove_foreign(uint32_t domid, const uint8_t uuid[16]);

/*
 * Changes the configuration that is kept of a created domain: change() gets it, with arg, and what
 * it makes of it replaces the file at once. -ENOENT when there is no such file, or the domain is
 * being ended or restarted.
 */
typedef void saved_change_fn(struct domain_config *config, void *arg);
int saved_config_change(const uint8_t uuid[16], saved_change_fn *change, void *arg);

/*
 * Waits until nobody else works on the domain. The fd of the lock and the state then; -ENOENT when
 * there is no file.
 */
int saved_config_lock(const uint8_t uuid[16], enum saved_state *state);

/* The process that holds the lock; 0 when nobody does or it cannot be told. */
int saved_config_holder(const uint8_t uuid[16]);
/* The UUID in a file's name; false when it is not one of ours. */
bool saved_config_parse_name(const char *name, uint8_t uuid[16]);

/* The UUIDs of all files, each once, malloc'ed; *count of them. 0 or a negative errno. */
int saved_config_list(uint8_t (**uuids)[16], size_t *count);

#endif
