#include "push_trust_data.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const uint8_t *at;
	size_t left;
};

static bool read_u32(struct reader *reader, uint32_t *ret_value)
{
	const uint8_t *at = reader->at;

	if (reader->left < 4)
		return false;
	*ret_value = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
		     (uint32_t)at[3] << 24;
	reader->at += 4;
	reader->left -= 4;
	return true;
}

/* An Int32, of which -1 stands for none, as 0 does. */
static bool read_length(struct reader *reader, size_t *ret_length)
{
	uint32_t value;

	if (!read_u32(reader, &value) || (value > INT32_MAX && value != UINT32_MAX))
		return false;
	*ret_length = value == UINT32_MAX ? 0 : value;
	return true;
}

static enum push_trust_status read_item(struct reader *reader, unsigned list,
					struct push_trust_item *ret_item)
{
	size_t len;

	if (!read_length(reader, &len) || len > reader->left || !len)
		return PUSH_TRUST_MALFORMED;
	if (len > PUSH_TRUST_ENTRY_MAX)
		return PUSH_TRUST_TOO_MANY;
	*ret_item = (struct push_trust_item){reader->at, len, list};
	reader->at += len;
	reader->left -= len;
	return PUSH_TRUST_OK;
}

static enum push_trust_status read_list(struct reader *reader, unsigned list, bool is_wanted,
					struct push_trust_item *items, size_t *count)
{
	enum push_trust_status status = PUSH_TRUST_OK;
	struct push_trust_item item;
	size_t length;

	if (!read_length(reader, &length))
		return PUSH_TRUST_MALFORMED;
	for (size_t i = 0; i < length && status == PUSH_TRUST_OK; i++) {
		status = read_item(reader, list, &item);
		if (status != PUSH_TRUST_OK || !is_wanted)
			continue;
		if (*count == PUSH_TRUST_ENTRIES_MAX)
			return PUSH_TRUST_TOO_MANY;
		items[(*count)++] = item;
	}
	return status;
}

enum push_trust_status push_trust_decode(const uint8_t *bytes, size_t len, unsigned *ret_lists,
					 struct push_trust_item **ret_items, size_t *ret_count)
{
	struct reader reader = {bytes, len};
	enum push_trust_status status = PUSH_TRUST_OK;
	struct push_trust_item *items;
	size_t count = 0;
	uint32_t lists;

	if (!read_u32(&reader, &lists) || lists > PUSH_TRUST_ALL)
		return PUSH_TRUST_MALFORMED;
	items = calloc(PUSH_TRUST_ENTRIES_MAX, sizeof *items);
	if (!items)
		return PUSH_TRUST_NOMEM;
	for (unsigned list = 0; list < PUSH_TRUST_LISTS && status == PUSH_TRUST_OK; list++)
		status = read_list(&reader, list, lists & 1u << list, items, &count);
	if (status == PUSH_TRUST_OK && reader.left)
		status = PUSH_TRUST_MALFORMED;
	if (status != PUSH_TRUST_OK) {
		free(items);
		return status;
	}
	*ret_lists = lists;
	*ret_items = items;
	*ret_count = count;
	return PUSH_TRUST_OK;
}

static size_t put_u32(uint8_t *bytes, size_t at, size_t value)
{
	if (bytes) {
		for (size_t i = 0; i < 4; i++)
			bytes[at + i] = (uint8_t)(value >> 8 * i);
	}
	return at + 4;
}

size_t push_trust_encode(unsigned lists, const struct push_trust_item *items, size_t count,
			 uint8_t *bytes)
{
	size_t at = put_u32(bytes, 0, lists);
	size_t next = 0;

	for (unsigned list = 0; list < PUSH_TRUST_LISTS; list++) {
		size_t end = next;

		while (end < count && items[end].list == list)
			end++;
		at = put_u32(bytes, at, end - next);
		for (; next < end; next++) {
			at = put_u32(bytes, at, items[next].len);
			if (bytes)
				memcpy(bytes + at, items[next].der, items[next].len);
			at += items[next].len;
		}
	}
	return at;
}
