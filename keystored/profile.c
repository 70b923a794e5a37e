#include "profile.h"

#include <string.h>

#define LEAF_DAYS 730  /* 2 years */
#define CA_DAYS	  4748 /* 13 years */
/* 73 days of two years: before the first warning. */
#define LEAF_RENEWAL 10

#define USAGE_OPCUA                                                                                \
	(KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION | KEY_USAGE_KEY_ENCIPHERMENT |    \
	 KEY_USAGE_DATA_ENCIPHERMENT)
/* TLS 1.2 can have the client encrypt to an RSA server (RFC 5246 7.4.2). */
#define USAGE_SERVER (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT)
#define USAGE_CLIENT KEY_USAGE_DIGITAL_SIGNATURE
#define USAGE_CA     (KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN)

static const struct profile profiles[PROFILE_COUNT] = {
	[PROFILE_OPCUA_SERVER] = {.id = PROFILE_OPCUA_SERVER,
				  .name = "opcua-server",
				  .title = "OPC UA server",
				  .key_usage = USAGE_OPCUA,
				  .for_server = true,
				  .is_opcua = true,
				  .uri = PROFILE_MANDATORY,
				  .default_algorithm = TPM_RSA_2048,
				  .default_days = LEAF_DAYS,
				  .renewal_percent = LEAF_RENEWAL},
	[PROFILE_OPCUA_CLIENT] = {.id = PROFILE_OPCUA_CLIENT,
				  .name = "opcua-client",
				  .title = "OPC UA client",
				  .key_usage = USAGE_OPCUA,
				  .for_client = true,
				  .is_opcua = true,
				  .uri = PROFILE_MANDATORY,
				  .default_algorithm = TPM_RSA_2048,
				  .default_days = LEAF_DAYS,
				  .renewal_percent = LEAF_RENEWAL},
	[PROFILE_OPCUA_CLIENT_SERVER] = {.id = PROFILE_OPCUA_CLIENT_SERVER,
					 .name = "opcua-client-server",
					 .title = "OPC UA client and server",
					 .key_usage = USAGE_OPCUA,
					 .for_server = true,
					 .for_client = true,
					 .is_opcua = true,
					 .uri = PROFILE_MANDATORY,
					 .default_algorithm = TPM_RSA_2048,
					 .default_days = LEAF_DAYS,
					 .renewal_percent = LEAF_RENEWAL},
	[PROFILE_WEB_SERVER] = {.id = PROFILE_WEB_SERVER,
				.name = "web-server",
				.title = "Web server",
				.key_usage = USAGE_SERVER,
				.for_server = true,
				.needs_host = true,
				.default_algorithm = TPM_EC_P256,
				.default_days = LEAF_DAYS,
				.renewal_percent = LEAF_RENEWAL},
	[PROFILE_TLS_SERVER] = {.id = PROFILE_TLS_SERVER,
				.name = "tls-server",
				.title = "TLS server",
				.key_usage = USAGE_SERVER,
				.for_server = true,
				.needs_host = true,
				.default_algorithm = TPM_EC_P256,
				.default_days = LEAF_DAYS,
				.renewal_percent = LEAF_RENEWAL},
	[PROFILE_TLS_CLIENT] = {.id = PROFILE_TLS_CLIENT,
				.name = "tls-client",
				.title = "TLS client",
				.key_usage = USAGE_CLIENT,
				.for_client = true,
				.default_algorithm = TPM_EC_P256,
				.default_days = LEAF_DAYS,
				.renewal_percent = LEAF_RENEWAL},
	[PROFILE_TLS_CLIENT_SERVER] = {.id = PROFILE_TLS_CLIENT_SERVER,
				       .name = "tls-client-server",
				       .title = "TLS client and server",
				       .key_usage = USAGE_SERVER,
				       .for_server = true,
				       .for_client = true,
				       .needs_host = true,
				       .default_algorithm = TPM_EC_P256,
				       .default_days = LEAF_DAYS,
				       .renewal_percent = LEAF_RENEWAL},
	[PROFILE_PG_HMI] = {.id = PROFILE_PG_HMI,
			    .name = "pg-hmi",
			    .title = "PG/HMI communication",
			    .key_usage = USAGE_SERVER,
			    .for_server = true,
			    .needs_host = true,
			    .default_algorithm = TPM_EC_P256,
			    .default_days = LEAF_DAYS,
			    .renewal_percent = LEAF_RENEWAL},
	[PROFILE_SYSLOG_CLIENT] = {.id = PROFILE_SYSLOG_CLIENT,
				   .name = "syslog-client",
				   .title = "Syslog client",
				   .key_usage = USAGE_CLIENT,
				   .for_client = true,
				   .default_algorithm = TPM_EC_P256,
				   .default_days = LEAF_DAYS,
				   .renewal_percent = LEAF_RENEWAL},
	[PROFILE_CA] = {.id = PROFILE_CA,
			.name = "ca",
			.title = "Certificate authority",
			.key_usage = USAGE_CA,
			.is_ca = true,
			.default_algorithm = TPM_EC_P256,
			.default_days = CA_DAYS},
};

const struct profile *profile_by_id(enum profile_id id)
{
	return id > 0 && id < PROFILE_COUNT ? &profiles[id] : NULL;
}

const struct profile *profile_by_name(const char *name)
{
	for (size_t i = 1; i < PROFILE_COUNT; i++) {
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	}
	return NULL;
}

uint32_t profile_key_usage(const struct profile *profile, bool is_rsa, bool is_self_signed)
{
	uint32_t usage = profile->key_usage;

	if (!is_rsa)
		usage &= ~(uint32_t)(KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_DATA_ENCIPHERMENT);
	if (profile->is_opcua && is_self_signed)
		usage |= KEY_USAGE_CERT_SIGN;
	return usage;
}

const char *profile_uri_wrong(const struct profile *profile, size_t uris)
{
	if (profile->uri == PROFILE_MANDATORY && uris != 1)
		return "has exactly one URI, the application's: give URI:urn:plc-1.example:app";
	return NULL;
}

const char *profile_host_wrong(const struct profile *profile, size_t ips, size_t dns_names)
{
	if (profile->ip == PROFILE_MANDATORY && ips == 0)
		return "needs an address: give IP:192.0.2.1";
	if (profile->dns == PROFILE_MANDATORY && dns_names == 0)
		return "needs a host name: give DNS:plc-1.example";
	if (profile->needs_host && ips + dns_names == 0)
		return "needs an address or a host name: give IP:192.0.2.1 or DNS:plc-1.example";
	return NULL;
}
