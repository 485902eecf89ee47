/* SPDX-License-Identifier: MIT */
/*
 * Recursive descent over the tokens of cfg_lex.h; see cfg_parse.h for the grammar. Recursion is
 * bounded by CFG_MAX_DEPTH. Each function that fails has reported why and leaves what it was
 * given in a state that can be freed.
 */
#include "dom0-tools/xl/cfg_parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/report.h"

struct parser {
	struct cfg_lexer lexer;
	struct cfg_token token; /* the one looked at */
};

static void advance(struct parser *parser)
{
	free(parser->token.text);
	parser->token = cfg_lex(&parser->lexer);
}

static void value_free(struct cfg_value *value)
{
	size_t i;

	free(value->text);
	for (i = 0; i < value->count; i++)
		value_free(&value->items[i]);
	free(value->items);
	*value = (struct cfg_value){ 0 };
}

void cfg_init(struct cfg *cfg)
{
	*cfg = (struct cfg){ 0 };
}

void cfg_free(struct cfg *cfg)
{
	size_t i;

	for (i = 0; i < cfg->count; i++) {
		free(cfg->settings[i].key);
		value_free(&cfg->settings[i].value);
	}
	free(cfg->settings);
	while (cfg->sources) {
		struct cfg_source *source = cfg->sources;

		cfg->sources = source->next;
		free(source->name);
		free(source->text);
		free(source);
	}
	cfg_init(cfg);
}

static bool parse_value(struct parser *parser, struct cfg_value *value, unsigned int depth);

/* One value of a list, appended to it. */
static bool parse_item(struct parser *parser, struct cfg_value *list, unsigned int depth)
{
	struct cfg_value *items;

	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items) {
		cfg_error(&parser->token.pos, "out of memory");
		return false;
	}
	list->items = items;
	items[list->count] = (struct cfg_value){ 0 };
	if (!parse_value(parser, &items[list->count], depth)) {
		value_free(&list->items[list->count]);
		return false;
	}
	list->count++;
	return true;
}

static void skip_stops(struct parser *parser)
{
	while (parser->token.kind == CFG_TOKEN_STOP)
		advance(parser);
}

static bool unfinished_list(struct parser *parser, const struct cfg_value *list)
{
	char opened[256];

	cfg_pos_name(&list->pos, opened, sizeof(opened));
	cfg_error(&parser->token.pos,
		  "the file ends inside the list that was opened at %s; it may be truncated, "
		  "or a ] is missing",
		  opened);
	return false;
}

/* After the opening bracket; eats the closing one. */
static bool parse_list(struct parser *parser, struct cfg_value *list, unsigned int depth)
{
	list->kind = CFG_LIST;
	if (depth > CFG_MAX_DEPTH) {
		cfg_error(&list->pos, "lists nested more than %d deep", CFG_MAX_DEPTH);
		return false;
	}
	for (;;) {
		skip_stops(parser);
		if (parser->token.kind == CFG_TOKEN_CLOSE)
			break;
		if (parser->token.kind == CFG_TOKEN_END)
			return unfinished_list(parser, list);
		if (!parse_item(parser, list, depth))
			return false;
		skip_stops(parser);
		if (parser->token.kind == CFG_TOKEN_COMMA) {
			advance(parser);
			continue;
		}
		if (parser->token.kind == CFG_TOKEN_CLOSE)
			break;
		if (parser->token.kind == CFG_TOKEN_END)
			return unfinished_list(parser, list);
		if (parser->token.kind != CFG_TOKEN_INVALID)
			cfg_error(&parser->token.pos, "expected a comma or ] in this list");
		return false;
	}
	advance(parser);
	return true;
}

static bool parse_value(struct parser *parser, struct cfg_value *value, unsigned int depth)
{
	value->pos = parser->token.pos;
	switch (parser->token.kind) {
	case CFG_TOKEN_STRING:
	case CFG_TOKEN_NUMBER:
		value->kind = parser->token.kind == CFG_TOKEN_STRING ? CFG_STRING : CFG_NUMBER;
		value->text = parser->token.text;
		parser->token.text = NULL;
		advance(parser);
		return true;
	case CFG_TOKEN_OPEN:
		advance(parser);
		return parse_list(parser, value, depth + 1);
	case CFG_TOKEN_NAME:
		cfg_error(&value->pos,
			  "a value is a string in quotes, a number or a list in []; "
			  "write \"%s\" for a string",
			  parser->token.text);
		return false;
	case CFG_TOKEN_INVALID:
		return false;
	case CFG_TOKEN_END:
		cfg_error(&value->pos, "the file ends where a value is expected; it may be "
				       "truncated");
		return false;
	default:
		cfg_error(&value->pos, "a value is missing here: a string in quotes, a number or "
				       "a list in []");
		return false;
	}
}

/* The index of key's setting, or count. */
static size_t setting_index(const struct cfg *cfg, const char *key)
{
	size_t i;

	for (i = 0; i < cfg->count; i++) {
		if (strcmp(cfg->settings[i].key, key) == 0)
			break;
	}
	return i;
}

const struct cfg_setting *cfg_find(const struct cfg *cfg, const char *key)
{
	size_t i = setting_index(cfg, key);

	return i < cfg->count ? &cfg->settings[i] : NULL;
}

