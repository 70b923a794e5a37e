/* SIGNATURE (provider-signature(7)): RSA and ECDSA, as signing.h does them. */
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm_id.h"
#include "signing.h"

#define SALT_AUTO_DIGEST_MAX (-4) /* RSA_PSS_SALTLEN_AUTO_DIGEST_MAX, of OpenSSL 3.1 */

/* OpenSSL passes settings as a number or as its name. */
struct choice {
	const char *name;
	int value;
};

static const struct choice pad_modes[] = {
	{OSSL_PKEY_RSA_PAD_MODE_NONE, RSA_NO_PADDING},
	{OSSL_PKEY_RSA_PAD_MODE_PKCSV15, RSA_PKCS1_PADDING},
	{OSSL_PKEY_RSA_PAD_MODE_OAEP, RSA_PKCS1_OAEP_PADDING},
	{OSSL_PKEY_RSA_PAD_MODE_X931, RSA_X931_PADDING},
	{OSSL_PKEY_RSA_PAD_MODE_PSS, RSA_PKCS1_PSS_PADDING},
	{NULL, 0},
};

static const struct choice salts[] = {
	{OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST, RSA_PSS_SALTLEN_DIGEST},
	{OSSL_PKEY_RSA_PSS_SALT_LEN_MAX, RSA_PSS_SALTLEN_MAX},
	{OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO, RSA_PSS_SALTLEN_AUTO},
	{"auto-digestmax", SALT_AUTO_DIGEST_MAX},
	{NULL, 0},
};

static void *new_context(void *provider, const char *properties)
{
	(void)properties;
	return signing_new(provider);
}

static void free_context(void *signing)
{
	signing_free(signing);
}

static void *copy_context(void *signing)
{
	return signing_copy(signing);
}

/* Neither a name nor a number of the list: as a number, if it is one. */
static bool read_choice(const OSSL_PARAM *param, const struct choice *choices, int *ret_value)
{
	char *end = NULL;
	long number;

	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_int(param, ret_value);
	if (!param->data)
		return false;
	for (const struct choice *choice = choices; choice->name; choice++)
		if (strcmp(choice->name, param->data) == 0) {
			*ret_value = choice->value;
			return true;
		}
	number = strtol(param->data, &end, 10);
	if (end == param->data || *end || number < 0 || number > INT32_MAX)
		return false;
	*ret_value = (int)number;
	return true;
}

static bool write_choice(OSSL_PARAM *param, const struct choice *choices, int value)
{
	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_set_int(param, value);
	for (const struct choice *choice = choices; choice->name; choice++)
		if (choice->value == value)
			return OSSL_PARAM_set_utf8_string(param, choice->name);
	return false;
}

static bool set_digest(struct signing *signing, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
	const OSSL_PARAM *properties =
		OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PROPERTIES);

	return !param ||
	       (param->data_type == OSSL_PARAM_UTF8_STRING &&
		signing_set_md(signing, param->data, properties ? properties->data : NULL));
}

static int ec_set_params(void *data, const OSSL_PARAM params[])
{
	/* OpenSSL 3.2: deterministic nonces (RFC 6979), of which a TPM knows nothing. */
	const OSSL_PARAM *nonce = params ? OSSL_PARAM_locate_const(params, "nonce-type") : NULL;
	struct signing *signing = data;
	unsigned type = 0;

	if (nonce && (!OSSL_PARAM_get_uint(nonce, &type) || type != 0))
		return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
				     "ECDSA with a deterministic nonce was asked for: a TPM's is "
				     "random");
	return !params || set_digest(signing, params);
}

static bool set_padding(struct signing *signing, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	int padding;

	if (!param)
		return true;
	if (!read_choice(param, pad_modes, &padding))
		return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
				     "an unknown RSA padding was asked for");
	if (signing->key && key_type(signing->key) == KEY_RSA_PSS &&
	    padding != RSA_PKCS1_PSS_PADDING)
		return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
				     "an RSA-PSS key signs with PSS padding only");
	signing->padding = padding;
	return true;
}

static bool set_salt(struct signing *signing, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	int salt;

	if (!param)
		return true;
	if (!read_choice(param, salts, &salt) || salt < SALT_AUTO_DIGEST_MAX)
		return provider_fail(signing->provider, PROVIDER_NOT_SUPPORTED,
				     "an unknown length of PSS salt was asked for");
	signing->salt = salt;
	return true;
}

