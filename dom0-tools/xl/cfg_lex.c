/* SPDX-License-Identifier: MIT */
/*
 * The lexer for xl.cfg(5); see cfg_lex.h. Never reads beyond source->length, whatever the bytes
 * are: configuration files may be truncated, binary, or of any size.
 */
#include "dom0-tools/xl/cfg_lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/report.h"

/* The part of a long line that a message shows: this much before the column, and in all. */
#define SHOWN_BEFORE 60
#define SHOWN_TOTAL  100

static void line_and_column(const struct cfg_pos *pos, size_t *line, size_t *column, size_t *start)
{
	size_t i;

	*line = 1;
	*start = 0;
	for (i = 0; i < pos->offset && i < pos->source->length; i++) {
		if (pos->source->text[i] == '\n') {
			(*line)++;
			*start = i + 1;
		}
	}
	*column = pos->offset - *start + 1;
}

void cfg_pos_name(const struct cfg_pos *pos, char *buffer, size_t size)
{
	size_t line, column, start;

	line_and_column(pos, &line, &column, &start);
	snprintf(buffer, size, "%s:%zu", pos->source->name, line);
}

/* Fills shown with the line around the column, control characters as '?', tabs as spaces. */
static void copy_line(const struct cfg_pos *pos, size_t start, char shown[SHOWN_TOTAL + 1],
		      size_t *mark)
{
	const struct cfg_source *source = pos->source;
	size_t from = start, n = 0;

	if (pos->offset > start + SHOWN_BEFORE)
		from = pos->offset - SHOWN_BEFORE;
	while (n < SHOWN_TOTAL && from + n < source->length && source->text[from + n] != '\n') {
		unsigned char c = (unsigned char)source->text[from + n];

		if (c == '\t' || c == '\r')
			c = ' ';
		shown[n++] = (c < ' ' || c == 0x7f) ? '?' : (char)c;
	}
	shown[n] = '\0';
	*mark = pos->offset - from;
}

void cfg_error(const struct cfg_pos *pos, const char *fmt, ...)
{
	size_t line, column, start, mark;
	char shown[SHOWN_TOTAL + 1];
	char message[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	line_and_column(pos, &line, &column, &start);
	copy_line(pos, start, shown, &mark);
	report_error("%s:%zu:%zu: %s\n    %s\n    %*s^", pos->source->name, line, column, message,
		     shown, (int)mark, "");
}

static int peek(const struct cfg_lexer *lexer)
{
	if (lexer->at >= lexer->source->length)
		return EOF;
	return (unsigned char)lexer->source->text[lexer->at];
}

/* Spaces, carriage returns and comments. */
static void skip_blank(struct cfg_lexer *lexer)
{
	for (;;) {
		int c = peek(lexer);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
			lexer->at++;
		} else if (c == '#') {
			while (peek(lexer) != EOF && peek(lexer) != '\n')
				lexer->at++;
		} else {
			return;
		}
	}
}

static char *copy_text(const struct cfg_source *source, size_t from, size_t to)
{
	char *text = malloc(to - from + 1);

	if (!text)
		return NULL;
	memcpy(text, source->text + from, to - from);
	text[to - from] = '\0';
	return text;
}

static struct cfg_token invalid(struct cfg_token token)
{
	free(token.text);
	token.text = NULL;
	token.kind = CFG_TOKEN_INVALID;
	return token;
}

static struct cfg_token out_of_memory(struct cfg_token token)
{
	cfg_error(&token.pos, "out of memory");
	return invalid(token);
}

/* Up to max digits of the base at the lexer; -1 when there is none. */
static int lex_code(struct cfg_lexer *lexer, int base, int max)
{
	int value = 0, digits = 0;

	while (digits < max) {
		int c = peek(lexer);
		int digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c != EOF && isxdigit(c))
			digit = tolower(c) - 'a' + 10;
		else
			break;
		if (digit >= base)
			break;
		value = value * base + digit;
		lexer->at++;
		digits++;
	}
	return digits ? value : -1;
}

/* The character that an escape after a backslash stands for, or -1. */
static int lex_escape(struct cfg_lexer *lexer)
{
	static const char letters[] = "abfnrtv\\'\"";
	static const char meanings[] = "\a\b\f\n\r\t\v\\'\"";
	const char *found;
	int c = peek(lexer);
	int code;

	if (c == EOF || c == '\0')
		return -1;
	found = strchr(letters, c);
	if (found) {
		lexer->at++;
		return (unsigned char)meanings[found - letters];
	}
	if (c == 'x') {
		lexer->at++;
		code = lex_code(lexer, 16, 2);
	} else {
		code = lex_code(lexer, 8, 3);
	}
	return code > 0 && code <= 255 ? code : -1;
}

