/*
 * Values of configurations' fields. Hides their notations: numbers and times as engineering
 * tools write them, addresses, names of hosts.
 *
 * Outputs are untouched where the text is none.
 */
#ifndef COMMON_VALUE_H
#define COMMON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_HOST_MAX	255
#define VALUE_PATH_MAX	107 /* of a Unix socket */
#define VALUE_GROUP_MAX 64

/* "TRUE", "false", … */
[[nodiscard]] bool value_bool(const char *text, bool *ret_value);

/* "11", "16#0B" */
[[nodiscard]] bool value_number(const char *text, uint64_t *ret_number);

/* "100 ms", "5 s", "2 min", "1 h", "1 d", "T#100ms", "T#1h_30m"; at most 1000 days. */
[[nodiscard]] bool value_time(const char *text, uint64_t *ret_ms);

/* "10 ms", "24 h": in the largest unit that divides it; cut off at @len. */
void value_time_print(uint64_t ms, char *buf, size_t len);

/* "65536", "64 KiB", "1 MiB"; at most 1 GiB. */
[[nodiscard]] bool value_size(const char *text, uint64_t *ret_bytes);

/* "256 KiB": in the largest unit that divides it; cut off at @len. */
void value_size_print(uint64_t bytes, char *buf, size_t len);

/*
 * An IPv4 or IPv6 address of one host, as inet_ntop() writes it: not of a group, and no IPv4 address
 * in the form of IPv6. 0.0.0.0 and :: are any: "".
 */
[[nodiscard]] bool value_address(const char *text, char ret_address[VALUE_HOST_MAX + 1],
				 bool *ret_is_v6);

/* Whether it is known on one link alone (RFC 4291 2.5.6): fe80::/10. */
bool value_is_link_local(const char *address);

/* A fully qualified name of a host (RFC 1123 2.1), or "localhost", with a last dot or without. */
[[nodiscard]] bool value_qdn(const char *text, char ret_name[VALUE_HOST_MAX + 1]);

/* A host as browsers name it: a name of one label or more, or an address; in small letters. */
[[nodiscard]] bool value_host(const char *text, char ret_host[VALUE_HOST_MAX + 1]);

struct value_place {
	char host[VALUE_HOST_MAX + 1]; /* an address; "/…": a Unix socket */
	uint16_t port;
	bool is_local; /* loopback, or a Unix socket */
};

/* "127.0.0.1:502", "[::1]:502", "unix:/run/x.sock" */
[[nodiscard]] bool value_place(const char *text, struct value_place *ret_place);

/* What names the same file whoever reads it: "/a/b", no "/a//b", "/a/../b" or "/a/". */
bool value_is_path(const char *text, size_t max);

/* A name that a network interface can have, and no number. */
bool value_is_interface(const char *text);

/* A name that keystored takes for a trust group, and for a service. */
bool value_is_group(const char *text);

#endif
