#include "service_cert_intake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "request.h"
#include "service.h"
#include "service_cert_issue.h"
#include "store_issuer.h"
#include "x509_check.h"
#include "x509_csr_read.h"
#include "x509_issued.h"

/* What no use can be made of, wherever it comes from. */
static const char *const fatal_rules[] = {
	"key-readable",	   "validity-order",  "validity-form", "algorithms-same",
	"extensions-once", "extensions-form", "key-strength",  "extensions-known",
};

/* What a certificate whose key is here has to keep, or its service would be refused by peers. */
static const char *const own_rules[] = {
	"ca-flag",
	"ca-key-usage",
	"key-usage-purpose",
	"san-uri-mandatory",
	"san-uri-single",
	"extended-key-usage-purpose",
	"san-host-mandatory",
	"opcua-common-name",
	"san-address",
};

struct intake *intake_new(void)
{
	return calloc(1, sizeof(struct intake));
}

void intake_free(struct intake *intake)
{
	if (!intake)
		return;
	for (size_t i = 0; i < intake->count; i++)
		store_cert_wipe(&intake->certs[i].cert);
	tpm_key_unref(intake->key);
	free(intake->revoked);
	free(intake->hit);
	free(intake);
}

void intake_note(struct intake *intake, const char *format, ...)
{
	va_list args;

	if (intake->note_count == INTAKE_NOTES_MAX)
		return;
	va_start(args, format);
	vsnprintf(intake->notes[intake->note_count++], INTAKE_NOTE_MAX, format, args);
	va_end(args);
}

/* How somebody else signed it; a renewal here does it in the same way. */
static void scheme_read(struct store_cert *cert)
{
	const char *algorithm = cert->facts.signature_algorithm;

	cert->hash = strstr(algorithm, "sha384")   ? TPM_SHA384
		     : strstr(algorithm, "sha512") ? TPM_SHA512
						   : TPM_SHA256;
	cert->padding = !strncmp(algorithm, "rsa-pss", 7) ? TPM_PADDING_PSS
			: !strncmp(algorithm, "rsa", 3)	  ? TPM_PADDING_PKCS1
							  : TPM_PADDING_NONE;
}

bool intake_add(struct request *request, struct intake *intake, const struct import_item *item)
{
	struct intake_cert *one = &intake->certs[intake->count];
	struct store_cert *cert = &one->cert;
	enum cert_status read = cert_read(item->der, item->len, &cert->facts);
	uint64_t id = 0;

	if (read == CERT_NOMEM) {
		request_fail_memory(request);
		return false;
	}
	if (read != CERT_OK) {
		request_fail(
			request, STATUS_INVALID,
			"certificate %zu of the file has a malformed name or time: nothing was "
			"imported",
			intake->count + 1);
		return false;
	}
	enum store_status found =
		store_cert_by_fingerprint(request->service->store, cert->facts.fingerprint, &id);

	if (found != STORE_OK && found != STORE_NOT_FOUND) {
		request_fail_store(request, found);
		return false;
	}
	cert->der = malloc(item->len);
	if (!cert->der) {
		request_fail_memory(request);
		return false;
	}
	memcpy(cert->der, item->der, item->len);
	cert->der_len = item->len;
	one->is_here = found == STORE_OK;
	if (one->is_here)
		cert->id = id;
	one->is_self_signed = cert_is_self_signed(cert->der, cert->der_len);
	cert->created = clock_now(request->service->clock);
	cert->version_created = cert->created;
	cert->created_by = request->uid;
	scheme_read(cert);
	intake->count++;
	return true;
}

bool intake_add_crl(struct request *request, struct intake *intake, const struct import_item *ca,
		    const struct import_item *crl, size_t *ret_taken)
{
	struct crl_entry *entries = NULL;
	struct crl_facts facts;
	size_t count = 0;
	enum crl_status status =
		crl_read_entries(crl->der, crl->len, ca->der, ca->len, &entries, &count);

	if (status == CRL_OK)
		status = crl_read(crl->der, crl->len, &facts);
	if (status == CRL_NOMEM) {
		free(entries);
		request_fail_memory(request);
		return false;
	}
	if (status == CRL_ENTRY) {
		request_fail(request, STATUS_INVALID,
			     "a CRL of the CA in the file is a delta, lists what others issued, or "
			     "has entries that cannot be gone on with, and nothing was imported: "
			     "give its whole CRL, or none");
		return false;
	}
	if (status != CRL_OK)
		return true;
	++*ret_taken;
	if (memcmp(facts.number.octets, intake->crl_number.octets, CRL_NUMBER_LEN) < 0) {
		free(entries);
		return true;
	}
	free(intake->revoked);
	intake->revoked = entries;
	intake->revoked_count = count;
	intake->crl_number = facts.number;
	return true;
}

static bool is_among(const char *rule, const char *const *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rules[i], rule) == 0)
			return true;
	}
	return false;
}

/* False: answered. */
static bool judge_rules(struct request *request, struct intake *intake,
			const struct store_cert *cert, const struct profile *profile, bool is_own)
{
	struct check_report report;

	if (cert_check(cert->der, cert->der_len, profile, &report) != CERT_OK) {
		request_fail(request, STATUS_INVALID, "certificate “%.128s” cannot be read",
			     cert->facts.subject);
		return false;
	}
	for (size_t i = 0; i < report.count; i++) {
		const struct check_finding *finding = &report.findings[i];
		bool is_refused = finding->severity == CHECK_ERROR &&
				  (is_among(finding->rule, fatal_rules,
					    sizeof fatal_rules / sizeof *fatal_rules) ||
				   (is_own && is_among(finding->rule, own_rules,
						       sizeof own_rules / sizeof *own_rules)));

		if (is_refused) {
			request_fail(request, STATUS_INVALID,
				     "certificate “%.64s” breaks the rule %s (%s), and nothing was "
				     "imported: %s",
				     cert->facts.subject, finding->rule, finding->clause,
				     finding->text);
			return false;
		}
		if (finding->severity == CHECK_ERROR)
			intake_note(intake, "certificate “%.64s” breaks the rule %s (%s): %s",
				    cert->facts.subject, finding->rule, finding->clause,
				    finding->text);
	}
	return true;
}

