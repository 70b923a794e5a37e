#include "keystore_side.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asymmetric.h"
#include "bundle.h"
#include "keystore_service.h"
#include "keystore_trust.h"

#define SERVICE_DEFAULT "opcua-client"
#define NAME_MAX_BYTES	128

struct keystore_side {
	const struct program *program;
	struct ks_client *client;
	char service[NAME_MAX_BYTES];
	uint64_t cert_id; /* 0: none is assigned */
	bool has_group;
	char problem[KEYSTORE_SIDE_MESSAGE];
};

static enum exit_code code_of(enum ks_status status)
{
	static const struct {
		enum ks_status status;
		enum exit_code code;
	} codes[] = {
		{KS_INVALID, EXIT_USAGE},
		{KS_UNSUPPORTED, EXIT_UNSUPPORTED},
		{KS_DENIED, EXIT_DENIED},
		{KS_NOT_FOUND, EXIT_NOT_FOUND},
		{KS_LIMIT, EXIT_BUSY},
		{KS_BUSY, EXIT_BUSY},
		{KS_DEADLINE, EXIT_BUSY},
		{KS_CONFLICT, EXIT_CONFLICT},
		{KS_UNAVAILABLE, EXIT_UNAVAILABLE},
		{KS_UNREACHABLE, EXIT_UNAVAILABLE},
		{KS_DISCONNECTED, EXIT_UNAVAILABLE},
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return EXIT_FAILED;
}

static enum exit_code fail_result(const struct keystore_side *side, const struct ks_result *result)
{
	return program_fail_named(side->program, code_of(result->status),
				  ks_status_name(result->status), "keystored: %s", result->message);
}

static enum exit_code take_service(struct keystore_side *side, const struct ks_assignment *found)
{
	if (found->kind != KS_SERVICE_OPCUA_CLIENT && found->kind != KS_SERVICE_OPCUA_SERVER)
		return program_fail(side->program, EXIT_CONFLICT,
				    "service %s is of kind %s: name one of kind opcua-client by "
				    "--service",
				    side->service, ks_service_kind_name(found->kind));
	side->cert_id = found->cert_id;
	side->has_group = *found->group != '\0';
	return EXIT_OK;
}

static enum exit_code find_service(struct keystore_side *side)
{
	char after[NAME_MAX_BYTES] = "";
	bool more = true;

	while (more) {
		struct ks_result *result = NULL;
		enum exit_code code = EXIT_OK;
		bool is_found = false;

		if (ks_service_list(side->client, after, &result) != KS_OK)
			code = fail_result(side, result);
		for (size_t i = 0; code == EXIT_OK && !is_found && i < result->assignment_count;
		     i++) {
			snprintf(after, sizeof(after), "%s", result->assignments[i].name);
			is_found = strcmp(after, side->service) == 0;
			if (is_found)
				code = take_service(side, &result->assignments[i]);
		}
		more = result->more;
		ks_result_free(result);
		if (is_found || code != EXIT_OK)
			return code;
	}
	return program_fail(side->program, EXIT_NOT_FOUND,
			    "keystored shows this user no service %s: keystorectl service create "
			    "%s --kind opcua-client --cert ID --group opcua --uid USER makes it, "
			    "--service names another",
			    side->service, side->service);
}

enum exit_code keystore_side_open(const struct program *program, struct keystore_side **ret_side)
{
	const char *service = program_option(program, OPTION_SERVICE);
	const char *path = program_option(program, OPTION_SOCKET);
	const struct ks_options options = {.deadline_ms = program->timeout_ms,
					   .wait_for_tpm = true};
	struct keystore_side *side = calloc(1, sizeof(*side));
	char message[KEYSTORE_SIDE_MESSAGE];
	enum exit_code code;

	if (!side)
		return program_no_memory(program);
	side->program = program;
	snprintf(side->service, sizeof(side->service), "%s", service ? service : SERVICE_DEFAULT);
	if (ks_connect(path, &side->client) != KS_OK) {
		ks_connect_message(path, errno, message, sizeof(message));
		code = program_fail_named(program, EXIT_UNAVAILABLE, "unreachable", "%s", message);
	} else {
		ks_set_options(side->client, &options);
		code = find_service(side);
	}
	if (code == EXIT_OK)
		*ret_side = side;
	else
		keystore_side_close(side);
	return code;
}

void keystore_side_close(struct keystore_side *side)
{
	if (!side)
		return;
	ks_close(side->client);
	free(side);
}

const char *keystore_side_service(const struct keystore_side *side)
{
	return side->service;
}

const char *keystore_side_problem(const struct keystore_side *side)
{
	return side->problem;
}

/* Facts and chain are asked for apart: after a renewal in between, signing fails, and is told. */
static enum exit_code fetch(struct keystore_side *side, uint64_t id, struct own_cert **ret_cert)
{
	struct ks_result *facts = NULL, *chain = NULL;
	struct own_cert *cert = NULL;
	struct bundle bundle = {0};
	enum exit_code code = EXIT_OK;

