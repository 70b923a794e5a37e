#include "push_show.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "asymmetric.h"
#include "input.h"
#include "json_text.h"
#include "push_group.h"
#include "table.h"
#include "value.h"
#include "x509_facts.h"

#define FINGERPRINT_TEXT 65

static void fingerprint_text(const uint8_t fingerprint[32], char text[FINGERPRINT_TEXT])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", fingerprint[i]);
}

static json_t *cert_json(const char *type, const UA_ByteString *cert,
			 const struct x509_facts *facts)
{
	json_t *object = json_object();

	json_add(&object, "type", json_text_or_null(type));
	json_add(&object, "subject", json_text(facts->subject));
	json_add(&object, "issuer", json_text(facts->issuer));
	json_add(&object, "not_after", json_time_or_null(facts->not_after));
	json_add(&object, "fingerprint", json_fingerprint(facts->fingerprint));
	json_add(&object, "der", json_hex(cert->data, cert->length));
	return object;
}

/* Which file it goes to: nothing of a server's texts is in the name. */
static enum exit_code write_cert(const struct program *program, const char *name,
				 const UA_ByteString *cert)
{
	const char *folder = program_option(program, OPTION_OUT);
	char path[PATH_MAX];

	if (!folder)
		return EXIT_OK;
	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		return program_fail(program, EXIT_FAILED, "%s cannot be made: %s", folder,
				    strerror(errno));
	snprintf(path, sizeof(path), "%s/%s.der", folder, name);
	return output_write(program, path, cert->data, cert->length);
}

struct showing {
	const struct program *program;
	struct table *table;
	json_t *list;
};

static enum exit_code show_one(struct showing *showing, const UA_NodeId *type,
			       const UA_ByteString *cert)
{
	struct x509_facts facts = {.subject = "(not readable)"};
	char fingerprint[FINGERPRINT_TEXT] = "";
	char name[NODE_ID_TEXT] = "";
	char end[TIME_BYTES] = "";

	/* A slot without a certificate is an empty one. */
	if (cert->length &&
	    x509_facts_read(cert->data, asymmetric_leaf(cert->data, cert->length), &facts)) {
		fingerprint_text(facts.fingerprint, fingerprint);
		time_text(facts.not_after, end);
	} else if (!cert->length) {
		snprintf(facts.subject, sizeof(facts.subject), "(none)");
	}
	if (type)
		push_type_text(type, name);
	if (showing->program->json) {
		json_append(&showing->list, cert_json(name, cert, &facts));
		return EXIT_OK;
	}
	if (!table_add(showing->table,
		       (const char *const[]){type ? name : fingerprint, facts.subject, end,
					     type ? fingerprint : facts.issuer}))
		return program_no_memory(showing->program);
	return EXIT_OK;
}

static enum exit_code write_all(const struct program *program, const UA_NodeId *types,
				const UA_ByteString *certs, size_t count)
{
	enum exit_code code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < count; i++) {
		char name[NODE_ID_TEXT];
		struct x509_facts facts;

		if (!x509_facts_read(certs[i].data, asymmetric_leaf(certs[i].data, certs[i].length),
				     &facts))
			continue;
		if (types) {
			push_type_text(&types[i], name);
			for (char *at = name; *at; at++)
				if (*at == '/')
					*at = '_';
		} else {
			fingerprint_text(facts.fingerprint, name);
		}
		code = write_cert(program, name, &certs[i]);
	}
	return code;
}

enum exit_code push_show_certs(const struct program *program, const UA_NodeId *types,
			       const UA_ByteString *certs, size_t count)
{
	static const char *const heads[] = {"TYPE", "SUBJECT", "ENDS", "FINGERPRINT"};
	static const char *const rejected[] = {"FINGERPRINT", "SUBJECT", "ENDS", "ISSUER"};
	struct showing showing = {.program = program, .list = json_array()};
	enum exit_code code = write_all(program, types, certs, count);

	showing.table = table_new(types ? heads : rejected, 4);
	if (code == EXIT_OK && !showing.table)
		code = program_no_memory(program);
	for (size_t i = 0; code == EXIT_OK && i < count; i++)
		code = show_one(&showing, types ? &types[i] : NULL, &certs[i]);
	if (code == EXIT_OK && program->json)
		code = program_print_json(
			program,
			showing.list ? json_pack("{s:O}", "certificates", showing.list) : NULL);
	else if (code == EXIT_OK)
		table_print(showing.table, stdout, 0);
	table_free(showing.table);
	json_decref(showing.list);
	return code;
}