/* What a renewal here would need: the names in our own form. False: answered. */
static bool take_names(struct request *request, struct intake *intake, struct store_cert *cert)
{
	struct csr_content *content = NULL;
	char error[X509_ERROR_MAX] = "";
	enum csr_read_status status = csr_from_cert(cert->der, cert->der_len, error, &content);
	bool is_taken = false;

	if (status == CSR_READ_OK) {
		cert->subject = strdup(content->subject);
		is_taken = cert->subject && issue_names_pack(content->names, content->name_count,
							     &cert->names, &cert->names_len);
	} else if (status != CSR_READ_NOMEM) {
		/* Without a profile nobody makes a new version of it, and so loses no names. */
		intake_note(intake, "certificate “%.64s” cannot be renewed here: %s",
			    cert->facts.subject, error);
		cert->profile = 0;
		cert->subject = strdup(cert->facts.subject);
		is_taken = cert->subject != NULL;
	}
	csr_content_free(content);
	if (!is_taken)
		request_fail_memory(request);
	return is_taken;
}

bool intake_judge(struct request *request, struct intake *intake, struct intake_cert *one,
		  enum store_cert_kind kind, const struct profile *profile)
{
	struct store_cert *cert = &one->cert;
	bool is_own = cert->key_id || one->has_new_key;
	int64_t now = clock_now(request->service->clock);

	if (one->is_here)
		return true;
	if ((kind == STORE_CERT_CA) != cert->facts.is_ca) {
		request_fail(request, STATUS_INVALID,
			     "certificate “%.128s” is %s CA by its basic constraints: import it as "
			     "what it is, --kind %s",
			     cert->facts.subject, cert->facts.is_ca ? "a" : "no",
			     cert->facts.is_ca ? "ca" : "device or trusted");
		return false;
	}
	cert->kind = kind;
	cert->profile = profile ? profile->id : 0;
	if (!judge_rules(request, intake, cert, profile, is_own))
		return false;
	if (is_own && cert->facts.not_after < now) {
		request_fail(request, STATUS_INVALID,
			     "certificate “%.128s” has expired, and no peer would take it: have a "
			     "new one issued",
			     cert->facts.subject);
		return false;
	}
	if (cert->facts.not_after < now)
		intake_note(intake, "certificate “%.128s” has expired", cert->facts.subject);
	return take_names(request, intake, cert);
}

/* One by one, until one has issued it: *issued is that, or BROKEN where none has and one should. */
static void judge_issuer(struct intake *intake, const struct store_cert *cert,
			 const uint8_t *issuer, size_t issuer_len, enum issued *issued)
{
	enum issued by;

	if (*issued == ISSUED_BY_IT || intake->judged == INTAKE_CHECKS_MAX)
		return;
	intake->judged++;
	by = cert_issued(cert->der, cert->der_len, issuer, issuer_len);
	if (by != ISSUED_BY_OTHER)
		*issued = by;
}

static enum store_status judge_signature(struct store *store, struct intake *intake,
					 const struct store_cert *cert, struct store_issuers *found,
					 enum issued *ret_issued)
{
	enum issued issued = ISSUED_BY_OTHER;
	enum store_status status;

	for (size_t i = 0; i < intake->count; i++) {
		const struct store_cert *other = &intake->certs[i].cert;

		if (strcmp(other->facts.subject, cert->facts.issuer) == 0)
			judge_issuer(intake, cert, other->der, other->der_len, &issued);
	}
	status = store_issuer_candidates(store, cert->facts.issuer, found);
	if (status != STORE_OK)
		return status;
	for (size_t i = 0; i < found->count; i++)
		judge_issuer(intake, cert, found->list[i].der, found->list[i].der_len, &issued);
	store_issuers_wipe(found);
	*ret_issued = issued;
	return STORE_OK;
}

bool intake_judge_signatures(struct request *request, struct intake *intake)
{
	struct store_issuers *found = calloc(1, sizeof *found);
	enum store_status status = found ? STORE_OK : STORE_NOMEM;
	enum issued issued = ISSUED_BY_OTHER;
	const struct store_cert *cert = NULL;

	for (size_t i = 0; i < intake->count && status == STORE_OK && issued != ISSUED_BROKEN;
	     i++) {
		cert = &intake->certs[i].cert;
		if (!intake->certs[i].is_here && !intake->certs[i].is_self_signed)
			status = judge_signature(request->service->store, intake, cert, found,
						 &issued);
	}
	free(found);
	if (status != STORE_OK)
		request_fail_store(request, status);
	else if (issued == ISSUED_BROKEN)
		request_fail(request, STATUS_INVALID,
			     "certificate “%.64s” is broken, and nothing was imported: it names "
			     "“%.64s” as its issuer, by name and key identifier, whose key did not "
			     "sign it: have it sent again, or issued again",
			     cert->facts.subject, cert->facts.issuer);
	return status == STORE_OK && issued != ISSUED_BROKEN;
}
