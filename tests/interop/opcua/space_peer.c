/*
 * opcua-space_peer KEYSTORED-SOCKET [IMAGES [CONTROL]]: what the OPC UA server shows, in a server
 * without a network, asked by lines of standard input:
 *
 *   until NODE VALUE	 waits until a read brings that: JSON, elements apart by "|", or, where it is
 *			 not good, the status before it: "BadNoCommunication"
 *   write NODE STATUS VALUE	 writes, and has STATUS for it; NODE may end with "@RANGE"
 *   watch NODE		 has it monitored
 *   told VALUE		 waits until the monitored node's last notification had VALUE
 *   children NODE LIST	 waits until its children's names, in order, are these, apart by blanks
 *   rights NODE READ WRITE	 which rights (numbers) it takes
 *   sh COMMAND		 runs it; it must succeed
 *
 * NODE is a path below Keystore. Ends with 1, saying why, when a line does not come true.
 */
#include <open62541/server.h>
#include <open62541/server_config_default.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "session.h"
#include "space.h"
#include "uplink.h"

#define ITERATE_US  10000
#define PATIENCE_US UINT64_C(60000000)
#define TEXT_MAX    4096
#define LINE_SIZE   4096

struct peer {
	sd_event *event;
	UA_Server *server;
	UA_UInt16 index;
	struct uplink *uplink;
	struct space *space;
	char told[TEXT_MAX];
	struct session session;
};

_Noreturn static void die(const char *what, const char *object)
{
	fprintf(stderr, "opcua-space_peer: %s: %s\n", what, object);
	exit(1);
}

static void on_up(void *user)
{
	struct peer *peer = user;

	if (peer->space)
		space_uplink_up(peer->space);
}

static void on_down(const char *why, void *user)
{
	struct peer *peer = user;

	if (peer->space)
		space_uplink_down(peer->space, why);
}

static void on_event(const struct ks_event *event, void *user)
{
	struct peer *peer = user;

	if (peer->space)
		space_event(peer->space, event);
}

static void on_log(const char *message, void *user)
{
	(void)user;
	printf("%s\n", message);
	fflush(stdout);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct peer *peer = user;

	(void)usec;
	(void)UA_Server_run_iterate(peer->server, false);
	(void)sd_event_source_set_time_relative(source, ITERATE_US);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static UA_NodeId node_of(const struct peer *peer, const char *path, char text[TEXT_MAX])
{
	snprintf(text, TEXT_MAX, "Keystore/%s", path);
	return UA_NODEID_STRING(peer->index, text);
}

static size_t append(char *text, size_t len, const char *more)
{
	return len + (size_t)snprintf(text + len, TEXT_MAX - len, "%s", more);
}

static size_t append_element(char *text, size_t len, const void *element, const UA_DataType *type)
{
	UA_ByteString out = {TEXT_MAX - len - 1, (UA_Byte *)text + len};

	if (UA_encodeJson(element, type, &out, NULL) != UA_STATUSCODE_GOOD)
		die("no JSON", type->typeName);
	text[len + out.length] = '\0';
	return len + out.length;
}

static void show(const UA_DataValue *value, char text[TEXT_MAX])
{
	const UA_Variant *variant = &value->value;
	const uint8_t *element = variant->data;
	size_t count = UA_Variant_isScalar(variant) ? 1 : variant->arrayLength;
	size_t len = 0;

	*text = '\0';
	if (value->hasStatus && value->status != UA_STATUSCODE_GOOD)
		len = append(text, len, UA_StatusCode_name(value->status));
	for (size_t i = 0; value->hasValue && i < count && len < TEXT_MAX / 2; i++) {
		if (len)
			len = append(text, len, i ? "|" : " ");
		len = append_element(text, len, element, variant->type);
		element += variant->type->memSize;
	}
}

static void read_node(const struct peer *peer, const char *path, char text[TEXT_MAX])
{
	char id[TEXT_MAX];
	UA_ReadValueId item = {.nodeId = node_of(peer, path, id),
			       .attributeId = UA_ATTRIBUTEID_VALUE};
	UA_DataValue value = UA_Server_read(peer->server, &item, UA_TIMESTAMPSTORETURN_BOTH);

	show(&value, text);
	UA_DataValue_clear(&value);
}

typedef void look_fn(const struct peer *peer, const char *about, char text[TEXT_MAX]);

static void until(struct peer *peer, look_fn *look, const char *about, const char *expected)
{
	char text[TEXT_MAX], why[2 * TEXT_MAX + 64];
	struct timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		look(peer, about, text);
		if (strcmp(text, expected) == 0)
			return;
		if (sd_event_run(peer->event, ITERATE_US) < 0)
			die("the event loop has ended", about);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((uint64_t)(now.tv_sec - begin.tv_sec) * 1000000 < PATIENCE_US);
	snprintf(why, sizeof(why), "%s, not %s", text, expected);
	die(about, why);
}

static void look_told(const struct peer *peer, const char *about, char text[TEXT_MAX])
{
	(void)about;
	memcpy(text, peer->told, TEXT_MAX);
}

static void look_children(const struct peer *peer, const char *path, char text[TEXT_MAX])
{
	char id[TEXT_MAX];
	UA_BrowseDescription what = {.nodeId = node_of(peer, path, id),
				     .browseDirection = UA_BROWSEDIRECTION_FORWARD,
				     .referenceTypeId =
					     UA_NODEID_NUMERIC(0, UA_NS0ID_HIERARCHICALREFERENCES),
				     .includeSubtypes = true,
				     .resultMask = UA_BROWSERESULTMASK_BROWSENAME};
	UA_BrowseResult result = UA_Server_browse(peer->server, 0, &what);
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < result.referencesSize && len < TEXT_MAX / 2; i++) {
		const UA_String *name = &result.references[i].browseName.name;

		len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s%.*s", len ? " " : "",
					(int)name->length, (const char *)name->data);
	}
	UA_BrowseResult_clear(&result);
}

