#include "service_cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "service.h"
#include "service_cert_issue.h"
#include "service_cert_take.h"
#include "service_key.h"
#include "service_own.h"
#include "x509_issued.h"

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
	if (!cert_take_one_key(request, asked->key, asked->new_key) ||
	    !service_cert_profile(request, asked->profile, &profile) ||
	    !cert_take_subject(request, order, profile, asked->subject) ||
	    !cert_take_names(request, &order->cert, asked->names, asked->n_names))
		return;
	if (asked->key) {
		if (!cert_take_old_key(request, order, asked->key, profile, !asked->issuer))
			return;
	} else if (!cert_take_new_key(request, order, asked->new_key, (unsigned)asked->algorithm)) {
		return;
	}
	if (asked->issuer && !cert_take_issuer(request, order, asked->issuer, &issuer_end))
		return;
	if (cert_take_ca_levels(request, order, asked->ca_levels) &&
	    cert_take_validity(request, issue, order, asked->validity, profile->default_days,
			       issuer_end) &&
	    cert_take_scheme(request, order, asked->hash, asked->padding))
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
	if (asked->algorithm && !asked->new_key) {
		request_fail(request, STATUS_INVALID,
			     "the algorithm of a key that is there does not change: ask for a new "
			     "key");
		return;
	}
	if (asked->follow_names && !service_own_follow(request->service, cert)) {
		request_fail_memory(request);
		return;
	}
	uint64_t key_id = cert->key_id;

	if (asked->new_key && !cert_take_successor(request, order, (unsigned)asked->algorithm))
		return;
	uint64_t issuer = cert->issuer_id == cert->id ? 0 : cert->issuer_id;
	Keystore__V1__Hash hash = asked->hash ? asked->hash : (Keystore__V1__Hash)order->cert.hash;

	/* What comes anew; how many CAs may be below one stays. */
	order->ca_levels = (unsigned)(cert_path_length(cert->der, cert->der_len) + 1);
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
	if ((!asked->new_key && !cert_take_tpm_key(request, key_id, &order->key)) ||
	    (issuer && !cert_take_issuer(request, order, issuer, &issuer_end)))
		return;
	if (cert_take_validity(request, issue, order, asked->validity, profile->default_days,
			       issuer_end) &&
	    cert_take_scheme(request, order, hash, (Keystore__V1__Padding)cert->padding))
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
	issue->to_project = true;
	validity.days = asked->days;
	for (size_t i = 0; i < sizeof cas / sizeof *cas; i++) {
		struct issue_order *order = &issue->orders[issue->count++];

		snprintf(request->object, sizeof request->object, "%s", cas[i].name);
		snprintf(order->cert.key_name, sizeof order->cert.key_name, "%s", cas[i].name);
		order->new_key = cas[i].algorithm;
		if (!service_key_can_make(request, cas[i].algorithm) ||
		    !service_key_has_room(request) ||
		    !cert_take_subject(request, order, profile, cas[i].subject) ||
		    !cert_take_validity(request, issue, order, &validity, profile->default_days,
					0) ||
		    !cert_take_scheme(request, order, KEYSTORE__V1__HASH__HASH_UNSPECIFIED,
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