static int rsa_set_params(void *data, const OSSL_PARAM params[])
{
	const OSSL_PARAM *mgf1 =
		params ? OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST) : NULL;
	struct signing *signing = data;

	return !params || (set_digest(signing, params) && set_padding(signing, params) &&
			   set_salt(signing, params) &&
			   (!mgf1 || (mgf1->data_type == OSSL_PARAM_UTF8_STRING &&
				      signing_set_mgf1(signing, mgf1->data))));
}

static bool get_algorithm_id(const struct signing *signing, OSSL_PARAM *param,
			     enum algorithm_kind kind)
{
	const struct hash *hash = signing->md ? hash_of(signing->md) : NULL;
	unsigned char *der;
	bool is_set;
	size_t len;

	if (!hash)
		return false;
	der = algorithm_id(kind, hash, &len);
	is_set = der && OSSL_PARAM_set_octet_string(param, der, len);
	OPENSSL_free(der);
	return is_set;
}

static bool get_digest(const struct signing *signing, OSSL_PARAM params[])
{
	OSSL_PARAM *param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);

	return !param ||
	       OSSL_PARAM_set_utf8_string(param, signing->md ? EVP_MD_get0_name(signing->md) : "");
}

static int ec_get_params(void *data, OSSL_PARAM params[])
{
	OSSL_PARAM *id = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
	const struct signing *signing = data;

	return (!id || get_algorithm_id(signing, id, ALGORITHM_ECDSA)) &&
	       get_digest(signing, params);
}

static bool get_mgf1(const struct signing *signing, OSSL_PARAM params[])
{
	OSSL_PARAM *param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	const EVP_MD *md = signing->mgf1 ? signing->mgf1 : signing->md;

	return !param || OSSL_PARAM_set_utf8_string(param, md ? EVP_MD_get0_name(md) : "");
}

static int rsa_get_params(void *data, OSSL_PARAM params[])
{
	OSSL_PARAM *id = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
	OSSL_PARAM *padding = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	OSSL_PARAM *salt = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	const struct signing *signing = data;
	enum algorithm_kind kind =
		signing->padding == RSA_PKCS1_PSS_PADDING ? ALGORITHM_PSS : ALGORITHM_PKCS1;

	return (!id || get_algorithm_id(signing, id, kind)) && get_digest(signing, params) &&
	       get_mgf1(signing, params) &&
	       (!padding || write_choice(padding, pad_modes, signing->padding)) &&
	       (!salt || (signing->key && write_choice(salt, salts, signing_salt(signing))));
}

#define TEXT(key) OSSL_PARAM_DEFN(key, OSSL_PARAM_UTF8_STRING, NULL, 0)

static const OSSL_PARAM *rsa_gettable(void *signing, void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_DEFN(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, OSSL_PARAM_OCTET_STRING, NULL,
				0),
		TEXT(OSSL_SIGNATURE_PARAM_DIGEST),
		TEXT(OSSL_SIGNATURE_PARAM_PAD_MODE),
		TEXT(OSSL_SIGNATURE_PARAM_PSS_SALTLEN),
		TEXT(OSSL_SIGNATURE_PARAM_MGF1_DIGEST),
		OSSL_PARAM_END,
	};

	(void)signing;
	(void)provider;
	return params;
}

static const OSSL_PARAM *rsa_settable(void *signing, void *provider)
{
	static const OSSL_PARAM params[] = {
		TEXT(OSSL_SIGNATURE_PARAM_DIGEST),	TEXT(OSSL_SIGNATURE_PARAM_PROPERTIES),
		TEXT(OSSL_SIGNATURE_PARAM_PAD_MODE),	TEXT(OSSL_SIGNATURE_PARAM_PSS_SALTLEN),
		TEXT(OSSL_SIGNATURE_PARAM_MGF1_DIGEST), OSSL_PARAM_END,
	};

	(void)signing;
	(void)provider;
	return params;
}

static const OSSL_PARAM *ec_gettable(void *signing, void *provider)
{
	static const OSSL_PARAM params[] = {
		OSSL_PARAM_DEFN(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, OSSL_PARAM_OCTET_STRING, NULL,
				0),
		TEXT(OSSL_SIGNATURE_PARAM_DIGEST),
		OSSL_PARAM_END,
	};

	(void)signing;
	(void)provider;
	return params;
}

