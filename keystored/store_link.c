#include "store_link.h"

#include <openssl/evp.h>
#include <string.h>

/* Length first, so that no byte can move from one field to the next. */
static bool put(EVP_MD_CTX *context, const void *bytes, size_t len)
{
	uint8_t prefix[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
			     (uint8_t)len};

	return len <= UINT32_MAX && EVP_DigestUpdate(context, prefix, sizeof prefix) == 1 &&
	       (!len || EVP_DigestUpdate(context, bytes, len) == 1);
}

static bool put_number(EVP_MD_CTX *context, int64_t number)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
	return put(context, bytes, sizeof bytes);
}

bool store_link_next(const struct store_link *before, const struct store_record *record,
		     struct store_link *ret_link)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct store_link link = {.seq = (uint64_t)record->seq};
	bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		       put(context, before->chain, sizeof before->chain) &&
		       put_number(context, record->seq) && put_number(context, record->time) &&
		       put_number(context, record->uid) && put_number(context, record->pid) &&
		       put_number(context, record->count);

	for (size_t i = 0; i < STORE_TEXTS && is_done; i++) {
		size_t len = record->texts[i].bytes ? record->texts[i].len : 0;

		/* A field more, where somebody was logged in: records from before users hold. */
		if (i != STORE_USER || len)
			is_done = put(context, record->texts[i].bytes, len);
	}
	is_done = is_done && EVP_DigestFinal_ex(context, link.chain, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (is_done)
		*ret_link = link;
	return is_done;
}

bool store_link_is(const struct store_link *link, const struct store_link *other)
{
	return link->seq == other->seq &&
	       memcmp(link->chain, other->chain, sizeof link->chain) == 0;
}
