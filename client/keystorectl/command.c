#include "command.h"

#include <string.h>

#define HAS(option) ((uint64_t)1 << OPTION_##option)

static const uint64_t common_options =
	HAS(SOCKET) | HAS(JSON) | HAS(DEADLINE) | HAS(WAIT) | HAS(HELP) | HAS(VERSION);

const struct command commands[] = {
	{
		.name = "status",
		.words = "",
		.summary = "the service, its TPM, queue and limits",
		.run = command_status,
	},
	{
		.name = "watch",
		.words = "",
		.summary = "events of keys and the TPM, one in a line",
		.help = "Runs until the service ends or it is interrupted.",
		.run = command_watch,
	},
	{
		.name = "key create",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(ALGORITHM) | HAS(USAGE),
		.needs = HAS(ALGORITHM),
		.summary = "make a key in the TPM",
		.help = "An RSA key takes a TPM chip 2 to 10 seconds and more.",
		.run = command_key_create,
	},
	{
		.name = "key list",
		.words = "",
		.options = HAS(NAMES),
		.summary = "the keys that this user may manage or use",
		.run = command_key_list,
	},
	{
		.name = "key show",
		.words = "NAME",
		.word_count = 1,
		.summary = "all facts of a key, and who may use it",
		.run = command_key_show,
	},
	{
		.name = "key delete",
		.words = "NAME",
		.word_count = 1,
		.summary = "destroy a key for ever",
		.run = command_key_delete,
	},
	{
		.name = "key allow",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(UID) | HAS(GID) | HAS(OPERATIONS),
		.needs = HAS(OPERATIONS),
		.summary = "say what a user or group may do with a key",
		.help = "Replaces what was allowed to that user or group before; none takes it all "
			"away.",
		.run = command_key_allow,
	},
	{
		.name = "key pin",
		.words = "NAME",
		.word_count = 1,
		.summary = "keep a key in the TPM as a persistent object",
		.help = "A pinned key needs no loading before use. A TPM has room for a few.",
		.run = command_key_pin,
	},
	{
		.name = "key unpin",
		.words = "NAME",
		.word_count = 1,
		.summary = "keep it there no longer",
		.run = command_key_unpin,
	},
	{
		.name = "key export",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(PUBLIC) | HAS(TSS2) | HAS(PRIVATE) | HAS(PASSWORD_FILE) | HAS(OUT),
		.summary = "write the public key, or the key wrapped by this TPM",
		.help = "A TSS2 file works with this TPM only, also with OpenSSL's tpm2 provider.",
		.run = command_key_export,
	},
	{
		.name = "key import",
		.words = "NAME FILE",
		.word_count = 2,
		.options = HAS(USAGE) | HAS(PASSWORD_FILE),
		.summary = "take in a TSS2 file of this TPM",
		.run = command_key_import,
	},
	{
		.name = "csr",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(SUBJECT) | HAS(SAN) | HAS(HASH) | HAS(PADDING) | HAS(DER) | HAS(OUT),
		.needs = HAS(SUBJECT),
		.summary = "write a certificate signing request",
		.help = "Prefixes of --san: URI:, IP:, DNS:, email:, RID:. A backslash before a\n"
			"comma makes it part of the name.",
		.run = command_csr,
	},
	{
		.name = "sign",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(HASH) | HAS(PADDING) | HAS(DIGEST) | HAS(IN) | HAS(OUT),
		.summary = "sign a file or standard input",
		.help = "The input is hashed here, and the digest goes to the TPM.",
		.run = command_sign,
	},
	{
		.name = "decrypt",
		.words = "NAME",
		.word_count = 1,
		.options = HAS(HASH) | HAS(IN) | HAS(OUT),
		.summary = "decrypt RSA-OAEP",
		.run = command_decrypt,
	},
	{
		.name = "random",
		.words = "BYTES",
		.word_count = 1,
		.options = HAS(HEX) | HAS(OUT),
		.summary = "random bytes of the TPM",
		.run = command_random,
	},
	{
		.name = "project init",
		.words = "",
		.options = HAS(RSA_SUBJECT) | HAS(EC_SUBJECT) | HAS(DAYS),
		.summary = "make the RSA and the P-256 CA of a project in the TPM",
		.help = "Both or none. An RSA key takes a TPM chip 2 to 10 seconds and more.",
		.run = command_project_init,
	},
	{
		.name = "cert create",
		.words = "",
		.options = HAS(PROFILE) | HAS(SUBJECT) | HAS(SAN) | HAS(ISSUER) | HAS(SELF_SIGNED) |
			   HAS(KEY) | HAS(NEW_KEY) | HAS(ALGORITHM) | HAS(DAYS) | HAS(NOT_BEFORE) |
			   HAS(NOT_AFTER) | HAS(HASH) | HAS(PADDING),
		.needs = HAS(PROFILE) | HAS(SUBJECT),
		.summary = "make a certificate, by a CA or self-signed",
		.help = "One of --issuer, --self-signed; one of --key, --new-key. Profiles:\n"
			"opcua-server, opcua-client, opcua-client-server, web-server, tls-server,\n"
			"tls-client, tls-client-server, pg-hmi, syslog-client, ca.",
		.run = command_cert_create,
	},
	{
		.name = "cert list",
		.words = "",
		.options = HAS(KIND),
		.summary = "the certificates that this user may see",
		.run = command_cert_list,
	},
	{
		.name = "cert show",
		.words = "ID",
		.word_count = 1,
		.summary = "all facts of a certificate, and its history",
		.run = command_cert_show,
	},
	{
		.name = "cert export",
		.words = "ID",
		.word_count = 1,
		.options = HAS(FORMAT) | HAS(OUT),
		.summary = "write a certificate to a file",
		.run = command_cert_export,
	},
	{
		.name = "cert renew",
		.words = "ID",
		.word_count = 1,
		.options = HAS(DAYS) | HAS(NOT_BEFORE) | HAS(NOT_AFTER) | HAS(HASH),
		.summary = "the same certificate with a new validity",
		.help = "ID, key, subject and names stay; what it was so far is kept.",
		.run = command_cert_renew,
	},
	{
		.name = "cert delete",
		.words = "ID",
		.word_count = 1,
		.summary = "delete a certificate with its history",
		.help = "Its key stays. A CA that has issued others is not deleted.",
		.run = command_cert_delete,
	},
	{
		.name = "audit list",
		.words = "",
		.options = HAS(AFTER) | HAS(LIMIT),
		.summary = "the audit trail, from its oldest record",
		.run = command_audit_list,
	},
	{
		.name = "audit verify",
		.words = "",
		.summary = "whether the audit trail was changed or cut off",
		.help = "Exit code 10: it was; the sentence says which record.",
		.run = command_audit_verify,
	},
	{.name = NULL},
};

