#include "settings_check.h"

#include <string.h>

#define ANY_V4 "0.0.0.0"
#define ANY_V6 "::"

/* What is wrong with @one beside @other: "[OTHER] …". */
struct clash {
	enum connection_field field; /* of @one */
	const char *message;	     /* NULL: nothing */
};

typedef struct clash clash_fn(const struct connection_settings *one,
			      const struct connection_settings *other);

static const struct clash no_clash;

static struct clash clash_of_ids(const struct connection_settings *one,
				 const struct connection_settings *other)
{
	if (!one->id || one->id != other->id)
		return no_clash;
	return (struct clash){FIELD_ID, "has this ID; give each connection its own"};
}

static struct clash clash_of_blocks(const struct connection_settings *one,
				    const struct connection_settings *other)
{
	if (!one->receive_data || one->receive_data != other->receive_data)
		return no_clash;
	return (struct clash){FIELD_TRCV_C, "receives into this block; give each connection "
					    "that receives a block of its own"};
}

static bool has_same_tls(const struct connection_settings *one,
			 const struct connection_settings *other)
{
	return one->server_cert == other->server_cert && one->client_cert == other->client_cert &&
	       one->wants_client_cert == other->wants_client_cert &&
	       one->allows_tls12 == other->allows_tls12 && strcmp(one->group, other->group) == 0;
}

/* Both wait for peers, on one port. */
static struct clash clash_of_listeners(const struct connection_settings *one,
				       const struct connection_settings *other)
{
	bool has_same_peers = strcmp(one->remote, other->remote) == 0;

	if (strcmp(one->interface, other->interface) != 0) {
		/* Sockets of one port on two interfaces don't meet; one on all meets each. */
		if (*one->interface && *other->interface)
			return no_clash;
		return (struct clash){FIELD_LOCAL_PORT,
				      "has this port with another InterfaceId; give both the "
				      "same InterfaceId, or each a port of its own"};
	}
	if (one->is_secure != other->is_secure)
		return (struct clash){FIELD_LOCAL_PORT,
				      "has this port too, and one is secure, the other plain; "
				      "give each a port of its own"};
	/* Which of the two a peer gets is a matter of who came first. */
	if (has_same_peers && one->is_secure && !has_same_tls(one, other))
		return (struct clash){FIELD_LOCAL_PORT,
				      "takes the same peers on this port, with other "
				      "certificates, TrustGroup or MinimumTLS; give both the same, "
				      "or each its RemoteAddress or a port of its own"};
	if (has_same_peers && one->is_forward != other->is_forward)
		return (struct clash){FIELD_LOCAL_PORT,
				      "takes the same peers on this port, and one has blocks, "
				      "the other Forward; give each its RemoteAddress or a port of "
				      "its own"};
	return no_clash;
}

static bool is_any(const char *host)
{
	return strcmp(host, ANY_V4) == 0 || strcmp(host, ANY_V6) == 0;
}

/* The plain side of an active forward waits, too. */
static bool waits_plainly(const struct connection_settings *connection)
{
	return connection->is_active && connection->is_forward;
}

static struct clash clash_of_plain_sides(const struct connection_settings *one,
					 const struct connection_settings *other)
{
	bool has_same_host = strcmp(one->plain_host, other->plain_host) == 0;

	if (!waits_plainly(one) || !waits_plainly(other) || one->plain_port != other->plain_port)
		return no_clash;
	if (!has_same_host &&
	    (!one->plain_port || (!is_any(one->plain_host) && !is_any(other->plain_host))))
		return no_clash;
	return (struct clash){FIELD_FORWARD, "waits at the same place; give each its own"};
}

static struct clash clash_of_ports(const struct connection_settings *one,
				   const struct connection_settings *other)
{
	if (waits_plainly(one) && !other->is_active && one->plain_port &&
	    one->plain_port == other->local_port)
		return (struct clash){FIELD_FORWARD, "has this port as its LocalPort; give "
						     "each its own"};
	if (waits_plainly(other) && !one->is_active && one->local_port &&
	    other->plain_port == one->local_port)
		return (struct clash){FIELD_LOCAL_PORT, "has this port in its Forward; give "
							"each its own"};
	if (!one->local_port || one->local_port != other->local_port)
		return no_clash;
	if (!one->is_active && !other->is_active)
		return clash_of_listeners(one, other);
	if (one->is_active != other->is_active)
		return (struct clash){FIELD_LOCAL_PORT,
				      "has this port, and one of the two waits there for "
				      "its peer, the other connects from it; give each its own"};
	if (one->remote_port == other->remote_port && strcmp(one->remote, other->remote) == 0)
		return (struct clash){FIELD_LOCAL_PORT,
				      "connects from this port to the same peer; give each "
				      "its own, or 0"};
	return no_clash;
}

static const struct {
	clash_fn *find;
	bool is_of_ports;
} clashes[] = {
	{clash_of_ids, false},
	{clash_of_blocks, false},
	{clash_of_plain_sides, true},
	{clash_of_ports, true},
};

#define CLASHES (sizeof(clashes) / sizeof(clashes[0]))

/* Nothing about ports is concluded from what was refused already. */
static bool has_ports(const struct draft *draft)
{
	return !draft->bad && draft->lines[FIELD_ACTIVE];
}

/* The first alone: of many, each would be told of each other. */
static void check_draft(const struct draft *drafts, size_t index, size_t kind,
			struct conf_report *report)
{
	const struct draft *draft = &drafts[index];

	for (size_t i = 0; i < index; i++) {
		struct clash clash = clashes[kind].find(&draft->connection, &drafts[i].connection);

		if (!clash.message || (clashes[kind].is_of_ports && !has_ports(&drafts[i])))
			continue;
		conf_fault(report, draft_line(draft, clash.field), draft->connection.name,
			   connection_field_name(clash.field), "[%s], line %u, %s",
			   drafts[i].connection.name, drafts[i].connection.line, clash.message);
		return;
	}
}

void settings_check_clashes(const struct draft *drafts, size_t count, struct conf_report *report)
{
	for (size_t i = 0; i < count; i++)
		for (size_t kind = 0; kind < CLASHES; kind++)
			if (!clashes[kind].is_of_ports || has_ports(&drafts[i]))
				check_draft(drafts, i, kind, report);
}
