/* SPDX-License-Identifier: MIT */
/* Bounded formatting: integers, strings, characters, pointers, and %pS for symbols. */
#include "core/panic.h"
#include "lib/string.h"

struct out {
	char *buf;
	size_t size, len;
};

struct spec {
	bool left, zero, plus, alt, is_signed, upper;
	int width, precision; /* precision -1: none */
	unsigned int base;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_string(struct out *o, const char *s, const struct spec *sp)
{
	size_t max = sp->precision < 0 ? SIZE_MAX : (size_t)sp->precision;
	int len = (int)strnlen(s, max);

	if (!sp->left)
		pad(o, ' ', sp->width - len);
	for (int i = 0; i < len; i++)
		put(o, s[i]);
	if (sp->left)
		pad(o, ' ', sp->width - len);
}

static void put_number(struct out *o, unsigned long long v, const struct spec *sp)
{
	const char *digits = sp->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char tmp[24], sign = 0;
	int n = 0, zeros, len;

	if (sp->is_signed && (long long)v < 0) {
		sign = '-';
		v = -v;
	} else if (sp->plus) {
		sign = '+';
	}
	do
		tmp[n++] = digits[v % sp->base];
	while ((v /= sp->base) != 0);

	zeros = sp->precision > n ? sp->precision - n : 0;
	len = n + zeros + (sign != 0) + (sp->alt && sp->base == 16 ? 2 : 0);
	if (sp->zero && !sp->left && sp->precision < 0 && sp->width > len) {
		zeros += sp->width - len;
		len = sp->width;
	}
	if (!sp->left)
		pad(o, ' ', sp->width - len);
	if (sign)
		put(o, sign);
	if (sp->alt && sp->base == 16) {
		put(o, '0');
		put(o, 'x');
	}
	pad(o, '0', zeros);
	while (n > 0)
		put(o, tmp[--n]);
	if (sp->left)
		pad(o, ' ', sp->width - len);
}

static void put_symbol(struct out *o, uint64_t addr)
{
	struct spec hex = { .base = 16, .alt = true, .precision = -1 };
	struct spec str = { .precision = -1 };
	uint64_t offset;
	const char *name = symbol_lookup(addr, &offset);

	put_number(o, addr, &hex);
	if (!name)
		return;
	put(o, ' ');
	put_string(o, name, &str);
	put(o, '+');
	put_number(o, offset, &hex);
}

static const char *parse_flags(const char *f, struct spec *sp)
{
	for (;; f++) {
		if (*f == '-')
			sp->left = true;
		else if (*f == '0')
			sp->zero = true;
		else if (*f == '+')
			sp->plus = true;
		else if (*f == '#')
			sp->alt = true;
		else
			return f;
	}
}

static unsigned long long fetch(va_list *args, int size, bool is_signed)
{
	if (size >= 1)
		return va_arg(*args, unsigned long long);
	if (is_signed)
		return (unsigned long long)(long long)va_arg(*args, int);
	return va_arg(*args, unsigned int);
}

static const char *number_arg(const char *f, int *value, va_list *args)
{
	if (*f == '*') {
		*value = va_arg(*args, int);
		return f + 1;
	}
	for (*value = 0; *f >= '0' && *f <= '9'; f++)
		*value = *value * 10 + (*f - '0');
	return f;
}

static const char *convert(struct out *o, const char *f, va_list *args)
{
	struct spec sp = { .base = 10, .precision = -1 };
	int size = 0;

	f = number_arg(parse_flags(f, &sp), &sp.width, args);
	if (*f == '.')
		f = number_arg(f + 1, &sp.precision, args);
	for (; *f == 'l' || *f == 'z' || *f == 'h' || *f == 'j'; f++)
		size += *f == 'h' ? -1 : 1;

	switch (*f) {
	case 'd':
	case 'i':
		sp.is_signed = true;
		put_number(o, fetch(args, size, true), &sp);
		break;
	case 'u':
		put_number(o, fetch(args, size, false), &sp);
		break;
	case 'X':
		sp.upper = true;
		/* fall through */
	case 'x':
		sp.base = 16;
		put_number(o, fetch(args, size, false), &sp);
		break;
	case 'o':
		sp.base = 8;
		put_number(o, fetch(args, size, false), &sp);
		break;
	case 'c':
		put(o, (char)va_arg(*args, int));
		break;
	case 's': {
		const char *s = va_arg(*args, const char *);

		put_string(o, s ? s : "(null)", &sp);
		break;
	}
	case 'p':
		if (f[1] == 'S') {
			put_symbol(o, (uint64_t)va_arg(*args, void *));
			return f + 2;
		}
		sp.base = 16;
		sp.alt = true;
		put_number(o, (uint64_t)va_arg(*args, void *), &sp);
		break;
	case '%':
		put(o, '%');
		break;
	default: /* unknown: shown as written */
		put(o, '%');
		return f;
	}
	return f + 1;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { .buf = buf, .size = size };
	va_list copy;

	va_copy(copy, args);
	while (*fmt) {
		if (*fmt == '%')
			fmt = convert(&o, fmt + 1, &copy);
		else
			put(&o, *fmt++);
	}
	va_end(copy);
	if (size > 0)
		buf[min(o.len, size - 1)] = 0;
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}
