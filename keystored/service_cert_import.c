/* Files from elsewhere: certificates that are new here, and the next versions of those that are. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_cert_decode.h"
#include "service_cert_intake.h"
#include "service_key.h"
#include "service_pin.h"
#include "store_csr.h"
#include "store_issuer.h"
#include "x509_issued.h"

#define NONE SIZE_MAX

/* What the request keeps meanwhile. */
struct importing {
	struct intake *intake;
	struct import *import;
	size_t main; /* the certificate that the request is about; NONE */
	/* as asked for */
	char key_name[NAMES_KEY_MAX + 1];
	enum store_cert_kind kind;
	const struct profile *profile;
	bool has_profile;
	uint64_t replaces;
	bool wants_first; /* of the file's certificates, as that version */
};

static void importing_free(void *state)
{
	struct importing *importing = state;

	intake_free(importing->intake);
	import_free(importing->import);
	free(importing);
}

/* The certificate of the private key; NONE: there is none. */
static size_t find_of_private_key(const struct import *import)
{
	for (size_t i = 0; i < import->cert_count; i++) {
		if (cert_is_for_private_key(import->certs[i].der, import->certs[i].len,
					    import->key.der, import->key.len))
			return i;
	}
	return NONE;
}

static size_t find_of_key(const struct import *import, const EVP_PKEY *key)
{
	for (size_t i = 0; i < import->cert_count; i++) {
		if (cert_is_for_key(import->certs[i].der, import->certs[i].len, key))
			return i;
	}
	return NONE;
}

/* A key here that the certificate is for. False: answered. */
static bool find_key_here(struct request *request, struct intake_cert *one, bool *ret_of_ca)
{
	struct service *service = request->service;
	const struct keyring_key *key;
	uint8_t *spki = NULL;
	size_t len = 0;
	enum store_status status = STORE_NOT_FOUND;
	uint64_t id = 0;

	*ret_of_ca = false;
	if (cert_spki(one->cert.der, one->cert.der_len, &spki, &len))
		status = store_issuer_key(service->store, spki, len, &id);
	OPENSSL_free(spki);
	if (status == STORE_OK)
		status = keyring_get(service->keyring, NULL, id, &key);
	if (status == STORE_NOT_FOUND)
		return true;
	if (status != STORE_OK) {
		request_fail_store(request, status);
		return false;
	}
	one->cert.key_id = id;
	snprintf(one->cert.key_name, sizeof one->cert.key_name, "%s", key->name);
	*ret_of_ca = key->of_ca;
	return true;
}

/*
 * What a certificate without its private key becomes where nobody says. One for a key here is a
 * device's; a CA's has its certificate already, and others may have certified it too. False:
 * answered.
 */
static bool judge_by_itself(struct request *request, struct importing *importing,
			    struct intake_cert *one, bool is_main)
{
	const struct profile *profile =
		is_main && importing->has_profile ? importing->profile : NULL;
	enum store_cert_kind kind = is_main ? importing->kind : 0;
	bool is_ca = one->cert.facts.is_ca;
	bool key_of_ca = false;

	if (kind != STORE_CERT_TRUSTED && !find_key_here(request, one, &key_of_ca))
		return false;
	if (one->cert.key_id && key_of_ca != is_ca) {
		request_fail(
			request, STATUS_CONFLICT,
			"certificate “%.64s” is for key “%s”, which is %s: a CA's key is made or "
			"comes together with the CA's certificate",
			one->cert.facts.subject, one->cert.key_name,
			key_of_ca ? "a CA's" : "no CA's");
		return false;
	}
	if (!kind)
		kind = is_ca		  ? STORE_CERT_CA
		       : one->cert.key_id ? STORE_CERT_DEVICE
					  : STORE_CERT_TRUSTED;
	if (kind == STORE_CERT_DEVICE && !one->cert.key_id) {
		request_fail(
			request, STATUS_INVALID,
			"the key of certificate “%.64s” is neither in the file nor here: import "
			"it with its key (PKCS#12), or as --kind trusted",
			one->cert.facts.subject);
		return false;
	}
	return intake_judge(request, importing->intake, one, kind,
			    kind == STORE_CERT_CA ? profile_by_id(PROFILE_CA) : profile);
}

/* False: answered. */
static bool judge_others(struct request *request, struct importing *importing)
{
	struct intake *intake = importing->intake;

	for (size_t i = 0; i < intake->count; i++) {
		if (i == importing->main && (importing->replaces || importing->import->key.der))
			continue;
		if (!judge_by_itself(request, importing, &intake->certs[i], i == importing->main))
			return false;
	}
	return intake_judge_signatures(request, intake);
}

