#include "watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define HOST_NAME_FILE	   "/proc/sys/kernel/hostname"
#define MESSAGES_AT_ONCE   64
#define LOOK_PATIENCE_USEC 500000 /* the kernel answers at once, or something is wrong */

struct watch {
	struct watch_options options;
	watch_changed_fn *changed;
	void *user;
	struct nl_sock *socket; /* for what the kernel tells by itself */
	sd_event_source *told;
	sd_event_source *renamed;
	int host_name;
	char problem[WATCH_PROBLEM_MAX];
};

static int on_told(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct watch *watch = user;
	int result = 0;

	(void)source;
	(void)fd;
	(void)events;
	/* An overrun is a message too: there was one at least. */
	for (int i = 0; i < MESSAGES_AT_ONCE && result != -NLE_AGAIN; i++)
		result = nl_recvmsgs_default(watch->socket);
	watch->changed(watch->user);
	return 0;
}

static int on_renamed(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct watch *watch = user;

	(void)source;
	(void)fd;
	(void)events;
	watch->changed(watch->user);
	return 0;
}

static struct nl_sock *open_socket(int *ret_error)
{
	struct nl_sock *socket = nl_socket_alloc();

	*ret_error = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;
	if (*ret_error >= 0)
		return socket;
	nl_socket_free(socket);
	return NULL;
}

static bool listen_to_addresses(struct watch *watch, sd_event *event)
{
	int error = 0;

	watch->socket = open_socket(&error);
	if (watch->socket) {
		nl_socket_disable_seq_check(watch->socket);
		error = nl_socket_add_memberships(watch->socket, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
						  RTNLGRP_IPV6_IFADDR, 0);
	}
	if (error >= 0)
		error = nl_socket_set_nonblocking(watch->socket);
	if (error >= 0)
		error = sd_event_add_io(event, &watch->told, nl_socket_get_fd(watch->socket),
					EPOLLIN, on_told, watch) < 0
				? -NLE_NOMEM
				: 0;
	if (error < 0)
		snprintf(watch->problem, sizeof watch->problem,
			 "addresses are not watched: netlink cannot be used (%s): let keystored "
			 "have "
			 "AF_NETLINK",
			 nl_geterror(error));
	return error >= 0;
}

/* The kernel wakes who polls the file. Without it addresses are watched all the same. */
static void listen_to_host_name(struct watch *watch, sd_event *event)
{
	watch->host_name = open(HOST_NAME_FILE, O_RDONLY | O_CLOEXEC);
	if (watch->host_name >= 0 && sd_event_add_io(event, &watch->renamed, watch->host_name,
						     EPOLLPRI, on_renamed, watch) < 0)
		watch->renamed = NULL;
}

struct watch *watch_new(sd_event *event, const struct watch_options *options,
			watch_changed_fn *changed, void *user)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		return NULL;
	watch->options = *options;
	watch->changed = changed;
	watch->user = user;
	watch->host_name = -1;
	if (listen_to_addresses(watch, event))
		listen_to_host_name(watch, event);
	return watch;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	sd_event_source_disable_unref(watch->told);
	sd_event_source_disable_unref(watch->renamed);
	nl_socket_free(watch->socket);
	if (watch->host_name >= 0)
		close(watch->host_name);
	free(watch);
}

const char *watch_problem(const struct watch *watch)
{
	return watch->problem;
}

static bool is_link_local(int family, const void *address)
{
	const unsigned char *bytes = address;

	if (family == AF_INET)
		return bytes[0] == 169 && bytes[1] == 254;
	return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

static bool counts(const struct watch *watch, struct rtnl_addr *address, int family,
		   const void *bytes)
{
	unsigned flags = rtnl_addr_get_flags(address);

	/* Those of DAD are not there yet, or never will be (RFC 4862 5.4). */
	if (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED))
		return false;
	if (rtnl_addr_get_scope(address) == RT_SCOPE_HOST)
		return false;
	/* The flag has another meaning for IPv4: a second address of a network. */
	if (family == AF_INET6 && (flags & IFA_F_TEMPORARY) && !watch->options.with_temporary)
		return false;
	return watch->options.with_link_local || !is_link_local(family, bytes);
}

static void see_address(const struct watch *watch, struct rtnl_addr *address,
			struct nl_cache *links, struct own_sight *sight)
{
	struct nl_addr *local = rtnl_addr_get_local(address);
	int family = rtnl_addr_get_family(address);
	struct own_seen seen = {.type = family == AF_INET ? OWN_IPV4 : OWN_IPV6};
	size_t len = family == AF_INET ? 4 : 16;

	if ((family != AF_INET && family != AF_INET6) || !local || nl_addr_get_len(local) != len)
		return;
	const void *bytes = nl_addr_get_binary_addr(local);

	if (!counts(watch, address, family, bytes) ||
	    !inet_ntop(family, bytes, seen.text, sizeof seen.text))
		return;
	if (!rtnl_link_i2name(links, rtnl_addr_get_ifindex(address), seen.interface,
			      sizeof seen.interface)) {
		/* It came between the two readings; the kernel tells of it. */
		sight->is_partial = true;
		return;
	}
	(void)own_sight_add(sight, &seen);
}

static bool see_links(struct nl_sock *socket, struct own_sight *sight, struct nl_cache **ret_links)
{
	struct nl_cache *links = NULL;

	if (rtnl_link_alloc_cache(socket, AF_UNSPEC, &links) < 0)
		return false;
	for (struct nl_object *at = nl_cache_get_first(links); at; at = nl_cache_get_next(at)) {
		struct rtnl_link *link = (struct rtnl_link *)at;
		const char *name = rtnl_link_get_name(link);

		if (name && !(rtnl_link_get_flags(link) & IFF_RUNNING))
			(void)own_sight_add_dark(sight, name);
	}
	*ret_links = links;
	return true;
}

static bool see_addresses(const struct watch *watch, struct nl_sock *socket,
			  struct own_sight *sight)
{
	struct timeval patience = {.tv_usec = LOOK_PATIENCE_USEC};
	struct nl_cache *addresses = NULL;
	struct nl_cache *links = NULL;
	bool is_seen = setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &patience,
				  sizeof patience) == 0 &&
		       see_links(socket, sight, &links) &&
		       rtnl_addr_alloc_cache(socket, &addresses) >= 0;

	for (struct nl_object *at = is_seen ? nl_cache_get_first(addresses) : NULL; at;
	     at = nl_cache_get_next(at))
		see_address(watch, (struct rtnl_addr *)at, links, sight);
	nl_cache_free(addresses);
	nl_cache_free(links);
	return is_seen;
}

static void see_host_name(struct own_sight *sight)
{
	struct own_seen seen = {.type = OWN_HOST};

	/* What a device is called that nobody has named. */
	if (gethostname(seen.text, sizeof seen.text) < 0 || seen.text[sizeof seen.text - 1] ||
	    !*seen.text || strcmp(seen.text, "(none)") == 0 || strcmp(seen.text, "localhost") == 0)
		return;
	(void)own_sight_add(sight, &seen);
}

void watch_look(const struct watch *watch, struct own_sight *ret_sight)
{
	int error = 0;
	/* Not the one that the kernel tells changes on: they would get in between. */
	struct nl_sock *socket = open_socket(&error);

	memset(ret_sight, 0, sizeof *ret_sight);
	see_host_name(ret_sight);
	if (!socket || !see_addresses(watch, socket, ret_sight))
		ret_sight->is_partial = true;
	nl_socket_free(socket);
}
