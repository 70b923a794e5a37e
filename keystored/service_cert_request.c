/* Requests to CAs elsewhere, and the requests of others to the CAs here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_cert_take.h"
#include "service_own.h"
#include "x509_csr_read.h"

/* A CA elsewhere may want another one than the certificate has. False: answered. */
static bool take_other_subject(struct request *request, struct store_cert *cert,
			       const char *subject)
{
	char *own = strdup(subject);

	if (!own) {
		request_fail_memory(request);
		return false;
	}
	free(cert->subject);
	cert->subject = own;
	return true;
}

/* What the certificate that @asked names is to have again. False: answered. */
static bool take_again(struct request *request, struct issue_order *order,
		       const Keystore__V1__CertRequestRequest *asked)
{
	struct store_cert *cert = &order->cert;

	if (*asked->profile || asked->n_names) {
		request_fail(request, STATUS_INVALID,
			     "profile and names are those of certificate %llu: leave them out, or "
			     "leave out its ID for a new certificate",
			     (unsigned long long)asked->id);
		return false;
	}
	if (!service_cert_find(request, asked->id, cert))
		return false;
	if (!cert->key_id || !profile_by_id(cert->profile)) {
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu has no key here, or it is not known what it is used "
			     "as: request a new one",
			     (unsigned long long)asked->id);
		return false;
	}
	if (asked->follow_names && !service_own_follow(request->service, cert)) {
		request_fail_memory(request);
		return false;
	}
	free(cert->der);
	cert->der = NULL;
	return !*asked->subject || take_other_subject(request, cert, asked->subject);
}

/* False: answered. */
static bool take_anew(struct request *request, struct issue_order *order,
		      const Keystore__V1__CertRequestRequest *asked)
{
	const struct profile *profile;

	return cert_take_one_key(request, asked->key, asked->new_key) &&
	       service_cert_profile(request, asked->profile, &profile) &&
	       cert_take_subject(request, order, profile, asked->subject) &&
	       cert_take_names(request, &order->cert, asked->names, asked->n_names);
}

/* False: answered. */
static bool take_key(struct request *request, struct issue_order *order,
		     const Keystore__V1__CertRequestRequest *asked)
{
	const struct profile *profile = profile_by_id(order->cert.profile);

	if (asked->key && *asked->new_key) {
		request_fail(request, STATUS_INVALID,
			     "a certificate is for a key that is there or for a new one: name one "
			     "of them");
		return false;
	}
	/* Who uses the certificate goes on with its new key. */
	if (*asked->new_key && order->cert.kind == STORE_CERT_DEVICE)
		order->old_key_id = order->cert.key_id;
	if (*asked->new_key)
		return cert_take_new_key(request, order, asked->new_key,
					 (unsigned)asked->algorithm);
	if (asked->key)
		return cert_take_old_key(request, order, asked->key, profile, true);
	return cert_take_tpm_key(request, order->cert.key_id, &order->key);
}

void service_cert_request(struct request *request, const void *body, const struct keyring_key *none)
{
	const Keystore__V1__CertRequestRequest *asked = body;
	struct issue *issue = issue_new(request);

	(void)none;
	if (!issue)
		return;
	struct issue_order *order = &issue->orders[0];

	issue->count = 1;
	order->is_request = true;
	if (!(asked->id ? take_again(request, order, asked) : take_anew(request, order, asked)))
		return;
	if (take_key(request, order, asked) &&
	    cert_take_scheme(request, order, asked->hash, asked->padding))
		issue_run(request);
}

static enum status status_of(enum csr_read_status status)
{
	switch (status) {
	case CSR_READ_MALFORMED:
	case CSR_READ_UNVERIFIED:
	case CSR_READ_UNFIT:
		return STATUS_INVALID;
	case CSR_READ_TOO_LARGE:
		return STATUS_LIMIT;
	case CSR_READ_OK:
	case CSR_READ_NOMEM:
		break;
	}
	return STATUS_INTERNAL;
}

/* Subject, names and key. False: answered. */
static bool take_csr(struct request *request, struct issue_order *order,
		     const struct profile *profile, const ProtobufCBinaryData *csr)
{
	struct csr_content *content = NULL;
	char error[X509_ERROR_MAX] = "";
	enum csr_read_status status = csr_read(csr->data, csr->len, error, &content);
	bool is_taken = false;

	if (status == CSR_READ_NOMEM) {
		request_fail_memory(request);
	} else if (status != CSR_READ_OK) {
		request_fail(request, status_of(status), "%s", error);
	} else if (!issue_names_pack(content->names, content->name_count, &order->cert.names,
				     &order->cert.names_len)) {
		request_fail_memory(request);
	} else {
		order->public_key = content->public_key;
		content->public_key = NULL;
		is_taken = cert_take_subject(request, order, profile, content->subject);
	}
	csr_content_free(content);
	return is_taken;
}

void service_cert_sign_csr(struct request *request, const void *body,
			   const struct keyring_key *none)
{
	const Keystore__V1__CertSignCsrRequest *asked = body;
	const struct profile *profile;
	struct issue *issue = issue_new(request);
	int64_t issuer_end = 0;

	(void)none;
	if (!issue)
		return;
	struct issue_order *order = &issue->orders[0];

	issue->count = 1;
	if (!service_cert_profile(request, asked->profile, &profile) ||
	    !take_csr(request, order, profile, &asked->csr))
		return;
	/* Its key is elsewhere, so it is nobody's device here. */
	if (!profile->is_ca)
		order->cert.kind = STORE_CERT_TRUSTED;
	if (cert_take_issuer(request, order, asked->issuer, &issuer_end) &&
	    cert_take_ca_levels(request, order, asked->ca_levels) &&
	    cert_take_validity(request, issue, order, asked->validity, profile->default_days,
			       issuer_end) &&
	    cert_take_scheme(request, order, asked->hash, asked->padding))
		issue_run(request);
}
