/* Logins of users who have a certificate and signed what a front-end made up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "rejects.h"
#include "request.h"
#include "service.h"
#include "service_login.h"
#include "service_trust.h"
#include "service_use.h"
#include "service_user.h"
#include "throttle.h"
#include "trust.h"
#include "x509_cert.h"
#include "x509_user.h"

#define DATA_MAX      8192 /* an OPC UA server's certificate chain and its nonce */
#define SIGNATURE_MAX 1024
#define USERS_GROUP   "opcua-user"
#define DETAIL_MAX    128

typedef Keystore__V1__LoginCertificateRequest asked_login;

/* False: answered. */
static bool check_shape(struct request *request, const asked_login *asked)
{
	if (service_login_origin_is_good(asked->origin) && asked->certificate.len &&
	    asked->n_chain <= PATH_SENT_MAX && asked->data.len && asked->data.len <= DATA_MAX &&
	    asked->signature.len && asked->signature.len <= SIGNATURE_MAX)
		return true;
	request_fail(request, STATUS_INVALID,
		     "a login takes a certificate, at most %d that came along, 1 to %d bytes of "
		     "data, a signature of at most %d, and an origin of at most %d printable "
		     "characters",
		     PATH_SENT_MAX, DATA_MAX, SIGNATURE_MAX, SERVICE_LOGIN_ORIGIN_MAX);
	return false;
}

/*
 * The group that says which users' certificates are relied upon. Any other that is here trusts
 * somebody for something else, and a name in there is nobody's login. False: answered.
 */
static bool find_group(struct request *request, const char *name, struct store_group *ret_group)
{
	if (strcmp(name, USERS_GROUP) == 0)
		return service_trust_find(request, name, ret_group);
	return service_trust_find_usable(request, name, ret_group);
}

/* Whether @group trusts the certificate. False: answered. */
static bool is_trusted(struct request *request, const asked_login *asked,
		       const struct store_group *group)
{
	struct service *service = request->service;
	struct path_der sent[PATH_SENT_MAX];
	struct path_verdict verdict;
	struct path_request path = {
		.candidate = {asked->certificate.data, asked->certificate.len},
		.sent = sent,
		.sent_count = asked->n_chain,
		.at = clock_now(service->clock),
		.purpose = PATH_ANY,
		.crls = (enum path_crls)group->crls,
	};

	for (size_t i = 0; i < asked->n_chain; i++)
		sent[i] = (struct path_der){asked->chain[i].data, asked->chain[i].len};
	enum store_status status =
		trust_validate(service->trust, group->id, &path, false, &verdict);

	if (status != STORE_OK) {
		request_fail_store(request, status);
	} else if (verdict.reason == PATH_NOMEM) {
		request_fail_memory(request);
	} else if (verdict.reason != PATH_OK) {
		/* Not even with the group's switch on: nobody would have vouched for the name. */
		rejects_note(service->rejects, group, &path.candidate, &verdict);
		request_fail(request, STATUS_DENIED, "trust group “%s” refuses the certificate: %s",
			     group->name, verdict.text);
	} else {
		return true;
	}
	return false;
}

/* Whether who asks has the certificate's key. False: answered. */
static bool has_signed(struct request *request, const asked_login *asked)
{
	enum tpm_padding padding;
	enum tpm_hash hash;

	/* What an EC key is signed with, x509_user_verify() knows. */
	if (!service_use_scheme(request, "", true, asked->hash, asked->padding, &hash, &padding))
		return false;
	if (!asked->padding)
		padding = TPM_PADDING_NONE;
	switch (x509_user_verify(asked->certificate.data, asked->certificate.len, hash, padding,
				 asked->data.data, asked->data.len, asked->signature.data,
				 asked->signature.len)) {
	case X509_USER_OK:
		return true;
	case X509_USER_MALFORMED:
		request_fail(request, STATUS_INVALID, "that is no certificate");
		return false;
	case X509_USER_KEY:
		request_fail(request, STATUS_INVALID,
			     "the certificate's key does not make such signatures: it is an RSA or "
			     "an EC key, and its key usage has digitalSignature");
		return false;
	case X509_USER_SIGNATURE:
		request_fail(request, STATUS_INVALID,
			     "the signature is not that of the certificate's key over the data: "
			     "hash and padding have to be those that it was made with");
		return false;
	case X509_USER_NOMEM:
		break;
	}
	request_fail_memory(request);
	return false;
}

/* False: answered, as a password of such a user would be. */
static bool find_user(struct request *request, const struct login_attempt *attempt,
		      struct store_user *ret_user)
{
	enum store_status status = STORE_NOT_FOUND;
	struct store_user user = {0};

	if (*attempt->user)
		status = store_user_get(request->service->store, attempt->user, 0, &user);
	if (status != STORE_OK && status != STORE_NOT_FOUND) {
		service_user_fail(request, attempt->user, status);
	} else if (status == STORE_NOT_FOUND || user.is_disabled) {
		request_fail(request, STATUS_DENIED,
			     "the certificate's common name is not that of a user who may log in");
	} else if (service_login_is_current(request, &user)) {
		*ret_user = user;
		store_user_wipe(&user);
		return true;
	}
	store_user_wipe(&user);
	return false;
}

static void begin(struct request *request, const asked_login *asked, const struct store_user *user)
{
	struct cert_facts facts;
	char detail[DETAIL_MAX] = "certificate ";
	size_t at = strlen(detail);

	if (cert_read(asked->certificate.data, asked->certificate.len, &facts) != CERT_OK) {
		request_fail_memory(request);
		return;
	}
	for (size_t i = 0; i < sizeof facts.fingerprint; i++)
		snprintf(detail + at + 2 * i, 3, "%02x", facts.fingerprint[i]);
	service_login_begin(request, user, asked->lasting, detail);
}

void service_login_certificate(struct request *request, const void *body,
			       const struct keyring_key *key)
{
	const asked_login *asked = body;
	struct service *service = request->service;
	struct login_attempt attempt = {0};
	struct store_group group;
	struct store_user user;

	(void)key;
	/* Whoever else could ask would choose the data himself, and a signature is no proof then. */
	if (!service_login_serves_opcua(request, "a login by certificate") ||
	    !check_shape(request, asked) || !find_group(request, asked->group, &group))
		return;
	if (!x509_user_name(asked->certificate.data, asked->certificate.len, attempt.user))
		*attempt.user = '\0';
	snprintf(attempt.origin, sizeof attempt.origin, "%s", asked->origin);
	snprintf(request->object, sizeof request->object, "%s", attempt.user);
	if (!service_login_may_try(request, &attempt) || !is_trusted(request, asked, &group) ||
	    !has_signed(request, asked) || !find_user(request, &attempt, &user))
		return;
	throttle_right(service->throttle, request->uid, attempt.origin, attempt.user,
		       service->now());
	begin(request, asked, &user);
	store_user_wipe(&user);
}
