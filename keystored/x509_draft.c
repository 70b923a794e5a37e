#include "x509_draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/x509.h>

#include "x509_name.h"
#include "x509_rule.h"

#define REPAIRS_MAX 8 /* each part is put right once */

/* In the place of what is wrong. RFC 2606: nobody's name. */
#define SUBJECT_IN_PLACE "CN=draft.invalid,O=Draft"
static const struct csr_name uri_in_place = {SAN_URI, "urn:draft.invalid"};
static const struct csr_name host_in_place = {SAN_DNS, "draft.invalid"};

/* Refusals that no rule of the table has; their sentences are said by whoever refuses. */
static const struct x509_rule refusals[] = {
	{"profile-known", "", CHECK_ERROR, CHECK_OF_PROFILE, NULL, ""},
	{"subject-form", "RFC 5280 4.1.2.6", CHECK_ERROR, CHECK_OF_SUBJECT, NULL, ""},
	{"names-form", "RFC 5280 4.2.1.6", CHECK_ERROR, CHECK_OF_NAMES, NULL, ""},
	{"issuer-fit", "RFC 5280 4.2.1.9", CHECK_ERROR, CHECK_OF_ISSUER, NULL, ""},
	{"validity-possible", "RFC 5280 4.1.2.5", CHECK_ERROR, CHECK_OF_VALIDITY, NULL, ""},
	{"key-possible", "", CHECK_ERROR, CHECK_OF_KEY, NULL, ""},
	{"hash-possible", "", CHECK_ERROR, CHECK_OF_HASH, NULL, ""},
	{"ca-levels-possible", "RFC 5280 4.2.1.9", CHECK_ERROR, CHECK_OF_CA_LEVELS, NULL, ""},
};

void cert_draft_refuse(struct check_report *report, const char *field, const char *sentence)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (strcmp(refusals[i].field, field) == 0)
			check_report_add(report, &refusals[i], sentence);
	}
}

static void break_rule(struct check_report *report, const char *name, const char *detail)
{
	for (size_t i = 0; i < x509_rules_purpose_count; i++) {
		if (strcmp(x509_rules_purpose[i].name, name) == 0)
			check_report_add(report, &x509_rules_purpose[i], detail);
	}
}

/* What is left of the spec when all that is wrong has been told and replaced. */
struct draft {
	struct cert_spec spec;
	struct csr_name *names;
	bool host_is_told; /* some that are wrong were left out */
	EVP_PKEY *key;
	struct check_report *report;
};

static enum cert_status take_subject(struct draft *draft)
{
	char error[CERT_ERROR_MAX] = "";
	X509_NAME *name = NULL;
	enum name_status status = x509_name_parse(draft->spec.subject, error, &name);
	bool is_wrong = status == NAME_INVALID;

	if (status == NAME_NOMEM)
		return CERT_NOMEM;
	if (is_wrong) {
		cert_draft_refuse(draft->report, CHECK_OF_SUBJECT, error);
	} else if (draft->spec.profile->is_opcua &&
		   X509_NAME_get_index_by_NID(name, NID_commonName, -1) < 0) {
		break_rule(draft->report, "opcua-common-name", "write CN=plc-1,O=Plant");
		is_wrong = true;
	}
	X509_NAME_free(name);
	if (is_wrong)
		draft->spec.subject = SUBJECT_IN_PLACE;
	return CERT_OK;
}

static enum cert_status take_names(struct draft *draft)
{
	const struct profile *profile = draft->spec.profile;
	const struct csr_name *asked = draft->spec.names;
	size_t asked_count = draft->spec.name_count;
	size_t counts[SAN_TYPE_COUNT] = {0};
	bool is_told = false; /* that none of them is taken */
	const char *wrong;

	draft->spec.names = NULL;
	draft->spec.name_count = 0;
	if (asked_count > SAN_NAMES_MAX) {
		char text[CERT_ERROR_MAX];

		snprintf(text, sizeof text, "%zu subject alternative names: at most %d are taken",
			 asked_count, SAN_NAMES_MAX);
		cert_draft_refuse(draft->report, CHECK_OF_NAMES, text);
		asked_count = 0;
		draft->host_is_told = is_told = true;
	}
	/* And those in place. */
	draft->names = calloc(asked_count + 2, sizeof *draft->names);
	draft->spec.names = draft->names;
	if (!draft->names)
		return CERT_NOMEM;
	for (size_t i = 0; i < asked_count; i++) {
		char error[CERT_ERROR_MAX] = "";
		GENERAL_NAMES *built = NULL;
		enum san_status status = x509_san_build(&asked[i], 1, error, &built);

		GENERAL_NAMES_free(built);
		if (status == SAN_NOMEM)
			return CERT_NOMEM;
		/* A name that is misspelt is not missing as well. */
		if (asked[i].type > 0 && asked[i].type < SAN_TYPE_COUNT)
			counts[asked[i].type]++;
		if (status == SAN_OK) {
			draft->names[draft->spec.name_count++] = asked[i];
			continue;
		}
		cert_draft_refuse(draft->report, CHECK_OF_NAMES, error);
		if (asked[i].type == SAN_IP || asked[i].type == SAN_DNS)
			draft->host_is_told = true;
	}
	wrong = profile_uri_wrong(profile, counts[SAN_URI]);
	if (wrong && !is_told)
		break_rule(draft->report, counts[SAN_URI] ? "san-uri-single" : "san-uri-mandatory",
			   "");
	wrong = profile_host_wrong(profile, counts[SAN_IP], counts[SAN_DNS]);
	if (wrong && !is_told)
		break_rule(draft->report, "san-host-mandatory", wrong);
	return CERT_OK;
}

