/*
 * Whose certificate, and whose CRL: as much of DER as it takes to tell which entries of a trust list
 * have to do with a certificate. Hides X.509's structure; decides nothing about what is valid.
 */
#ifndef OPCUA_PUSH_DER_H
#define OPCUA_PUSH_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct push_der_name {
	const uint8_t *der; /* borrowed; NULL: none */
	size_t len;
};

/* RFC 5280 4.1, 5.1. A CRL has no subject. False: it is neither. */
bool push_der_cert(const uint8_t *der, size_t len, struct push_der_name *ret_issuer,
		   struct push_der_name *ret_subject);
bool push_der_crl(const uint8_t *der, size_t len, struct push_der_name *ret_issuer);
bool push_der_same(struct push_der_name a, struct push_der_name b);
/* The length of the element that @der begins with; 0: it does not end in @len bytes. */
size_t push_der_element(const uint8_t *der, size_t len);

#endif
