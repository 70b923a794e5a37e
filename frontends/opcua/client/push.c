/* push: another server's certificates, as its ServerConfiguration lets one manage them. */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cert_files.h"
#include "command.h"
#include "json_text.h"
#include "key_file.h"
#include "push_apply.h"
#include "push_group.h"
#include "push_show.h"
#include "value.h"
#include "x509_facts.h"

#define NONCE_BYTES 32 /* OPC 10000-12 7.10.8: what a new key takes */

static enum exit_code write_request(const struct program *program, const UA_ByteString *der)
{
	char *pem = x509_request_pem(der->data, der->length);
	enum exit_code code;

	if (!pem)
		return program_fail(program, EXIT_FAILED,
				    "what the server sent is no certificate request");
	if (program->json && !program_has(program, OPTION_OUT))
		code = program_print_json(program, json_pack("{s:s}", "csr", pem));
	else
		code = output_write(program, program_option(program, OPTION_OUT),
				    (const uint8_t *)pem, strlen(pem));
	free(pem);
	return code;
}

static enum exit_code ask_request(const struct program *program, const struct push_target *target)
{
	const char *name = program_option(program, OPTION_SUBJECT);
	UA_String subject = UA_STRING((char *)(uintptr_t)(name ? name : ""));
	UA_Boolean is_new = program_has(program, OPTION_NEW_KEY);
	UA_Byte bytes[NONCE_BYTES];
	UA_ByteString nonce = {is_new ? sizeof(bytes) : 0, bytes};
	UA_Variant inputs[5], *outputs = NULL;
	UA_ByteString *der;
	size_t count = 0;
	enum exit_code code;
	UA_StatusCode status;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return program_fail(program, EXIT_FAILED, "there are no random numbers");
	UA_Variant_setScalar(&inputs[0], (void *)(uintptr_t)&target->group,
			     &UA_TYPES[UA_TYPES_NODEID]);
	UA_Variant_setScalar(&inputs[1], (void *)(uintptr_t)&target->type,
			     &UA_TYPES[UA_TYPES_NODEID]);
	UA_Variant_setScalar(&inputs[2], &subject, &UA_TYPES[UA_TYPES_STRING]);
	UA_Variant_setScalar(&inputs[3], &is_new, &UA_TYPES[UA_TYPES_BOOLEAN]);
	UA_Variant_setScalar(&inputs[4], &nonce, &UA_TYPES[UA_TYPES_BYTESTRING]);
	status = push_call(target->link, UA_NS0ID_SERVERCONFIGURATION_CREATESIGNINGREQUEST, 5,
			   inputs, &count, &outputs);
	der = push_scalar(outputs, count, 0, &UA_TYPES[UA_TYPES_BYTESTRING]);
	if (status != UA_STATUSCODE_GOOD)
		code = server_link_fail(target->link, status, "the request for group %s",
					target->group_name);
	else if (!der)
		code = program_fail(program, EXIT_FAILED, "the server sent no certificate request");
	else
		code = write_request(program, der);
	UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	return code;
}

static enum exit_code command_csr(struct program *program)
{
	return push_on_target(program, ask_request);
}

static UA_ByteString *issuers_of(const struct cert_files *files)
{
	UA_ByteString *issuers = calloc(files->count, sizeof(*issuers));

	for (size_t i = 1; issuers && i < files->count; i++)
		issuers[i - 1] = (UA_ByteString){files->lens[i], files->ders[i]};
	return issuers;
}

