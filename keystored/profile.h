/*
 * Purpose templates of certificates: what each is for, as one table. Hides which key usages,
 * extended key usages and names a purpose needs (requirements A5 to A7; OPC 10000-6 6.2.2;
 * RFC 5280 4.2.1.3, 4.2.1.12).
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key.h"

enum profile_id {
	PROFILE_OPCUA_SERVER = 1,
	PROFILE_OPCUA_CLIENT,
	PROFILE_OPCUA_CLIENT_SERVER,
	PROFILE_WEB_SERVER,
	PROFILE_TLS_SERVER,
	PROFILE_TLS_CLIENT,
	PROFILE_TLS_CLIENT_SERVER,
	PROFILE_PG_HMI,
	PROFILE_SYSLOG_CLIENT,
	PROFILE_CA,
	PROFILE_COUNT,
};

/* RFC 5280 4.2.1.3: bit n is 1 << n. */
enum key_usage {
	KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0,
	KEY_USAGE_NON_REPUDIATION = 1 << 1,
	KEY_USAGE_KEY_ENCIPHERMENT = 1 << 2,
	KEY_USAGE_DATA_ENCIPHERMENT = 1 << 3,
	KEY_USAGE_CERT_SIGN = 1 << 5,
	KEY_USAGE_CRL_SIGN = 1 << 6,
};

#define KEY_USAGE_BITS 9

enum profile_need { PROFILE_OPTIONAL, PROFILE_MANDATORY };

struct profile {
	enum profile_id id;
	const char *name;   /* "opcua-server" */
	const char *title;  /* "OPC UA server" */
	uint32_t key_usage; /* KEY_USAGE_*, of an RSA key's; see profile_key_usage() */
	bool for_server;    /* extended key usage serverAuth */
	bool for_client;    /* clientAuth */
	bool is_ca;
	bool is_opcua;	       /* an application instance certificate */
	enum profile_need uri; /* the application URI: exactly one where mandatory */
	enum profile_need ip; /* where neither ip nor dns is mandatory but needs_host is set, … */
	enum profile_need dns;
	bool needs_host; /* … one of the two has to be there */
	enum tpm_algorithm default_algorithm;
	unsigned default_days;
	unsigned renewal_percent; /* of the life left when it is renewed by itself; 0: it is not */
};

const struct profile *profile_by_id(enum profile_id id); /* NULL: no such */
const struct profile *profile_by_name(const char *name); /* NULL: no such */

/*
 * The key usage of a certificate, always critical. A key that is not RSA encrypts nothing, so
 * encipherment is left out (RFC 8813 3; OPC 10000-6 6.2.2). A self-signed application instance
 * certificate says keyCertSign although it is no CA (OPC 10000-6 6.2.2).
 */
uint32_t profile_key_usage(const struct profile *profile, bool is_rsa, bool is_self_signed);

/*
 * What so many names of a kind lack, as the end of a sentence that begins with the profile's
 * name; NULL: nothing.
 */
const char *profile_uri_wrong(const struct profile *profile, size_t uris);
const char *profile_host_wrong(const struct profile *profile, size_t ips, size_t dns_names);

#endif