/* False: answered. */
static bool is_something_new(struct request *request, const struct intake *intake)
{
	for (size_t i = 0; i < intake->count; i++) {
		if (!intake->certs[i].is_here)
			return true;
	}
	request_fail(request, STATUS_EXISTS,
		     "certificate “%.128s” is here already: it is certificate %llu",
		     intake->certs[0].cert.facts.subject,
		     (unsigned long long)intake->certs[0].cert.id);
	return false;
}

static void finish(struct request *request)
{
	struct importing *importing = request->state;
	struct intake *intake = importing->intake;

	importing->intake = NULL;
	request->give_up = NULL;
	intake_run(request, intake);
}

static void give_up(struct request *request)
{
	struct importing *importing = request->state;

	if (importing->intake && importing->intake->key)
		service_pin_forget(request->service, importing->intake->key);
}

/* The key under the ID that it will be stored with. */
static struct tpm_key *key_with_id(struct tpm_key *made, uint64_t id)
{
	size_t der_len = 0;
	size_t auth_len = 0;
	const uint8_t *der = tpm_key_der(made, &der_len);
	const uint8_t *auth = tpm_key_auth(made, &auth_len);

	return tpm_key_new(id, der, der_len, auth, auth_len, 0);
}

static void key_done(struct tpm_job *job, void *user)
{
	struct request *request = user;
	struct importing *importing = request->state;
	struct intake *intake = importing->intake;

	request->job = NULL;
	if (job->status != TPM_OK) {
		request_fail_job(request, job);
		return;
	}
	intake->key_id = store_key_next_id(request->service->store);
	intake->key = key_with_id(job->key, intake->key_id);
	if (intake->key)
		finish(request);
	else
		request_fail_memory(request);
}

/* The private key of the file goes into the TPM; then all is stored. */
static void import_key(struct request *request, const char *name)
{
	struct importing *importing = request->state;
	struct intake *intake = importing->intake;
	const struct import_item *key = &importing->import->key;
	bool is_ca = intake->certs[importing->main].cert.facts.is_ca;
	struct tpm_job *job;

	if ((is_ca && !request_needs_project(request)) || !request_reserve_name(request, name) ||
	    !service_key_has_room(request))
		return;
	snprintf(intake->key_name, sizeof intake->key_name, "%s", name);
	intake->key_of_ca = is_ca;
	job = tpm_job_new(TPM_IMPORT_KEY);
	if (!job || tpm_job_set_input(job, key->der, key->len) != TPM_OK) {
		tpm_job_free(job);
		request_fail_memory(request);
		return;
	}
	job->usage = TPM_USE_SIGN;
	if (!is_ca && private_key_is_rsa(key->der, key->len))
		job->usage |= TPM_USE_DECRYPT;
	/* Ours is wiped before the TPM has worked on it. */
	import_free(importing->import);
	importing->import = NULL;
	request_submit(request, job, key_done);
}

/* What the CA whose key comes along has revoked. False: answered. */
static bool take_crls(struct request *request, struct importing *importing)
{
	const struct import *import = importing->import;
	struct intake *intake = importing->intake;
	bool has_ca = importing->main != NONE && import->key.der &&
		      intake->certs[importing->main].cert.facts.is_ca;
	size_t taken = 0;

	for (size_t i = 0; has_ca && i < import->crl_count; i++) {
		if (!intake_add_crl(request, intake, &import->certs[importing->main],
				    &import->crls[i], &taken))
			return false;
	}
	if (taken)
		intake_note(intake, "%zu certificates are revoked by the CA's CRL, and stay so",
			    intake->revoked_count);
	if (import->crl_count > taken)
		intake_note(intake,
			    "%zu CRLs in the file were left out: they belong to trust lists "
			    "(trust add)",
			    import->crl_count - taken);
	return true;
}

/* The certificates of the file, read; the private key's, if there is one, found. False: answered. */
static bool take_certs(struct request *request, struct importing *importing)
{
	const struct import *import = importing->import;

	if (!import->cert_count) {
		request_fail(request, STATUS_INVALID,
			     "there is no certificate in the file: a private key comes with its "
			     "certificate, and CRLs belong to trust lists (trust add)");
		return false;
	}
	for (size_t i = 0; i < import->cert_count; i++) {
		if (!intake_add(request, importing->intake, &import->certs[i]))
			return false;
	}
	if (!import->key.der)
		return take_crls(request, importing);
	importing->main = find_of_private_key(import);
	if (importing->main == NONE) {
		request_fail(request, STATUS_INVALID,
			     "no certificate of the file is for its private key, and nothing was "
			     "imported: give the key with its certificate");
		return false;
	}
	return take_crls(request, importing);
}