static const OSSL_PARAM *ec_settable(void *signing, void *provider)
{
	static const OSSL_PARAM params[] = {
		TEXT(OSSL_SIGNATURE_PARAM_DIGEST),
		TEXT(OSSL_SIGNATURE_PARAM_PROPERTIES),
		OSSL_PARAM_DEFN("nonce-type", OSSL_PARAM_UNSIGNED_INTEGER, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)signing;
	(void)provider;
	return params;
}

/* --- what both do alike --- */

typedef int set_params_fn(void *signing, const OSSL_PARAM params[]);

static set_params_fn *set_params_of(const struct signing *signing)
{
	return key_type(signing->key) == KEY_EC ? ec_set_params : rsa_set_params;
}

static int begin(struct signing *signing, void *key, enum signing_operation operation,
		 const OSSL_PARAM params[])
{
	return signing_begin(signing, key, operation) && set_params_of(signing)(signing, params);
}

static int sign_init(void *signing, void *key, const OSSL_PARAM params[])
{
	return begin(signing, key, SIGNING_SIGN, params);
}

static int verify_init(void *signing, void *key, const OSSL_PARAM params[])
{
	return begin(signing, key, SIGNING_VERIFY, params);
}

static int begin_hashing(struct signing *signing, const char *md, void *key,
			 enum signing_operation operation, const OSSL_PARAM params[])
{
	return signing_begin(signing, key, operation) &&
	       signing_set_md(signing, md && *md ? md : "SHA256", NULL) &&
	       set_params_of(signing)(signing, params) && signing_start_hashing(signing);
}

static int digest_sign_init(void *signing, const char *md, void *key, const OSSL_PARAM params[])
{
	return begin_hashing(signing, md, key, SIGNING_SIGN, params);
}

static int digest_verify_init(void *signing, const char *md, void *key, const OSSL_PARAM params[])
{
	return begin_hashing(signing, md, key, SIGNING_VERIFY, params);
}

static int sign(void *signing, unsigned char *signature, size_t *ret_len, size_t size,
		const unsigned char *digest, size_t digest_len)
{
	return signing_sign(signing, digest, digest_len, signature, size, ret_len);
}

static int verify(void *signing, const unsigned char *signature, size_t len,
		  const unsigned char *digest, size_t digest_len)
{
	return signing_verify(signing, digest, digest_len, signature, len);
}

static int update(void *signing, const unsigned char *data, size_t len)
{
	return signing_update(signing, data, len);
}

static int digest_sign_final(void *signing, unsigned char *signature, size_t *ret_len, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t len = 0;

	/* Only how long it gets: hashing goes on. */
	if (signature && !signing_finish_hashing(signing, digest, &len))
		return 0;
	return signing_sign(signing, digest, len, signature, size, ret_len);
}

static int digest_verify_final(void *signing, const unsigned char *signature, size_t len)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t digest_len;

	return signing_finish_hashing(signing, digest, &digest_len) &&
	       signing_verify(signing, digest, digest_len, signature, len);
}

#define FUNCTION(id, function)                                                                     \
	{                                                                                          \
		OSSL_FUNC_SIGNATURE_##id, (void (*)(void))(function)                               \
	}
#define COMMON                                                                                     \
	FUNCTION(NEWCTX, new_context), FUNCTION(FREECTX, free_context),                            \
		FUNCTION(DUPCTX, copy_context), FUNCTION(SIGN_INIT, sign_init),                    \
		FUNCTION(SIGN, sign), FUNCTION(VERIFY_INIT, verify_init),                          \
		FUNCTION(VERIFY, verify), FUNCTION(DIGEST_SIGN_INIT, digest_sign_init),            \
		FUNCTION(DIGEST_SIGN_UPDATE, update),                                              \
		FUNCTION(DIGEST_SIGN_FINAL, digest_sign_final),                                    \
		FUNCTION(DIGEST_VERIFY_INIT, digest_verify_init),                                  \
		FUNCTION(DIGEST_VERIFY_UPDATE, update),                                            \
		FUNCTION(DIGEST_VERIFY_FINAL, digest_verify_final)

const OSSL_DISPATCH signature_rsa[] = {
	COMMON,
	FUNCTION(GET_CTX_PARAMS, rsa_get_params),
	FUNCTION(GETTABLE_CTX_PARAMS, rsa_gettable),
	FUNCTION(SET_CTX_PARAMS, rsa_set_params),
	FUNCTION(SETTABLE_CTX_PARAMS, rsa_settable),
	{0, NULL},
};

const OSSL_DISPATCH signature_ecdsa[] = {
	COMMON,
	FUNCTION(GET_CTX_PARAMS, ec_get_params),
	FUNCTION(GETTABLE_CTX_PARAMS, ec_gettable),
	FUNCTION(SET_CTX_PARAMS, ec_set_params),
	FUNCTION(SETTABLE_CTX_PARAMS, ec_settable),
	{0, NULL},
};
