#include "conf_listen.h"

#include <string.h>

#include "value.h"

bool conf_listen_read(const char *text, struct listener_place *ret_place)
{
	struct value_place found = {0};
	uint64_t port;

	if (value_number(text, &port)) {
		if (!port || port > UINT16_MAX)
			return false;
		found.port = (uint16_t)port;
	} else if (!value_place(text, &found) || !found.port) {
		return false;
	}
	*ret_place = (struct listener_place){.port = found.port};
	memcpy(ret_place->host, found.host, sizeof(found.host));
	return true;
}

static bool is_any(const char *host)
{
	return !*host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

static bool is_v6(const char *host)
{
	return strchr(host, ':') != NULL;
}

bool conf_listen_overlap(const struct listener_place *one, const struct listener_place *other)
{
	if (one->port != other->port)
		return false;
	if (!*one->host || !*other->host)
		return true;
	return is_v6(one->host) == is_v6(other->host) &&
	       (is_any(one->host) || is_any(other->host) || strcmp(one->host, other->host) == 0);
}
