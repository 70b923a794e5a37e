#include "service_cert_take.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_key.h"
#include "service_use.h"

#define DAY		86400
#define TIME_LAST	253402300799 /* the year 9999 (RFC 5280 4.1.2.5) */
#define NAMES_BYTES_MAX 65536
#define SUFFIX_MAX	12 /* of a key's name: ".v4294967295" */
#define CA_LEVELS_MAX	16u

bool cert_take_validity(struct request *request, struct issue *issue, struct issue_order *order,
			const Keystore__V1__Validity *asked, unsigned default_days,
			int64_t issuer_end)
{
	static const Keystore__V1__Validity nothing = KEYSTORE__V1__VALIDITY__INIT;
	const Keystore__V1__Validity *validity = asked ? asked : &nothing;
	int64_t now = clock_now(request->service->clock);
	int64_t days = validity->days ? validity->days : default_days;
	bool is_default = !validity->days && !validity->not_after;
	char text[CLOCK_TEXT_MAX];

	if (validity->days && validity->not_after) {
		request_fail(request, STATUS_INVALID,
			     "the validity has an end and a number of days: give one of them");
		return false;
	}
	if (validity->not_before < 0 || validity->not_before > TIME_LAST) {
		request_fail(request, STATUS_INVALID,
			     "the validity begins outside the years 1970 to 9999");
		return false;
	}
	if (!validity->not_before && clock_state(request->service->clock) != CLOCK_GOOD) {
		clock_explain(request->service->clock, text);
		request_fail(request, STATUS_CONFLICT,
			     "a certificate begins now, and what time it is, is not known: %s",
			     text);
		return false;
	}
	if (issuer_end && issuer_end <= now) {
		request_fail(request, STATUS_CONFLICT,
			     "the issuer's certificate %llu has expired: renew it first",
			     (unsigned long long)order->cert.issuer_id);
		return false;
	}
	order->not_before = validity->not_before ? validity->not_before : now;
	order->not_after =
		validity->not_after ? validity->not_after : order->not_before + days * DAY;
	if (is_default && issuer_end && order->not_after > issuer_end) {
		order->not_after = issuer_end;
		snprintf(issue->note, sizeof issue->note,
			 "it ends with its issuer, certificate %llu, and not after the usual %lld "
			 "days",
			 (unsigned long long)order->cert.issuer_id, (long long)days);
	}
	return true;
}

bool cert_take_tpm_key(struct request *request, uint64_t key_id, struct tpm_key **ret_key)
{
	const struct keyring_key *key;
	enum store_status status = keyring_get(request->service->keyring, NULL, key_id, &key);

	if (status != STORE_OK) {
		request_fail_store(request, status);
		return false;
	}
	struct tpm_key *tpm = request_tpm_key(request, key);

	if (!tpm)
		return false;
	*ret_key = tpm_key_ref(tpm);
	return true;
}

bool cert_take_issuer(struct request *request, struct issue_order *order, uint64_t id,
		      int64_t *ret_end)
{
	char object[sizeof request->object];
	struct store_cert issuer;

	if (!request_needs_project(request))
		return false;
	memcpy(object, request->object, sizeof object);
	if (!service_cert_find(request, id, &issuer))
		return false;
	memcpy(request->object, object, sizeof object);
	if (issuer.kind != STORE_CERT_CA) {
		request_fail(request, STATUS_INVALID,
			     "certificate %llu is no CA and cannot issue others: cert list --kind "
			     "ca shows those that can",
			     (unsigned long long)id);
	} else if (!issuer.key_id) {
		request_fail(request, STATUS_INVALID,
			     "the key of CA %llu is not here, so it cannot issue: cert list --kind "
			     "ca shows those that can",
			     (unsigned long long)id);
	} else if (issuer.state == STORE_CERT_REVOKED) {
		request_fail(request, STATUS_CONFLICT,
			     "CA %llu is revoked, and nobody would trust what it issues: name "
			     "another one",
			     (unsigned long long)id);
	} else if (cert_take_tpm_key(request, issuer.key_id, &order->issuer_key)) {
		order->cert.issuer_id = id;
		order->issuer = issuer.der;
		order->issuer_len = issuer.der_len;
		memcpy(order->issuer_key_name, issuer.key_name, sizeof issuer.key_name);
		*ret_end = issuer.facts.not_after;
		issuer.der = NULL;
		store_cert_wipe(&issuer);
		return true;
	}
	store_cert_wipe(&issuer);
	return false;
}

bool cert_take_scheme(struct request *request, struct issue_order *order, Keystore__V1__Hash hash,
		      Keystore__V1__Padding padding)
{
	struct tpm_key *signer = order->issuer_key ? order->issuer_key : order->key;
	enum tpm_algorithm algorithm = signer ? tpm_key_algorithm(signer) : order->new_key;

	if (!hash && algorithm == TPM_EC_P384)
		hash = KEYSTORE__V1__HASH__HASH_SHA384;
	return service_use_scheme(
		request, order->issuer_key ? order->issuer_key_name : request->object,
		algorithm <= TPM_RSA_4096, hash, padding, &order->cert.hash, &order->cert.padding);
}

bool cert_take_ca_levels(struct request *request, struct issue_order *order, unsigned levels)
{
	if (levels && order->cert.profile != PROFILE_CA) {
		request_fail(request, STATUS_INVALID,
			     "only a CA has a path length: leave it out, or choose profile ca");
		return false;
	}
	if (levels > CA_LEVELS_MAX) {
		request_fail(request, STATUS_INVALID,
			     "a path length is at most %u: paths are shorter than that",
			     CA_LEVELS_MAX - 1);
		return false;
	}
	order->ca_levels = levels;
	return true;
}