	if (ks_cert_show(side->client, id, &facts) != KS_OK) {
		code = fail_result(side, facts);
	} else if (!facts->certs[0].key_id) {
		code = program_fail(side->program, EXIT_CONFLICT,
				    "certificate %llu has no key in keystored: assign one that has",
				    (unsigned long long)id);
	} else if (ks_cert_export(side->client, id, KS_CERT_CHAIN_PEM, &chain) != KS_OK) {
		code = fail_result(side, chain);
	} else if (bundle_parse(chain->data, chain->data_len, &bundle) != BUNDLE_OK) {
		code = program_no_memory(side->program);
	} else {
		cert = own_cert_new(id, facts->certs[0].version, facts->certs[0].key_id,
				    bundle.ders, bundle.lens, bundle.count);
		if (!cert)
			code = program_fail(side->program, EXIT_CONFLICT,
					    "certificate %llu is none of an RSA key of 1024 to "
					    "4096 bits, which OPC UA's policies need",
					    (unsigned long long)id);
	}
	bundle_free(&bundle);
	ks_result_free(facts);
	ks_result_free(chain);
	if (code == EXIT_OK)
		*ret_cert = cert;
	return code;
}

enum exit_code keystore_side_cert(struct keystore_side *side, struct own_cert **ret_cert)
{
	if (!side->cert_id)
		return program_fail(side->program, EXIT_CONFLICT,
				    "service %s has no certificate: keystorectl service set %s "
				    "--cert ID gives it one",
				    side->service, side->service);
	return fetch(side, side->cert_id, ret_cert);
}

enum exit_code keystore_side_user_cert(struct keystore_side *side, uint64_t id,
				       struct own_cert **ret_cert)
{
	return fetch(side, id, ret_cert);
}

/* What keystored did; its message is told where the connection is. */
static UA_StatusCode take_answer(struct keystore_side *side, enum ks_status status,
				 const struct ks_result *result)
{
	if (status == KS_OK) {
		*side->problem = '\0';
		return UA_STATUSCODE_GOOD;
	}
	snprintf(side->problem, sizeof(side->problem), "keystored: %s",
		 result ? result->message : ks_status_name(status));
	return UA_STATUSCODE_BADINTERNALERROR;
}

static UA_StatusCode sign(const struct policy_order *order, uint8_t *signature, void *user)
{
	struct keystore_side *side = user;
	struct ks_result *result = NULL;
	enum ks_status status =
		ks_sign(side->client, order->own->key, order->kind->sign_hash,
			order->kind->sign_padding, order->bytes, order->len, &result);
	UA_StatusCode code = take_answer(side, status, result);

	if (code == UA_STATUSCODE_GOOD && result->data_len != order->own->key_size)
		code = UA_STATUSCODE_BADINTERNALERROR;
	if (code == UA_STATUSCODE_GOOD)
		memcpy(signature, result->data, result->data_len);
	ks_result_free(result);
	return code;
}

static UA_StatusCode decrypt(const struct policy_order *order, uint8_t *plain, size_t *ret_len,
			     void *user)
{
	struct keystore_side *side = user;
	struct ks_result *result = NULL;
	enum ks_status status =
		order->kind->cipher == POLICY_CIPHER_PKCS1
			? ks_decrypt_pkcs1(side->client, order->own->key, order->bytes, order->len,
					   &result)
			: ks_decrypt(side->client, order->own->key, order->kind->cipher_hash,
				     order->bytes, order->len, &result);
	UA_StatusCode code = take_answer(side, status, result);

	if (code == UA_STATUSCODE_GOOD && result->data_len > order->own->key_size)
		code = UA_STATUSCODE_BADINTERNALERROR;
	if (code == UA_STATUSCODE_GOOD) {
		if (result->data_len)
			memcpy(plain, result->data, result->data_len);
		*ret_len = result->data_len;
	}
	ks_result_free(result);
	return code;
}

const struct policy_keys keystore_side_keys = {.sign = sign, .decrypt = decrypt};

enum judgement keystore_side_judge(struct keystore_side *side, const uint8_t *chain, size_t len,
				   const char *uri, const char *host,
				   char message[KEYSTORE_SIDE_MESSAGE])
{
	const uint8_t *ders[OWN_CERT_CHAIN_MAX];
	size_t lens[OWN_CERT_CHAIN_MAX];
	struct ks_validation validation = {.service = side->service,
					   .purpose = KS_PURPOSE_OPCUA,
					   .application_uri = uri,
					   .host = host};
	enum judgement judgement = JUDGEMENT_NONE;
	struct ks_result *result = NULL;
	size_t count = 0, leaf;

	for (; count < OWN_CERT_CHAIN_MAX && (leaf = asymmetric_leaf(chain, len)) > 0; count++) {
		ders[count] = chain;
		lens[count] = leaf;
		chain += leaf;
		len -= leaf;
	}
	if (!count || len) {
		snprintf(message, KEYSTORE_SIDE_MESSAGE,
			 "what the server shows is no certificate, or more than %d of them",
			 OWN_CERT_CHAIN_MAX);
		return JUDGEMENT_REFUSED;
	}
	validation.candidate = ders[0];
	validation.candidate_len = lens[0];
	validation.chain = ders + 1;
	validation.chain_lens = lens + 1;
	validation.chain_count = count - 1;
	if (!side->has_group) {
		snprintf(message, KEYSTORE_SIDE_MESSAGE,
			 "service %s has no trust group, so that it trusts no server: keystorectl "
			 "service set %s --group opcua",
			 side->service, side->service);
		return JUDGEMENT_REFUSED;
	}
	if (ks_validate(side->client, &validation, &result) != KS_OK)
		snprintf(message, KEYSTORE_SIDE_MESSAGE, "keystored: %s", result->message);
	else {
		snprintf(message, KEYSTORE_SIDE_MESSAGE, "%s", result->verdict->message);
		judgement = result->verdict->reason == KS_VERDICT_ACCEPTED ? JUDGEMENT_ACCEPTED
			    : result->verdict->reason == KS_VERDICT_HOST   ? JUDGEMENT_HOST
									   : JUDGEMENT_REFUSED;
	}
	ks_result_free(result);
	return judgement;
}
