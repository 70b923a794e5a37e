#include "x509_host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "x509_san.h"
#include "x509_text.h"

#define NAME_MAX_LEN 253 /* characters of a DNS name, RFC 1035 */
#define MORE_MAX     32	 /* bytes of " and 12345 more" */

#define DIGITS "0123456789"

/* 0: no address. */
static size_t address_of(const char *host, uint8_t ret_address[16])
{
	if (inet_pton(AF_INET, host, ret_address) == 1)
		return 4;
	return inet_pton(AF_INET6, host, ret_address) == 1 ? 16 : 0;
}

/* Without the dot of the root. False: it is too long. */
static bool name_of(const char *host, char ret_name[NAME_MAX_LEN + 1])
{
	size_t len = strlen(host);

	if (len && host[len - 1] == '.')
		len--;
	if (len > NAME_MAX_LEN)
		return false;
	memcpy(ret_name, host, len);
	ret_name[len] = '\0';
	return true;
}

const char *x509_host_wrong(const char *host)
{
	char name[NAME_MAX_LEN + 1];
	const char *last;
	uint8_t address[16];

	if (address_of(host, address))
		return NULL;
	if (strchr(host, ':'))
		return x509_san_wrong(SAN_IP, host);
	if (!name_of(host, name))
		return "has more than 253 characters (RFC 1035)";
	if (strncmp(name, "*.", 2) == 0)
		return "is a wildcard: ask for the one host that was called";
	last = strrchr(name, '.');
	last = last ? last + 1 : name;
	/* What some read as an address is nobody's name (RFC 1123 2.1). */
	if (*last && strspn(last, DIGITS) == strlen(last))
		return x509_san_wrong(SAN_IP, host);
	return x509_san_wrong(SAN_DNS, name);
}

bool x509_host_is_named(const X509 *cert, const char *host)
{
	const unsigned flags =
		X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
	X509 *x509 = (X509 *)(uintptr_t)cert; /* only read; OpenSSL's parameter is not const */
	char name[NAME_MAX_LEN + 1];
	uint8_t address[16];
	size_t len = address_of(host, address);
	bool is_named = false;

	/* To OpenSSL ".plant" is any host below: what is wrong is not asked. */
	if (len)
		is_named = X509_check_ip(x509, address, len, flags) == 1;
	else if (!x509_host_wrong(host) && name_of(host, name))
		is_named = X509_check_host(x509, name, strlen(name), flags, NULL) == 1;
	ERR_clear_error();
	return is_named;
}

/* False: it is no host's name. */
static bool show_one(const GENERAL_NAME *name, char ret_shown[X509_SHOWN_MAX])
{
	const ASN1_STRING *value;

	if (name->type == GEN_DNS) {
		value = name->d.dNSName;
		x509_text_show((const char *)ASN1_STRING_get0_data(value),
			       (size_t)ASN1_STRING_length(value), ret_shown);
		return true;
	}
	if (name->type != GEN_IPADD)
		return false;
	value = name->d.iPAddress;
	if (ASN1_STRING_length(value) != 4 && ASN1_STRING_length(value) != 16)
		return false;
	return inet_ntop(ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6,
			 ASN1_STRING_get0_data(value), ret_shown, X509_SHOWN_MAX) != NULL;
}

void x509_host_show(const X509 *cert, char *ret_shown, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	char one[X509_SHOWN_MAX];
	size_t used = 0;
	size_t more = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (!show_one(sk_GENERAL_NAME_value(names, i), one))
			continue;
		if (more || used + strlen(one) + sizeof(", \"\"") + MORE_MAX > size)
			more++;
		else
			used += (size_t)snprintf(ret_shown + used, size - used, "%s\"%s\"",
						 used ? ", " : "", one);
	}
	if (more)
		snprintf(ret_shown + used, size - used, " and %zu more", more);
	else if (!used)
		snprintf(ret_shown, size, "no host");
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}
