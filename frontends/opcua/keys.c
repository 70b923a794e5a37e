#include "keys.h"

#include <stdlib.h>
#include <string.h>

#include "uplink.h"

struct keys {
	const char *socket;
	struct ks_client *client; /* NULL: not connected */
};

struct keys *keys_new(const char *socket)
{
	struct keys *keys = calloc(1, sizeof(*keys));

	if (keys)
		keys->socket = socket;
	return keys;
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	ks_close(keys->client);
	free(keys);
}

static struct ks_client *client_of(struct keys *keys)
{
	const struct ks_options options = {.deadline_ms = KEYS_DEADLINE_MS,
					   .priority = KS_PRIORITY_URGENT};
	char problem[UPLINK_PROBLEM_MAX];

	if (keys->client)
		return keys->client;
	keys->client = uplink_connect(keys->socket, problem);
	if (keys->client)
		ks_set_options(keys->client, &options);
	return keys->client;
}

/* *ret_len: how much @size has room for and there is. */
static UA_StatusCode take(enum ks_status status, const struct ks_result *result, uint8_t *bytes,
			  size_t size, size_t *ret_len)
{
	if (status == KS_NOMEM)
		return UA_STATUSCODE_BADOUTOFMEMORY;
	if (status == KS_DECRYPT_FAILED)
		return UA_STATUSCODE_BADSECURITYCHECKSFAILED;
	if (status != KS_OK || result->data_len > size)
		return UA_STATUSCODE_BADINTERNALERROR;
	if (result->data_len)
		memcpy(bytes, result->data, result->data_len);
	*ret_len = result->data_len;
	return UA_STATUSCODE_GOOD;
}

UA_StatusCode keys_sign(struct keys *keys, const struct policy_order *order, uint8_t *signature)
{
	struct ks_client *client = client_of(keys);
	struct ks_result *result = NULL;
	enum ks_status asked;
	UA_StatusCode status;
	size_t len = 0;

	if (!client)
		return UA_STATUSCODE_BADINTERNALERROR;
	asked = ks_sign(client, order->own->key, order->kind->sign_hash, order->kind->sign_padding,
			order->bytes, order->len, &result);
	status = take(asked, result, signature, order->own->key_size, &len);
	ks_result_free(result);
	if (!status && len != order->own->key_size)
		status = UA_STATUSCODE_BADINTERNALERROR;
	return status;
}

UA_StatusCode keys_decrypt(struct keys *keys, const struct policy_order *order, uint8_t *plain,
			   size_t *ret_len)
{
	struct ks_client *client = client_of(keys);
	struct ks_result *result = NULL;
	enum ks_status asked;
	UA_StatusCode status;

	if (!client)
		return UA_STATUSCODE_BADINTERNALERROR;
	if (order->kind->cipher == POLICY_CIPHER_PKCS1)
		asked = ks_decrypt_pkcs1(client, order->own->key, order->bytes, order->len,
					 &result);
	else
		asked = ks_decrypt(client, order->own->key, order->kind->cipher_hash, order->bytes,
				   order->len, &result);
	status = take(asked, result, plain, order->own->key_size, ret_len);
	ks_result_free(result);
	return status;
}
