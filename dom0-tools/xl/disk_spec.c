/* SPDX-License-Identifier: MIT */
/*
 * Parser for disk specifications; see disk_spec.h.
 *
 * A specification is split at commas. A part with '=' sets a named parameter, a known flag is taken
 * as such, anything else fills the next positional parameter that has no value yet: target, format,
 * vdev, access. target= takes the rest of the text, commas and all.
 */
#include "dom0-tools/xl/disk_spec.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dom0-tools/xl/nearest.h"
#include "dom0-tools/xl/units.h"

/* The positional parameters, in their order; each is a bit in the parser's sets. */
enum { TARGET = 1, FORMAT = 2, VDEV = 4, ACCESS = 8 };

struct disk_parser {
	struct disk_spec *disk;
	char *error;
	unsigned int taken; /* parameters that no further positional part goes to */
	unsigned int given; /* parameters with a value */
};

static bool fail(struct disk_parser *parser, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool fail(struct disk_parser *parser, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(parser->error, SPEC_ERROR_MAX, fmt, args);
	va_end(args);
	return false;
}

static bool copy(struct disk_parser *parser, char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	return *to ? true : fail(parser, "out of memory");
}

static const struct {
	const char *name;
	enum disk_format format;
} formats[] = {
	{ "raw", DISK_FORMAT_RAW }, { "qcow", DISK_FORMAT_QCOW },   { "vhd", DISK_FORMAT_VHD },
	{ "qed", DISK_FORMAT_QED }, { "qcow2", DISK_FORMAT_QCOW2 },
};

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool set_format(struct disk_parser *parser, const char *value)
{
	uint32_t devid;
	size_t i;

	for (i = 0; i < ARRAY_COUNT(formats); i++) {
		if (strcmp(value, formats[i].name) == 0)
			break;
	}
	if (i == ARRAY_COUNT(formats) && disk_vdev_number(value, &devid))
		return fail(parser,
			    "\"%s\" stands where the format is expected; write target,raw,%s",
			    value, value);
	if (i == ARRAY_COUNT(formats))
		return fail(parser,
			    "unknown disk format \"%s\"; known are raw, qcow, qcow2, vhd and qed",
			    value);
	parser->disk->format = formats[i].format;
	return true;
}

/* "xvda", or the old "hdc:cdrom". */
static bool set_vdev(struct disk_parser *parser, const char *value)
{
	const char *colon = strrchr(value, ':');

	if (!copy(parser, &parser->disk->vdev, value))
		return false;
	if (!colon)
		return true;
	parser->disk->vdev[colon - value] = '\0';
	if (strcmp(colon + 1, "cdrom") == 0)
		parser->disk->cdrom = true;
	else if (strcmp(colon + 1, "disk") != 0)
		return fail(parser, "unknown device type \"%s\" after %s; known is cdrom",
			    colon + 1, parser->disk->vdev);
	return true;
}

static bool set_access(struct disk_parser *parser, const char *value)
{
	static const char *const readonly[] = { "r", "ro" };
	static const char *const writable[] = { "w", "rw" };
	static const char *const shared[] = { "w!", "rw!", "!" };
	struct disk_spec *disk = parser->disk;
	size_t i;

	for (i = 0; i < ARRAY_COUNT(readonly); i++) {
		if (strcmp(value, readonly[i]) == 0) {
			disk->readonly = true;
			return true;
		}
		if (strcmp(value, writable[i]) == 0)
			return true;
	}
	for (i = 0; i < ARRAY_COUNT(shared); i++) {
		if (strcmp(value, shared[i]) == 0) {
			disk->shareable = true;
			return true;
		}
	}
	return fail(parser, "unknown access \"%s\"; known are r, ro, w, rw and w!", value);
}

static bool set_target(struct disk_parser *parser, const char *value)
{
	return copy(parser, &parser->disk->target, value);
}

static bool set_devtype(struct disk_parser *parser, const char *value)
{
	if (strcmp(value, "cdrom") == 0)
		parser->disk->cdrom = true;
	else if (strcmp(value, "disk") != 0)
		return fail(parser, "unknown devtype \"%s\"; known is cdrom", value);
	return true;
}

static bool set_backend(struct disk_parser *parser, const char *value)
{
	return copy(parser, &parser->disk->backend, value);
}

/* All raw and phy storage is served by one backend here; the old names choose nothing. */
static bool set_backendtype(struct disk_parser *parser, const char *value)
{
	static const char *const known[] = { "phy", "tap", "qdisk", "file" };
	size_t i;

	for (i = 0; i < ARRAY_COUNT(known); i++) {
		if (strcmp(value, known[i]) == 0)
			return true;
	}
	if (strcmp(value, "standalone") == 0)
		return fail(parser, "backendtype=standalone is for virtio disks, which PV guests "
				    "do not have; leave it out");
	return fail(parser,
		    "unknown backendtype \"%s\"; leave it out, the backend is chosen for "
		    "you",
		    value);
}

static bool set_specification(struct disk_parser *parser, const char *value)
{
	if (strcmp(value, "xen") == 0)
		return true;
	return fail(parser, "specification=%s is not for PV guests; leave it out", value);
}

static bool set_script(struct disk_parser *parser, const char *value)
{
	return fail(parser,
		    "block script %s: scripts for disks are not supported; attach the "
		    "storage first and give the block device as target",
		    value);
}

static const struct {
	const char *name;
	bool (*set)(struct disk_parser *parser, const char *value);
	unsigned int positional; /* its bit, 0 when it is named only */
} parameters[] = {
	{ "format", set_format, FORMAT },
	{ "vdev", set_vdev, VDEV },
	{ "access", set_access, ACCESS },
	{ "devtype", set_devtype, 0 },
	{ "backend", set_backend, 0 },
	{ "backendtype", set_backendtype, 0 },
	{ "specification", set_specification, 0 },
	{ "script", set_script, 0 },
	{ "target", set_target, TARGET },
};

static const struct {
	const char *name;
	size_t field; /* offset of the bool in struct disk_spec */
	bool value;
} flags[] = {
	{ "cdrom", offsetof(struct disk_spec, cdrom), true },
	{ "direct-io-safe", offsetof(struct disk_spec, direct_io_safe), true },
	{ "discard", offsetof(struct disk_spec, no_discard), false },
	{ "no-discard", offsetof(struct disk_spec, no_discard), true },
	{ "trusted", offsetof(struct disk_spec, untrusted), false },
	{ "untrusted", offsetof(struct disk_spec, untrusted), true },
};

static const char *parameter_name(size_t i, void *arg)
{
	(void)arg;
	return i < ARRAY_COUNT(parameters) ? parameters[i].name
					   : flags[i - ARRAY_COUNT(parameters)].name;
}

/* An empty value means the default, and takes the parameter's place all the same. */
static bool set_parameter(struct disk_parser *parser, size_t i, const char *value)
{
	unsigned int bit = parameters[i].positional;

	if (parser->given & bit)
		return fail(parser, "%s is given twice", parameters[i].name);
	parser->taken |= bit;
	if (!*value)
		return true;
	parser->given |= bit;
	return parameters[i].set(parser, value);
}

static bool set_named(struct disk_parser *parser, const char *name, const char *value)
{
	const char *nearest;
	size_t i;

	for (i = 0; i < ARRAY_COUNT(parameters); i++) {
		if (strcmp(name, parameters[i].name) != 0)
			continue;
		return set_parameter(parser, i, value);
	}
	nearest = nearest_word(name, ARRAY_COUNT(parameters) + ARRAY_COUNT(flags), parameter_name,
			       NULL);
	return fail(parser, "unknown disk parameter \"%s\"%s%s%s", name,
		    nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		    nearest ? "\"?" : "");
}

static bool set_flag(struct disk_parser *parser, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_COUNT(flags); i++) {
		if (strcmp(name, flags[i].name) == 0) {
			*(bool *)((char *)parser->disk + flags[i].field) = flags[i].value;
			return true;
		}
	}
	return false;
}

