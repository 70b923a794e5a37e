/* STORE (provider-storemgmt(7)): the key that keystore:NAME or keystore:ID leads to. */
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "key.h"

#define SCHEME "keystore:"

struct loader {
	struct provider *provider;
	char key[CALL_KEY_MAX];
	bool is_done;
};

/* A name begins with a letter, so that digits are an ID. False: neither. */
static bool read_uri(const char *uri, char ret_key[CALL_KEY_MAX])
{
	const char *what;
	size_t digits;
	int len;

	if (strncasecmp(uri, SCHEME, strlen(SCHEME)) != 0)
		return false;
	what = uri + strlen(SCHEME);
	digits = strspn(what, "0123456789");
	if (!*what || (digits && what[digits]))
		return false;
	len = snprintf(ret_key, CALL_KEY_MAX, "%s%s", digits ? "#" : "", what);
	return len < CALL_KEY_MAX;
}

static void *open_uri(void *context, const char *uri)
{
	struct provider *provider = context;
	struct loader *loader = calloc(1, sizeof(*loader));

	if (!loader)
		return NULL;
	loader->provider = provider;
	if (read_uri(uri, loader->key))
		return loader;
	provider_fail(provider, PROVIDER_BAD_REFERENCE,
		      "\"%.80s\" names no key: keystore:NAME or keystore:ID, as keystorectl key "
		      "list has them",
		      uri);
	free(loader);
	return NULL;
}

static int load(void *data, OSSL_CALLBACK *callback, void *callback_arg,
		OSSL_PASSPHRASE_CALLBACK *passphrase, void *passphrase_arg)
{
	struct loader *loader = data;
	struct call_request request = {.kind = CALL_SHOW};
	struct call_answer answer;
	struct key *key;

	(void)passphrase;
	(void)passphrase_arg;
	loader->is_done = true;
	memcpy(request.key, loader->key, sizeof(request.key));
	if (courier_ask(loader->provider->courier, &request, &answer) != KS_OK)
		return provider_fail_answer(loader->provider, &answer);
	key = key_new_kept(loader->provider, answer.key_id, answer.key_name, answer.data,
			   answer.data_len);
	return key && key_hand_over(key, callback, callback_arg);
}

static int is_at_end(void *data)
{
	const struct loader *loader = data;

	return loader->is_done;
}

static int close_uri(void *loader)
{
	free(loader);
	return 1;
}

/* What is expected and how properties go: nothing here depends on it. */
static const OSSL_PARAM *settable(void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
		OSSL_PARAM_END,
	};

	(void)provider;
	return params;
}

static int set_params(void *loader, const OSSL_PARAM params[])
{
	(void)loader;
	(void)params;
	return 1;
}

#define FUNCTION(id, function)                                                                     \
	{                                                                                          \
		OSSL_FUNC_STORE_##id, (void (*)(void))(function)                                   \
	}

const OSSL_DISPATCH store_keystore[] = {
	FUNCTION(OPEN, open_uri),
	FUNCTION(LOAD, load),
	FUNCTION(EOF, is_at_end),
	FUNCTION(CLOSE, close_uri),
	FUNCTION(SETTABLE_CTX_PARAMS, settable),
	FUNCTION(SET_CTX_PARAMS, set_params),
	{0, NULL},
};
