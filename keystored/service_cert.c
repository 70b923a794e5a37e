#include "service_cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "request.h"
#include "service.h"
#include "service_cert_issue.h"
#include "service_key.h"
#include "service_use.h"

#define DAY		86400
#define TIME_LAST	253402300799 /* the year 9999 (RFC 5280 4.1.2.5) */
#define NAMES_BYTES_MAX 65536

#define CA_RSA_NAME    "ca-rsa-2048"
#define CA_EC_NAME     "ca-ec-p256"
#define CA_RSA_SUBJECT "CN=Project CA RSA-2048"
#define CA_EC_SUBJECT  "CN=Project CA P-256"

bool service_cert_profile(struct request *request, const char *name,
			  const struct profile **ret_profile)
{
	const struct profile *profile = profile_by_name(name);
	char known[256] = "";
	size_t len = 0;

	if (profile) {
		*ret_profile = profile;
		return true;
	}
	for (int i = 1; i < PROFILE_COUNT && len < sizeof known; i++)
		len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i > 1 ? ", " : "",
					profile_by_id(i)->name);
	request_fail(request, STATUS_INVALID, "there is no profile “%.64s”: choose one of %s", name,
		     known);
	return false;
}

/*
 * What was asked for as times. Without an end it is that of the profile, but not beyond
 * @issuer_end (0: there is none), which the note says then. False: answered.
 */