/* Strips xend's prefixes off a positional target: phy:, file:, tap:aio:qcow2: and so on. */
static bool strip_prefixes(struct disk_parser *parser, const char **value)
{
	static const char *const ignored[] = { "tapdisk", "tap2", "tap", "aio",
					       "ioemu",   "file", "phy" };
	static const char *const scripts[] = { "iscsi", "nbd", "enbd", "drbd" };
	char prefix[16];
	size_t i, n;

	for (;;) {
		n = strspn(*value, "abcdefghijklmnopqrstuvwxyz0123456789");
		if (n == 0 || n >= sizeof(prefix) || (*value)[n] != ':')
			return true;
		memcpy(prefix, *value, n);
		prefix[n] = '\0';
		for (i = 0; i < ARRAY_COUNT(scripts); i++) {
			if (strcmp(prefix, scripts[i]) == 0)
				return set_script(parser, prefix);
		}
		for (i = 0; i < ARRAY_COUNT(ignored); i++) {
			if (strcmp(prefix, ignored[i]) == 0)
				break;
		}
		if (i == ARRAY_COUNT(ignored)) {
			if ((parser->given & FORMAT) || !set_format(parser, prefix))
				return fail(parser,
					    "unknown prefix \"%s:\"; a target with a colon is "
					    "given as target=%s at the end",
					    prefix, *value);
			parser->given |= FORMAT;
		}
		/* The old syntax has no positional format. */
		parser->taken |= FORMAT;
		*value += n + 1;
	}
}

