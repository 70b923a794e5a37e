#include <criterion/criterion.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"

static struct frame_writer written(const void *message)
{
	struct frame_writer writer = {.max = 2 * KS_FRAME_MAX};

	cr_assert_eq(codec_write(&writer, message), FRAME_OK);
	return writer;
}

static const uint8_t *payload_of(const struct frame_writer *writer, size_t *ret_len)
{
	*ret_len = writer->len - KS_FRAME_HEADER;
	return writer->buf + KS_FRAME_HEADER;
}

/* Encodes, decodes, encodes again: the bytes must agree. */
static void round_trip(const ProtobufCMessage *message, bool is_request)
{
	struct frame_writer first = written(message);
	struct frame_writer second;
	void *copy;
	size_t len;
	const uint8_t *payload = payload_of(&first, &len);

	copy = is_request ? (void *)codec_request_decode(payload, len)
			  : (void *)codec_reply_decode(payload, len);
	cr_assert_not_null(copy);
	second = written(copy);

	cr_assert_eq(second.len, first.len);
	cr_assert_arr_eq(second.buf, first.buf, first.len);
	if (is_request)
		codec_request_free(copy);
	else
		codec_reply_free(copy);
	frame_writer_wipe(&first);
	frame_writer_wipe(&second);
}

static uint8_t *member(ProtobufCMessage *message, size_t offset)
{
	return (uint8_t *)message + offset;
}

/* Sets every field of the message, so that none can go missing on the way. */
static ProtobufCMessage *message_full(const ProtobufCMessageDescriptor *type,
				      unsigned oneof_choice);

static bool is_of_8_bytes(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_INT64 ||
	       field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

static size_t value_size(const ProtobufCFieldDescriptor *field)
{
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		return sizeof(ProtobufCBinaryData);
	return is_of_8_bytes(field) ? 8 : 4;
}

static void value_set(const ProtobufCFieldDescriptor *field, uint8_t *value)
{
	ProtobufCBinaryData bytes = {3, NULL};
	uint64_t number = is_of_8_bytes(field) ? 0x123456789abcdef0 : 1;
	void *pointer;

	if (field->type == PROTOBUF_C_TYPE_BYTES) {
		bytes.data = (uint8_t *)strdup("a\001b");
		memcpy(value, &bytes, sizeof(bytes));
	} else if (field->type == PROTOBUF_C_TYPE_MESSAGE ||
		   field->type == PROTOBUF_C_TYPE_STRING) {
		pointer = field->type == PROTOBUF_C_TYPE_STRING
				  ? (void *)strdup("\xc3\xa4 name")
				  : (void *)message_full(field->descriptor, 0);
		memcpy(value, &pointer, sizeof(pointer));
	} else {
		memcpy(value, &number, value_size(field));
	}
}

static ProtobufCMessage *message_full(const ProtobufCMessageDescriptor *type, unsigned oneof_choice)
{
	ProtobufCMessage *message = malloc(type->sizeof_message);
	unsigned seen = 0;

	type->message_init(message);
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		uint8_t *value = member(message, field->offset);

		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			if (seen++ != oneof_choice)
				continue;
			*(uint32_t *)(void *)member(message, field->quantifier_offset) = field->id;
		}
		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			uint8_t *values = calloc(2, value_size(field));

			*(size_t *)(void *)member(message, field->quantifier_offset) = 2;
			*(void **)(void *)value = values;
			value_set(field, values);
			value_set(field, values + value_size(field));
			continue;
		}
		value_set(field, value);
	}
	return message;
}

static unsigned bodies_of(const ProtobufCMessageDescriptor *type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < type->n_fields; i++)
		count += (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
	return count;
}

Test(codec, carries_every_kind_of_request_with_every_field)
{
	const ProtobufCMessageDescriptor *type = &keystore__v1__request__descriptor;

	cr_assert_geq(bodies_of(type), 24);
	for (unsigned i = 0; i < bodies_of(type); i++) {
		ProtobufCMessage *message = message_full(type, i);

		round_trip(message, true);
		protobuf_c_message_free_unpacked(message, NULL);
	}
}

