#include "value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS	       "0123456789"
#define HEX_DIGITS     DIGITS "abcdefABCDEF"
#define LETTERS	       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NUMBER_MAX     19 /* digits, so that it cannot overflow */
#define TIME_MAX_MS    (UINT64_C(1000) * 86400000)
#define SIZE_MAX_BYTES (UINT64_C(1) << 30)
#define QDN_MAX	       253 /* RFC 1035 2.3.4, as text */
#define LABEL_MAX      63
#define UNIX_PREFIX    "unix:"
#define PORT_MAX       65535

bool value_bool(const char *text, bool *ret_value)
{
	bool is_true = strcasecmp(text, "TRUE") == 0;

	if (!is_true && strcasecmp(text, "FALSE") != 0)
		return false;
	*ret_value = is_true;
	return true;
}

bool value_number(const char *text, uint64_t *ret_number)
{
	bool is_hex = strncmp(text, "16#", 3) == 0;
	const char *digits = is_hex ? text + 3 : text;
	size_t len = strlen(digits);

	if (!len || len > (is_hex ? 16 : NUMBER_MAX) ||
	    strspn(digits, is_hex ? HEX_DIGITS : DIGITS) != len)
		return false;
	*ret_number = strtoull(digits, NULL, is_hex ? 16 : 10);
	return true;
}

/* From the largest on. */
static const struct {
	const char *name;
	const char *s7; /* within T#… */
	uint64_t ms;
} units[] = {
	{"d", "d", 86400000}, {"h", "h", 3600000}, {"min", "m", 60000},
	{"s", "s", 1000},     {"ms", "ms", 1},
};

#define UNITS (sizeof(units) / sizeof(units[0]))

static size_t unit_find(const char *text, size_t len, bool is_s7)
{
	size_t i = 0;

	for (; i < UNITS; i++) {
		const char *name = is_s7 ? units[i].s7 : units[i].name;

		if (strlen(name) == len && strncasecmp(name, text, len) == 0)
			break;
	}
	return i;
}

/* Several parts, as "1h_30m", stand in T#… alone, each with a smaller unit than the last. */
bool value_time(const char *text, uint64_t *ret_ms)
{
	bool is_s7 = strncasecmp(text, "T#", 2) == 0;
	const char *at = is_s7 ? text + 2 : text;
	size_t next_unit = 0;
	uint64_t ms = 0;

	do {
		size_t digits = strspn(at, DIGITS);
		uint64_t number = digits && digits <= NUMBER_MAX ? strtoull(at, NULL, 10) : 0;

		if (!digits || digits > NUMBER_MAX)
			return false;
		at += digits;
		if (!is_s7)
			at += strspn(at, " \t");

		size_t len = strspn(at, LETTERS);
		size_t unit = unit_find(at, len, is_s7);

		if (unit < next_unit || unit == UNITS ||
		    number > (TIME_MAX_MS - ms) / units[unit].ms)
			return false;
		ms += number * units[unit].ms;
		next_unit = unit + 1;
		at += len;
		if (is_s7 && *at == '_' && at[1])
			at++;
	} while (is_s7 && *at);
	if (*at)
		return false;
	*ret_ms = ms;
	return true;
}

void value_time_print(uint64_t ms, char *buf, size_t len)
{
	size_t unit = 0;

	while (unit < UNITS - 1 && (ms < units[unit].ms || ms % units[unit].ms))
		unit++;
	snprintf(buf, len, "%llu %s", (unsigned long long)(ms / units[unit].ms), units[unit].name);
}

/* From the largest on. */
static const struct {
	const char *name;
	uint64_t bytes;
} size_units[] = {{"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};

#define SIZE_UNITS (sizeof(size_units) / sizeof(size_units[0]))

bool value_size(const char *text, uint64_t *ret_bytes)
{
	size_t digits = strspn(text, DIGITS);
	const char *unit = text + digits + strspn(text + digits, " \t");
	uint64_t number = digits && digits <= NUMBER_MAX ? strtoull(text, NULL, 10) : 0;

	if (!digits || digits > NUMBER_MAX)
		return false;
	for (size_t i = 0; i < SIZE_UNITS; i++) {
		if (strcasecmp(unit, size_units[i].name) != 0)
			continue;
		if (number > SIZE_MAX_BYTES / size_units[i].bytes)
			return false;
		*ret_bytes = number * size_units[i].bytes;
		return true;
	}
	return false;
}

void value_size_print(uint64_t bytes, char *buf, size_t len)
{
	size_t unit = 0;

	while (unit < SIZE_UNITS - 1 &&
	       (bytes < size_units[unit].bytes || bytes % size_units[unit].bytes))
		unit++;
	snprintf(buf, len, "%llu%s%s", (unsigned long long)(bytes / size_units[unit].bytes),
		 *size_units[unit].name ? " " : "", size_units[unit].name);
}

bool value_address(const char *text, char ret_address[VALUE_HOST_MAX + 1], bool *ret_is_v6)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		/* RFC 1112 4, RFC 6890: from 224.0.0.0 on there is no single host. */
		if (ntohl(v4.s_addr) >= INADDR_UNSPEC_GROUP)
			return false;
		*ret_is_v6 = false;
		if (v4.s_addr == htonl(INADDR_ANY))
			strcpy(ret_address, "");
		else
			inet_ntop(AF_INET, &v4, ret_address, VALUE_HOST_MAX + 1);
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1 || IN6_IS_ADDR_MULTICAST(&v6) ||
	    IN6_IS_ADDR_V4MAPPED(&v6))
		return false;
	*ret_is_v6 = true;
	if (IN6_IS_ADDR_UNSPECIFIED(&v6))
		strcpy(ret_address, "");
	else
		inet_ntop(AF_INET6, &v6, ret_address, VALUE_HOST_MAX + 1);
	return true;
}

