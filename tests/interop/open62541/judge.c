/*
 * open62541-judge PLAN: whether open62541 judges certificates as PLAN says, in lines of
 *   STATUS CERT [trusted:FILE|issuer:FILE|crl:FILE|uri:URI]...
 * Files are DER, beside PLAN; STATUS is what its certificate verification says of the
 * certificate, then of the application URI. Prints how many lines were right.
 *
 * open62541-judge --channel POLICY PEER-CERT PEER-KEY CERT MESSAGE SIGNATURE SECRET ENCRYPTED:
 * as a peer does it to open a channel to the holder of CERT, verifies the holder's signature
 * and encrypts SECRET for it.
 *
 * A program of its own, without Criterion: that brings libgit2 and so, in Debian 12, another
 * version of MbedTLS with the same symbols.
 */
#include <open62541/plugin/pki_default.h>
#include <open62541/plugin/securitypolicy_default.h>
#include <open62541/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 4
#define FILE_MAX  65536
#define LINE_SIZE 1024

struct files {
	UA_ByteString list[FILES_MAX];
	size_t count;
};

/* A line of the plan. */
struct line {
	UA_ByteString cert;
	struct files trusted, issuers, crls;
	UA_String uri;
};

_Noreturn static void die(const char *what, const char *object)
{
	fprintf(stderr, "open62541-judge: %s: %s\n", what, object);
	exit(2);
}

static UA_ByteString file_read(const char *name)
{
	UA_ByteString bytes = UA_BYTESTRING_NULL;
	FILE *file = fopen(name, "rb");

	if (!file || UA_ByteString_allocBuffer(&bytes, FILE_MAX) != UA_STATUSCODE_GOOD)
		die("cannot be read", name);
	bytes.length = fread(bytes.data, 1, FILE_MAX, file);
	fclose(file);
	if (bytes.length == 0 || bytes.length == FILE_MAX)
		die("empty or too large", name);
	return bytes;
}

static void file_write(const char *name, const UA_ByteString *bytes)
{
	FILE *file = fopen(name, "wb");

	if (!file || fwrite(bytes->data, 1, bytes->length, file) != bytes->length ||
	    fclose(file) != 0)
		die("cannot be written", name);
}

static void files_add(struct files *files, const char *name)
{
	if (files->count == FILES_MAX)
		die("one file too many", name);
	files->list[files->count++] = file_read(name);
}

static void files_clear(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		UA_ByteString_clear(&files->list[i]);
}

static void line_add(struct line *line, char *option)
{
	char *value = strchr(option, ':');

	if (!value)
		die("no KIND:VALUE", option);
	*value++ = '\0';
	if (strcmp(option, "trusted") == 0)
		files_add(&line->trusted, value);
	else if (strcmp(option, "issuer") == 0)
		files_add(&line->issuers, value);
	else if (strcmp(option, "crl") == 0)
		files_add(&line->crls, value);
	else if (strcmp(option, "uri") == 0)
		line->uri = UA_STRING(value); /* borrowed */
	else
		die("no kind of option", option);
}

static void line_clear(struct line *line)
{
	UA_ByteString_clear(&line->cert);
	files_clear(&line->trusted);
	files_clear(&line->issuers);
	files_clear(&line->crls);
}

static UA_StatusCode judge(const struct line *line)
{
	UA_CertificateVerification verification = {0};
	UA_StatusCode status = UA_CertificateVerification_Trustlist(
		&verification, line->trusted.list, line->trusted.count, line->issuers.list,
		line->issuers.count, line->crls.list, line->crls.count);

	if (status != UA_STATUSCODE_GOOD)
		die("lists are not taken", UA_StatusCode_name(status));
	status = verification.verifyCertificate(&verification, &line->cert);
	if (status == UA_STATUSCODE_GOOD && line->uri.length > 0)
		status = verification.verifyApplicationURI(&verification, &line->cert, &line->uri);
	verification.clear(&verification);
	return status;
}