Test(codec, carries_every_kind_of_reply_with_every_field)
{
	const ProtobufCMessageDescriptor *type = &keystore__v1__reply__descriptor;

	cr_assert_geq(bodies_of(type), 10);
	for (unsigned i = 0; i < bodies_of(type); i++) {
		ProtobufCMessage *message = message_full(type, i);

		round_trip(message, false);
		protobuf_c_message_free_unpacked(message, NULL);
	}
}

Test(codec, takes_every_prefix_of_a_message_without_harm)
{
	ProtobufCMessage *message = message_full(&keystore__v1__request__descriptor, 14);
	struct frame_writer writer = written(message);
	size_t len;
	const uint8_t *payload = payload_of(&writer, &len);
	unsigned refused = 0;

	for (size_t part = 0; part < len; part++) {
		/* A block of its own, so that reading past the end is seen by the sanitizer. */
		uint8_t *copy = malloc(part ? part : 1);
		ks_pb_request *request;

		memcpy(copy, payload, part);
		request = codec_request_decode(copy, part);
		refused += !request;
		codec_request_free(request);
		free(copy);
	}
	cr_assert_gt(refused, len / 2);
	protobuf_c_message_free_unpacked(message, NULL);
	frame_writer_wipe(&writer);
}

Test(codec, takes_flipped_bits_without_harm)
{
	ProtobufCMessage *message = message_full(&keystore__v1__request__descriptor, 14);
	struct frame_writer writer = written(message);
	size_t len;
	const uint8_t *payload = payload_of(&writer, &len);
	uint8_t *copy = malloc(len);

	memcpy(copy, payload, len);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		codec_request_free(codec_request_decode(copy, len));
		codec_reply_free(codec_reply_decode(copy, len));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(copy);
	protobuf_c_message_free_unpacked(message, NULL);
	frame_writer_wipe(&writer);
}

Test(codec, refuses_bytes_after_the_message)
{
	static const uint8_t bytes[] = {0x08, 0x01, 0x00};

	cr_assert_null(codec_request_decode(bytes, sizeof(bytes)));
}

Test(codec, ignores_a_field_it_does_not_know)
{
	static const uint8_t bytes[] = {0x08, 0x05, 0xfa, 0x3f, 0x01, 'x'};
	ks_pb_request *request = codec_request_decode(bytes, sizeof(bytes));

	cr_assert_not_null(request);
	cr_assert_eq(request->id, 5);
	cr_assert_eq(request->body_case, KEYSTORE__V1__REQUEST__BODY__NOT_SET);
	codec_request_free(request);
}

/* Found by fuzzing: in the long form of the number protobuf-c takes it. */
Test(codec, refuses_a_field_numbered_0)
{
	static const uint8_t bytes[] = {0x80, 0x00, 0x00};

	cr_assert_null(codec_request_decode(bytes, sizeof(bytes)));
}

/* A frame full of @unit: what would a decoder without a bound make of it? */
static void amplify(const uint8_t *head, size_t head_len, const uint8_t *unit, size_t unit_len)
{
	size_t len = KS_FRAME_MAX;
	uint8_t *bytes = malloc(len);
	size_t at = head_len;
	struct mallinfo2 before;
	struct mallinfo2 after;

	memcpy(bytes, head, head_len);
	for (; at + unit_len <= len; at += unit_len)
		memcpy(bytes + at, unit, unit_len);
	before = mallinfo2();
	for (unsigned i = 0; i < 32; i++)
		cr_assert_null(codec_request_decode(bytes, at));
	after = mallinfo2();
	cr_assert_lt(after.uordblks + after.hblkhd, before.uordblks + before.hblkhd + (1 << 20));
	free(bytes);
}

Test(codec, bounds_the_memory_of_empty_sub_messages)
{
	/* csr = 30, length 0x3fffb, filled with names = 3 of length 0. */
	static const uint8_t head[] = {0xf2, 0x01, 0xfa, 0xff, 0x0f};
	static const uint8_t unit[] = {0x1a, 0x00};

	amplify(head, sizeof(head), unit, sizeof(unit));
}

Test(codec, bounds_the_memory_of_unknown_fields)
{
	static const uint8_t unit[] = {0x38, 0x00};

	amplify(unit, sizeof(unit), unit, sizeof(unit));
}

