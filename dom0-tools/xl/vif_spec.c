/* SPDX-License-Identifier: MIT */
/*
 * Parser for network interface specifications; see vif_spec.h. Parts are key=value, separated by
 * commas; each key may stand once.
 */
#include "dom0-tools/xl/vif_spec.h"

#include <ctype.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dom0-tools/xl/nearest.h"
#include "dom0-tools/xl/units.h"

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MTU_MIN            68
#define MTU_MAX            65535
#define DEVID_MAX          65535

static bool fail(char *error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool fail(char *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, SPEC_ERROR_MAX, fmt, args);
	va_end(args);
	return false;
}

bool vif_mac_parse(const char *text, uint8_t mac[VIF_MAC_BYTES])
{
	size_t i;

	for (i = 0; i < VIF_MAC_BYTES; i++, text += 3) {
		char pair[3];

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		if (text[2] != (i + 1 < VIF_MAC_BYTES ? ':' : '\0'))
			return false;
		pair[0] = text[0];
		pair[1] = text[1];
		pair[2] = '\0';
		mac[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return !(mac[0] & 1);
}

void vif_mac_format(const uint8_t mac[VIF_MAC_BYTES], char text[VIF_MAC_TEXT])
{
	snprintf(text, VIF_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

void vif_mac_random(uint8_t mac[VIF_MAC_BYTES])
{
	uint8_t random[3] = { 0 };

	/* Up to 256 bytes never fail and never come short once the pool is ready. */
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		abort();
	mac[0] = 0x00;
	mac[1] = 0x16;
	mac[2] = 0x3e;
	mac[3] = random[0] & 0x7f;
	mac[4] = random[1];
	mac[5] = random[2];
}

static bool set_mac(struct vif_spec *vif, const char *value, char *error)
{
	if (!vif_mac_parse(value, vif->mac))
		return fail(error,
			    "\"%s\" is not a unicast MAC address; write six hexadecimal pairs such "
			    "as 00:16:3e:12:34:56",
			    value);
	vif->has_mac = true;
	return true;
}

static bool set_text(char **to, const char *value, char *error)
{
	free(*to);
	*to = strdup(value);
	return *to ? true : fail(error, "out of memory");
}

/* The name of a network device of the host. */
static bool set_device(char **to, const char *value, const char *what, char *error)
{
	const char *c;

	if (strlen(value) >= IFNAMSIZ)
		return fail(error, "%s \"%s\" is too long; names have at most %d characters", what,
			    value, IFNAMSIZ - 1);
	for (c = value; *c; c++) {
		if (*c == '/' || *c <= ' ' || *c == 0x7f)
			return fail(error, "%s \"%s\" is not a name for a network device", what,
				    value);
	}
	return set_text(to, value, error);
}

static bool set_bridge(struct vif_spec *vif, const char *value, char *error)
{
	return set_device(&vif->bridge, value, "bridge", error);
}

static bool set_vifname(struct vif_spec *vif, const char *value, char *error)
{
	return set_device(&vif->vifname, value, "vifname", error);
}

static bool set_gatewaydev(struct vif_spec *vif, const char *value, char *error)
{
	return set_device(&vif->gatewaydev, value, "gatewaydev", error);
}

static bool set_ip(struct vif_spec *vif, const char *value, char *error)
{
	return set_text(&vif->ip, value, error);
}

static bool set_script(struct vif_spec *vif, const char *value, char *error)
{
	return set_text(&vif->script, value, error);
}

static bool set_backend(struct vif_spec *vif, const char *value, char *error)
{
	return set_text(&vif->backend, value, error);
}

static bool set_rate(struct vif_spec *vif, const char *value, char *error)
{
	const char *wrong = parse_rate(value, &vif->rate_bytes, &vif->rate_interval_us);

	return wrong ? fail(error, "rate=%s: %s", value, wrong) : true;
}

static bool set_number(const char *value, int64_t min, int64_t max, const char *what,
		       int64_t *number, char *error)
{
	if (!parse_integer(value, number) || *number < min || *number > max)
		return fail(error, "%s=%s is not a number from %lld to %lld", what, value,
			    (long long)min, (long long)max);
	return true;
}

static bool set_mtu(struct vif_spec *vif, const char *value, char *error)
{
	int64_t number;

	if (!set_number(value, MTU_MIN, MTU_MAX, "mtu", &number, error))
		return false;
	vif->mtu = (uint32_t)number;
	return true;
}

static bool set_devid(struct vif_spec *vif, const char *value, char *error)
{
	int64_t number;

	if (!set_number(value, 0, DEVID_MAX, "devid", &number, error))
		return false;
	vif->devid = (int32_t)number;
	return true;
}

static bool set_hvm_key(struct vif_spec *vif, const char *value, char *error)
{
	(void)value;
	(void)error;
	vif->has_hvm_key = true;
	return true;
}

static const struct {
	const char *name;
	bool (*set)(struct vif_spec *vif, const char *value, char *error);
} keys[] = {
	{ "mac", set_mac },         { "bridge", set_bridge },         { "ip", set_ip },
	{ "vifname", set_vifname }, { "script", set_script },         { "rate", set_rate },
	{ "backend", set_backend }, { "gatewaydev", set_gatewaydev }, { "netdev", set_gatewaydev },
	{ "mtu", set_mtu },         { "devid", set_devid },           { "type", set_hvm_key },
	{ "model", set_hvm_key },
};

static const char *key_name(size_t i, void *arg)
{
	(void)arg;
	return keys[i].name;
}

static bool parse_part(struct vif_spec *vif, char *part, unsigned int *seen, char *error)
{
	char *equals = strchr(part, '=');
	const char *nearest;
	size_t i;

	if (strcmp(part, "trusted") == 0 || strcmp(part, "untrusted") == 0) {
		vif->untrusted = part[0] == 'u';
		return true;
	}
	if (!equals)
		return fail(error,
			    "\"%s\" is not key=value; keys are mac, bridge, ip, vifname, "
			    "script, rate and others",
			    part);
	*equals = '\0';
	for (i = 0; i < ARRAY_COUNT(keys); i++) {
		if (strcmp(part, keys[i].name) != 0)
			continue;
		if (*seen & (1u << i))
			return fail(error, "%s is given twice", part);
		*seen |= 1u << i;
		/* An empty value means the default. */
		return equals[1] ? keys[i].set(vif, equals + 1, error) : true;
	}
	nearest = nearest_word(part, ARRAY_COUNT(keys), key_name, NULL);
	return fail(error, "unknown vif key \"%s\"%s%s%s", part, nearest ? "; did you mean \"" : "",
		    nearest ? nearest : "", nearest ? "\"?" : "");
}

static bool parse_parts(struct vif_spec *vif, char *text, char *error)
{
	unsigned int seen = 0;
	char *part, *end;

	while ((part = strsep(&text, ","))) {
		part += strspn(part, " \t\r\n");
		end = part + strlen(part);
		while (end > part && isspace((unsigned char)end[-1]))
			*--end = '\0';
		if (*part && !parse_part(vif, part, &seen, error))
			return false;
	}
	return true;
}

bool vif_spec_parse(const char *text, struct vif_spec *vif, char error[SPEC_ERROR_MAX])
{
	char *parts = strdup(text);
	bool ok;

	*vif = (struct vif_spec){ .devid = -1 };
	snprintf(error, SPEC_ERROR_MAX, "out of memory");
	ok = parts && parse_parts(vif, parts, error);
	free(parts);
	if (!ok)
		vif_spec_free(vif);
	return ok;
}

void vif_spec_free(struct vif_spec *vif)
{
	free(vif->bridge);
	free(vif->ip);
	free(vif->vifname);
	free(vif->script);
	free(vif->gatewaydev);
	free(vif->backend);
	*vif = (struct vif_spec){ .devid = -1 };
}

static void print_text(FILE *out, const char *key, const char *value)
{
	if (value)
		fprintf(out, ",%s=%s", key, value);
}

char *vif_spec_format(const struct vif_spec *vif)
{
	char *text = NULL, mac[VIF_MAC_TEXT];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s", vif->untrusted ? "untrusted" : "trusted");
	if (vif->has_mac) {
		vif_mac_format(vif->mac, mac);
		print_text(out, "mac", mac);
	}
	print_text(out, "bridge", vif->bridge);
	print_text(out, "ip", vif->ip);
	print_text(out, "vifname", vif->vifname);
	print_text(out, "script", vif->script);
	print_text(out, "gatewaydev", vif->gatewaydev);
	print_text(out, "backend", vif->backend);
	if (vif->rate_bytes) {
		/* The rate that gives this credit: rounded up, or it would come out one less. */
		uint64_t rate = (uint64_t)(((unsigned __int128)vif->rate_bytes * 1000000 +
					    vif->rate_interval_us - 1) /
					   vif->rate_interval_us);

		fprintf(out, ",rate=%lluB/s@%uus", (unsigned long long)rate, vif->rate_interval_us);
	}
	if (vif->mtu)
		fprintf(out, ",mtu=%u", vif->mtu);
	if (vif->devid >= 0)
		fprintf(out, ",devid=%d", vif->devid);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