static void parse_element(char *text, void *element, const UA_DataType *type)
{
	UA_ByteString json = UA_BYTESTRING(text);

	/* open62541 1.4 finds no JSON in a lone word. */
	if (type == &UA_TYPES[UA_TYPES_BOOLEAN])
		*(UA_Boolean *)element = strcmp(text, "true") == 0;
	else if (UA_decodeJson(&json, element, type, NULL) != 0)
		die("no value of its type", text);
}

/* @text: JSON, elements of an array apart by "|". */
static void parse(struct peer *peer, UA_NodeId node, char *text, UA_Variant *ret_value)
{
	UA_NodeId type_id = UA_NODEID_NULL;
	UA_Int32 rank = UA_VALUERANK_SCALAR;
	const UA_DataType *type;
	uint8_t *data;
	size_t count = 1;

	if (UA_Server_readDataType(peer->server, node, &type_id) != 0 ||
	    UA_Server_readValueRank(peer->server, node, &rank) != 0)
		die("there is no such node", text);
	type = UA_findDataType(&type_id);
	for (const char *at = text; *at; at++)
		count += *at == '|';
	data = UA_Array_new(count, type);
	for (size_t i = 0; i < count; i++)
		parse_element(strsep(&text, "|"), data + i * type->memSize, type);
	if (rank == UA_VALUERANK_SCALAR)
		UA_Variant_setScalar(ret_value, data, type);
	else
		UA_Variant_setArray(ret_value, data, count, type);
}

static void write_node(struct peer *peer, char *path, const char *expected, char *text)
{
	char id[TEXT_MAX];
	char *range = strchr(path, '@');
	UA_WriteValue item = {.attributeId = UA_ATTRIBUTEID_VALUE};
	UA_StatusCode status;

	if (range) {
		*range++ = '\0';
		item.indexRange = UA_STRING(range);
	}
	item.nodeId = node_of(peer, path, id);
	parse(peer, item.nodeId, text, &item.value.value);
	item.value.hasValue = true;
	status = UA_Server_write(peer->server, &item);
	UA_Variant_clear(&item.value.value);
	if (strcmp(UA_StatusCode_name(status), expected) != 0)
		die(path, UA_StatusCode_name(status));
}

static void on_change(UA_Server *server, UA_UInt32 item, void *item_context, const UA_NodeId *node,
		      void *node_context, UA_UInt32 attribute, const UA_DataValue *value)
{
	struct peer *peer = item_context;

	(void)server;
	(void)item;
	(void)node;
	(void)node_context;
	(void)attribute;
	show(value, peer->told);
}

