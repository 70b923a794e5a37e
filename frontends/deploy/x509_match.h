/* What of a certificate has to be known to write it beside the right key. Hides X.509 and PEM. */
#ifndef DEPLOY_X509_MATCH_H
#define DEPLOY_X509_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first certificate of @pem is that in @der. @ret_rest: where the issuers behind it begin, or
 * @len. False: it is not, or there is none. */
bool x509_match_der(const char *pem, size_t len, const uint8_t *der, size_t der_len,
		    size_t *ret_rest);

/* Whether the first certificate of @pem is of that key, a SubjectPublicKeyInfo. */
bool x509_match_key(const char *pem, size_t len, const uint8_t *key, size_t key_len);

#endif
