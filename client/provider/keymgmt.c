/*
 * KEYMGMT (provider-keymgmt(7)) for RSA, RSA-PSS and EC. Kept keys come from decoder and store;
 * everything else, for programs that prefer this provider, is left to the others.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "key.h"

/* A key that is being made by somebody else. */
struct generation {
	struct provider *provider;
	enum key_type type;
	int selection;
	EVP_PKEY_CTX *ctx;
};

static void *new_of_type(void *provider, enum key_type type)
{
	return key_new_foreign(provider, type, NULL);
}

static void *rsa_new(void *provider)
{
	return new_of_type(provider, KEY_RSA);
}

static void *rsa_pss_new(void *provider)
{
	return new_of_type(provider, KEY_RSA_PSS);
}

static void *ec_new(void *provider)
{
	return new_of_type(provider, KEY_EC);
}

static void free_key(void *key)
{
	key_drop(key);
}

/* Takes what decoder and store hand over: the address of a pointer. */
static void *load(const void *reference, size_t size)
{
	struct key *key;

	if (size != sizeof(key))
		return NULL;
	key = *(struct key *const *)reference;
	*(struct key **)(uintptr_t)reference = NULL;
	return key;
}

static void *duplicate(const void *key, int selection)
{
	(void)selection;
	return key_share((struct key *)(uintptr_t)key);
}

static bool has_private_number(const struct key *key)
{
	const char *name =
		key_type(key) == KEY_EC ? OSSL_PKEY_PARAM_PRIV_KEY : OSSL_PKEY_PARAM_RSA_D;
	BIGNUM *number = NULL;
	bool is_there = EVP_PKEY_get_bn_param(key_pkey(key), name, &number) > 0;

	BN_clear_free(number);
	return is_there;
}

/* Programs ask whether there is a private key before they use it: there is, elsewhere. */
static int has(const void *data, int selection)
{
	const struct key *key = data;

	if (!key || !key_pkey(key))
		return 0;
	return key_is_kept(key) || !(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) ||
	       has_private_number(key);
}

static int match(const void *a, const void *b, int selection)
{
	EVP_PKEY *left = key_pkey(a);
	EVP_PKEY *right = key_pkey(b);

	if (!left || !right)
		return 0;
	if (!(selection & OSSL_KEYMGMT_SELECT_KEYPAIR))
		return EVP_PKEY_parameters_eq(left, right) > 0;
	return EVP_PKEY_eq(left, right) > 0;
}

static int get_params(void *key, OSSL_PARAM params[])
{
	return key_pkey(key) && EVP_PKEY_get_params(key_pkey(key), params) > 0;
}

static int set_params(void *key, const OSSL_PARAM params[])
{
	/* EVP_PKEY_set_params() only reads them. */
	return key_pkey(key) && !key_is_kept(key) &&
	       EVP_PKEY_set_params(key_pkey(key), (OSSL_PARAM *)(uintptr_t)params) > 0;
}

/* Without the private half OpenSSL would take a copy elsewhere and miss it there. */
static int export(void *key, int selection, OSSL_CALLBACK *callback, void *arg)
{
	if (!key_pkey(key))
		return 0;
	if (key_is_kept(key) && (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY))
		return 0;
	return EVP_PKEY_export(key_pkey(key), selection, callback, arg);
}

static int import(void *data, int selection, const OSSL_PARAM params[])
{
	struct key *key = data;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(
		key_provider(key)->libctx, key_type_name(key_type(key)), PROVIDER_OTHERS);
	EVP_PKEY *pkey = NULL;

	if (ctx && EVP_PKEY_fromdata_init(ctx) > 0)
		(void)EVP_PKEY_fromdata(ctx, &pkey, selection, (OSSL_PARAM *)(uintptr_t)params);
	EVP_PKEY_CTX_free(ctx);
	if (pkey)
		key_fill(key, pkey);
	return pkey != NULL;
}

#define NUMBER(key) OSSL_PARAM_DEFN(key, OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0)
#define BYTES(key)  OSSL_PARAM_DEFN(key, OSSL_PARAM_OCTET_STRING, NULL, 0)
#define TEXT(key)   OSSL_PARAM_DEFN(key, OSSL_PARAM_UTF8_STRING, NULL, 0)