static bool take_validity(struct request *request, struct issue *issue, struct issue_order *order,
			  const Keystore__V1__Validity *asked, unsigned default_days,
			  int64_t issuer_end)
{
	static const Keystore__V1__Validity nothing = KEYSTORE__V1__VALIDITY__INIT;
	const Keystore__V1__Validity *validity = asked ? asked : &nothing;
	int64_t now = time(NULL);
	int64_t days = validity->days ? validity->days : default_days;
	bool is_default = !validity->days && !validity->not_after;

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

/* A reference for @order->key or its issuer's. False: answered. */
static bool take_tpm_key(struct request *request, uint64_t key_id, struct tpm_key **ret_key)
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

/* The CA's certificate and key. False: answered. */
static bool take_issuer(struct request *request, struct issue_order *order, uint64_t id,
			int64_t *ret_end)
{
	char object[sizeof request->object];
	struct store_cert issuer;

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
	} else if (take_tpm_key(request, issuer.key_id, &order->issuer_key)) {
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

/* Hash and padding of the signature, by the key that makes it. False: answered. */
static bool take_scheme(struct request *request, struct issue_order *order, Keystore__V1__Hash hash,
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

/* False: answered. */
static bool take_names(struct request *request, struct store_cert *cert,
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

/* False: answered. */
static bool begin_order(struct request *request, struct issue_order *order,
			const struct profile *profile, const char *subject)
{
	order->cert.kind = profile->is_ca ? STORE_CERT_CA : STORE_CERT_DEVICE;
	order->cert.profile = profile->id;
	order->cert.created = time(NULL);
	order->cert.created_by = request->uid;
	order->cert.subject = strdup(subject);
	if (!order->cert.subject)
		request_fail_memory(request);
	return order->cert.subject != NULL;
}

/* False: answered. */
static bool take_new_key(struct request *request, struct issue_order *order, const char *name,
			 unsigned algorithm)
{
	if (!request_reserve_name(request, name) || !service_key_can_make(request, algorithm) ||
	    !service_key_has_room(request))
		return false;
	order->new_key = (enum tpm_algorithm)algorithm;
	snprintf(order->cert.key_name, sizeof order->cert.key_name, "%s", name);
	return true;
}

/* False: answered. */
static bool take_old_key(struct request *request, struct issue_order *order,
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
	return take_tpm_key(request, order->cert.key_id, &order->key);
}

void service_cert_create(struct request *request, const void *body, const struct keyring_key *none)
{
	const Keystore__V1__CertCreateRequest *asked = body;
	const struct profile *profile;
	struct issue *issue = issue_new(request);
	int64_t issuer_end = 0;

	(void)none;
	if (!issue)
		return;
	struct issue_order *order = &issue->orders[0];

	issue->count = 1;
	if (!asked->key == !*asked->new_key) {
		request_fail(request, STATUS_INVALID,
			     "a certificate is for a key that is there or for a new one: name one "
			     "of them");
		return;
	}
	if (!service_cert_profile(request, asked->profile, &profile) ||
	    !begin_order(request, order, profile, asked->subject) ||
	    !take_names(request, &order->cert, asked->names, asked->n_names))
		return;
	if (asked->key) {
		if (!take_old_key(request, order, asked->key, profile, !asked->issuer))
			return;
	} else if (!take_new_key(request, order, asked->new_key, (unsigned)asked->algorithm)) {
		return;
	}
	if (asked->issuer && !take_issuer(request, order, asked->issuer, &issuer_end))
		return;
	if (take_validity(request, issue, order, asked->validity, profile->default_days,
			  issuer_end) &&
	    take_scheme(request, order, asked->hash, asked->padding))
		issue_run(request);
}

/* Whether all that a new version takes is here. False: answered. */
static bool can_renew(struct request *request, const struct store_cert *cert)
{
	unsigned long long id = cert->id;

	if (cert->state == STORE_CERT_REQUESTED)
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu has a CSR that waits for its answer: import that",
			     id);
	else if (!cert->key_id)
		request_fail(request, STATUS_CONFLICT,
			     "the key of certificate %llu is not here: whoever has it has to renew "
			     "it",
			     id);
	else if (!cert->issuer_id)
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu was issued elsewhere, by “%.128s”: have that CA "
			     "renew it",
			     id, cert->facts.issuer);
	else if (cert->state == STORE_CERT_REVOKED)
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu is revoked: make another one", id);
	else
		return true;
	return false;
}

void service_cert_renew(struct request *request, const void *body, const struct keyring_key *none)
{
	const Keystore__V1__CertRenewRequest *asked = body;
	struct issue *issue = issue_new(request);
	const struct profile *profile;
	int64_t issuer_end = 0;

	(void)none;
	if (!issue)
		return;
	struct issue_order *order = &issue->orders[0];
	struct store_cert *cert = &order->cert;

	issue->count = 1;
	if (!service_cert_find(request, asked->id, cert))
		return;
	if (!can_renew(request, cert))
		return;
	uint64_t issuer = cert->issuer_id == cert->id ? 0 : cert->issuer_id;
	Keystore__V1__Hash hash = asked->hash ? asked->hash : (Keystore__V1__Hash)order->cert.hash;

	/* What comes anew. */
	free(cert->der);
	cert->der = NULL;
	cert->issuer_id = 0;
	profile = profile_by_id(cert->profile);
	if (!profile) {
		request_fail(request, STATUS_UNSUPPORTED,
			     "certificate %llu has a profile that this version does not know",
			     (unsigned long long)asked->id);
		return;
	}
	if (!take_tpm_key(request, cert->key_id, &order->key) ||
	    (issuer && !take_issuer(request, order, issuer, &issuer_end)))
		return;
	if (take_validity(request, issue, order, asked->validity, profile->default_days,
			  issuer_end) &&
	    take_scheme(request, order, hash, (Keystore__V1__Padding)cert->padding))
		issue_run(request);
}

struct cas {
	char text[320];
	size_t len;
	unsigned count;
};

static bool name_ca(const struct store_cert *cert, void *user)
{
	struct cas *cas = user;

	if (++cas->count <= 4)
		cas->len += (size_t)snprintf(cas->text + cas->len, sizeof cas->text - cas->len,
					     "%s%llu “%.40s”", cas->len ? ", " : "",
					     (unsigned long long)cert->id, cert->facts.subject);
	return cas->count < 5;
}

/* Whether there is no CA yet. False: answered. */
static bool is_fresh(struct request *request)
{
	struct cas cas = {0};
	enum store_status status =
		store_cert_list(request->service->store, 0, STORE_CERT_CA, NULL, name_ca, &cas);

	if (status != STORE_OK)
		request_fail_store(request, status);
	else if (cas.count)
		request_fail(request, STATUS_EXISTS,
			     "the project has its CAs already, and nothing has changed: %s%s",
			     cas.text, cas.count > 4 ? " and more" : "");
	return status == STORE_OK && !cas.count;
}

void service_cert_project_init(struct request *request, const void *body,
			       const struct keyring_key *none)
{
	const Keystore__V1__ProjectInitRequest *asked = body;
	const struct profile *profile = profile_by_id(PROFILE_CA);
	const struct {
		const char *name;
		const char *subject;
		enum tpm_algorithm algorithm;
	} cas[] = {
		{CA_RSA_NAME, *asked->rsa_subject ? asked->rsa_subject : CA_RSA_SUBJECT,
		 TPM_RSA_2048},
		{CA_EC_NAME, *asked->ec_subject ? asked->ec_subject : CA_EC_SUBJECT, TPM_EC_P256},
	};
	Keystore__V1__Validity validity = KEYSTORE__V1__VALIDITY__INIT;

	(void)none;
	if (!is_fresh(request))
		return;
	struct issue *issue = issue_new(request);

	if (!issue)
		return;
	validity.days = asked->days;
	for (size_t i = 0; i < sizeof cas / sizeof *cas; i++) {
		struct issue_order *order = &issue->orders[issue->count++];

		snprintf(request->object, sizeof request->object, "%s", cas[i].name);
		snprintf(order->cert.key_name, sizeof order->cert.key_name, "%s", cas[i].name);
		order->new_key = cas[i].algorithm;
		if (!service_key_can_make(request, cas[i].algorithm) ||
		    !service_key_has_room(request) ||
		    !begin_order(request, order, profile, cas[i].subject) ||
		    !take_validity(request, issue, order, &validity, profile->default_days, 0) ||
		    !take_scheme(request, order, KEYSTORE__V1__HASH__HASH_UNSPECIFIED,
				 KEYSTORE__V1__PADDING__PADDING_UNSPECIFIED))
			return;
	}
	if (strcmp(cas[0].subject, cas[1].subject) == 0) {
		request_fail(request, STATUS_INVALID,
			     "both CAs would be “%.128s”: give each a subject of its own",
			     cas[0].subject);
		return;
	}
	issue_run(request);
}