static enum exit_code send_update(const struct program *program, const struct push_target *target,
				  const struct cert_files *files, const struct key_file *key)
{
	UA_ByteString cert = {files->lens[0], files->ders[0]};
	UA_ByteString *issuers = issuers_of(files);
	UA_String format = UA_STRING((char *)(uintptr_t)(key->format ? key->format : ""));
	UA_ByteString bytes = {key->bytes.len, key->bytes.data};
	UA_Variant inputs[6], *outputs = NULL;
	UA_Boolean *has_to_apply;
	size_t count = 0;
	enum exit_code code;
	UA_StatusCode status;

	if (!issuers)
		return program_no_memory(program);
	UA_Variant_setScalar(&inputs[0], (void *)(uintptr_t)&target->group,
			     &UA_TYPES[UA_TYPES_NODEID]);
	UA_Variant_setScalar(&inputs[1], (void *)(uintptr_t)&target->type,
			     &UA_TYPES[UA_TYPES_NODEID]);
	UA_Variant_setScalar(&inputs[2], &cert, &UA_TYPES[UA_TYPES_BYTESTRING]);
	/* With any other address an array of no length is a scalar to open62541. */
	UA_Variant_setArray(&inputs[3],
			    files->count > 1 ? (void *)issuers : UA_EMPTY_ARRAY_SENTINEL,
			    files->count - 1, &UA_TYPES[UA_TYPES_BYTESTRING]);
	UA_Variant_setScalar(&inputs[4], &format, &UA_TYPES[UA_TYPES_STRING]);
	UA_Variant_setScalar(&inputs[5], &bytes, &UA_TYPES[UA_TYPES_BYTESTRING]);
	status = push_call(target->link, UA_NS0ID_SERVERCONFIGURATION_UPDATECERTIFICATE, 6, inputs,
			   &count, &outputs);
	has_to_apply = push_scalar(outputs, count, 0, &UA_TYPES[UA_TYPES_BOOLEAN]);
	if (status != UA_STATUSCODE_GOOD)
		code = server_link_fail(target->link, status, "the certificate of group %s",
					target->group_name);
	else
		code = push_finish(program, target->link, !has_to_apply || *has_to_apply,
				   "the certificate");
	UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	free(issuers);
	return code;
}

static enum exit_code update(const struct program *program, const struct push_target *target)
{
	struct cert_files files = {0};
	struct key_file key = {0};
	enum exit_code code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < program->word_count; i++)
		code = cert_files_add(program, program->words[i], &files);
	if (code == EXIT_OK && program_has(program, OPTION_KEY))
		code = key_file_read(program, &key);
	if (code == EXIT_OK)
		code = send_update(program, target, &files, &key);
	input_free(&key.bytes);
	cert_files_clear(&files);
	return code;
}

static enum exit_code command_update(struct program *program)
{
	return push_on_target(program, update);
}

static enum exit_code call_plain(struct program *program, UA_UInt32 method, const char *done)
{
	struct server_link *link = NULL;
	size_t count = 0;
	UA_Variant *outputs = NULL;
	enum exit_code code = server_link_open(program, &link);
	UA_StatusCode status = UA_STATUSCODE_GOOD;

	if (code == EXIT_OK) {
		status = push_call(link, method, 0, NULL, &count, &outputs);
		UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
		if (status != UA_STATUSCODE_GOOD)
			code = server_link_fail(link, status, "%s", program->command);
		else if (program->json)
			code = program_print_json(program, json_pack("{s:b}", done, 1));
		else
			printf("%s\n", done);
	}
	server_link_close(link);
	return code;
}

static enum exit_code command_apply(struct program *program)
{
	return call_plain(program, UA_NS0ID_SERVERCONFIGURATION_APPLYCHANGES, "applied");
}

static enum exit_code command_cancel(struct program *program)
{
	return call_plain(program, UA_NS0ID_SERVERCONFIGURATION_CANCELCHANGES, "cancelled");
}

static enum exit_code show_certificates(const struct program *program,
					const struct push_target *target)
{
	UA_Variant input, *outputs = NULL;
	size_t count = 0;
	enum exit_code code;
	UA_StatusCode status;

	UA_Variant_setScalar(&input, (void *)(uintptr_t)&target->group, &UA_TYPES[UA_TYPES_NODEID]);
	status = push_call(target->link, UA_NS0ID_SERVERCONFIGURATION_GETCERTIFICATES, 1, &input,
			   &count, &outputs);
	if (status != UA_STATUSCODE_GOOD)
		code = server_link_fail(target->link, status, "the certificates of group %s",
					target->group_name);
	else if (count != 2 || !UA_Variant_hasArrayType(&outputs[0], &UA_TYPES[UA_TYPES_NODEID]) ||
		 !UA_Variant_hasArrayType(&outputs[1], &UA_TYPES[UA_TYPES_BYTESTRING]) ||
		 outputs[0].arrayLength != outputs[1].arrayLength)
		code = program_fail(program, EXIT_FAILED, "the server's answer is out of shape");
	else
		code = push_show_certs(program, outputs[0].data, outputs[1].data,
				       outputs[1].arrayLength);
	UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	return code;
}

