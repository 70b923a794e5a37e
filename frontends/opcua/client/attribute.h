/* Attributes of nodes by their names (OPC 10000-3 5). Without open62541. */
#ifndef CLIENT_ATTRIBUTE_H
#define CLIENT_ATTRIBUTE_H

#include <stdint.h>

/* "Value": 13; 0: no such. */
uint32_t attribute_from_name(const char *name);
const char *attribute_name(uint32_t id);

#endif
