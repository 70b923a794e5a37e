/*
 * A distinguished name from text: "CN=plc-1,O=Plant,C=DE". Hides the grammar (RFC 4514, but
 * in the order of the certificate, as people write it and OpenSSL shows it) and what each
 * attribute may hold (RFC 5280 appendix A).
 */
#ifndef X509_NAME_H
#define X509_NAME_H

#include <stddef.h>

#include <openssl/types.h>

#include "x509_text.h"

enum name_status { NAME_OK = 0, NAME_INVALID, NAME_NOMEM };

/*
 * Spaces around "," and "=" don't count. A backslash comes before , + " \ < > ; = # and a
 * space that does count, or before two hexadecimal digits for a byte of UTF-8. "": a name
 * without attributes. No multi-valued RDNs. INVALID: @ret_error says which attribute, what
 * is wrong with it and what would be right. *ret_name is the caller's: X509_NAME_free().
 */
[[nodiscard]] enum name_status x509_name_parse(const char *text, char ret_error[X509_ERROR_MAX],
					       X509_NAME **ret_name);

/* @name as x509_name_parse() reads it, cut where it is too long for @size bytes. INVALID, NOMEM. */
[[nodiscard]] enum name_status x509_name_show(const X509_NAME *name, char *ret_text, size_t size);

#endif
