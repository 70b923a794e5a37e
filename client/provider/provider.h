/*
 * OpenSSL's provider "keystore": what its parts share. Hides how a provider finds its way into
 * the core, and how its errors reach the program's error queue.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <stdbool.h>

#include "courier.h"
#include "provider_reason.h"

/*
 * Where hashing, public keys and the keys of others are left to: any provider but this one, to
 * which a program may have given preference.
 */
#define PROVIDER_OTHERS "provider!=keystore"

struct provider {
	const OSSL_CORE_HANDLE *core;
	OSSL_LIB_CTX *libctx; /* a child of the program's */
	struct courier *courier;
	OSSL_FUNC_core_new_error_fn *new_error;
	OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
	OSSL_FUNC_core_vset_error_fn *vset_error;
};

/* Puts an error into the queue. Returns false. */
/* __FILE_NAME__: no paths of the machine that built it. */
#define provider_fail(provider, reason, ...)                                                       \
	provider_raise(provider, reason, __FILE_NAME__, __LINE__, __func__, __VA_ARGS__)
bool provider_raise(const struct provider *provider, enum provider_reason reason, const char *file,
		    int line, const char *function, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* keystored's answer, as an error. Returns false. */
bool provider_fail_answer(const struct provider *provider, const struct call_answer *answer);

/* The implementations, a table per algorithm; each in the file of its kind. */
extern const OSSL_DISPATCH keymgmt_rsa[];
extern const OSSL_DISPATCH keymgmt_rsa_pss[];
extern const OSSL_DISPATCH keymgmt_ec[];
extern const OSSL_DISPATCH signature_rsa[];
extern const OSSL_DISPATCH signature_ecdsa[];
extern const OSSL_DISPATCH cipher_rsa[];
extern const OSSL_DISPATCH exchange_ecdh[];
extern const OSSL_DISPATCH store_keystore[];
extern const OSSL_DISPATCH decoder_pem[];
extern const OSSL_DISPATCH decoder_rsa[];
extern const OSSL_DISPATCH decoder_rsa_pss[];
extern const OSSL_DISPATCH decoder_ec[];

#endif