static enum exit_code command_certificates(struct program *program)
{
	return push_on_target(program, show_certificates);
}

static enum exit_code show_rejected(const struct program *program, const struct push_target *target)
{
	UA_Variant *outputs = NULL;
	size_t count = 0;
	enum exit_code code;
	UA_StatusCode status = push_call(target->link, UA_NS0ID_SERVERCONFIGURATION_GETREJECTEDLIST,
					 0, NULL, &count, &outputs);

	if (status != UA_STATUSCODE_GOOD)
		code = server_link_fail(target->link, status, "the rejected certificates");
	else if (count != 1 ||
		 (outputs[0].type && outputs[0].type != &UA_TYPES[UA_TYPES_BYTESTRING]))
		code = program_fail(program, EXIT_FAILED, "the server's answer is out of shape");
	else
		code = push_show_certs(program, NULL, outputs[0].data, outputs[0].arrayLength);
	UA_Array_delete(outputs, count, &UA_TYPES[UA_TYPES_VARIANT]);
	return code;
}

static enum exit_code command_rejected(struct program *program)
{
	return push_on_target(program, show_rejected);
}

static enum exit_code command_status(struct program *program)
{
	struct server_link *link = NULL;
	enum exit_code code = server_link_open(program, &link);

	if (code == EXIT_OK)
		code = push_show_status(program, link);
	server_link_close(link);
	return code;
}

#define HAS_GROUP (HAS_SERVER | HAS(GROUP))

const struct command commands_push[] = {
	{
		.name = "push status",
		.words = "",
		.options = HAS_SERVER,
		.summary = "what a server lets one manage, and its last transaction",
		.run = command_status,
	},
	{
		.name = "push certificates",
		.words = "",
		.options = HAS_GROUP | HAS(OUT),
		.summary = "the certificates of a server's group",
		.help = "--out DIR writes them as DIR/TYPE.der too.",
		.run = command_certificates,
	},
	{
		.name = "push csr",
		.words = "",
		.options = HAS_GROUP | HAS(CERT_TYPE) | HAS(SUBJECT) | HAS(NEW_KEY) | HAS(OUT),
		.summary = "have a server write a certificate request, PEM",
		.help = "A CA signs it, and push update brings the certificate back.",
		.run = command_csr,
	},
	{
		.name = "push update",
		.words = "CERTIFICATE [ISSUER...]",
		.least = 1,
		.most = WORDS_MAX,
		.options = HAS_GROUP | HAS(CERT_TYPE) | HAS(KEY) | HAS(KEY_PASSWORD_FILE) |
			   HAS(NO_APPLY),
		.summary = "give a server a certificate, and the issuers of it",
		.help = "Files in PEM or DER; what follows the first certificate, in its file or "
			"in "
			"others,\nare issuers. It is applied at once.",
		.run = command_update,
	},
	{
		.name = "push apply",
		.words = "",
		.options = HAS_SERVER,
		.summary = "have a server apply what waits for it",
		.help = "For servers that keep what was changed when the session ends; others have "
			"it applied\nby push update and push trust themselves.",
		.run = command_apply,
	},
	{
		.name = "push cancel",
		.words = "",
		.options = HAS_SERVER,
		.summary = "have a server drop what waits for being applied",
		.run = command_cancel,
	},
	{
		.name = "push rejected",
		.words = "",
		.options = HAS_SERVER | HAS(OUT),
		.summary = "certificates that a server has refused",
		.help = "--out DIR writes them as DIR/FINGERPRINT.der too.",
		.run = command_rejected,
	},
	{.name = NULL},
};