static void watch(struct peer *peer, const char *path)
{
	char id[TEXT_MAX];
	UA_MonitoredItemCreateRequest request = {
		.itemToMonitor = {.nodeId = node_of(peer, path, id),
				  .attributeId = UA_ATTRIBUTEID_VALUE},
		.monitoringMode = UA_MONITORINGMODE_REPORTING,
		.requestedParameters = {.samplingInterval = 10, .queueSize = 1},
	};
	UA_MonitoredItemCreateResult result;

	result = UA_Server_createDataChangeMonitoredItem(peer->server, UA_TIMESTAMPSTORETURN_BOTH,
							 request, peer, on_change);
	if (result.statusCode != UA_STATUSCODE_GOOD)
		die(path, UA_StatusCode_name(result.statusCode));
}

static void rights(struct peer *peer, const char *path, const char *to_read, const char *to_write)
{
	char id[TEXT_MAX], text[64];
	UA_NodeId node = node_of(peer, path, id);

	snprintf(text, sizeof(text), "%u %u", space_right_to_read(peer->space, &node),
		 space_right_to_write(peer->space, &node));
	if ((unsigned)strtoul(to_read, NULL, 0) != space_right_to_read(peer->space, &node) ||
	    (unsigned)strtoul(to_write, NULL, 0) != space_right_to_write(peer->space, &node))
		die(path, text);
}

static char *word(char **rest)
{
	char *at = strsep(rest, " ");

	return at ? at : (char *)(uintptr_t) "";
}

static void obey(struct peer *peer, char *line)
{
	char *rest = line;
	const char *order = word(&rest);
	char *node, *expected;

	if (strcmp(order, "sh") == 0) {
		fflush(stdout);
		if (system(rest) != 0)
			die("this has failed", rest);
	} else if (strcmp(order, "told") == 0) {
		until(peer, look_told, "the last notification", rest);
	} else {
		node = word(&rest);
		if (strcmp(order, "until") == 0) {
			until(peer, read_node, node, rest);
		} else if (strcmp(order, "children") == 0) {
			until(peer, look_children, node, rest ? rest : "");
		} else if (strcmp(order, "watch") == 0) {
			watch(peer, node);
		} else if (strcmp(order, "write") == 0) {
			expected = word(&rest);
			write_node(peer, node, expected, rest);
		} else if (strcmp(order, "rights") == 0) {
			expected = word(&rest);
			rights(peer, node, expected, rest);
		} else {
			die("no such order", order);
		}
	}
}

static UA_Server *server_new(void)
{
	UA_ServerConfig config = {0};
	UA_Server *server;

	if (UA_ServerConfig_setMinimal(&config, 0, NULL) != UA_STATUSCODE_GOOD)
		die("no configuration", "");
	config.tcpEnabled = false;
	config.logging->log = NULL;
	server = UA_Server_newWithConfig(&config);
	if (!server || UA_Server_run_startup(server) != UA_STATUSCODE_GOOD)
		die("no server", "");
	return server;
}

int main(int argc, char **argv)
{
	static const struct uplink_handler handler = {on_up, on_down, on_event};
	struct peer peer = {.server = server_new()};
	sd_event_source *timer = NULL;
	char line[LINE_SIZE];

	if (argc < 2 || sd_event_default(&peer.event) < 0 ||
	    sd_event_add_time_relative(peer.event, &timer, CLOCK_MONOTONIC, 0, 0, on_timer, &peer) <
		    0)
		die("usage", "opcua-space_peer KEYSTORED-SOCKET [IMAGES [CONTROL]]");
	peer.uplink = uplink_new(peer.event, argv[1], &handler, &peer);
	peer.space = space_new(peer.event, &(struct space_options){
						   .server = peer.server,
						   .uplink = peer.uplink,
						   .data_images = argc > 2 ? argv[2] : "",
						   .data_control = argc > 3 ? argv[3] : "",
						   .log = on_log,
						   .user = &peer,
					   });
	if (!peer.space)
		die("no space", "");
	peer.index = UA_Server_addNamespace(peer.server, SPACE_NAMESPACE);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		fprintf(stderr, "> %s\n", line);
		obey(&peer, line);
	}
	space_free(peer.space);
	uplink_free(peer.uplink);
	sd_event_source_disable_unref(timer);
	(void)UA_Server_run_shutdown(peer.server);
	(void)UA_Server_delete(peer.server);
	sd_event_unref(peer.event);
	return 0;
}