bool value_is_link_local(const char *address)
{
	struct in6_addr v6;

	return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LINKLOCAL(&v6);
}

static bool is_label(const char *text, size_t len)
{
	return len && len <= LABEL_MAX && strspn(text, LETTERS DIGITS "-") >= len &&
	       text[0] != '-' && text[len - 1] != '-';
}

/* In small letters, without a last dot. */
static bool name_read(const char *text, char ret_name[VALUE_HOST_MAX + 1], size_t *ret_labels)
{
	size_t len = strlen(text);
	size_t labels = 0;
	size_t last = 0;

	if (len && text[len - 1] == '.')
		len--;
	if (!len || len > QDN_MAX)
		return false;
	for (size_t at = 0; at <= len; labels++) {
		size_t label = strcspn(text + at, ".");

		label = label < len - at ? label : len - at;
		if (!is_label(text + at, label))
			return false;
		last = at;
		at += label + 1;
	}
	/* RFC 1123 2.1: no top-level domain is a number; that would be an address, or half of one. */
	if (isdigit((unsigned char)text[last]))
		return false;
	for (size_t i = 0; i < len; i++)
		ret_name[i] = (char)tolower((unsigned char)text[i]);
	ret_name[len] = '\0';
	*ret_labels = labels;
	return true;
}

bool value_qdn(const char *text, char ret_name[VALUE_HOST_MAX + 1])
{
	char name[VALUE_HOST_MAX + 1];
	size_t labels;

	if (!name_read(text, name, &labels) || (labels < 2 && strcmp(name, "localhost") != 0))
		return false;
	strcpy(ret_name, name);
	return true;
}

bool value_host(const char *text, char ret_host[VALUE_HOST_MAX + 1])
{
	char address[VALUE_HOST_MAX + 1];
	bool is_v6;
	size_t labels;

	if (!value_address(text, address, &is_v6))
		return name_read(text, ret_host, &labels);
	if (!*address)
		return false;
	strcpy(ret_host, address);
	return true;
}

static bool host_read(const char *text, size_t len, bool is_v6, struct value_place *place)
{
	char host[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, host, &address) != 1)
		return false;
	place->is_local = is_v6 ? IN6_IS_ADDR_LOOPBACK(&address)
				: *(const uint8_t *)&address == IN_LOOPBACKNET;
	return inet_ntop(is_v6 ? AF_INET6 : AF_INET, &address, place->host, sizeof(place->host));
}

bool value_place(const char *text, struct value_place *ret_place)
{
	struct value_place place = {.is_local = true};
	const char *colon = strrchr(text, ':');
	bool is_v6 = *text == '[';
	uint64_t port;

	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0) {
		const char *path = text + strlen(UNIX_PREFIX);

		if (!value_is_path(path, VALUE_PATH_MAX))
			return false;
		strcpy(place.host, path);
		*ret_place = place;
		return true;
	}
	if (!colon || !value_number(colon + 1, &port) || !port || port > PORT_MAX)
		return false;
	if (is_v6 && (colon < text + 2 || colon[-1] != ']'))
		return false;
	if (!host_read(text + is_v6, (size_t)(colon - text) - 2 * is_v6, is_v6, &place))
		return false;
	place.port = (uint16_t)port;
	*ret_place = place;
	return true;
}

bool value_is_path(const char *text, size_t max)
{
	if (*text != '/' || !text[1] || strlen(text) > max)
		return false;
	while (*text == '/') {
		size_t len = strcspn(text + 1, "/");

		if (len == 0 || (text[1] == '.' && (len == 1 || (len == 2 && text[2] == '.'))))
			return false;
		text += len + 1;
	}
	return true;
}

bool value_is_interface(const char *text)
{
	size_t len = strlen(text);

	if (!len || len >= IFNAMSIZ || strspn(text, DIGITS) == len || strcmp(text, ".") == 0 ||
	    strcmp(text, "..") == 0)
		return false;
	for (; *text; text++)
		if (!isgraph((unsigned char)*text) || *text == '/' || *text == ':')
			return false;
	return true;
}

bool value_is_group(const char *text)
{
	size_t len = strlen(text);

	return isalpha((unsigned char)*text) && len <= VALUE_GROUP_MAX &&
	       strspn(text, LETTERS DIGITS "._-") == len;
}