/* Properties of ServerConfiguration, and of the last transaction. */
static const struct {
	const char *label, *name;
	UA_UInt32 id;
} facts_of[] = {
	{"private keys", "private_key_formats",
	 UA_NS0ID_SERVERCONFIGURATION_SUPPORTEDPRIVATEKEYFORMATS},
	{"trust lists up to", "max_trust_list_size", UA_NS0ID_SERVERCONFIGURATION_MAXTRUSTLISTSIZE},
	{"secure element", "has_secure_element", UA_NS0ID_SERVERCONFIGURATION_HASSECUREELEMENT},
	{"transactions", "supports_transactions", 18663},
	{"being set up", "in_application_setup", 19309},
	{"last transaction", "transaction_start",
	 UA_NS0ID_SERVERCONFIGURATION_TRANSACTIONDIAGNOSTICS_STARTTIME},
	{"ended", "transaction_end", UA_NS0ID_SERVERCONFIGURATION_TRANSACTIONDIAGNOSTICS_ENDTIME},
	{"result", "transaction_result",
	 UA_NS0ID_SERVERCONFIGURATION_TRANSACTIONDIAGNOSTICS_RESULT},
	{"errors", "transaction_errors",
	 UA_NS0ID_SERVERCONFIGURATION_TRANSACTIONDIAGNOSTICS_ERRORS},
};

/* A server may lack what the standard makes optional. */
static void show_fact(const struct program *program, struct server_link *link, size_t i,
		      json_t **object)
{
	UA_Variant value = {0};
	char *text;

	if (UA_Client_readValueAttribute(server_link_client(link),
					 UA_NODEID_NUMERIC(0, facts_of[i].id),
					 &value) == UA_STATUSCODE_GOOD) {
		text = value_text(&value);
		if (program->json)
			json_add(object, facts_of[i].name, value_json(&value));
		else if (text)
			fact_print(stdout, facts_of[i].label, "%s", text);
		free(text);
	} else if (program->json) {
		json_add(object, facts_of[i].name, json_null());
	}
	UA_Variant_clear(&value);
}

/* "rsa-sha256, rsa-min": what certificates a group has. False: the server has no such group. */
static bool group_types(struct server_link *link, size_t group, char *text, size_t size)
{
	UA_Variant value = {0};
	bool is_there =
		UA_Client_readValueAttribute(server_link_client(link), push_group_types(group),
					     &value) == UA_STATUSCODE_GOOD;
	size_t len = 0;

	*text = '\0';
	if (UA_Variant_hasArrayType(&value, &UA_TYPES[UA_TYPES_NODEID]))
		for (size_t i = 0; i < value.arrayLength && len + NODE_ID_TEXT < size; i++) {
			char type[NODE_ID_TEXT];

			push_type_text((UA_NodeId *)value.data + i, type);
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
						type);
		}
	UA_Variant_clear(&value);
	return is_there;
}

enum exit_code push_show_status(const struct program *program, struct server_link *link)
{
	json_t *object = json_object();
	json_t *groups = json_object();
	UA_NodeId here = UA_NODEID_NULL;
	UA_StatusCode status = UA_Client_readNodeIdAttribute(
		server_link_client(link), UA_NODEID_NUMERIC(0, UA_NS0ID_SERVERCONFIGURATION),
		&here);
	enum exit_code code = EXIT_OK;

	UA_NodeId_clear(&here);
	if (status != UA_STATUSCODE_GOOD)
		code = server_link_fail(link, status,
					"ServerConfiguration, by which it is managed");
	for (size_t i = 0; code == EXIT_OK && i < sizeof(facts_of) / sizeof(facts_of[0]); i++)
		show_fact(program, link, i, &object);
	for (size_t i = 0; code == EXIT_OK && i < PUSH_GROUPS; i++) {
		char text[4 * NODE_ID_TEXT];

		if (!group_types(link, i, text, sizeof(text)))
			continue;
		if (program->json)
			json_add(&groups, push_group_name(i), json_text(text));
		else
			fact_print(stdout, push_group_name(i), "%s", *text ? text : "-");
	}
	if (code != EXIT_OK || !program->json) {
		json_decref(object);
		json_decref(groups);
		return code;
	}
	json_add(&object, "groups", groups);
	return program_print_json(program, object);
}
