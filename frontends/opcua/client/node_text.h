/*
 * NodeIds as people write them (OPC 10000-6 5.3.1.10): "i=2258", "ns=2;s=Pump.Speed",
 * "nsu=urn:plant;s=Pump". Hides their syntax; without open62541.
 */
#ifndef CLIENT_NODE_TEXT_H
#define CLIENT_NODE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node_text_kind { NODE_NUMERIC, NODE_STRING, NODE_GUID, NODE_BYTES };

#define NODE_TEXT_MAX  4096 /* bytes of an identifier (OPC 10000-3 8.2.4) */
#define NODE_URI_MAX   1024
#define NODE_TEXT_TELL 160

struct node_text {
	char uri[NODE_URI_MAX + 1]; /* "": by number */
	uint16_t namespace;
	enum node_text_kind kind;
	uint32_t number;
	const char *text; /* in what was read: a string, or base64 of bytes */
	uint8_t guid[16]; /* data1 to data3 with the highest byte first */
};

/*
 * Names of objects that every server has stand for their NodeIds: "Root", "Objects", "Types",
 * "Views", "Server". False: @problem (NODE_TEXT_TELL) says what is wrong.
 */
[[nodiscard]] bool node_text_read(const char *text, struct node_text *ret_node, char *problem);

#endif