static bool set_positional(struct disk_parser *parser, const char *value)
{
	/* In the order of the bits. */
	static const char *const names[] = { "target", "format", "vdev", "access" };
	size_t next = 0, i;

	while (next < ARRAY_COUNT(names) && (parser->taken & (1u << next)))
		next++;
	if (next == ARRAY_COUNT(names)) {
		if (!*value)
			return true;
		return fail(parser,
			    "too many parts: \"%s\" is left over after target, format, vdev and "
			    "access",
			    value);
	}
	if (1u << next == TARGET && !strip_prefixes(parser, &value))
		return false;
	/* ",hdc:cdrom,r" is xend's empty drive; it has no format either. */
	if (1u << next == FORMAT && strchr(value, ':')) {
		parser->taken |= FORMAT;
		next++;
	}
	for (i = 0; strcmp(parameters[i].name, names[next]) != 0;)
		i++;
	return set_parameter(parser, i, value);
}

static bool parse_part(struct disk_parser *parser, char *part)
{
	char *equals = strchr(part, '=');

	if (set_flag(parser, part))
		return true;
	if (!equals)
		return set_positional(parser, part);
	*equals = '\0';
	return set_named(parser, part, equals + 1);
}

static void trim_end(char *text)
{
	size_t n = strlen(text);

	while (n && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
}

/* Splits text (which it overwrites) into parts. */
static bool parse_parts(struct disk_parser *parser, char *text)
{
	static const char target[] = "target=";
	char *comma;

	for (;;) {
		text += strspn(text, " \t\r\n");
		if (strncmp(text, target, sizeof(target) - 1) == 0)
			return set_named(parser, "target", text + sizeof(target) - 1);
		comma = strchr(text, ',');
		if (comma)
			*comma = '\0';
		else if (!*text)
			return true;
		trim_end(text);
		if (!parse_part(parser, text))
			return false;
		if (!comma)
			return true;
		text = comma + 1;
	}
}

/* Defaults and what must hold over the parameters together. */
static bool finish(struct disk_parser *parser)
{
	struct disk_spec *disk = parser->disk;
	char *path;

	if (!(parser->given & VDEV))
		return fail(parser, "no virtual device; add the name that the guest is to see, "
				    "such as vdev=xvda");
	if (!disk_vdev_number(disk->vdev, &disk->devid))
		return fail(parser,
			    "\"%s\" is not a virtual device; use a name such as xvda, "
			    "xvdb1, sda, hda or d0p1",
			    disk->vdev);
	if (disk->cdrom && !(parser->given & ACCESS))
		disk->readonly = true;
	if (disk->cdrom && !disk->readonly)
		return fail(parser, "%s is a cdrom and cannot be writable; use access=ro",
			    disk->vdev);
	if (!disk->target && !disk->cdrom)
		return fail(parser, "%s has no target; add the path of an image or block device",
			    disk->vdev);
	if (disk->target && disk->target[0] != '/') {
		if (asprintf(&path, "/dev/%s", disk->target) < 0)
			return fail(parser, "out of memory");
		free(disk->target);
		disk->target = path;
	}
	return true;
}

bool disk_spec_parse(const char *text, struct disk_spec *disk, char error[SPEC_ERROR_MAX])
{
	struct disk_parser parser = { .disk = disk, .error = error };
	char *parts = strdup(text);
	bool ok;

	*disk = (struct disk_spec){ 0 };
	snprintf(error, SPEC_ERROR_MAX, "out of memory");
	ok = parts && parse_parts(&parser, parts) && finish(&parser);
	free(parts);
	if (!ok)
		disk_spec_free(disk);
	return ok;
}

void disk_spec_free(struct disk_spec *disk)
{
	free(disk->target);
	free(disk->vdev);
	free(disk->backend);
	*disk = (struct disk_spec){ 0 };
}

char *disk_spec_format(const struct disk_spec *disk)
{
	const char *format = "raw", *access = disk->readonly ? "ro" : "rw";
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_COUNT(formats); i++) {
		if (formats[i].format == disk->format) {
			format = formats[i].name;
			break;
		}
	}
	if (disk->shareable)
		access = "rw!";
	if (asprintf(&text, "format=%s,vdev=%s,access=%s%s%s%s%s%s%s,target=%s", format, disk->vdev,
		     access, disk->cdrom ? ",devtype=cdrom" : "",
		     disk->direct_io_safe ? ",direct-io-safe" : "",
		     disk->no_discard ? ",no-discard" : "", disk->untrusted ? ",untrusted" : "",
		     disk->backend ? ",backend=" : "", disk->backend ? disk->backend : "",
		     disk->target ? disk->target : "") < 0)
		return NULL;
	return text;
}

