#include "codec.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>

#define MESSAGE_MEMORY_MAX ((size_t)2 << 20)
/* More than a sign request takes: one malloc() for what comes all day. */
#define FIRST_BYTES    ((size_t)1536)
#define CODE_POINT_MAX 0x10ffff

struct block {
	struct block *next;
	size_t len;
	alignas(max_align_t) uint8_t bytes[];
};

/* All of a message's memory: taken piece by piece, given back and wiped as a whole. */
struct arena {
	struct block *blocks; /* besides first[] */
	uint8_t *at;	      /* where the free part of the newest block begins */
	size_t left;
	size_t total;
	alignas(max_align_t) uint8_t first[FIRST_BYTES];
};

/*
 * In front of every piece: the way from a message back to its arena, and the true length of
 * a string, which protobuf-c forgets.
 */
struct piece {
	struct arena *arena;
	size_t len;
	alignas(max_align_t) uint8_t bytes[];
};

static struct arena *arena_new(void)
{
	struct arena *arena = malloc(sizeof(*arena));

	if (!arena)
		return NULL;
	arena->blocks = NULL;
	arena->at = arena->first;
	arena->left = sizeof(arena->first);
	arena->total = sizeof(*arena);
	return arena;
}

static void arena_free(struct arena *arena)
{
	struct block *block;

	while ((block = arena->blocks)) {
		arena->blocks = block->next;
		OPENSSL_cleanse(block->bytes, block->len);
		free(block);
	}
	OPENSSL_cleanse(arena->first, sizeof(arena->first));
	free(arena);
}

static bool arena_add_block(struct arena *arena, size_t need)
{
	size_t len = arena->total;
	struct block *block;

	if (len < need)
		len = need;
	if (len > MESSAGE_MEMORY_MAX - arena->total)
		len = MESSAGE_MEMORY_MAX - arena->total;
	if (len < need)
		return false;
	block = malloc(sizeof(*block) + len);
	if (!block)
		return false;
	block->next = arena->blocks;
	block->len = len;
	arena->blocks = block;
	arena->at = block->bytes;
	arena->left = len;
	arena->total += len;
	return true;
}

static void *arena_alloc(void *user, size_t len)
{
	const size_t align = alignof(max_align_t);
	struct arena *arena = user;
	struct piece *piece;
	size_t need;

	if (len > MESSAGE_MEMORY_MAX)
		return NULL;
	need = sizeof(*piece) + (len + align - 1) / align * align;
	if (arena->left < need && !arena_add_block(arena, need))
		return NULL;
	piece = (struct piece *)(void *)arena->at;
	piece->arena = arena;
	piece->len = len;
	arena->at += need;
	arena->left -= need;
	return piece->bytes;
}

static void arena_keep(void *user, void *bytes)
{
	(void)user;
	(void)bytes;
}

static struct piece *piece_of(void *bytes)
{
	return (struct piece *)(void *)((uint8_t *)bytes - offsetof(struct piece, bytes));
}

static bool text_is_utf8(const char *text, size_t len)
{
	unsigned long code;
	int n;

	while (len) {
		n = UTF8_getc((const unsigned char *)text, (int)len, &code);
		if (n <= 0 || code == 0 || code > CODE_POINT_MAX)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static bool message_is_clean(const ProtobufCMessage *message);

static bool value_is_clean(const ProtobufCFieldDescriptor *field, void *value)
{
	if (!value || value == field->default_value)
		return true;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return message_is_clean(value);
	return text_is_utf8(value, piece_of(value)->len - 1);
}

/*
 * What protobuf-c lets through: a NUL inside a string would make two readers see two names,
 * and proto3 readers of other languages refuse what is not UTF-8, and a field numbered 0.
 * Recursion ends with the schema, which has no cycle.
 */
static bool message_is_clean(const ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	const uint8_t *base = (const uint8_t *)message;

	for (unsigned i = 0; i < message->n_unknown_fields; i++) {
		if (message->unknown_fields[i].tag == 0)
			return false;
	}
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		const void *member = base + field->offset;
		const void *quantifier = base + field->quantifier_offset;
		void *const *values = member;
		size_t count = 1;

		if (field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_STRING)
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			count = *(const size_t *)quantifier;
			values = *(void *const *const *)member;
		} else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
			   *(const uint32_t *)quantifier != field->id) {
			count = 0;
		}
		for (size_t k = 0; k < count; k++) {
			if (!value_is_clean(field, values[k]))
				return false;
		}
	}
	return true;
}

static ProtobufCMessage *message_decode(const ProtobufCMessageDescriptor *descriptor,
					const uint8_t *bytes, size_t len)
{
	struct arena *arena = arena_new();
	ProtobufCAllocator allocator = {arena_alloc, arena_keep, arena};
	ProtobufCMessage *message;

	if (!arena)
		return NULL;
	message = protobuf_c_message_unpack(descriptor, &allocator, len, bytes);
	if (message && message_is_clean(message))
		return message;
	arena_free(arena);
	return NULL;
}

static void message_free(void *message)
{
	if (message)
		arena_free(piece_of(message)->arena);
}

ks_pb_request *codec_request_decode(const uint8_t *bytes, size_t len)
{
	return (ks_pb_request *)message_decode(&keystore__v1__request__descriptor, bytes, len);
}

void codec_request_free(ks_pb_request *request)
{
	message_free(request);
}

ks_pb_reply *codec_reply_decode(const uint8_t *bytes, size_t len)
{
	return (ks_pb_reply *)message_decode(&keystore__v1__reply__descriptor, bytes, len);
}

void codec_reply_free(ks_pb_reply *reply)
{
	message_free(reply);
}

enum frame_status codec_write(struct frame_writer *writer, const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	enum frame_status status;
	uint8_t *payload;

	status = frame_writer_add(writer, len, &payload);
	if (status != FRAME_OK)
		return status;
	protobuf_c_message_pack(message, payload);
	return FRAME_OK;
}
