/*
 * Addresses as text and as the kernel takes them. Hides families, zones of IPv6, and that IPv4
 * comes in IPv6's clothes.
 */
#ifndef STREAM_ADDRESS_H
#define STREAM_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 64

struct address {
	struct sockaddr_storage storage;
	socklen_t len;
};

/*
 * "192.0.2.1", "2001:db8::1", "fe80::1%eth0", or "/…", a Unix socket, which has no port. False: it
 * is none of these, or there is no interface of that name.
 */
[[nodiscard]] bool address_parse(const char *text, uint16_t port, struct address *ret_address);

/* As address_parse() reads it; "" for a Unix socket. */
void address_print(const struct address *address, char text[ADDRESS_TEXT_MAX]);

#endif