/* key += value: strings are joined, lists concatenated. Takes what it needs out of from. */
static bool append_value(struct cfg_value *to, struct cfg_value *from)
{
	if (to->kind != from->kind || to->kind == CFG_NUMBER) {
		cfg_error(&from->pos, "+= adds a list to a list or a string to a string");
		return false;
	}
	if (to->kind == CFG_STRING) {
		char *joined;

		if (asprintf(&joined, "%s%s", to->text, from->text) < 0) {
			cfg_error(&from->pos, "out of memory");
			return false;
		}
		free(to->text);
		to->text = joined;
	} else {
		size_t total = to->count + from->count;
		struct cfg_value *items = reallocarray(to->items, total + 1, sizeof(*items));

		if (!items) {
			cfg_error(&from->pos, "out of memory");
			return false;
		}
		if (from->count)
			memcpy(items + to->count, from->items, from->count * sizeof(*items));
		to->items = items;
		to->count = total;
		from->count = 0;
	}
	value_free(from);
	return true;
}

static bool add_setting(struct cfg *cfg, struct cfg_setting *setting)
{
	struct cfg_setting *settings;

	settings = reallocarray(cfg->settings, cfg->count + 1, sizeof(*settings));
	if (!settings) {
		cfg_error(&setting->pos, "out of memory");
		return false;
	}
	settings[cfg->count] = *setting;
	cfg->settings = settings;
	cfg->count++;
	return true;
}

/* Puts a parsed setting into cfg; on failure the caller frees it. */
static bool store_setting(struct cfg *cfg, struct cfg_setting *setting, bool append)
{
	size_t i = setting_index(cfg, setting->key);
	struct cfg_setting *old;
	char where[256];

	if (i == cfg->count)
		return add_setting(cfg, setting);
	old = &cfg->settings[i];
	if (append) {
		if (!append_value(&old->value, &setting->value))
			return false;
		free(setting->key);
		return true;
	}
	if (old->pos.source == setting->pos.source) {
		cfg_pos_name(&old->pos, where, sizeof(where));
		report_note("%s: %s is set again later; the last one counts", where, setting->key);
	}
	free(old->key);
	value_free(&old->value);
	*old = *setting;
	return true;
}

static bool parse_setting(struct parser *parser, struct cfg *cfg)
{
	struct cfg_setting setting = { .pos = parser->token.pos };
	bool append;

	if (parser->token.kind != CFG_TOKEN_NAME) {
		if (parser->token.kind != CFG_TOKEN_INVALID)
			cfg_error(&parser->token.pos, "expected a setting: key = value");
		return false;
	}
	setting.key = parser->token.text;
	parser->token.text = NULL;
	advance(parser);
	append = parser->token.kind == CFG_TOKEN_APPEND;
	if (!append && parser->token.kind != CFG_TOKEN_ASSIGN) {
		if (parser->token.kind != CFG_TOKEN_INVALID)
			cfg_error(&parser->token.pos, "expected = after \"%s\"%s", setting.key,
				  parser->token.kind == CFG_TOKEN_END
					  ? "; the file may be truncated"
					  : "");
		goto fail;
	}
	advance(parser);
	if (!parse_value(parser, &setting.value, 0))
		goto fail;
	if (parser->token.kind != CFG_TOKEN_STOP && parser->token.kind != CFG_TOKEN_END) {
		if (parser->token.kind != CFG_TOKEN_INVALID)
			cfg_error(&parser->token.pos,
				  "expected the end of the line after the "
				  "value of \"%s\"; separate settings by a "
				  "newline or ;",
				  setting.key);
		goto fail;
	}
	if (store_setting(cfg, &setting, append))
		return true;
fail:
	free(setting.key);
	value_free(&setting.value);
	return false;
}

static struct cfg_source *add_source(struct cfg *cfg, const char *name, const char *text,
				     size_t length)
{
	struct cfg_source *source = calloc(1, sizeof(*source));

	if (!source)
		goto fail;
	source->name = strdup(name);
	source->text = malloc(length + 1);
	if (!source->name || !source->text)
		goto fail;
	memcpy(source->text, text, length);
	source->text[length] = '\0';
	source->length = length;
	source->next = cfg->sources;
	cfg->sources = source;
	return source;
fail:
	if (source) {
		free(source->name);
		free(source->text);
		free(source);
	}
	report_error("%s: out of memory", name);
	return NULL;
}

bool cfg_parse(struct cfg *cfg, const char *name, const char *text, size_t length, bool is_file)
{
	struct parser parser = { 0 };
	bool ok = true;

	parser.lexer.source = add_source(cfg, name, text, length);
	if (!parser.lexer.source)
		return false;
	advance(&parser);
	while (ok) {
		skip_stops(&parser);
		if (parser.token.kind == CFG_TOKEN_END)
			break;
		ok = parse_setting(&parser, cfg);
		if (ok && is_file && parser.token.kind == CFG_TOKEN_END &&
		    text[length - 1] != '\n') {
			cfg_error(&parser.token.pos, "the last line has no end; the file may be "
						     "truncated: complete it, or add a newline");
			ok = false;
		}
	}
	free(parser.token.text);
	return ok;
}

bool cfg_parse_file(struct cfg *cfg, const char *path)
{
	const char *name = strcmp(path, "-") == 0 ? "<stdin>" : path;
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = NULL;
	size_t length;
	bool ok = false;

	if (!file) {
		report_error("cannot open configuration file %s: %s", path, strerror(errno));
		return false;
	}
	text = malloc(CFG_MAX_FILE + 1);
	if (!text) {
		report_error("%s: out of memory", name);
		goto out;
	}
	length = fread(text, 1, CFG_MAX_FILE + 1, file);
	if (ferror(file))
		report_error("cannot read configuration file %s: %s", name, strerror(errno));
	else if (length > CFG_MAX_FILE)
		report_error("configuration file %s is larger than %d KiB; is it the right file?",
			     name, CFG_MAX_FILE / 1024);
	else
		ok = cfg_parse(cfg, name, text, length, true);
out:
	free(text);
	if (file != stdin)
		fclose(file);
	return ok;
}
