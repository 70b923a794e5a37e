#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static bool parse_unix(const char *path, struct address *address)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&address->storage;

	if (strlen(path) >= sizeof(un->sun_path))
		return false;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	address->len = sizeof(*un);
	return true;
}

static bool parse_v4(const char *text, uint16_t port, struct address *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&address->storage;

	if (inet_pton(AF_INET, text, &in->sin_addr) != 1)
		return false;
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	address->len = sizeof(*in);
	return true;
}

/* An interface's name or its number; 0: there is none. */
static uint32_t zone_of(const char *text)
{
	char *end;
	unsigned long number;

	if (*text < '0' || *text > '9')
		return if_nametoindex(text);
	errno = 0;
	number = strtoul(text, &end, 10);
	return *end || errno || number > UINT32_MAX ? 0 : (uint32_t)number;
}

static bool parse_v6(const char *text, uint16_t port, struct address *address)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&address->storage;
	const char *percent = strchr(text, '%');
	size_t len = percent ? (size_t)(percent - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET6, host, &in->sin6_addr) != 1)
		return false;
	if (percent) {
		in->sin6_scope_id = zone_of(percent + 1);
		if (!in->sin6_scope_id)
			return false;
	}
	in->sin6_family = AF_INET6;
	in->sin6_port = htons(port);
	address->len = sizeof(*in);
	return true;
}

bool address_parse(const char *text, uint16_t port, struct address *ret_address)
{
	struct address address = {0};

	if (*text == '/' ? !parse_unix(text, &address)
			 : !parse_v4(text, port, &address) && !parse_v6(text, port, &address))
		return false;
	*ret_address = address;
	return true;
}

static void print_v6(const struct sockaddr_in6 *in, char text[ADDRESS_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN] = "";
	char zone[IF_NAMESIZE];

	if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
		(void)inet_ntop(AF_INET, &in->sin6_addr.s6_addr[12], text, ADDRESS_TEXT_MAX);
		return;
	}
	(void)inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host));
	if (!in->sin6_scope_id)
		snprintf(text, ADDRESS_TEXT_MAX, "%s", host);
	else if (if_indextoname(in->sin6_scope_id, zone))
		snprintf(text, ADDRESS_TEXT_MAX, "%s%%%s", host, zone);
	else
		snprintf(text, ADDRESS_TEXT_MAX, "%s%%%u", host, in->sin6_scope_id);
}

void address_print(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address->storage;

	*text = '\0';
	if (address->storage.ss_family == AF_INET)
		(void)inet_ntop(AF_INET, &in->sin_addr, text, ADDRESS_TEXT_MAX);
	else if (address->storage.ss_family == AF_INET6)
		print_v6((const struct sockaddr_in6 *)&address->storage, text);
}