/* "a" to "z", "aa" on, as disk numbers from 0; moves past the letters. */
static bool take_disk_letters(const char **text, uint32_t *disk)
{
	uint32_t number = 0;
	const char *at = *text;

	for (; *at >= 'a' && *at <= 'z'; at++) {
		if (number > (1u << 20))
			return false;
		number = number * 26 + (uint32_t)(*at - 'a') + 1;
	}
	if (at == *text)
		return false;
	*disk = number - 1;
	*text = at;
	return true;
}

/* A decimal number without a leading zero, bounded; moves past it. */
static bool take_index(const char **text, uint32_t max, uint32_t *value)
{
	uint32_t number = 0;
	const char *at = *text;

	if (!isdigit((unsigned char)*at) || (at[0] == '0' && isdigit((unsigned char)at[1])))
		return false;
	for (; isdigit((unsigned char)*at); at++) {
		number = number * 10 + (uint32_t)(*at - '0');
		if (number > max)
			return false;
	}
	*text = at;
	*value = number;
	return true;
}

#define XVD_EXTENDED      (1u << 28)
#define XVD_MAX_DISK      ((1u << 20) - 1)
#define XVD_MAX_PARTITION 255

static bool xvd_number(uint32_t disk, uint32_t partition, uint32_t *devid)
{
	if (disk > XVD_MAX_DISK || partition > XVD_MAX_PARTITION)
		return false;
	if (disk < 16 && partition < 16)
		*devid = 202 << 8 | disk << 4 | partition;
	else
		*devid = XVD_EXTENDED | disk << 8 | partition;
	return true;
}

/* The letters and partition of sdX, hdX and xvdX. */
static bool named_number(const char *kind, uint32_t disk, uint32_t partition, uint32_t *devid)
{
	if (strcmp(kind, "xvd") == 0)
		return xvd_number(disk, partition, devid);
	if (strcmp(kind, "sd") == 0) {
		*devid = 8 << 8 | disk << 4 | partition;
		return disk < 16 && partition < 16;
	}
	*devid = disk < 2 ? 3 << 8 | disk << 6 | partition : 22 << 8 | (disk - 2) << 6 | partition;
	return disk < 4 && partition < 64;
}

bool disk_vdev_number(const char *vdev, uint32_t *devid)
{
	static const char *const kinds[] = { "xvd", "sd", "hd" };
	uint32_t disk, partition = 0;
	int64_t number;
	size_t i;

	if (parse_integer(vdev, &number)) {
		*devid = (uint32_t)number;
		return number >= 0 && number < 2 * (int64_t)XVD_EXTENDED;
	}
	for (i = 0; i < ARRAY_COUNT(kinds); i++) {
		const char *at = vdev + strlen(kinds[i]);

		if (strncmp(vdev, kinds[i], strlen(kinds[i])) != 0)
			continue;
		if (!take_disk_letters(&at, &disk))
			return false;
		if (*at && (!take_index(&at, XVD_MAX_PARTITION, &partition) || partition == 0))
			return false;
		return *at == '\0' && named_number(kinds[i], disk, partition, devid);
	}
	if (*vdev != 'd')
		return false;
	vdev++;
	if (!take_index(&vdev, XVD_MAX_DISK, &disk))
		return false;
	if (*vdev == 'p') {
		vdev++;
		if (!take_index(&vdev, XVD_MAX_PARTITION, &partition))
			return false;
	}
	return *vdev == '\0' && xvd_number(disk, partition, devid);
}