const struct command *command_find(const char *const *words, size_t count, size_t *ret_used)
{
	for (const struct command *command = commands; command->name; command++) {
		const char *second = strchr(command->name, ' ');
		size_t len = second ? (size_t)(second - command->name) : strlen(command->name);
		size_t used = second ? 2 : 1;

		if (count < used || strlen(words[0]) != len ||
		    strncmp(words[0], command->name, len) != 0)
			continue;
		if (second && strcmp(words[1], second + 1) != 0)
			continue;
		*ret_used = used;
		return command;
	}
	return NULL;
}

static void print_option(FILE *out, enum option option)
{
	int used = fprintf(out, "  %s %s", option_name(option), option_usage(option));

	fprintf(out, "%*s%s\n", used < 26 ? 26 - used : 1, "", option_help(option));
}

static void print_options(FILE *out, uint64_t options)
{
	for (enum option i = 0; i < OPTION_COUNT; i++)
		if (options & (uint64_t)1 << i)
			print_option(out, i);
}

void command_print_list(FILE *out)
{
	fprintf(out, "usage: keystorectl [OPTION...] COMMAND [ARGUMENT...]\n\n");
	for (const struct command *command = commands; command->name; command++) {
		int used = fprintf(out, "  %s %s", command->name, command->words);

		fprintf(out, "%*s%s\n", used < 26 ? 26 - used : 1, "", command->summary);
	}
	fprintf(out, "\nOptions of all commands:\n");
	print_options(out, common_options);
	fprintf(out,
		"\nkeystorectl COMMAND --help explains a command; keystorectl(1) has it all.\n");
}

void command_print_help(const struct command *command, FILE *out)
{
	fprintf(out, "usage: keystorectl %s%s%s", command->name, *command->words ? " " : "",
		command->words);
	for (enum option i = 0; i < OPTION_COUNT; i++)
		if (command->needs & (uint64_t)1 << i)
			fprintf(out, " %s %s", option_name(i), option_usage(i));
	fprintf(out, "%s\n\n", command->options & ~command->needs ? " [OPTION...]" : "");
	fprintf(out, "%s: %s.\n", command->name, command->summary);
	if (command->help)
		fprintf(out, "%s\n", command->help);
	if (command->options) {
		fprintf(out, "\nOptions:\n");
		print_options(out, command->options);
	}
	fprintf(out, "\nOptions of all commands:\n");
	print_options(out, common_options);
}
