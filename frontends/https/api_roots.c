/*
 * What a browser has to trust. Everybody may see it, so keystored is asked as the front-end itself:
 * for its own service's certificate, then up to the root, then for the CAs that are here.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_private.h"
#include "json_pem.h"
#include "json_text.h"
#include "keystore_service.h"

#define ROOTS_MAX  16
#define LEVELS_MAX 8 /* of CAs above a certificate */
#define SHA1_BYTES 20
#define AFTER_MAX  64

struct roots {
	struct api_call *call;
	uint64_t ids[ROOTS_MAX]; /* the own one first */
	size_t count, shown;
	bool has_own;
	unsigned level;
	bool is_file, is_pem;			/* one of them is asked for: … */
	char wanted[2 * FINGERPRINT_BYTES + 1]; /* … this */
	char after[AFTER_MAX + 1];
};

static void list_services(struct roots *roots);
static void list_cas(struct roots *roots, uint64_t after);
static void show_next(struct roots *roots);

static void show(struct roots *roots, uint64_t id, ks_done_fn *done)
{
	struct ks_client *client = api_client_own(roots->call);

	if (client)
		(void)api_start(roots->call, ks_cert_show_start(client, id, done, roots));
}

static void add_root(struct roots *roots, uint64_t id)
{
	for (size_t i = 0; i < roots->count; i++) {
		if (roots->ids[i] == id)
			return;
	}
	if (roots->count < ROOTS_MAX)
		roots->ids[roots->count++] = id;
}

static void on_level(const struct ks_result *result, void *user)
{
	struct roots *roots = user;
	const struct ks_cert *cert = result->certs;

	/* A certificate that is away meanwhile, or whose CA is not known here, has no root to show. */
	if (result->status == KS_NOT_FOUND || result->status == KS_DENIED) {
		list_cas(roots, 0);
		return;
	}
	if (!api_result_is_good(roots->call, result) ||
	    !api_result_has(roots->call, result->cert_count))
		return;
	if (cert->issuer_id == cert->id) {
		add_root(roots, cert->id);
		roots->has_own = true;
	}
	if (roots->has_own || !cert->issuer_id || ++roots->level > LEVELS_MAX)
		list_cas(roots, 0);
	else
		show(roots, cert->issuer_id, on_level);
}

static void on_services(const struct ks_result *result, void *user)
{
	struct roots *roots = user;
	const struct ks_assignment *service = NULL;

	if (!api_result_is_good(roots->call, result))
		return;
	for (size_t i = 0; i < result->assignment_count; i++) {
		service = &result->assignments[i];
		if (strcmp(service->name, roots->call->api->options.service) != 0)
			continue;
		if (service->cert_id)
			show(roots, service->cert_id, on_level);
		else
			list_cas(roots, 0);
		return;
	}
	if (result->more && service && strlen(service->name) <= AFTER_MAX) {
		memcpy(roots->after, service->name, strlen(service->name) + 1);
		list_services(roots);
	} else {
		list_cas(roots, 0);
	}
}

static void list_services(struct roots *roots)
{
	struct ks_client *client = api_client_own(roots->call);

	if (client)
		(void)api_start(roots->call,
				ks_service_list_start(client, roots->after, on_services, roots));
}

static void on_cas(const struct ks_result *result, void *user)
{
	struct roots *roots = user;
	uint64_t last = 0;

	if (!api_result_is_good(roots->call, result))
		return;
	for (size_t i = 0; i < result->cert_count; i++) {
		const struct ks_cert *cert = &result->certs[i];

		last = cert->id;
		if (cert->issuer_id == cert->id && cert->key_id && cert->state == KS_CERT_ACTIVE)
			add_root(roots, cert->id);
	}
	if (result->more && last && roots->count < ROOTS_MAX)
		list_cas(roots, last);
	else
		show_next(roots);
}

static void list_cas(struct roots *roots, uint64_t after)
{
	struct ks_client *client = api_client_own(roots->call);

	if (client)
		(void)api_start(roots->call,
				ks_cert_list_start(client, KS_CERT_CA, after, 0, on_cas, roots));
}

