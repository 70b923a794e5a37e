/*
 * OpenSSL as a program has it that is configured by a given text, in a context of its own, and
 * what is loaded through it. Hides providers and OpenSSL's error queue.
 */
#ifndef CTL_OPENSSL_LOAD_H
#define CTL_OPENSSL_LOAD_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openssl_conf.h"

/*
 * Before anything else: this process itself is configured by nothing, or what the system's file
 * says would be done twice.
 */
void openssl_isolate(void);

/* NULL: @problem (OPENSSL_PROBLEM_BYTES) says why. OSSL_LIB_CTX_free() it. */
OSSL_LIB_CTX *openssl_load(const char *text, size_t len, char *problem);

/* Whether default and keystore are there. False: @problem says which isn't. */
bool openssl_has_providers(OSSL_LIB_CTX *context, char *problem);

/*
 * Whether the module loads, from @module or, when that is "", from where it is installed.
 * False: @problem says why not. @version: OPENSSL_CONF_VALUE_BYTES.
 */
bool openssl_module_loads(const char *module, char *version, char *problem);

/* Where the module is expected when its section does not say. */
void openssl_module_path(char path[OPENSSL_CONF_VALUE_BYTES]);

/*
 * Where the module was installed, if that is not where OpenSSL looks: below another prefix.
 * NULL: OpenSSL finds it by itself, or it is not there either. Static.
 */
const char *openssl_module_elsewhere(void);

/* The key of a file's text, as programs load it. NULL: @problem. EVP_PKEY_free() it. */
EVP_PKEY *openssl_load_key(OSSL_LIB_CTX *context, const char *pem, size_t len, char *problem);

/* Whether a signature by @key is one for the SubjectPublicKeyInfo @spki. False: @problem. */
bool openssl_sign(OSSL_LIB_CTX *context, EVP_PKEY *key, const uint8_t *spki, size_t spki_len,
		  char *problem);

#endif