/* The certificate that a private key comes with. False: answered. */
static bool judge_main(struct request *request, struct importing *importing,
		       enum store_cert_kind kind, const struct profile *profile)
{
	struct intake_cert *one = &importing->intake->certs[importing->main];
	unsigned long long id = one->cert.id;

	if (one->is_here) {
		request_fail(request, STATUS_EXISTS,
			     "certificate “%.64s” is here already, certificate %llu: delete that "
			     "first if it is to be here with its key",
			     one->cert.facts.subject, id);
		return false;
	}
	one->has_new_key = importing->import->key.der != NULL;
	return intake_judge(request, importing->intake, one, kind, profile);
}

static void import_decoded(struct request *request, const char *key_name)
{
	struct importing *importing = request->state;
	bool has_key = importing->import->key.der;
	bool is_ca;

	if (!take_certs(request, importing))
		return;
	if (!has_key) {
		if (*key_name) {
			request_fail(request, STATUS_INVALID,
				     "there is no private key in the file to be named “%s”: leave "
				     "the name out, or give a file with the key",
				     key_name);
			return;
		}
		importing->main = 0;
		if (is_something_new(request, importing->intake) &&
		    judge_others(request, importing))
			finish(request);
		return;
	}
	is_ca = importing->intake->certs[importing->main].cert.facts.is_ca;
	if (!*key_name) {
		request_fail(request, STATUS_INVALID,
			     "there is a private key in the file: give it a name (--key NAME)");
	} else if (importing->kind == STORE_CERT_TRUSTED) {
		request_fail(request, STATUS_INVALID,
			     "a trusted certificate is somebody else's, and there is a private key "
			     "in the file: import it without the key, or as --kind %s",
			     is_ca ? "ca" : "device");
	} else {
		enum store_cert_kind kind = importing->kind ? importing->kind
					    : is_ca	    ? STORE_CERT_CA
							    : STORE_CERT_DEVICE;
		const struct profile *profile =
			kind == STORE_CERT_CA ? profile_by_id(PROFILE_CA) : importing->profile;

		if (judge_main(request, importing, kind, profile) &&
		    judge_others(request, importing))
			import_key(request, key_name);
	}
}

/* The answer to a CSR, or a new version for the same key. NONE: answered. */
static size_t find_answer(struct request *request, struct importing *importing,
			  const struct store_cert *old)
{
	struct service *service = request->service;
	const struct keyring_key *key;
	struct store_csr csr = {0};
	size_t found = NONE;
	enum store_status status = store_csr_get(service->store, old->id, &csr);
	uint64_t key_id = status == STORE_OK ? csr.key_id : old->key_id;

	store_csr_wipe(&csr);
	if (status == STORE_NOT_FOUND)
		status = STORE_OK;
	if (status == STORE_OK && !key_id) {
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu has no key here, so nothing says that another one "
			     "takes its place: import that, and delete this one",
			     (unsigned long long)old->id);
		return NONE;
	}
	if (status == STORE_OK)
		status = keyring_get(service->keyring, NULL, key_id, &key);
	if (status != STORE_OK) {
		request_fail_store(request, status);
		return NONE;
	}
	struct tpm_key *tpm = request_tpm_key(request, key);

	if (!tpm)
		return NONE;
	found = find_of_key(importing->import, tpm_key_public(tpm));
	if (found == NONE)
		request_fail(request, STATUS_INVALID,
			     "no certificate of the file is for key “%s” of certificate %llu: it "
			     "answers another CSR",
			     key->name, (unsigned long long)old->id);
	else
		importing->intake->certs[found].cert.key_id = key_id;
	return found;
}

/* "plc-1.v2" for the second version's key, where nobody names it. */
static void default_key_name(const struct store_cert *old, char ret_name[NAMES_KEY_MAX + 1])
{
	const char *suffix = strstr(old->key_name, ".v");
	int len = suffix ? (int)(suffix - old->key_name) : (int)strlen(old->key_name);

	snprintf(ret_name, NAMES_KEY_MAX + 1, "%.*s.v%u", len, old->key_name, old->version + 1);
}

