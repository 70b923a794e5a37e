/* What the load generator and the server beside which we are measured both need. */
#ifndef BENCH_OPCUA_CLIENT_H
#define BENCH_OPCUA_CLIENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <open62541/types.h>
#include <open62541/types_generated_handling.h>

static inline void opcua_check(UA_StatusCode status, const char *what)
{
	if (!status)
		return;
	fprintf(stderr, "%s: %s\n", what, UA_StatusCode_name(status));
	exit(1);
}

/* The process ends when there is none. */
static inline UA_ByteString opcua_read_file(const char *path)
{
	UA_ByteString bytes = UA_BYTESTRING_NULL;
	FILE *file = fopen(path, "rb");
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) <= 0 ||
	    fseek(file, 0, SEEK_SET) || UA_ByteString_allocBuffer(&bytes, (size_t)size) ||
	    fread(bytes.data, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		exit(1);
	}
	fclose(file);
	return bytes;
}

#endif
