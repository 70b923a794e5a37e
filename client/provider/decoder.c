/*
 * DECODER (provider-decoder(7)): from a reference file to a key, in two steps, since OpenSSL 3.0's
 * file store chains only decoders that put out DER.
 */
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "reference.h"

static void *new_context(void *provider)
{
	return provider;
}

static void free_context(void *provider)
{
	(void)provider;
}

/*
 * Reads the next PEM block, if it is a reference. A decoder that finds something else has done
 * nothing wrong: others will try.
 */
static int decode_pem(void *context, OSSL_CORE_BIO *core, int selection, OSSL_CALLBACK *callback,
		      void *callback_arg, OSSL_PASSPHRASE_CALLBACK *passphrase,
		      void *passphrase_arg)
{
	struct provider *provider = context;
	BIO *bio = BIO_new_from_core_bio(provider->libctx, core);
	unsigned char *der = NULL;
	char *header = NULL;
	char *label = NULL;
	long len = 0;
	int is_done = 1;

	(void)selection;
	(void)passphrase;
	(void)passphrase_arg;
	if (!bio)
		return 0;
	ERR_set_mark();
	if (PEM_read_bio(bio, &label, &header, &der, &len) > 0 &&
	    strcmp(label, REFERENCE_LABEL) == 0) {
		char *structure = (char *)(uintptr_t) "KeystoreReference";
		int type = OSSL_OBJECT_PKEY;
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
			OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE,
							 structure, 0),
			OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, der, (size_t)len),
			OSSL_PARAM_construct_end(),
		};

		ERR_pop_to_mark();
		is_done = callback(params, callback_arg);
	} else {
		ERR_pop_to_mark();
	}
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return is_done;
}

static bool read_all(struct provider *provider, OSSL_CORE_BIO *core, uint8_t *buf, size_t size,
		     size_t *ret_len)
{
	BIO *bio = BIO_new_from_core_bio(provider->libctx, core);
	size_t len = 0;
	size_t got = 0;

	if (!bio)
		return false;
	ERR_set_mark();
	while (len < size && BIO_read_ex(bio, buf + len, size - len, &got) > 0 && got > 0)
		len += got;
	ERR_pop_to_mark();
	BIO_free(bio);
	*ret_len = len;
	return true;
}

static int decode_der(struct provider *provider, OSSL_CORE_BIO *core, enum key_type type,
		      OSSL_CALLBACK *callback, void *arg)
{
	uint8_t der[REFERENCE_DER_MAX + 1];
	struct reference reference;
	enum reference_status status;
	struct key *key;
	size_t len;

	if (!read_all(provider, core, der, sizeof(der), &len))
		return 0;
	status = reference_from_der(der, len, &reference);
	if (status != REFERENCE_OK) {
		provider_fail(provider, PROVIDER_BAD_REFERENCE, "%s",
			      reference_status_text(status));
		return 1;
	}
	key = key_new_kept(provider, reference.key_id, reference.name, reference.public_key,
			   reference.public_key_len);
	if (key && key_type(key) == type)
		return key_hand_over(key, callback, arg);
	key_drop(key);
	return 1;
}

#define DECODE(name, type)                                                                         \
	static int name(void *provider, OSSL_CORE_BIO *core, int selection,                        \
			OSSL_CALLBACK *callback, void *arg, OSSL_PASSPHRASE_CALLBACK *passphrase,  \
			void *passphrase_arg)                                                      \
	{                                                                                          \
		(void)selection;                                                                   \
		(void)passphrase;                                                                  \
		(void)passphrase_arg;                                                              \
		return decode_der(provider, core, type, callback, arg);                            \
	}

DECODE(decode_rsa, KEY_RSA)
DECODE(decode_rsa_pss, KEY_RSA_PSS)
DECODE(decode_ec, KEY_EC)

/* Whatever part of the key is wanted: this is where it comes from. */
static int does_selection(void *provider, int selection)
{
	(void)provider;
	(void)selection;
	return 1;
}

#define FUNCTION(id, function)                                                                     \
	{                                                                                          \
		OSSL_FUNC_DECODER_##id, (void (*)(void))(function)                                 \
	}
#define TABLE(decode)                                                                              \
	{                                                                                          \
		FUNCTION(NEWCTX, new_context), FUNCTION(FREECTX, free_context),                    \
			FUNCTION(DOES_SELECTION, does_selection), FUNCTION(DECODE, decode),        \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

const OSSL_DISPATCH decoder_pem[] = TABLE(decode_pem);
const OSSL_DISPATCH decoder_rsa[] = TABLE(decode_rsa);
const OSSL_DISPATCH decoder_rsa_pss[] = TABLE(decode_rsa_pss);
const OSSL_DISPATCH decoder_ec[] = TABLE(decode_ec);
