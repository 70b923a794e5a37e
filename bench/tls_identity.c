/* Debian 12 has an engine for PKCS #11, and no provider yet. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tls_identity.h"

#include <string.h>

#include <openssl/engine.h>
#include <openssl/store.h>
#include <openssl/x509.h>

static EVP_PKEY *key_of_store(const char *name)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open(name, NULL, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

	if (!store)
		return NULL;
	OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
	while (!key && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
		if (OSSL_STORE_error(store))
			break;
	}
	OSSL_STORE_close(store);
	return key;
}

static EVP_PKEY *key_of_engine(const char *name)
{
	ENGINE *engine = ENGINE_by_id("pkcs11");
	EVP_PKEY *key = NULL;

	if (engine && ENGINE_init(engine))
		key = ENGINE_load_private_key(engine, name, NULL, NULL);
	ENGINE_free(engine);
	return key;
}

/* Signed with the key itself: nobody checks who this is. */
static X509 *certificate_of(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;

	if (name && X509_set_version(certificate, X509_VERSION_3) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
	    X509_gmtime_adj(X509_getm_notBefore(certificate), 0) &&
	    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"bench", -1,
				       -1, 0) &&
	    X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
	    X509_sign(certificate, key, EVP_sha256()))
		return certificate;
	X509_free(certificate);
	return NULL;
}

bool identity_use(SSL_CTX *tls, const char *name)
{
	EVP_PKEY *key = key_of_store(name);
	X509 *certificate;
	bool is_used;

	if (!key && !strncmp(name, "pkcs11:", 7))
		key = key_of_engine(name);
	certificate = key ? certificate_of(key) : NULL;
	is_used = certificate && SSL_CTX_use_certificate(tls, certificate) == 1 &&
		  SSL_CTX_use_PrivateKey(tls, key) == 1;
	X509_free(certificate);
	EVP_PKEY_free(key);
	return is_used;
}
