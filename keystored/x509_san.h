/*
 * The subjectAltName extension (RFC 5280 4.2.1.6) from text. Hides what each kind of name may
 * look like: a name that parsers read differently is how one host gets another's certificate.
 */
#ifndef X509_SAN_H
#define X509_SAN_H

#include <stddef.h>

#include <openssl/x509v3.h>

#include "x509_text.h"

#define SAN_NAMES_MAX 256
#define SAN_OTHER_MAX 256 /* bytes of another name's text */

/* The numbers of keystore.v1.GeneralName.Type. */
enum san_type { SAN_URI = 1, SAN_IP, SAN_DNS, SAN_EMAIL, SAN_RID, SAN_OTHER, SAN_TYPE_COUNT };

struct csr_name {
	int type; /* enum san_type, unchecked */
	const char *value;
};

/*
 * What is wrong with one name, as the end of a sentence that begins with it; NULL: nothing.
 * The rules are those of x509_san_build().
 */
const char *x509_san_wrong(enum san_type type, const char *value);

enum san_status { SAN_OK = 0, SAN_INVALID, SAN_NOMEM };

/*
 * URI: absolute, with a scheme (RFC 3986). IP: as inet_pton() takes it. DNS: letters, digits
 * and hyphens (RFC 1123), a wildcard as the whole first label only. E-mail: name@domain
 * (RFC 5321). RID: dotted numbers. OTHER: the same, a semicolon, and what is a UTF8String there:
 * 1 to SAN_OTHER_MAX bytes without control characters. INVALID: @ret_error says which name, what is wrong with it
 * and what would be right. *ret_names is the caller's: GENERAL_NAMES_free().
 */
[[nodiscard]] enum san_status x509_san_build(const struct csr_name *names, size_t n,
					     char ret_error[X509_ERROR_MAX],
					     GENERAL_NAMES **ret_names);

#endif