static const OSSL_PARAM *rsa_types(int selection)
{
	static const OSSL_PARAM types[] = {
		NUMBER(OSSL_PKEY_PARAM_RSA_N),
		NUMBER(OSSL_PKEY_PARAM_RSA_E),
		NUMBER(OSSL_PKEY_PARAM_RSA_D),
		OSSL_PARAM_END,
	};

	(void)selection;
	return types;
}

static const OSSL_PARAM *ec_types(int selection)
{
	static const OSSL_PARAM types[] = {
		TEXT(OSSL_PKEY_PARAM_GROUP_NAME),
		BYTES(OSSL_PKEY_PARAM_PUB_KEY),
		NUMBER(OSSL_PKEY_PARAM_PRIV_KEY),
		OSSL_PARAM_END,
	};

	(void)selection;
	return types;
}

static const OSSL_PARAM *rsa_gettable(void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		TEXT(OSSL_PKEY_PARAM_DEFAULT_DIGEST),
		NUMBER(OSSL_PKEY_PARAM_RSA_N),
		NUMBER(OSSL_PKEY_PARAM_RSA_E),
		OSSL_PARAM_END,
	};

	(void)provider;
	return params;
}

static const OSSL_PARAM *ec_gettable(void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		TEXT(OSSL_PKEY_PARAM_DEFAULT_DIGEST),
		TEXT(OSSL_PKEY_PARAM_GROUP_NAME),
		BYTES(OSSL_PKEY_PARAM_PUB_KEY),
		BYTES(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY),
		NUMBER(OSSL_PKEY_PARAM_EC_PUB_X),
		NUMBER(OSSL_PKEY_PARAM_EC_PUB_Y),
		OSSL_PARAM_END,
	};

	(void)provider;
	return params;
}

static const OSSL_PARAM *ec_settable(void *provider)
{
	static const OSSL_PARAM params[] = {
		BYTES(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY),
		OSSL_PARAM_END,
	};

	(void)provider;
	return params;
}

static const char *ec_operation_name(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA"
	       : operation == OSSL_OP_KEYEXCH ? "ECDH"
					      : NULL;
}

/* The signatures of both kinds of RSA keys are one implementation. */
static const char *rsa_pss_operation_name(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "RSA" : NULL;
}

static bool generation_init(struct generation *generation)
{
	if (generation->selection & OSSL_KEYMGMT_SELECT_KEYPAIR)
		return EVP_PKEY_keygen_init(generation->ctx) > 0;
	return EVP_PKEY_paramgen_init(generation->ctx) > 0;
}

static void gen_cleanup(void *data)
{
	struct generation *generation = data;

	if (!generation)
		return;
	EVP_PKEY_CTX_free(generation->ctx);
	free(generation);
}

static void *gen_init(struct provider *provider, enum key_type type, int selection,
		      const OSSL_PARAM params[])
{
	struct generation *generation = calloc(1, sizeof(*generation));

	if (!generation)
		return NULL;
	generation->provider = provider;
	generation->type = type;
	generation->selection = selection;
	generation->ctx =
		EVP_PKEY_CTX_new_from_name(provider->libctx, key_type_name(type), PROVIDER_OTHERS);
	if (generation->ctx && generation_init(generation) &&
	    (!params || EVP_PKEY_CTX_set_params(generation->ctx, params) > 0))
		return generation;
	gen_cleanup(generation);
	return NULL;
}

static void *rsa_gen_init(void *provider, int selection, const OSSL_PARAM params[])
{
	return gen_init(provider, KEY_RSA, selection, params);
}

static void *rsa_pss_gen_init(void *provider, int selection, const OSSL_PARAM params[])
{
	return gen_init(provider, KEY_RSA_PSS, selection, params);
}

static void *ec_gen_init(void *provider, int selection, const OSSL_PARAM params[])
{
	return gen_init(provider, KEY_EC, selection, params);
}

static int gen_set_template(void *data, void *template)
{
	struct generation *generation = data;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(generation->provider->libctx,
						       key_pkey(template), PROVIDER_OTHERS);

	if (!ctx)
		return 0;
	EVP_PKEY_CTX_free(generation->ctx);
	generation->ctx = ctx;
	return generation_init(generation);
}

