#include "api_cert_files.h"

#include <stdio.h>
#include <string.h>

#include "api_file.h"
#include "api_results.h"
#include "api_take.h"
#include "json_text.h"

static void answer_imported(struct api_call *call, const struct ks_result *result, unsigned status)
{
	if (api_result_is_good(call, result))
		api_answer(call, status,
			   json_pack("{s:o, s:o}", "certs", api_certs_json(result), "notes",
				     json_names(result->notes, result->note_count)));
}

static void done_import(const struct ks_result *result, void *user)
{
	answer_imported(user, result, 201);
}

static void done_replace(const struct ks_result *result, void *user)
{
	answer_imported(user, result, 200);
}

/* "file", "password" and "key_name". */
static bool take_file(struct api_call *call, struct ks_cert_file *ret_file)
{
	struct ks_cert_file file = {0};

	if (!api_member_bytes(call, "file", API_UPLOAD_MAX, &file.bytes, &file.len) ||
	    !api_member_string_optional(call, "password", API_PASSWORD_MAX, &file.password) ||
	    !api_take_name(call, "key_name", &file.key_name))
		return false;
	*ret_file = file;
	return true;
}

void api_cert_import(struct api_call *call)
{
	struct ks_cert_file file;
	struct ks_client *client;
	int kind;

	if (!api_members_are(call, "file", "password", "kind", "profile", "key_name", NULL) ||
	    !take_file(call, &file) ||
	    !api_take_word(call, "kind", api_cert_kinds, KS_CERT_ALL, &kind) ||
	    !api_take_name(call, "profile", &file.profile))
		return;
	file.kind = (enum ks_cert_kind)kind;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_cert_import_start(client, &file, done_import, call));
}

void api_cert_replace(struct api_call *call)
{
	struct ks_cert_file file;
	struct ks_client *client;
	uint64_t id;

	if (!api_parameter_id(call, 0, &id) ||
	    !api_members_are(call, "file", "password", "key_name", NULL) || !take_file(call, &file))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_cert_replace_start(client, id, &file, done_replace, call));
}

void api_cert_sign(struct api_call *call)
{
	struct ks_csr_order order = {0};
	struct ks_client *client;

	if (!api_members_are(call, "csr", "issuer_id", "profile", "validity", "hash", "padding",
			     "ca_levels", NULL) ||
	    !api_member_bytes(call, "csr", API_UPLOAD_MAX, &order.csr, &order.csr_len) ||
	    !api_take_id(call, "issuer_id", true, &order.issuer) ||
	    !api_member_string(call, "profile", API_NAME_MAX, &order.profile) ||
	    !api_take_validity(call, &order.validity) || !api_take_hash(call, &order.hash) ||
	    !api_take_padding(call, &order.padding) || !api_take_ca_levels(call, &order.ca_levels))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_ca_sign_start(client, &order, api_done_made, call));
}

static const struct format {
	const char *name;
	enum ks_cert_format format;
	const char *type;
	const char *suffix;
} formats[] = {
	{"pem", KS_CERT_PEM, FILE_TYPE_PEM, ".pem"},
	{"der", KS_CERT_DER, FILE_TYPE_CERT, ".crt"},
	{"chain", KS_CERT_CHAIN_PEM, FILE_TYPE_PEM, "-chain.pem"},
	{"p7b", KS_CERT_P7B, FILE_TYPE_P7B, ".p7b"},
	{"p7b-pem", KS_CERT_P7B_PEM, FILE_TYPE_PEM, "-p7b.pem"},
	{"csr", KS_CERT_CSR, FILE_TYPE_PEM, ".csr"},
	{"csr-der", KS_CERT_CSR_DER, FILE_TYPE_CSR, ".p10"},
	{"private-key", KS_CERT_PRIVATE_KEY, FILE_TYPE_PEM, ".key"},
};
static const struct format pkcs12 = {"p12", 0, FILE_TYPE_P12, ".p12"};

/* A certificate that goes out as a file: it is shown first, for its name. */
struct export
{
	struct api_call *call;
	uint64_t id;
	const struct format *format;
	const char *password; /* of PKCS#12; NULL: none */
	char stem[FILE_STEM_MAX + 1];
};

static void done_export(const struct ks_result *result, void *user)
{
	const struct export *export = user;

	/* There is nothing about it that this server could not: it is not allowed to anybody. */
	if (result->status == KS_UNSUPPORTED && export->format->format == KS_CERT_PRIVATE_KEY)
		api_answer_problem(export->call, 403, "denied", NULL, result->message);
	else if (api_result_is_good(export->call, result))
		file_answer(export->call, export->format->type, export->stem,
			    export->format->suffix, result->data, result->data_len);
}

static void done_name(const struct ks_result *result, void *user)
{
	struct export *export = user;
	struct ks_client *client;
	char fallback[32];

	if (!api_result_is_good(export->call, result))
		return;
	snprintf(fallback, sizeof(fallback), "certificate-%llu", (unsigned long long)export->id);
	file_stem(result->cert_count ? result->certs[0].common_name : "", fallback, export->stem);
	client = api_client(export->call);
	if (!client)
		return;
	(void)api_start(export->call,
			export->format->format
				? ks_cert_export_start(client, export->id, export->format->format,
						       done_export, export)
				: ks_cert_export_pkcs12_start(client, export->id, export->password,
							      done_export, export));
}

static void export_start(struct api_call *call, const struct format *format, const char *password)
{
	struct export *export = api_alloc(call, sizeof(*export));
	struct ks_client *client;

	if (!export)
		return;
	*export = (struct export){.call = call, .format = format, .password = password};
	if (!api_parameter_id(call, 0, &export->id))
		return;
	client = api_client(call);
	if (client)
		(void)api_start(call, ks_cert_show_start(client, export->id, done_name, export));
}

void api_cert_file(struct api_call *call)
{
	const char *name = api_query(call, "format");

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name ? name : "pem") == 0) {
			export_start(call, &formats[i], NULL);
			return;
		}
	}
	api_answer_problem(call, 400, "invalid", NULL,
			   "format is one of pem, der, chain, p7b, p7b-pem, csr, csr-der");
}

void api_cert_pkcs12(struct api_call *call)
{
	const char *password;

	if (api_members_are(call, "password", NULL) &&
	    api_member_string_optional(call, "password", API_PASSWORD_MAX, &password))
		export_start(call, &pkcs12, password);
}
