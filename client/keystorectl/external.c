/* Certificates for partners outside the project: the key is made here and never sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "crls.h"
#include "files.h"
#include "layout.h"
#include "san.h"
#include "x509_request.h"

#define CHAIN_MAX      16
#define LAYOUTS	       "standard, uaexpert, open62541, node-opcua"
#define NAME_RULE      "1 to 64 of A-Z a-z 0-9 . _ -, not beginning with a dot"
#define FILE_NAME_MAX  64
#define PASSWORD_BYTES 256

struct external {
	struct ctl *ctl;
	const char *name; /* of its files */
	const char *root;
	const struct layout *layout;
	uint64_t issuer;
	struct ks_csr_order signing;
	struct san san;
	struct file password;
	struct x509_request request;
	uint64_t id; /* of the certificate, once it is made */
};

static bool is_file_name(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				  "._-");

	return len && !name[len] && len <= FILE_NAME_MAX && *name != '.';
}

/* What was asked for. False: told. */
static bool take_options(struct external *external)
{
	struct ctl *ctl = external->ctl;
	const char *layout = ctl_option(ctl, OPTION_LAYOUT);
	const char *issuer = ctl_option(ctl, OPTION_ISSUER);
	const char *days = ctl_option(ctl, OPTION_DAYS);

	external->name = ctl->words[0];
	external->root = ctl_option(ctl, OPTION_OUT);
	external->layout = layout_by_name(layout ? layout : "standard");
	external->signing.profile = ctl_option(ctl, OPTION_PROFILE);
	if (!is_file_name(external->name))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "%s cannot be the name of its files, which is " NAME_RULE,
			       external->name);
	else if (!external->layout)
		(void)ctl_fail(ctl, EXIT_USAGE, "--layout %s: not one of " LAYOUTS, layout);
	else if (!parse_id(issuer, &external->issuer))
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--issuer %s: not a certificate's ID: cert list --kind ca shows "
			       "them",
			       issuer);
	else if (days && (!parse_number(days, &external->signing.validity.days) ||
			  !external->signing.validity.days))
		(void)ctl_fail(ctl, EXIT_USAGE, "--days %s: not a number of days", days);
	else
		return true;
	return false;
}

/* A key that is there already is somebody's identity. */
static enum exit_code refuse_overwriting(const struct external *external)
{
	char path[LAYOUT_PATH_MAX];

	if (!layout_path(external->layout, external->root, LAYOUT_KEY, external->name, path))
		return ctl_fail(external->ctl, EXIT_USAGE, "%s is too long for a folder's name",
				external->root);
	if (access(path, F_OK) == 0)
		return ctl_fail(external->ctl, EXIT_CONFLICT,
				"there is a private key already, %s, and it is not overwritten: "
				"choose another folder or name, or remove it",
				path);
	return EXIT_OK;
}

static enum exit_code make_request(struct external *external)
{
	struct ctl *ctl = external->ctl;
	const char *algorithm = ctl_option(ctl, OPTION_ALGORITHM);
	const char *list = ctl_option(ctl, OPTION_SAN);
	struct x509_request_spec spec = {
		.algorithm = algorithm ? ks_algorithm_from_name(algorithm) : KS_ALGORITHM_RSA_2048,
		.subject = ctl_option(ctl, OPTION_SUBJECT),
	};
	char problem[PROBLEM_BYTES];
	enum exit_code code;

	if (!spec.algorithm)
		return ctl_fail(ctl, EXIT_USAGE, "--algorithm %s: not one of %s", algorithm,
				option_help(OPTION_ALGORITHM));
	if (list && !san_parse(list, &external->san, problem, sizeof(problem)))
		return ctl_fail(ctl, EXIT_USAGE, "%s", problem);
	code = file_read_password(ctl, PASSWORD_BYTES, &external->password);
	if (code != EXIT_OK)
		return code;
	spec.names = external->san.names;
	spec.name_count = external->san.count;
	if (ctl_has(ctl, OPTION_PASSWORD_FILE)) {
		spec.password = external->password.data;
		spec.password_len = external->password.len;
	}
	if (!x509_request_make(&spec, &external->request, problem, sizeof(problem)))
		return ctl_fail(ctl, EXIT_USAGE, "%s", problem);
	return EXIT_OK;
}

/* The service's certificate for it, written beside its key. */
static enum exit_code have_signed(struct external *external)
{
	struct ctl *ctl = external->ctl;
	struct ks_result *result = NULL;
	const struct ks_cert *cert;
	enum exit_code code;

	external->signing.csr = external->request.csr;
	external->signing.csr_len = external->request.csr_len;
	external->signing.issuer = external->issuer;
	if (ks_ca_sign(ctl->client, &external->signing, &result) != KS_OK) {
		code = ctl_fail_result(ctl, result);
	} else {
		cert = &result->certs[0];
		external->id = cert->id;
		code = layout_write(ctl, external->layout, external->root, LAYOUT_CERTIFICATE,
				    external->name, cert->der, cert->der_len);
	}
	ks_result_free(result);
	return code;
}

