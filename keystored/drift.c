#include "drift.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TOLD_MAX 3u /* names in the text */

static bool is_name(const struct csr_name *name, const struct own_seen *own)
{
	int family = own->type == OWN_IPV4 ? AF_INET : AF_INET6;
	unsigned char a[sizeof(struct in6_addr)] = {0};
	unsigned char b[sizeof(struct in6_addr)] = {0};
	size_t len = strlen(own->text);

	if (own->type == OWN_HOST)
		return name->type == SAN_DNS && strncasecmp(name->value, own->text, len) == 0 &&
		       (name->value[len] == '\0' || name->value[len] == '.');
	return name->type == SAN_IP && inet_pton(family, name->value, a) == 1 &&
	       inet_pton(family, own->text, b) == 1 && memcmp(a, b, sizeof a) == 0;
}

static bool has_name(const struct csr_name *names, size_t count, const struct own_seen *own)
{
	for (size_t i = 0; i < count; i++) {
		if (is_name(&names[i], own))
			return true;
	}
	return false;
}

/* What the name was, while the certificate was here; NULL: it is here, or never was. */
static const struct own_name *find_gone(const struct csr_name *name, int64_t created,
					const struct own *own)
{
	const struct own_name *gone = NULL;

	for (size_t i = 0; i < own->count; i++) {
		const struct own_name *one = &own->names[i];

		if (!is_name(name, &one->is))
			continue;
		if (one->is_here)
			return NULL;
		/* Of "plc" and "plc.north" the longer. */
		if (one->since && one->since >= created &&
		    (!gone || strlen(one->is.text) > strlen(gone->is.text)))
			gone = one;
	}
	return gone;
}

static bool follows(const struct own_name *one, const struct own_name *gone)
{
	return one->is_here && one->is.type == gone->is.type &&
	       strcmp(one->is.interface, gone->is.interface) == 0;
}

/* The name that the successor makes of @name. False: it is too long, or no DNS name. */
static bool write_successor(const struct csr_name *name, const struct drift_name *gone,
			    char text[DRIFT_NAME_MAX])
{
	bool is_host = gone->was->is.type == OWN_HOST;
	const char *rest = is_host ? name->value + strlen(gone->was->is.text) : "";
	int len = snprintf(text, DRIFT_NAME_MAX, "%s%s", gone->successor->is.text, rest);

	return len < DRIFT_NAME_MAX && !x509_san_wrong(is_host ? SAN_DNS : SAN_IP, text);
}

static const struct own_name *find_successor(const struct csr_name *names, size_t count,
					     int64_t created, const struct own *own,
					     const struct own_name *gone)
{
	bool is_host = gone->is.type == OWN_HOST;
	const struct own_name *any = NULL;
	const struct own_name *then = NULL;
	size_t any_count = 0;
	size_t then_count = 0;

	for (size_t i = 0; i < own->count; i++) {
		const struct own_name *one = &own->names[i];

		if (!follows(one, gone))
			continue;
		if (!is_host && (one->since < created || has_name(names, count, &one->is)))
			continue;
		any = one;
		any_count++;
		if (one->since >= gone->since) {
			then = one;
			then_count++;
		}
	}
	if (any_count == 1)
		return any;
	return then_count == 1 ? then : NULL;
}

static void tell(struct drift *drift, const struct csr_name *names)
{
	size_t len = 0;

	for (size_t i = 0; i < drift->count && i < TOLD_MAX && len < sizeof drift->text; i++) {
		const struct drift_name *gone = &drift->gone[i];
		const char *successor = gone->successor ? gone->successor->is.text : NULL;
		bool is_host = gone->was->is.type == OWN_HOST;
		const char *interface = gone->was->is.interface;

		len += (size_t)snprintf(
			drift->text + len, sizeof drift->text - len,
			"%s%s:%.64s is no %s of this device any more%s%s%s%s", i ? "; " : "",
			is_host ? "DNS" : "IP", names[gone->at].value, is_host ? "name" : "address",
			successor ? ", " : "",
			!successor ? "" : (is_host ? "it is called " : interface),
			!successor || is_host ? "" : " has ", successor ? successor : "");
	}
	if (drift->count > TOLD_MAX && len < sizeof drift->text)
		snprintf(drift->text + len, sizeof drift->text - len, "; and %zu more",
			 drift->count - TOLD_MAX);
}

void drift_judge(const struct csr_name *names, size_t count, int64_t created, const struct own *own,
		 struct drift *ret_drift)
{
	struct drift drift = {0};

	for (size_t i = 0; i < count && drift.count < DRIFT_GONE_MAX; i++) {
		struct drift_name gone = {.at = i, .was = find_gone(&names[i], created, own)};
		char text[DRIFT_NAME_MAX];

		if (!gone.was)
			continue;
		gone.successor = find_successor(names, count, created, own, gone.was);
		if (gone.successor && !write_successor(&names[i], &gone, text))
			gone.successor = NULL;
		*(gone.was->is.type == OWN_HOST ? &drift.hosts : &drift.addresses) += 1;
		drift.successors += gone.successor != NULL;
		drift.gone[drift.count++] = gone;
	}
	tell(&drift, names);
	*ret_drift = drift;
}

static bool is_there(const struct csr_name *names, size_t count, const struct csr_name *name)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].type == name->type && strcmp(names[i].value, name->value) == 0)
			return true;
	}
	return false;
}

size_t drift_follow(const struct drift *drift, struct csr_name *names, size_t count,
		    char text[DRIFT_GONE_MAX][DRIFT_NAME_MAX])
{
	size_t left = 0;

	for (size_t i = 0; i < drift->count; i++) {
		const struct drift_name *gone = &drift->gone[i];

		if (gone->successor && write_successor(&names[gone->at], gone, text[i]))
			names[gone->at].value = text[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_there(names, left, &names[i]))
			names[left++] = names[i];
	}
	return left;
}
