/*
 * Which hosts a certificate is for (RFC 9525, RFC 5280 4.2.1.6). Hides how names and addresses
 * are told apart and compared.
 */
#ifndef X509_HOST_H
#define X509_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

/*
 * What is wrong with a host that is asked for, as the end of a sentence that begins with it;
 * NULL: nothing. A DNS name in ASCII, which may end with a dot, or an address as inet_pton()
 * takes it.
 */
const char *x509_host_wrong(const char *host);

/*
 * Whether the subjectAltName has @host, which is not wrong: an address among the addresses, octet
 * for octet, a name among the DNS names, where "*" may stand for its whole first label. The
 * common name never counts (RFC 9525 6.3).
 */
bool x509_host_is_named(const X509 *cert, const char *host);

/* What the subjectAltName has of hosts, for people: as many as fit @size, at least 128. */
void x509_host_show(const X509 *cert, char *ret_shown, size_t size);

#endif
