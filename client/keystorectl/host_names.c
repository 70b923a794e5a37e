#include "host_names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCALHOST "localhost"

void host_name(char ret_name[HOST_NAME_BYTES])
{
	*ret_name = '\0';
	if (gethostname(ret_name, HOST_NAME_BYTES) < 0)
		*ret_name = '\0';
	ret_name[HOST_NAME_BYTES - 1] = '\0';
	if (strncmp(ret_name, LOCALHOST, strlen(LOCALHOST)) == 0)
		*ret_name = '\0';
}

/* Once each. */
static void add(char list[HOST_LIST_BYTES], const char *type, const char *value)
{
	char item[HOST_NAME_BYTES + 8];
	size_t used = strlen(list);
	const char *at = list;
	size_t len = (size_t)snprintf(item, sizeof(item), "%s:%s", type, value);

	while ((at = strstr(at, item))) {
		if ((at == list || at[-1] == ',') && (at[len] == ',' || !at[len]))
			return;
		at += len;
	}
	if (used + len + 2 <= HOST_LIST_BYTES)
		snprintf(list + used, HOST_LIST_BYTES - used, "%s%s", used ? "," : "", item);
}

/* The name with its domain, as the resolver knows it. */
static void add_whole_name(char list[HOST_LIST_BYTES], const char *name)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
	struct addrinfo *found = NULL;

	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return;
	if (found->ai_canonname && strchr(found->ai_canonname, '.') &&
	    strncmp(found->ai_canonname, LOCALHOST, strlen(LOCALHOST)) != 0 &&
	    strlen(found->ai_canonname) < HOST_NAME_BYTES)
		add(list, "DNS", found->ai_canonname);
	freeaddrinfo(found);
}

static bool is_global(const struct sockaddr *address)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;

	if (address->sa_family == AF_INET) {
		uint32_t host = ntohl(four->sin_addr.s_addr);

		/* 127.0.0.0/8 and 169.254.0.0/16 */
		return host >> 24 != 127 && host >> 16 != 0xa9fe;
	}
	return address->sa_family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) &&
	       !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
}

static void add_addresses(char list[HOST_LIST_BYTES])
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		char text[NI_MAXHOST];

		if (!at->ifa_addr || !(at->ifa_flags & IFF_UP) || !is_global(at->ifa_addr))
			continue;
		if (getnameinfo(at->ifa_addr,
				at->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
								   : sizeof(struct sockaddr_in6),
				text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
			add(list, "IP", text);
	}
	freeifaddrs(all);
}

void host_names(char ret_list[HOST_LIST_BYTES])
{
	char name[HOST_NAME_BYTES];

	*ret_list = '\0';
	host_name(name);
	if (*name) {
		add(ret_list, "DNS", name);
		add_whole_name(ret_list, name);
	}
	add_addresses(ret_list);
}