static struct cfg_token lex_string(struct cfg_lexer *lexer, struct cfg_token token)
{
	int quote = peek(lexer);
	size_t n = 0;

	/* The text can only get shorter than what is left of the source. */
	token.text = malloc(lexer->source->length - lexer->at + 1);
	if (!token.text)
		return out_of_memory(token);
	lexer->at++;
	for (;;) {
		struct cfg_pos here = { lexer->source, lexer->at };
		int c = peek(lexer);

		if (c == EOF || c == '\n') {
			cfg_error(&token.pos,
				  "this string has no closing %c before the end of the %s%s", quote,
				  c == EOF ? "file" : "line",
				  c == EOF ? "; the file may be truncated" : "");
			return invalid(token);
		}
		lexer->at++;
		if (c == quote)
			break;
		if (c == '\\') {
			c = lex_escape(lexer);
			if (c < 0) {
				cfg_error(&here, "unknown escape after a backslash; write \\\\ for "
						 "the backslash itself");
				return invalid(token);
			}
		} else if (c == '\0') {
			cfg_error(&here, "a zero byte inside a string; is this a text file?");
			return invalid(token);
		}
		token.text[n++] = (char)c;
	}
	token.text[n] = '\0';
	token.kind = CFG_TOKEN_STRING;
	return token;
}

/* Decimal, 0octal or 0xhex, a sign before, one size letter after (see units.h). */
static int number_is_valid(const char *text)
{
	char *end;

	if (*text == '+' || *text == '-')
		text++;
	(void)strtoull(text, &end, 0);
	if (end == text)
		return 0;
	if (*end && strchr("bkmgtBKMGT", *end))
		end++;
	return *end == '\0';
}

static struct cfg_token lex_word(struct cfg_lexer *lexer, struct cfg_token token)
{
	size_t from = lexer->at;
	int first = peek(lexer);

	lexer->at++;
	while (peek(lexer) != EOF && (isalnum(peek(lexer)) || peek(lexer) == '_'))
		lexer->at++;
	token.text = copy_text(lexer->source, from, lexer->at);
	if (!token.text)
		return out_of_memory(token);
	if (isalpha(first) || first == '_') {
		token.kind = CFG_TOKEN_NAME;
		return token;
	}
	if (!number_is_valid(token.text)) {
		cfg_error(&token.pos, "\"%s\" is not a number; strings need quotes", token.text);
		return invalid(token);
	}
	token.kind = CFG_TOKEN_NUMBER;
	return token;
}

static enum cfg_token_kind punctuation(int c)
{
	switch (c) {
	case '\n':
	case ';':
		return CFG_TOKEN_STOP;
	case '=':
		return CFG_TOKEN_ASSIGN;
	case '[':
		return CFG_TOKEN_OPEN;
	case ']':
		return CFG_TOKEN_CLOSE;
	case ',':
		return CFG_TOKEN_COMMA;
	default:
		return CFG_TOKEN_INVALID;
	}
}

struct cfg_token cfg_lex(struct cfg_lexer *lexer)
{
	struct cfg_token token = { .kind = CFG_TOKEN_INVALID };
	int c, next;

	skip_blank(lexer);
	token.pos.source = lexer->source;
	token.pos.offset = lexer->at;
	c = peek(lexer);
	if (c == EOF) {
		token.kind = CFG_TOKEN_END;
		return token;
	}
	token.kind = punctuation(c);
	if (token.kind != CFG_TOKEN_INVALID) {
		lexer->at++;
		return token;
	}
	next = lexer->at + 1 < lexer->source->length
		       ? (unsigned char)lexer->source->text[lexer->at + 1]
		       : EOF;
	if (c == '+' && next == '=') {
		lexer->at += 2;
		token.kind = CFG_TOKEN_APPEND;
		return token;
	}
	if (c == '"' || c == '\'')
		return lex_string(lexer, token);
	if (isalnum(c) || c == '_' || ((c == '-' || c == '+') && isdigit(next)))
		return lex_word(lexer, token);
	if (isprint(c))
		cfg_error(&token.pos, "unexpected character '%c'; strings need quotes", c);
	else
		cfg_error(&token.pos, "unexpected byte 0x%02x; is this a text file?", c);
	return token;
}
