/*
 * Who a user's certificate says that he is, and what he signed. Hides OpenSSL's X.509. Whether the
 * certificate can be relied upon is x509_path.h's.
 */
#ifndef X509_USER_H
#define X509_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key.h"
#include "names.h"

/*
 * The name of the user that the certificate is for: its subject's only common name, which is one
 * that users can have. False: there is none such, or it is no certificate.
 */
bool x509_user_name(const uint8_t *der, size_t len, char ret_name[NAMES_KEY_MAX + 1]);

enum x509_user_status {
	X509_USER_OK = 0,
	X509_USER_MALFORMED, /* it is no certificate */
	X509_USER_KEY,	     /* its key is of another kind, or not for signing data */
	X509_USER_SIGNATURE, /* not its key's over the data */
	X509_USER_NOMEM,
};

/*
 * Whether @signature (PKCS#1 octets, or ECDSA-Sig-Value DER) is that of the certificate's key over
 * @data. @padding: NONE means PKCS1 for RSA keys, and is the only one for EC keys; PSS has a salt
 * as long as the digest.
 */
[[nodiscard]] enum x509_user_status x509_user_verify(const uint8_t *der, size_t len,
						     enum tpm_hash hash, enum tpm_padding padding,
						     const uint8_t *data, size_t data_len,
						     const uint8_t *signature,
						     size_t signature_len);

#endif