/* A CA's certificate and its CRL, if its key is there and so it has one; then its issuer. */
static enum exit_code write_ca(struct external *external, uint64_t id, bool is_first,
			       uint64_t *ret_issuer)
{
	struct ctl *ctl = external->ctl;
	struct ks_result *result = NULL;
	struct download crl = {0};
	enum exit_code code = EXIT_OK;
	uint64_t key_id = 0;
	char name[32];

	snprintf(name, sizeof(name), "ca-%llu", (unsigned long long)id);
	if (ks_cert_show(ctl->client, id, &result) != KS_OK) {
		code = ctl_fail_result(ctl, result);
	} else {
		const struct ks_cert *cert = &result->certs[0];

		key_id = cert->key_id;
		*ret_issuer = cert->issuer_id == id ? 0 : cert->issuer_id;
		code = layout_write(ctl, external->layout, external->root,
				    is_first ? LAYOUT_TRUSTED : LAYOUT_ISSUER, name, cert->der,
				    cert->der_len);
	}
	ks_result_free(result);
	if (code == EXIT_OK && key_id) {
		code = crl_download(ctl, id, &crl);
		if (code == EXIT_OK)
			code = layout_write(ctl, external->layout, external->root,
					    is_first ? LAYOUT_TRUSTED_CRL : LAYOUT_ISSUER_CRL, name,
					    crl.der, crl.len);
		free(crl.der);
	}
	return code;
}

static enum exit_code write_cas(struct external *external)
{
	enum exit_code code = EXIT_OK;
	uint64_t id = external->issuer;

	for (unsigned i = 0; i < CHAIN_MAX && id && code == EXIT_OK; i++) {
		uint64_t issuer = 0;

		code = write_ca(external, id, i == 0, &issuer);
		id = issuer;
	}
	return code;
}

/* The key is written first: a certificate whose key got lost is worth nothing. */
static enum exit_code create(struct external *external)
{
	const struct ctl *ctl = external->ctl;
	char path[LAYOUT_PATH_MAX];
	enum exit_code code = layout_make(ctl, external->layout, external->root);

	if (code == EXIT_OK)
		code = layout_write(ctl, external->layout, external->root, LAYOUT_KEY,
				    external->name, external->request.key,
				    external->request.key_len);
	if (code != EXIT_OK)
		return code;
	code = have_signed(external);
	if (!external->id) {
		if (layout_path(external->layout, external->root, LAYOUT_KEY, external->name, path))
			unlink(path);
		return code;
	}
	if (code == EXIT_OK)
		code = write_cas(external);
	if (code != EXIT_OK)
		fprintf(stderr,
			"keystorectl: certificate %llu was made: cert export %llu and crl export "
			"bring what is missing in %s\n",
			(unsigned long long)external->id, (unsigned long long)external->id,
			external->root);
	return code;
}

static enum exit_code tell(const struct external *external)
{
	if (external->ctl->json)
		return ctl_print_json(external->ctl,
				      json_pack("{s:I, s:o}", "id", (json_int_t)external->id, "out",
						json_text(external->root)));
	printf("certificate %llu, its private key and its CA are in %s\n",
	       (unsigned long long)external->id, external->root);
	return EXIT_OK;
}

static enum exit_code command_external_create(struct ctl *ctl)
{
	struct external external = {.ctl = ctl};
	enum exit_code code;

	if (!take_options(&external))
		return EXIT_USAGE;
	code = refuse_overwriting(&external);
	if (code == EXIT_OK)
		code = make_request(&external);
	if (code == EXIT_OK)
		code = ctl_connect(ctl);
	if (code == EXIT_OK)
		code = create(&external);
	if (code == EXIT_OK)
		code = tell(&external);
	x509_request_free(&external.request);
	file_free(&external.password);
	san_free(&external.san);
	return code;
}

const struct command commands_external[] = {
	{
		.name = "external create",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(ISSUER) | HAS(PROFILE) | HAS(SUBJECT) | HAS(SAN) | HAS(ALGORITHM) |
			   HAS(DAYS) | HAS(LAYOUT) | HAS(PASSWORD_FILE) | HAS(OUT),
		.needs = HAS(ISSUER) | HAS(PROFILE) | HAS(SUBJECT) | HAS(OUT),
		.summary = "a key and certificate for a partner outside",
		.help = "The key is made here and written to the folder --out, with its "
			"certificate,\n"
			"that of the CA and its CRL, as the partner's program wants them: "
			"--layout\n"
			"standard (OPC 10000-12 F.1, the default), uaexpert, open62541, "
			"node-opcua.",
		.run = command_external_create,
	},
	{.name = NULL},
};