/* What the profile needs is there, without what was told already. */
static void names_in_place(struct draft *draft, bool only)
{
	const struct profile *profile = draft->spec.profile;
	size_t counts[SAN_TYPE_COUNT] = {0};
	size_t kept = 0;

	for (size_t i = 0; !only && i < draft->spec.name_count; i++) {
		struct csr_name name = draft->names[i];

		if (name.type == SAN_URI && profile->uri == PROFILE_MANDATORY && counts[SAN_URI])
			continue;
		counts[name.type]++;
		draft->names[kept++] = name;
	}
	if (profile_uri_wrong(profile, counts[SAN_URI]))
		draft->names[kept++] = uri_in_place;
	if (draft->host_is_told || profile_host_wrong(profile, counts[SAN_IP], counts[SAN_DNS]))
		draft->names[kept++] = host_in_place;
	draft->spec.name_count = kept;
}

static void validity_in_place(struct cert_spec *spec)
{
	struct cert_facts facts = {.not_before = 0, .not_after = 86400};

	if (spec->issuer && cert_read(spec->issuer, spec->issuer_len, &facts) != CERT_OK)
		facts = (struct cert_facts){.not_before = 0, .not_after = 86400};
	spec->not_before = facts.not_before;
	spec->not_after = facts.not_after;
}

static void no_issuer(struct cert_spec *spec)
{
	spec->issuer = NULL;
	spec->issuer_key = NULL;
	spec->padding = TPM_PADDING_NONE; /* it is an EC key's own signature then */
}

/* Tells what cert_new() did not take, and puts it right. */
static void repair(struct draft *draft, enum cert_status status, const char *error)
{
	switch (status) {
	case CERT_SUBJECT:
		cert_draft_refuse(draft->report, CHECK_OF_SUBJECT, error);
		draft->spec.subject = SUBJECT_IN_PLACE;
		break;
	case CERT_NAME:
	case CERT_TOO_LARGE:
		cert_draft_refuse(draft->report, CHECK_OF_NAMES, error);
		names_in_place(draft, true);
		break;
	case CERT_VALIDITY:
		cert_draft_refuse(draft->report, CHECK_OF_VALIDITY, error);
		validity_in_place(&draft->spec);
		break;
	case CERT_ISSUER:
		cert_draft_refuse(draft->report, CHECK_OF_ISSUER, error);
		no_issuer(&draft->spec);
		break;
	case CERT_OK:
	case CERT_UNVERIFIED:
	case CERT_NOMEM:
		break;
	}
}

/* *ret_cert: NULL where the same part is refused again. */
static enum cert_status build(struct draft *draft, struct cert **ret_cert)
{
	enum cert_status before = CERT_OK;
	enum cert_status status = CERT_OK;

	for (unsigned i = 0; i < REPAIRS_MAX; i++) {
		char error[CERT_ERROR_MAX] = "";

		status = cert_new(&draft->spec, error, ret_cert);
		if (status == CERT_OK || status == CERT_NOMEM || status == before)
			break;
		repair(draft, status, error);
		before = status;
	}
	return status == CERT_NOMEM ? CERT_NOMEM : CERT_OK;
}

static enum cert_status measure(const struct cert *cert, const struct profile *profile,
				struct check_report *report)
{
	struct check_report measured;
	uint8_t *der = NULL;
	size_t len = 0;
	enum cert_status status = cert_encode(cert, &der, &len);

	if (status == CERT_OK)
		status = cert_check(der, len, profile, &measured);
	free(der);
	if (status != CERT_OK)
		return CERT_NOMEM;
	for (size_t i = 0; i < measured.count && report->count < CHECK_RULES_MAX; i++) {
		report->findings[report->count++] = measured.findings[i];
		report->error_count += measured.findings[i].severity == CHECK_ERROR;
	}
	return CERT_OK;
}

enum cert_status cert_draft(const struct cert_spec *spec, struct check_report *report)
{
	struct draft draft = {.spec = *spec, .report = report};
	enum cert_status status = CERT_NOMEM;
	struct cert *cert = NULL;

	/* One without demands. */
	if (!draft.spec.profile)
		draft.spec.profile = profile_by_id(PROFILE_TLS_CLIENT);
	if (!draft.spec.issuer)
		no_issuer(&draft.spec);
	if (!draft.spec.not_before && !draft.spec.not_after)
		validity_in_place(&draft.spec);
	/* Rules of keys are kept by every key that the service has. */
	draft.key = EVP_EC_gen("P-256");
	draft.spec.public_key = draft.key;
	if (draft.key)
		status = take_subject(&draft);
	if (status == CERT_OK)
		status = take_names(&draft);
	if (status == CERT_OK) {
		names_in_place(&draft, false);
		status = build(&draft, &cert);
	}
	if (status == CERT_OK && cert)
		status = measure(cert, spec->profile, report);
	cert_free(cert);
	free(draft.names);
	EVP_PKEY_free(draft.key);
	return status;
}
