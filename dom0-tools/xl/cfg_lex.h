/* SPDX-License-Identifier: MIT */
/*
 * Words of an xl.cfg(5) file: names, strings in either quote, numbers, punctuation, ends of
 * statements. The lexer reports its own errors, with file, line, column and the line itself.
 */
#ifndef DOM0_XL_CFG_LEX_H
#define DOM0_XL_CFG_LEX_H

#include <stddef.h>

/* One text that settings come from: a file, or the key=value words of a command line. */
struct cfg_source {
	char *name; /* as shown in messages */
	char *text; /* length bytes and a terminating NUL */
	size_t length;
	struct cfg_source *next;
};

/* A place in a source; line and column are worked out only when a message needs them. */
struct cfg_pos {
	const struct cfg_source *source;
	size_t offset;
};

enum cfg_token_kind {
	CFG_TOKEN_END,     /* end of the text */
	CFG_TOKEN_STOP,    /* newline or ';' */
	CFG_TOKEN_NAME,    /* text is the name */
	CFG_TOKEN_STRING,  /* text is the string without quotes and escapes */
	CFG_TOKEN_NUMBER,  /* text is the number as written */
	CFG_TOKEN_ASSIGN,  /* = */
	CFG_TOKEN_APPEND,  /* += */
	CFG_TOKEN_OPEN,    /* [ */
	CFG_TOKEN_CLOSE,   /* ] */
	CFG_TOKEN_COMMA,   /* , */
	CFG_TOKEN_INVALID, /* already reported */
};

struct cfg_token {
	enum cfg_token_kind kind;
	struct cfg_pos pos;
	char *text; /* malloc'ed for NAME, STRING and NUMBER, else NULL; the caller frees it */
};

struct cfg_lexer {
	const struct cfg_source *source;
	size_t at; /* offset of the next byte */
};

/* The next token. After END or INVALID there is nothing more to ask for. */
struct cfg_token cfg_lex(struct cfg_lexer *lexer);

/* Reports an error at pos: "file:line:column: message", the line, and a mark below the column. */
void cfg_error(const struct cfg_pos *pos, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "file:line" of pos, for messages that name a second place. */
void cfg_pos_name(const struct cfg_pos *pos, char *buffer, size_t size);

#endif