bool cert_take_names(struct request *request, struct store_cert *cert,
		     Keystore__V1__GeneralName *const *asked, size_t count)
{
	struct csr_name *names = calloc(count + 1, sizeof *names);
	bool is_packed = false;

	for (size_t i = 0; names && i < count; i++)
		names[i] = (struct csr_name){(int)asked[i]->type, asked[i]->value};
	if (names)
		is_packed = issue_names_pack(names, count, &cert->names, &cert->names_len);
	free(names);
	if (!is_packed) {
		request_fail_memory(request);
		return false;
	}
	if (cert->names_len > NAMES_BYTES_MAX) {
		request_fail(request, STATUS_LIMIT,
			     "the subject alternative names have %zu bytes, and %d are possible: "
			     "give fewer or shorter ones",
			     cert->names_len, NAMES_BYTES_MAX);
		return false;
	}
	return true;
}

bool cert_take_subject(struct request *request, struct issue_order *order,
		       const struct profile *profile, const char *subject)
{
	if (profile->is_ca && !request_needs_project(request))
		return false;
	order->cert.kind = profile->is_ca ? STORE_CERT_CA : STORE_CERT_DEVICE;
	order->cert.profile = profile->id;
	order->cert.created = clock_now(request->service->clock);
	order->cert.created_by = request->uid;
	order->cert.subject = strdup(subject);
	if (!order->cert.subject)
		request_fail_memory(request);
	return order->cert.subject != NULL;
}

bool cert_take_one_key(struct request *request, const Keystore__V1__KeyRef *key,
		       const char *new_key)
{
	if (!key == !*new_key)
		request_fail(request, STATUS_INVALID,
			     "a certificate is for a key that is there or for a new one: name one "
			     "of them");
	return !key != !*new_key;
}

bool cert_take_new_key(struct request *request, struct issue_order *order, const char *name,
		       unsigned algorithm)
{
	if (!request_reserve_name(request, name) || !service_key_can_make(request, algorithm) ||
	    !service_key_has_room(request))
		return false;
	order->new_key = (enum tpm_algorithm)algorithm;
	snprintf(order->cert.key_name, sizeof order->cert.key_name, "%s", name);
	return true;
}

bool cert_take_old_key(struct request *request, struct issue_order *order,
		       const Keystore__V1__KeyRef *ref, const struct profile *profile,
		       bool is_self_signed)
{
	const struct keyring_key *key;

	if (!request_find_key(request, ref, RIGHT_BIND_KEY, &key))
		return false;
	/* What it has signed so far, nobody knows; and those granted could sign certificates. */
	if (profile->is_ca) {
		request_fail(request, STATUS_INVALID,
			     "a CA's key is made together with its certificate, and is no key that "
			     "was there before like “%s”: give a name for a new key",
			     key->name);
		return false;
	}
	if (is_self_signed && !(key->operations & POLICY_SIGN)) {
		request_fail(request, STATUS_UNSUPPORTED,
			     "key “%s” is not for signing, so its certificate cannot be "
			     "self-signed: name a CA, or use another key",
			     key->name);
		return false;
	}
	order->cert.key_id = key->id;
	snprintf(order->cert.key_name, sizeof order->cert.key_name, "%s", key->name);
	return cert_take_tpm_key(request, order->cert.key_id, &order->key);
}

bool cert_name_successor(struct service *service, const struct store_cert *cert,
			 char ret_name[NAMES_KEY_MAX + 1])
{
	const char *suffix = strrchr(cert->key_name, '.');
	bool has_suffix = suffix && suffix[1] == 'v' && suffix[2] &&
			  strspn(suffix + 2, "0123456789") == strlen(suffix + 2);
	size_t len = has_suffix ? (size_t)(suffix - cert->key_name) : strlen(cert->key_name);
	uint64_t taken;

	if (len > NAMES_KEY_MAX - SUFFIX_MAX)
		len = NAMES_KEY_MAX - SUFFIX_MAX;
	for (uint32_t n = cert->version + 1; n < cert->version + 100; n++) {
		snprintf(ret_name, NAMES_KEY_MAX + 1, "%.*s.v%u", (int)len, cert->key_name, n);
		if (store_key_id(service->store, ret_name, &taken) == STORE_NOT_FOUND &&
		    !requests_is_reserved(service->requests, ret_name))
			return true;
	}
	return false;
}

bool cert_take_successor(struct request *request, struct issue_order *order, unsigned algorithm)
{
	struct store_cert *cert = &order->cert;
	char name[NAMES_KEY_MAX + 1];

	if (cert->kind == STORE_CERT_CA) {
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu is a CA's, and with a new key it would not have "
			     "issued what it has: make another CA in time",
			     (unsigned long long)cert->id);
		return false;
	}
	if (!algorithm)
		algorithm = cert->key_algorithm;
	/* How another kind of key signs for itself is not how the old one did. */
	if (algorithm != cert->key_algorithm && cert->issuer_id == cert->id) {
		cert->hash = 0;
		cert->padding = TPM_PADDING_NONE;
	}
	order->old_key_id = cert->key_id;
	cert->key_id = 0;
	if (cert_name_successor(request->service, cert, name))
		return cert_take_new_key(request, order, name, algorithm);
	request_fail(request, STATUS_EXISTS,
		     "the names for a new key of certificate %llu, up to “%s”, are taken: delete "
		     "keys that are not used any more",
		     (unsigned long long)cert->id, name);
	return false;
}
