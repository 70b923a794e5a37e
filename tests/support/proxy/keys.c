#include "keys.h"

#include <string.h>

#include "command.h"

enum {
	ALG_RSA = 0x0001,
	ALG_NULL = 0x0010,
	ALG_RSAES = 0x0015,
	ALG_ECDAA = 0x001a,
	ALG_ECC = 0x0023,
	CURVE_P256 = 0x0003,
	ATTRIBUTE_RESTRICTED = 1 << 16,
	ATTRIBUTE_DECRYPT = 1 << 17,
};

/* Bytes that are taken off the front. What is not there reads as 0 and sets short. */
struct view {
	const uint8_t *at;
	size_t left;
	bool is_short;
};

static const uint8_t *take(struct view *view, size_t len)
{
	const uint8_t *at = view->at;

	if (view->is_short || len > view->left) {
		view->is_short = true;
		return NULL;
	}
	view->at += len;
	view->left -= len;
	return at;
}

static uint16_t take_u16(struct view *view)
{
	const uint8_t *at = take(view, 2);

	return at ? get_u16(at) : 0;
}

static uint32_t take_u32(struct view *view)
{
	const uint8_t *at = take(view, 4);

	return at ? get_u32(at) : 0;
}

const struct key_facts *key_table_get(const struct key_table *table, uint32_t handle)
{
	for (size_t i = 0; i < KEY_TABLE_MAX; i++) {
		if (handle && table->keys[i].handle == handle)
			return &table->keys[i].facts;
	}
	return NULL;
}

void key_table_put(struct key_table *table, uint32_t handle, const struct key_facts *facts)
{
	table->keys[table->next].handle = handle;
	table->keys[table->next].facts = *facts;
	table->next = (table->next + 1) % KEY_TABLE_MAX;
}

static void forget(struct key_table *table, uint32_t handle)
{
	for (size_t i = 0; i < KEY_TABLE_MAX; i++) {
		if (table->keys[i].handle == handle)
			table->keys[i].handle = 0;
	}
}

void key_table_follow(struct key_table *table, const uint8_t *command, size_t command_len,
		      const uint8_t *response, size_t response_len)
{
	if (message_code(response, response_len) != 0)
		return;
	switch (message_code(command, command_len)) {
	case TPM_CC_CreatePrimary:
	case TPM_CC_Load:
	case TPM_CC_LoadExternal:
	case TPM_CC_CreateLoaded:
	case TPM_CC_ContextLoad:
		forget(table, message_handle(response, response_len));
		break;
	case TPM_CC_FlushContext:
		forget(table, message_handle(command, command_len));
		break;
	case TPM_CC_EvictControl:
		/* Its last parameter is the persistent handle. */
		forget(table, get_u32(command + command_len - 4));
		break;
	default:
		break;
	}
}

void key_table_clear(struct key_table *table)
{
	memset(table, 0, sizeof(*table));
}

size_t key_ask(uint32_t handle, uint8_t *ret_command)
{
	uint8_t *at = put_u32(put_u16(ret_command, TPM_ST_NO_SESSIONS), TPM_HEADER + 4);

	put_u32(put_u32(at, TPM_CC_ReadPublic), handle);
	return TPM_HEADER + 4;
}

/* TPMT_PUBLIC, as far as the size of the key. */
static bool parse_public(struct view *view, struct key_facts *ret_facts)
{
	struct key_facts facts = {.type = KEY_UNKNOWN};
	uint16_t type = take_u16(view), scheme, size;
	uint32_t attributes;

	take_u16(view);
	attributes = take_u32(view);
	take(view, take_u16(view));
	if (take_u16(view) != ALG_NULL)
		take(view, 4);
	scheme = take_u16(view);
	if (scheme != ALG_NULL && scheme != ALG_RSAES)
		take(view, scheme == ALG_ECDAA ? 4 : 2);
	size = take_u16(view);
	if (view->is_short || (type != ALG_RSA && type != ALG_ECC))
		return false;

	facts.decrypts =
		(attributes & (ATTRIBUTE_DECRYPT | ATTRIBUTE_RESTRICTED)) == ATTRIBUTE_DECRYPT;
	if (type == ALG_RSA) {
		facts.bits = size;
		facts.type = size > 2048 ? KEY_RSA_LARGER : KEY_RSA_2048;
	} else {
		facts.type = size == CURVE_P256 ? KEY_EC_P256 : KEY_EC_LARGER;
	}
	*ret_facts = facts;
	return true;
}

bool key_answer(const uint8_t *response, size_t len, struct key_facts *ret_facts)
{
	struct view view = {response, len, false};

	take(&view, TPM_HEADER);
	if (view.is_short || message_code(response, len) != 0)
		return false;
	take_u16(&view);
	return parse_public(&view, ret_facts);
}

bool key_wanted(const uint8_t *command, size_t len, struct key_facts *ret_facts)
{
	struct view view = {command, len, false};
	uint32_t code = message_code(command, len);

	if (code != TPM_CC_Create && code != TPM_CC_CreateLoaded && code != TPM_CC_CreatePrimary)
		return false;
	take(&view, TPM_HEADER + 4);
	take(&view, take_u32(&view)); /* authorisations */
	take(&view, take_u16(&view)); /* inSensitive */
	take_u16(&view);
	return parse_public(&view, ret_facts);
}
