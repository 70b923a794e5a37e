#include <stddef.h>
#include <string.h>

#include "keystore_trust.h"
#include "status.h"

static const char *const algorithms[] = {
	[KS_ALGORITHM_RSA_2048] = "rsa-2048", [KS_ALGORITHM_RSA_3072] = "rsa-3072",
	[KS_ALGORITHM_RSA_4096] = "rsa-4096", [KS_ALGORITHM_EC_P256] = "ec-p256",
	[KS_ALGORITHM_EC_P384] = "ec-p384",
};

static const char *const hashes[] = {
	[KS_HASH_SHA1] = "sha1",
	[KS_HASH_SHA256] = "sha256",
	[KS_HASH_SHA384] = "sha384",
	[KS_HASH_SHA512] = "sha512",
};

static const char *const reasons[] = {
	[KS_REASON_UNSPECIFIED] = "unspecified",
	[KS_REASON_KEY_COMPROMISE] = "keyCompromise",
	[KS_REASON_CA_COMPROMISE] = "cACompromise",
	[KS_REASON_AFFILIATION_CHANGED] = "affiliationChanged",
	[KS_REASON_SUPERSEDED] = "superseded",
	[KS_REASON_CESSATION_OF_OPERATION] = "cessationOfOperation",
	[KS_REASON_CERTIFICATE_HOLD] = "certificateHold",
	[KS_REASON_REMOVE_FROM_CRL] = "removeFromCRL",
	[KS_REASON_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
	[KS_REASON_AA_COMPROMISE] = "aACompromise",
};

static const char *const verdicts[] = {
	[KS_VERDICT_ACCEPTED] = "accepted",
	[KS_VERDICT_MALFORMED] = "malformed",
	[KS_VERDICT_INCOMPLETE] = "incomplete",
	[KS_VERDICT_UNTRUSTED] = "untrusted",
	[KS_VERDICT_LOOP] = "loop",
	[KS_VERDICT_TOO_DEEP] = "too deep",
	[KS_VERDICT_TOO_COMPLEX] = "too complex",
	[KS_VERDICT_SIGNATURE] = "signature",
	[KS_VERDICT_NOT_YET_VALID] = "not yet valid",
	[KS_VERDICT_EXPIRED] = "expired",
	[KS_VERDICT_REVOKED] = "revoked",
	[KS_VERDICT_CRL_MISSING] = "CRL missing",
	[KS_VERDICT_CRL_NOT_YET_VALID] = "CRL not yet valid",
	[KS_VERDICT_CRL_EXPIRED] = "CRL expired",
	[KS_VERDICT_CRL_WRONG_ISSUER] = "CRL of another issuer",
	[KS_VERDICT_CRL_SIGNATURE] = "CRL signature",
	[KS_VERDICT_CRL_SCOPE] = "CRL scope",
	[KS_VERDICT_NO_CA] = "no CA",
	[KS_VERDICT_LENGTH] = "path length",
	[KS_VERDICT_NAME_CONSTRAINTS] = "name constraints",
	[KS_VERDICT_CRITICAL_EXTENSION] = "critical extension",
	[KS_VERDICT_EXTENSION] = "extension",
	[KS_VERDICT_POLICY] = "policy",
	[KS_VERDICT_USAGE] = "usage",
	[KS_VERDICT_URI] = "application URI",
	[KS_VERDICT_WEAK] = "weak",
	[KS_VERDICT_OTHER] = "other",
	[KS_VERDICT_HOST] = "host",
	[KS_VERDICT_ANCHOR] = "anchor",
};

/* By the number of the bit. */
static const char *const rights[KS_RIGHT_BITS] = {
	[1] = "view",
	[2] = "manage-keys",
	[3] = "manage-certs",
	[4] = "manage-trust",
	[5] = "manage-services",
	[6] = "manage-users",
	[7] = "read-audit",
	[8] = "opcua-access",
	[9] = "read-diagnostics",
	[10] = "read-process-data",
	[11] = "write-process-data",
	[12] = "user-pages",
};

static const char *const local_statuses[] = {
	[KS_NOMEM - KS_NOMEM] = "out of memory",
	[KS_UNREACHABLE - KS_NOMEM] = "unreachable",
	[KS_DISCONNECTED - KS_NOMEM] = "disconnected",
	[KS_PROTOCOL - KS_NOMEM] = "protocol",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *name_of(const char *const *table, size_t count, unsigned number)
{
	return number < count ? table[number] : NULL;
}

static unsigned number_of(const char *const *table, size_t count, const char *name)
{
	for (unsigned i = 0; name && i < count; i++)
		if (table[i] && strcmp(table[i], name) == 0)
			return i;
	return 0;
}

const char *ks_status_name(enum ks_status status)
{
	const char *name = status < KS_NOMEM ? NULL
					     : name_of(local_statuses, COUNT(local_statuses),
						       (unsigned)status - KS_NOMEM);

	return name ? name : status_name((int)status);
}

const char *ks_algorithm_name(enum ks_algorithm algorithm)
{
	return name_of(algorithms, COUNT(algorithms), algorithm);
}

enum ks_algorithm ks_algorithm_from_name(const char *name)
{
	return (enum ks_algorithm)number_of(algorithms, COUNT(algorithms), name);
}

const char *ks_hash_name(enum ks_hash hash)
{
	return name_of(hashes, COUNT(hashes), hash);
}

enum ks_hash ks_hash_from_name(const char *name)
{
	return (enum ks_hash)number_of(hashes, COUNT(hashes), name);
}

const char *ks_reason_name(enum ks_reason reason)
{
	return name_of(reasons, COUNT(reasons), reason);
}

int ks_reason_from_name(const char *name)
{
	unsigned number = number_of(reasons, COUNT(reasons), name);

	return number || (name && strcmp(name, reasons[0]) == 0) ? (int)number : -1;
}

const char *ks_verdict_name(enum ks_verdict_reason reason)
{
	const char *name = name_of(verdicts, COUNT(verdicts), reason);

	return name ? name : "unknown";
}

const char *ks_right_name(enum ks_right right)
{
	for (unsigned i = 1; i < COUNT(rights); i++)
		if ((unsigned)right == 1u << i)
			return rights[i];
	return NULL;
}

unsigned ks_right_from_name(const char *name)
{
	unsigned number = number_of(rights, COUNT(rights), name);

	return number ? 1u << number : 0;
}
