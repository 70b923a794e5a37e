/*
 * How a record of the audit trail is bound to the one before it. Hides the encoding that is
 * hashed: two records that differ in anything are never the same bytes. Pure.
 */
#ifndef STORE_LINK_H
#define STORE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_CHAIN_SIZE 32 /* SHA-256 */

/* A record's place in the trail. All zero: before the first one. */
struct store_link {
	uint64_t seq;
	uint8_t chain[STORE_CHAIN_SIZE];
};

enum { STORE_OPERATION, STORE_OBJECT, STORE_RESULT, STORE_DETAIL, STORE_USER, STORE_TEXTS };

/* As stored: numbers in full, texts with whatever bytes they have. */
struct store_record {
	int64_t seq;
	int64_t time;
	int64_t uid;
	int64_t pid;
	int64_t count;
	struct {
		const char *bytes; /* NULL: no bytes */
		size_t len;
	} texts[STORE_TEXTS];
};

/* The place of @record when @before is the place of the one before. False: no memory. */
bool store_link_next(const struct store_link *before, const struct store_record *record,
		     struct store_link *ret_link);

bool store_link_is(const struct store_link *link, const struct store_link *other);

#endif
