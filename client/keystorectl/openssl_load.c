#include "openssl_load.h"

#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE_NAME	"keystore"
#define SIGNATURE_BYTES 1024

void openssl_isolate(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

/* The loader's own words begin with a path that the system's words after it have, too. */
static const char *behind_filename(const char *data)
{
	const char *end =
		strncmp(data, "filename(", strlen("filename(")) == 0 ? strstr(data, "): ") : NULL;

	return end ? end + strlen("): ") : data;
}

/* What the queue's errors say, the first that has words of its own, and empties it. */
static void take_errors(char *problem)
{
	const char *chosen = NULL;
	const char *data;
	int flags;
	unsigned long error;

	*problem = '\0';
	while ((error = ERR_get_error_all(NULL, NULL, NULL, &data, &flags))) {
		const char *reason = ERR_reason_error_string(error);
		bool has_words = flags & ERR_TXT_STRING && *data;

		if (chosen && !has_words)
			continue;
		if (chosen && *problem)
			continue;
		if (has_words)
			snprintf(problem, OPENSSL_PROBLEM_BYTES, "%s", behind_filename(data));
		chosen = reason ? reason : chosen;
	}
	if (!*problem)
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "%s",
			 chosen ? chosen : "OpenSSL gives no reason");
}

OSSL_LIB_CTX *openssl_load(const char *text, size_t len, char *problem)
{
	OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
	CONF *conf = context ? NCONF_new_ex(context, NULL) : NULL;
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	bool is_loaded = conf && bio && NCONF_load_bio(conf, bio, NULL) > 0 &&
			 CONF_modules_load(conf, NULL, 0) > 0;

	if (!is_loaded) {
		take_errors(problem);
		OSSL_LIB_CTX_free(context);
		context = NULL;
	}
	ERR_clear_error();
	BIO_free(bio);
	NCONF_free(conf);
	return context;
}

bool openssl_has_providers(OSSL_LIB_CTX *context, char *problem)
{
	static const char *const names[] = {"default", MODULE_NAME};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (OSSL_PROVIDER_available(context, names[i]))
			continue;
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "OpenSSL has no provider \"%s\" with it",
			 names[i]);
		return false;
	}
	return true;
}

void openssl_module_path(char path[OPENSSL_CONF_VALUE_BYTES])
{
	const char *folder = secure_getenv("OPENSSL_MODULES");

	snprintf(path, OPENSSL_CONF_VALUE_BYTES, "%s/" MODULE_NAME ".so",
		 folder ? folder : OPENSSL_info(OPENSSL_INFO_MODULES_DIR));
}

const char *openssl_module_elsewhere(void)
{
	char path[OPENSSL_CONF_VALUE_BYTES];

	openssl_module_path(path);
	if (secure_getenv("OPENSSL_MODULES") || access(path, F_OK) == 0 ||
	    access(KEYSTORE_MODULE_INSTALLED, R_OK) < 0 ||
	    !openssl_value_is_plain(KEYSTORE_MODULE_INSTALLED))
		return NULL;
	return KEYSTORE_MODULE_INSTALLED;
}

/* What the provider says of itself. */
static void take_version(OSSL_PROVIDER *provider, char *version)
{
	const char *text = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, &text, 0),
		OSSL_PARAM_END,
	};

	if (OSSL_PROVIDER_get_params(provider, params) && text)
		snprintf(version, OPENSSL_CONF_VALUE_BYTES, "%s", text);
	else
		snprintf(version, OPENSSL_CONF_VALUE_BYTES, "unknown");
}

/* Knows where the module is and does not load it yet: a configuration keeps to itself why not. */
static OSSL_LIB_CTX *know_module(const char *module, char *problem)
{
	char text[2 * OPENSSL_CONF_VALUE_BYTES];
	int len = snprintf(text, sizeof(text),
			   "openssl_conf = init\n[init]\nproviders = list\n[list]\n"
			   "default = default_one\n" MODULE_NAME " = our_one\n"
			   "[default_one]\nactivate = 1\n[our_one]\n%s%s\n",
			   *module ? "module = " : "", module);

	return openssl_load(text, (size_t)len, problem);
}

bool openssl_module_loads(const char *module, char *version, char *problem)
{
	OSSL_LIB_CTX *context = know_module(module, problem);
	OSSL_PROVIDER *provider = context ? OSSL_PROVIDER_load(context, MODULE_NAME) : NULL;

	if (provider)
		take_version(provider, version);
	else if (context)
		take_errors(problem);
	ERR_clear_error();
	if (provider)
		OSSL_PROVIDER_unload(provider);
	OSSL_LIB_CTX_free(context);
	return provider != NULL;
}

/* An encrypted file is none of ours, and nobody is asked for its password. */
static int no_password(char *buf, int size, int is_writing, void *user)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	(void)user;
	return -1;
}

EVP_PKEY *openssl_load_key(OSSL_LIB_CTX *context, const char *pem, size_t len, char *problem)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	EVP_PKEY *key =
		bio ? PEM_read_bio_PrivateKey_ex(bio, NULL, no_password, NULL, context, NULL)
		    : NULL;
	const OSSL_PROVIDER *provider = key ? EVP_PKEY_get0_provider(key) : NULL;

	if (!key) {
		take_errors(problem);
	} else if (!provider || strcmp(OSSL_PROVIDER_get0_name(provider), MODULE_NAME) != 0) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "another provider took it: \"%s\"",
			 provider ? OSSL_PROVIDER_get0_name(provider) : "none");
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	BIO_free(bio);
	return key;
}

static bool sign(OSSL_LIB_CTX *context, EVP_PKEY *key, const uint8_t *data, size_t data_len,
		 uint8_t *signature, size_t *len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool is_signed = md &&
			 EVP_DigestSignInit_ex(md, NULL, "SHA256", context, NULL, key, NULL) > 0 &&
			 EVP_DigestSign(md, signature, len, data, data_len) > 0;

	EVP_MD_CTX_free(md);
	return is_signed;
}

/* By OpenSSL's own code, which knows nothing of where the signature came from. */
static bool verify(const uint8_t *spki, size_t spki_len, const uint8_t *data, size_t data_len,
		   const uint8_t *signature, size_t len)
{
	EVP_PKEY *key = d2i_PUBKEY(NULL, &spki, (long)spki_len);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool is_right = key && md && EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) > 0 &&
			EVP_DigestVerify(md, signature, len, data, data_len) == 1;

	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return is_right;
}

bool openssl_sign(OSSL_LIB_CTX *context, EVP_PKEY *key, const uint8_t *spki, size_t spki_len,
		  char *problem)
{
	static const uint8_t data[] = "keystorectl doctor";
	uint8_t signature[SIGNATURE_BYTES];
	size_t len = sizeof(signature);
	bool is_right = false;

	ERR_clear_error();
	if (!sign(context, key, data, sizeof(data), signature, &len)) {
		take_errors(problem);
	} else if (!verify(spki, spki_len, data, sizeof(data), signature, len)) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES,
			 "the signature does not fit the public key of the file");
	} else {
		is_right = true;
	}
	ERR_clear_error();
	return is_right;
}