Test(codec, bounds_the_memory_of_a_field_sent_again_and_again)
{
	/* key_allow = 24 { grant = 2 { operations = 3: [1] } }, merged each time. */
	static const uint8_t unit[] = {0xc2, 0x01, 0x04, 0x12, 0x02, 0x18, 0x01};

	amplify(unit, sizeof(unit), unit, sizeof(unit));
}

Test(codec, takes_a_payload_as_large_as_a_frame)
{
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	Keystore__V1__KeyImportRequest import = KEYSTORE__V1__KEY_IMPORT_REQUEST__INIT;
	struct frame_writer writer = {.max = 2 * KS_FRAME_MAX};

	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_IMPORT;
	request.key_import = &import;
	import.pem.len = KS_FRAME_MAX - 9;
	import.pem.data = calloc(1, KS_FRAME_MAX);
	cr_assert_eq(protobuf_c_message_get_packed_size(&request.base), KS_FRAME_MAX);
	round_trip(&request.base, true);

	import.pem.len++;
	cr_assert_eq(codec_write(&writer, &request.base), FRAME_TOO_LARGE);
	cr_assert_eq(frame_writer_pending(&writer), 0);
	free(import.pem.data);
}

Test(codec, says_when_the_writer_is_full_and_leaves_it_as_it_was)
{
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	struct frame_writer writer = {.max = 8};

	request.id = 1;
	cr_assert_eq(codec_write(&writer, &request.base), FRAME_OK);
	cr_assert_eq(codec_write(&writer, &request.base), FRAME_FULL);
	cr_assert_eq(frame_writer_pending(&writer), 6);
	frame_writer_wipe(&writer);
}

/* hello { client = @text } */
static bool takes_text(const char *text, size_t len)
{
	uint8_t bytes[64] = {0x82, 0x01, (uint8_t)(len + 2), 0x0a, (uint8_t)len};
	ks_pb_request *request;

	memcpy(bytes + 5, text, len);
	request = codec_request_decode(bytes, 5 + len);
	codec_request_free(request);
	return request != NULL;
}

Test(codec, refuses_text_that_two_readers_would_read_differently)
{
	cr_assert(takes_text("", 0));
	cr_assert(takes_text("plc-1", 5));
	cr_assert(takes_text("\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91", 9));
	cr_assert(!takes_text("plc\0evil", 8));
	cr_assert(!takes_text("\0", 1));
	cr_assert(!takes_text("plc\0", 4));
	cr_assert(!takes_text("\xff", 1));
	cr_assert(!takes_text("\xc3", 1));
	cr_assert(!takes_text("\xc0\xaf", 2));
	cr_assert(!takes_text("\xed\xa0\x80", 3));
	cr_assert(!takes_text("\xf4\x90\x80\x80", 4));
}

Test(codec, refuses_such_text_deep_inside_and_in_lists)
{
	/* csr { names { value = "a\0b" } } after a good one; key_show { key { name = "\xff" } } */
	static const uint8_t in_list[] = {0xf2, 0x01, 0x0c, 0x1a, 0x03, 0x12, 0x01, 'a',
					  0x1a, 0x05, 0x12, 0x03, 'a',	0x00, 'b'};
	static const uint8_t in_choice[] = {0xb2, 0x01, 0x05, 0x0a, 0x03, 0x0a, 0x01, 0xff};

	cr_assert_null(codec_request_decode(in_list, sizeof(in_list)));
	cr_assert_null(codec_request_decode(in_choice, sizeof(in_choice)));
}

Test(codec, keeps_only_the_last_of_two_choices)
{
	/* key_show { key { name = "a", id = 7 } } */
	static const uint8_t bytes[] = {0xb2, 0x01, 0x07, 0x0a, 0x05, 0x0a, 0x01, 'a', 0x10, 0x07};
	ks_pb_request *request = codec_request_decode(bytes, sizeof(bytes));

	cr_assert_not_null(request);
	cr_assert_eq(request->key_show->key->by_case, KEYSTORE__V1__KEY_REF__BY_ID);
	cr_assert_eq(request->key_show->key->id, 7);
	codec_request_free(request);
}

Test(codec, frees_nothing_without_complaint)
{
	codec_request_free(NULL);
	codec_reply_free(NULL);
}