static int gen_set_params(void *data, const OSSL_PARAM params[])
{
	struct generation *generation = data;

	return EVP_PKEY_CTX_set_params(generation->ctx, params) > 0;
}

/* The list of who does the work; a constant of theirs. */
static const OSSL_PARAM *settable_of(struct provider *provider, enum key_type type)
{
	EVP_KEYMGMT *keymgmt =
		EVP_KEYMGMT_fetch(provider->libctx, key_type_name(type), PROVIDER_OTHERS);
	const OSSL_PARAM *params = keymgmt ? EVP_KEYMGMT_gen_settable_params(keymgmt) : NULL;

	EVP_KEYMGMT_free(keymgmt);
	return params;
}

static const OSSL_PARAM *rsa_gen_settable(void *generation, void *provider)
{
	(void)generation;
	return settable_of(provider, KEY_RSA);
}

static const OSSL_PARAM *rsa_pss_gen_settable(void *generation, void *provider)
{
	(void)generation;
	return settable_of(provider, KEY_RSA_PSS);
}

static const OSSL_PARAM *ec_gen_settable(void *generation, void *provider)
{
	(void)generation;
	return settable_of(provider, KEY_EC);
}

static void *generate(void *data, OSSL_CALLBACK *progress, void *arg)
{
	struct generation *generation = data;
	EVP_PKEY *pkey = NULL;

	(void)progress;
	(void)arg;
	if (EVP_PKEY_generate(generation->ctx, &pkey) <= 0)
		return NULL;
	return key_new_foreign(generation->provider, generation->type, pkey);
}

#define FUNCTION(id, function)                                                                     \
	{                                                                                          \
		OSSL_FUNC_KEYMGMT_##id, (void (*)(void))(function)                                 \
	}
#define COMMON                                                                                     \
	FUNCTION(FREE, free_key), FUNCTION(LOAD, load), FUNCTION(DUP, duplicate),                  \
		FUNCTION(HAS, has), FUNCTION(MATCH, match), FUNCTION(GET_PARAMS, get_params),      \
		FUNCTION(EXPORT, export), FUNCTION(IMPORT, import),                                \
		FUNCTION(GEN_SET_TEMPLATE, gen_set_template),                                      \
		FUNCTION(GEN_SET_PARAMS, gen_set_params), FUNCTION(GEN, generate),                 \
		FUNCTION(GEN_CLEANUP, gen_cleanup)

const OSSL_DISPATCH keymgmt_rsa[] = {
	COMMON,
	FUNCTION(NEW, rsa_new),
	FUNCTION(IMPORT_TYPES, rsa_types),
	FUNCTION(EXPORT_TYPES, rsa_types),
	FUNCTION(GETTABLE_PARAMS, rsa_gettable),
	FUNCTION(GEN_INIT, rsa_gen_init),
	FUNCTION(GEN_SETTABLE_PARAMS, rsa_gen_settable),
	{0, NULL},
};

const OSSL_DISPATCH keymgmt_rsa_pss[] = {
	COMMON,
	FUNCTION(NEW, rsa_pss_new),
	FUNCTION(IMPORT_TYPES, rsa_types),
	FUNCTION(EXPORT_TYPES, rsa_types),
	FUNCTION(GETTABLE_PARAMS, rsa_gettable),
	FUNCTION(GEN_INIT, rsa_pss_gen_init),
	FUNCTION(GEN_SETTABLE_PARAMS, rsa_pss_gen_settable),
	FUNCTION(QUERY_OPERATION_NAME, rsa_pss_operation_name),
	{0, NULL},
};

const OSSL_DISPATCH keymgmt_ec[] = {
	COMMON,
	FUNCTION(NEW, ec_new),
	FUNCTION(IMPORT_TYPES, ec_types),
	FUNCTION(EXPORT_TYPES, ec_types),
	FUNCTION(GETTABLE_PARAMS, ec_gettable),
	FUNCTION(SET_PARAMS, set_params),
	FUNCTION(SETTABLE_PARAMS, ec_settable),
	FUNCTION(GEN_INIT, ec_gen_init),
	FUNCTION(GEN_SETTABLE_PARAMS, ec_gen_settable),
	FUNCTION(QUERY_OPERATION_NAME, ec_operation_name),
	{0, NULL},
};