static json_t *json_root(const struct ks_cert *cert, bool is_own)
{
	uint8_t digest[SHA1_BYTES];
	json_t *object = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:b}", "common_name", json_text(cert->common_name),
		"subject", json_text(cert->subject), "fingerprint",
		json_fingerprint(cert->fingerprint), "not_before", json_time(cert->not_before),
		"not_after", json_time(cert->not_after), "is_own", (int)is_own);

	/* As some browsers show it; nothing rests on it. */
	if (EVP_Digest(cert->der, cert->der_len, digest, NULL, EVP_sha1(), NULL) == 1)
		json_add(&object, "fingerprint_sha1", json_hex(digest, sizeof(digest)));
	return object;
}

static void answer_file(struct roots *roots, const struct ks_cert *cert)
{
	json_t *pem;
	char name[API_PARAMETER_MAX];

	snprintf(name, sizeof(name), "%.64s.%s", *cert->common_name ? cert->common_name : "root",
		 roots->is_pem ? "pem" : "crt");
	if (!roots->is_pem) {
		api_answer_file(roots->call, "application/x-x509-ca-cert", name, cert->der,
				cert->der_len, false);
		return;
	}
	pem = json_pem("CERTIFICATE", cert->der, cert->der_len);
	if (pem)
		api_answer_file(roots->call, "application/x-pem-file", name, json_string_value(pem),
				json_string_length(pem), false);
	else
		api_call_end(roots->call, NULL);
	json_decref(pem);
}

static bool is_wanted(const struct roots *roots, const struct ks_cert *cert)
{
	char *text = hex_text(cert->fingerprint, FINGERPRINT_BYTES);
	bool is_same = text && strcmp(text, roots->wanted) == 0;

	free(text);
	return is_same;
}

static void on_root(const struct ks_result *result, void *user)
{
	struct roots *roots = user;
	const struct ks_cert *cert = result->certs;
	bool is_own = roots->has_own && roots->shown == 0;

	roots->shown++;
	if (result->status == KS_NOT_FOUND) {
		show_next(roots);
		return;
	}
	if (!api_result_is_good(roots->call, result) ||
	    !api_result_has(roots->call, result->cert_count && cert->fingerprint))
		return;
	if (roots->is_file && is_wanted(roots, cert)) {
		answer_file(roots, cert);
		return;
	}
	if (!roots->is_file)
		json_append(&roots->call->kept, json_root(cert, is_own));
	show_next(roots);
}

static void show_next(struct roots *roots)
{
	if (roots->shown < roots->count) {
		show(roots, roots->ids[roots->shown], on_root);
	} else if (!roots->is_file) {
		api_answer(roots->call, 200,
			   json_pack("{s:O}", "root_certificates", roots->call->kept));
	} else {
		api_answer_problem(roots->call, 404, "not-found", NULL,
				   "there is no root certificate with this fingerprint: it may "
				   "have been renewed");
	}
}

static struct roots *roots_new(struct api_call *call)
{
	struct roots *roots = api_alloc(call, sizeof(*roots));

	if (roots)
		roots->call = call;
	return roots;
}

static void root_list(struct api_call *call)
{
	struct roots *roots = roots_new(call);

	if (!roots)
		return;
	call->kept = json_array();
	list_services(roots);
}

static void root_file(struct api_call *call)
{
	const char *fingerprint = api_parameter(call, 0), *format = api_query(call, "format");
	struct roots *roots;

	if (strlen(fingerprint) != 2 * FINGERPRINT_BYTES ||
	    strspn(fingerprint, "0123456789abcdef") != 2 * FINGERPRINT_BYTES) {
		api_answer_problem(call, 400, "invalid", NULL,
				   "a fingerprint has 64 digits, hexadecimal in small letters");
		return;
	}
	if (format && strcmp(format, "der") != 0 && strcmp(format, "pem") != 0) {
		api_answer_problem(call, 400, "invalid", "format",
				   "\"format\" is \"der\" or \"pem\"");
		return;
	}
	roots = roots_new(call);
	if (!roots)
		return;
	roots->is_file = true;
	roots->is_pem = format && strcmp(format, "pem") == 0;
	memcpy(roots->wanted, fingerprint, sizeof(roots->wanted));
	list_services(roots);
}

const struct api_operation api_root_operations[] = {
	{"rootCertificates", HTTP_GET, "/root-certificates", API_PUBLIC, .run = root_list},
	{"rootCertificateFile", HTTP_GET, "/root-certificates/{fingerprint}/file", API_PUBLIC,
	 .run = root_file},
	{0},
};
