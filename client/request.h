/* Parts of requests. They borrow what they are given, for as long as the request lives. */
#ifndef CLIENT_REQUEST_H
#define CLIENT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "client.h"

#define REQUEST_OPERATIONS_MAX 2

/* Operation bits as the message's list. */
struct request_operations {
	size_t count;
	Keystore__V1__Operation list[REQUEST_OPERATIONS_MAX];
};

/* A name, or "#ID". False: neither. */
bool request_key(const char *key, Keystore__V1__KeyRef *ret_ref);
/* What a false request_key() is refused with. */
#define REQUEST_KEY_MALFORMED "a key is named by its name or by #ID, like #17"

/* NULL becomes the empty string. */
char *request_text(const char *text);
ProtobufCBinaryData request_bytes(const uint8_t *bytes, size_t len);
void request_operations(unsigned operations, struct request_operations *ret_list);

#define REQUEST_NAMES_MAX      1024 /* more wouldn't fit a certificate that anybody takes */
#define REQUEST_NAMES_TOO_MANY "a request has at most 1024 subject alternative names"

/* A request's names: protobuf-c wants a list of pointers. */
struct request_names {
	Keystore__V1__GeneralName *list[REQUEST_NAMES_MAX];
	Keystore__V1__GeneralName names[REQUEST_NAMES_MAX];
};

/* At most REQUEST_NAMES_MAX. NULL: no memory. free() it. */
struct request_names *request_names_new(const struct ks_name *names, size_t count);

#endif