/* Whether it is judged as the plan says. */
static bool judge_line(const char *text)
{
	char copy[LINE_SIZE], *rest = NULL;
	struct line line = {0};
	const char *expected, *name, *said;
	char *option;

	snprintf(copy, sizeof(copy), "%s", text);
	expected = strtok_r(copy, " \n", &rest);
	name = strtok_r(NULL, " \n", &rest);
	if (!expected || !name)
		die("not STATUS CERT", text);
	line.cert = file_read(name);
	while ((option = strtok_r(NULL, " \n", &rest)))
		line_add(&line, option);
	said = UA_StatusCode_name(judge(&line));
	if (strcmp(said, expected) != 0)
		printf("%s  open62541 says: %s\n", text, said);
	line_clear(&line);
	return strcmp(said, expected) == 0;
}

static int judge_plan(const char *plan)
{
	FILE *file = fopen(plan, "r");
	size_t right = 0, lines = 0;
	char text[LINE_SIZE];

	if (!file)
		die("cannot be read", plan);
	for (; fgets(text, sizeof(text), file); lines++)
		right += judge_line(text);
	fclose(file);
	printf("%zu of %zu as expected\n", right, lines);
	return right == lines ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct {
	const char *name;
	UA_StatusCode (*make)(UA_SecurityPolicy *policy, const UA_ByteString cert,
			      const UA_ByteString key, const UA_Logger *logger);
} policies[] = {
	{"Basic256Sha256", UA_SecurityPolicy_Basic256Sha256},
	{"Aes128_Sha256_RsaOaep", UA_SecurityPolicy_Aes128Sha256RsaOaep},
	{"Aes256_Sha256_RsaPss", UA_SecurityPolicy_Aes256Sha256RsaPss},
};

static void policy_make(const char *name, const char *cert_file, const char *key_file,
			UA_SecurityPolicy *ret_policy)
{
	UA_ByteString cert = file_read(cert_file);
	UA_ByteString key = file_read(key_file);
	UA_StatusCode status = UA_STATUSCODE_BADSECURITYPOLICYREJECTED;

	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		if (strcmp(policies[i].name, name) == 0)
			status = policies[i].make(ret_policy, cert, key, NULL);
	if (status != UA_STATUSCODE_GOOD)
		die(name, UA_StatusCode_name(status));
	UA_ByteString_clear(&cert);
	UA_ByteString_clear(&key);
}

static void expect(const char *what, UA_StatusCode status, UA_StatusCode expected)
{
	if (status != expected)
		die(what, UA_StatusCode_name(status));
}

/* In place, one block of plain text with as much room as it takes encrypted. */
static void encrypt(const UA_SecurityPolicyEncryptionAlgorithm *algorithm, void *channel,
		    const char *secret_file, const char *encrypted_file)
{
	UA_ByteString text = file_read(secret_file);

	if (text.length > algorithm->getRemotePlainTextBlockSize(channel))
		die("more than one block", secret_file);
	text.length = algorithm->getRemotePlainTextBlockSize(channel);
	expect("encrypt", algorithm->encrypt(channel, &text), UA_STATUSCODE_GOOD);
	text.length = algorithm->getRemoteBlockSize(channel);
	file_write(encrypted_file, &text);
	UA_ByteString_clear(&text);
}

static int judge_channel(char **names)
{
	UA_SecurityPolicy policy = {0};
	UA_ByteString cert = file_read(names[3]);
	UA_ByteString message = file_read(names[4]);
	UA_ByteString signature = file_read(names[5]);
	const UA_SecurityPolicyCryptoModule *crypto = &policy.asymmetricModule.cryptoModule;
	void *channel = NULL;

	policy_make(names[0], names[1], names[2], &policy);
	expect("certificate", policy.channelModule.newContext(&policy, &cert, &channel),
	       UA_STATUSCODE_GOOD);
	expect("signature", crypto->signatureAlgorithm.verify(channel, &message, &signature),
	       UA_STATUSCODE_GOOD);
	message.data[0] ^= 1;
	expect("a wrong signature",
	       crypto->signatureAlgorithm.verify(channel, &message, &signature),
	       UA_STATUSCODE_BADSECURITYCHECKSFAILED);
	encrypt(&crypto->encryptionAlgorithm, channel, names[6], names[7]);

	policy.channelModule.deleteContext(channel);
	policy.clear(&policy);
	UA_ByteString_clear(&cert);
	UA_ByteString_clear(&message);
	UA_ByteString_clear(&signature);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 10 && strcmp(argv[1], "--channel") == 0)
		return judge_channel(argv + 2);
	if (argc == 2)
		return judge_plan(argv[1]);
	fprintf(stderr, "usage: open62541-judge PLAN\n");
	return 2;
}