static void replace_decoded(struct request *request, const char *asked_name)
{
	struct importing *importing = request->state;
	bool has_key = importing->import->key.der;
	char key_name[NAMES_KEY_MAX + 1];
	struct store_cert old;

	if (!service_cert_find(request, importing->replaces, &old))
		return;
	enum store_cert_kind kind = old.kind;
	const struct profile *profile = profile_by_id(old.profile);

	snprintf(key_name, sizeof key_name, "%s", asked_name);
	if (has_key && !*key_name)
		default_key_name(&old, key_name);
	bool is_found = take_certs(request, importing);

	/* Once it was answered, the request is gone with its state. */
	size_t main = is_found ? importing->main : NONE;

	if (is_found && !has_key)
		main = find_answer(request, importing, &old);
	if (main != NONE && main && importing->wants_first) {
		request_fail(request, STATUS_INVALID,
			     "the key is that of certificate “%.64s”, which came along, and not "
			     "that of “%.64s”: give the certificate with its own key",
			     importing->intake->certs[main].cert.facts.subject,
			     importing->intake->certs[0].cert.facts.subject);
		main = NONE;
	}
	uint32_t version = old.version;
	uint64_t old_key_id = has_key ? old.key_id : 0;
	int64_t csr_created = old.request_created;

	store_cert_wipe(&old);
	if (main == NONE)
		return;
	importing->main = main;
	importing->intake->old_key_id = old_key_id;
	importing->intake->csr_created = csr_created;
	if (!judge_main(request, importing, kind, profile))
		return;
	struct intake *intake = importing->intake;
	struct intake_cert *one = &intake->certs[importing->main];

	one->cert.id = importing->replaces;
	one->cert.version = version;
	if (!judge_others(request, importing))
		return;
	if (importing->main) {
		/* The reply begins with it. */
		struct intake_cert first = *one;

		*one = intake->certs[0];
		intake->certs[0] = first;
		importing->main = 0;
	}
	if (has_key)
		import_key(request, key_name);
	else
		finish(request);
}

static void take_file(struct request *request, struct import *import)
{
	struct importing *importing = request->state;

	importing->import = import;
	if (importing->replaces)
		replace_decoded(request, importing->key_name);
	else
		import_decoded(request, importing->key_name);
}

/* NULL: answered. */
static struct importing *begin(struct request *request, const char *key_name)
{
	struct importing *importing = calloc(1, sizeof *importing);

	if (!importing) {
		request_fail_memory(request);
		return NULL;
	}
	importing->main = NONE;
	request->state = importing;
	request->state_free = importing_free;
	request->give_up = give_up;
	importing->intake = intake_new();
	if (!importing->intake) {
		request_fail_memory(request);
		return NULL;
	}
	if (*key_name && !names_is_key_name(key_name)) {
		request_fail(request, STATUS_INVALID,
			     "“%.64s” is no name for a key: it has " NAMES_KEY_RULE, key_name);
		return NULL;
	}
	snprintf(importing->key_name, sizeof importing->key_name, "%s", key_name);
	return importing;
}

void service_cert_import(struct request *request, const void *body, const struct keyring_key *none)
{
	const Keystore__V1__CertImportRequest *asked = body;
	unsigned kind = (unsigned)asked->kind;
	struct importing *importing = begin(request, asked->key_name);

	(void)none;
	if (!importing)
		return;
	if (kind > STORE_CERT_TRUSTED) {
		request_fail(request, STATUS_INVALID,
			     "a certificate is a CA's (1), a device's (2) or trusted (3), not %u",
			     kind);
		return;
	}
	importing->kind = (enum store_cert_kind)kind;
	importing->has_profile = *asked->profile;
	if (importing->has_profile &&
	    !service_cert_profile(request, asked->profile, &importing->profile))
		return;
	decoding_start(request, &asked->file, &asked->password, take_file);
}

void service_cert_replace(struct request *request, const void *body, const struct keyring_key *none)
{
	const Keystore__V1__CertReplaceRequest *asked = body;
	struct store_cert cert;

	(void)none;
	/* Better known before its file is taken apart. */
	if (!service_cert_find(request, asked->id, &cert))
		return;
	store_cert_wipe(&cert);
	struct importing *importing = begin(request, asked->key_name);

	if (!importing)
		return;
	importing->replaces = asked->id;
	importing->wants_first = asked->first;
	decoding_start(request, &asked->file, &asked->password, take_file);
}
