/* SPDX-License-Identifier: MIT */
/*
 * The grammar of xl.cfg(5) files: a list of settings `key = value`, each with its place in the
 * text. What keys mean is not known here; see domain_config.h.
 *
 *   file    = { [ setting ] ( newline | ';' ) }
 *   setting = name ( '=' | '+=' ) value
 *   value   = string | number | '[' [ value { ',' value } [ ',' ] ] ']'
 *
 * Newlines may stand anywhere inside a list. A later setting of a key replaces an earlier one;
 * += adds to it.
 */
#ifndef DOM0_XL_CFG_PARSE_H
#define DOM0_XL_CFG_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "dom0-tools/xl/cfg_lex.h"

enum cfg_value_kind { CFG_STRING, CFG_NUMBER, CFG_LIST };

struct cfg_value {
	enum cfg_value_kind kind;
	struct cfg_pos pos;
	char *text;              /* STRING and NUMBER */
	struct cfg_value *items; /* LIST: count of them */
	size_t count;
};

struct cfg_setting {
	char *key;
	struct cfg_pos pos; /* of the key */
	struct cfg_value value;
};

struct cfg {
	struct cfg_source *sources;
	struct cfg_setting *settings; /* one per key, in the order of their first appearance */
	size_t count;
};

void cfg_init(struct cfg *cfg);
void cfg_free(struct cfg *cfg);

/*
 * Adds the settings of text (length bytes, copied) to cfg; name is what messages call it. A text
 * with is_file must end its last line. False after the first error, which has been reported; cfg
 * then still has to be freed.
 */
bool cfg_parse(struct cfg *cfg, const char *name, const char *text, size_t length, bool is_file);
/* The same with a whole file, "-" for standard input. */
bool cfg_parse_file(struct cfg *cfg, const char *path);

const struct cfg_setting *cfg_find(const struct cfg *cfg, const char *key);

/* Deepest nesting of lists that is accepted. */
#define CFG_MAX_DEPTH 32
/* Largest configuration file, bytes. */
#define CFG_MAX_FILE  (1024 * 1024)

#endif
