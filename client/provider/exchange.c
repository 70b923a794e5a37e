/*
 * KEYEXCH (provider-keyexch(7)): ECDH for programs that prefer this provider for everything,
 * done by others with keys that others made. keystored's own keys sign.
 */
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "key.h"

struct exchange {
	struct provider *provider;
	EVP_PKEY_CTX *others; /* NULL: not begun */
};

static void *new_context(void *provider)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (exchange)
		exchange->provider = provider;
	return exchange;
}

static void free_context(void *data)
{
	struct exchange *exchange = data;

	if (!exchange)
		return;
	EVP_PKEY_CTX_free(exchange->others);
	free(exchange);
}

static void *copy_context(void *data)
{
	const struct exchange *exchange = data;
	struct exchange *copy = new_context(exchange->provider);

	if (!copy || !exchange->others || (copy->others = EVP_PKEY_CTX_dup(exchange->others)))
		return copy;
	free_context(copy);
	return NULL;
}

static int init(void *data, void *key, const OSSL_PARAM params[])
{
	struct exchange *exchange = data;

	if (!key || !key_pkey(key))
		return 0;
	if (key_is_kept(key))
		return provider_fail(exchange->provider, PROVIDER_NOT_SUPPORTED,
				     "keystored's EC keys sign, they do not agree on secrets: use "
				     "cipher suites with ECDHE");
	EVP_PKEY_CTX_free(exchange->others);
	exchange->others = EVP_PKEY_CTX_new_from_pkey(exchange->provider->libctx, key_pkey(key),
						      PROVIDER_OTHERS);
	return exchange->others && EVP_PKEY_derive_init(exchange->others) > 0 &&
	       (!params || EVP_PKEY_CTX_set_params(exchange->others, params) > 0);
}

static int set_peer(void *data, void *peer)
{
	struct exchange *exchange = data;

	return exchange->others && peer && key_pkey(peer) &&
	       EVP_PKEY_derive_set_peer(exchange->others, key_pkey(peer)) > 0;
}

static int derive(void *data, unsigned char *secret, size_t *ret_len, size_t size)
{
	struct exchange *exchange = data;

	*ret_len = size;
	return exchange->others && EVP_PKEY_derive(exchange->others, secret, ret_len) > 0;
}

static int set_params(void *data, const OSSL_PARAM params[])
{
	struct exchange *exchange = data;

	return exchange->others && EVP_PKEY_CTX_set_params(exchange->others, params) > 0;
}

static int get_params(void *data, OSSL_PARAM params[])
{
	struct exchange *exchange = data;

	return exchange->others && EVP_PKEY_CTX_get_params(exchange->others, params) > 0;
}

/* The list of who does the work; a constant of theirs. */
static const OSSL_PARAM *settable(void *data, void *context)
{
	struct provider *provider = context;
	EVP_KEYEXCH *others = EVP_KEYEXCH_fetch(provider->libctx, "ECDH", PROVIDER_OTHERS);
	const OSSL_PARAM *params = others ? EVP_KEYEXCH_settable_ctx_params(others) : NULL;

	(void)data;
	EVP_KEYEXCH_free(others);
	return params;
}

static const OSSL_PARAM *gettable(void *data, void *context)
{
	struct provider *provider = context;
	EVP_KEYEXCH *others = EVP_KEYEXCH_fetch(provider->libctx, "ECDH", PROVIDER_OTHERS);
	const OSSL_PARAM *params = others ? EVP_KEYEXCH_gettable_ctx_params(others) : NULL;

	(void)data;
	EVP_KEYEXCH_free(others);
	return params;
}

#define FUNCTION(id, function)                                                                     \
	{                                                                                          \
		OSSL_FUNC_KEYEXCH_##id, (void (*)(void))(function)                                 \
	}

const OSSL_DISPATCH exchange_ecdh[] = {
	FUNCTION(NEWCTX, new_context),
	FUNCTION(FREECTX, free_context),
	FUNCTION(DUPCTX, copy_context),
	FUNCTION(INIT, init),
	FUNCTION(SET_PEER, set_peer),
	FUNCTION(DERIVE, derive),
	FUNCTION(SET_CTX_PARAMS, set_params),
	FUNCTION(SETTABLE_CTX_PARAMS, settable),
	FUNCTION(GET_CTX_PARAMS, get_params),
	FUNCTION(GETTABLE_CTX_PARAMS, gettable),
	{0, NULL},
};
