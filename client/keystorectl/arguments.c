#include "arguments.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keystore.h"

#define SECONDS_MAX 86400.0

static const struct {
	const char *name;
	const char *value; /* NULL: a flag */
	const char *help;
} options[OPTION_COUNT] = {
	[OPTION_SOCKET] = {"--socket", "PATH", "the service's socket (or KEYSTORE_SOCKET)"},
	[OPTION_JSON] = {"--json", NULL, "print one JSON object"},
	[OPTION_HELP] = {"--help", NULL, "explain the command"},
	[OPTION_VERSION] = {"--version", NULL, "print the version"},
	[OPTION_DEADLINE] = {"--deadline", "SECONDS", "give up after that time"},
	[OPTION_WAIT] = {"--wait", NULL, "TPM away: wait for it up to the deadline"},
	[OPTION_ALGORITHM] = {"--algorithm", "NAME",
			      "rsa-2048, rsa-3072, rsa-4096, ec-p256 or ec-p384"},
	[OPTION_USAGE] = {"--usage", "LIST", "sign, decrypt or sign,decrypt (default: all)"},
	[OPTION_UID] = {"--uid", "USER", "a user, by number or name"},
	[OPTION_GID] = {"--gid", "GROUP", "a group, by number or name"},
	[OPTION_OPERATIONS] = {"--operations", "LIST", "sign, decrypt, sign,decrypt or none"},
	[OPTION_PUBLIC] = {"--public", NULL, "the public key, PEM"},
	[OPTION_REFERENCE] = {"--reference", NULL, "a key file for OpenSSL's provider keystore"},
	[OPTION_TSS2] = {"--tss2", NULL, "the key wrapped by this TPM, TSS2 PEM"},
	[OPTION_PRIVATE] = {"--private", NULL, "refused: says why, and what to do instead"},
	[OPTION_PASSWORD_FILE] = {"--password-file", "FILE",
				  "the password: the first line of FILE"},
	[OPTION_IN] = {"--in", "FILE", "read FILE (default: standard input)"},
	[OPTION_OUT] = {"--out", "FILE", "write FILE (default: standard output)"},
	[OPTION_SUBJECT] = {"--subject", "NAME", "like \"CN=plc-1,O=Plant\""},
	[OPTION_SAN] = {"--san", "LIST", "like URI:urn:plc-1,IP:192.0.2.1,DNS:plc-1"},
	[OPTION_HASH] = {"--hash", "NAME", "sha256 (default), sha384, sha512 or sha1"},
	[OPTION_PADDING] = {"--padding", "NAME", "of RSA signatures: pkcs1 (default) or pss"},
	[OPTION_DIGEST] = {"--digest", NULL, "the input is the digest, in raw bytes"},
	[OPTION_DER] = {"--der", NULL, "write DER instead of PEM"},
	[OPTION_HEX] = {"--hex", NULL, "write hexadecimal digits"},
	[OPTION_AFTER] = {"--after", "SEQ", "records after that one"},
	[OPTION_LIMIT] = {"--limit", "N", "at most so many records"},
	[OPTION_NAMES] = {"--names", NULL, "print names only, one in a line"},
	[OPTION_PROFILE] = {"--profile", "NAME", "what it is for, like web-server or opcua-server"},
	[OPTION_ISSUER] = {"--issuer", "ID", "issued by the CA with that certificate"},
	[OPTION_SELF_SIGNED] = {"--self-signed", NULL, "issued by its own key"},
	[OPTION_KEY] = {"--key", "NAME", "the key: one that is there, or of a file"},
	[OPTION_NEW_KEY] = {"--new-key", "NAME", "for a new key, of --algorithm"},
	[OPTION_DAYS] = {"--days", "NUMBER", "valid so long (default: as the profile has it)"},
	[OPTION_NOT_BEFORE] = {"--not-before", "TIME", "valid from, like 2026-03-01T12:00:00Z"},
	[OPTION_NOT_AFTER] = {"--not-after", "TIME", "valid until"},
	[OPTION_FORMAT] = {"--format", "NAME", "pem (default), der, chain: PEM with issuers, …"},
	[OPTION_KIND] = {"--kind", "NAME", "ca, device or trusted (default: all)"},
	[OPTION_RSA_SUBJECT] = {"--rsa-subject", "NAME", "of the RSA CA, like \"CN=Plant CA RSA\""},
	[OPTION_REASON] = {"--reason", "NAME", "why, like keyCompromise (RFC 5280 5.3.1)"},
	[OPTION_DAYS_BEFORE] = {"--days-before", "DAYS", "so many days before its end"},
	[OPTION_FRACTION] = {"--fraction", "PERCENT", "when so much of its life is left"},
	[OPTION_OFF] = {"--off", NULL, "not by itself"},
	[OPTION_DEFAULT] = {"--default", NULL, "as is usual for what it is used as"},
	[OPTION_REKEY] = {"--rekey", NULL, "with a new key, named like the old one"},
	[OPTION_ADDRESSES] = {"--addresses", "POLICY",
			      "names gone: follow, report, ignore or default"},
	[OPTION_OF_VERSION] = {"--of-version", "NUMBER", "this one only (default: all)"},
	[OPTION_PATH_LENGTH] = {"--path-length", "NUMBER",
				"how many CAs may be below (default: any number)"},
	[OPTION_FOR] = {"--for", "ID", "the next version of that certificate"},
	[OPTION_LAYOUT] = {"--layout", "NAME", "standard, uaexpert, open62541 or node-opcua"},
	[OPTION_ROLES] = {"--roles", "LIST", "like operator,auditor; none"},
	[OPTION_RIGHTS] = {"--rights", "LIST", "like view,read-audit; none"},
	[OPTION_STATE] = {"--state", "NAME", "enabled or disabled"},
	[OPTION_MUST_CHANGE] = {"--must-change", NULL, "the password, at the next login"},
	[OPTION_NEW_PASSWORD] = {"--new-password", NULL, "ask for a new password"},
	[OPTION_NEW_PASSWORD_FILE] = {"--new-password-file", "FILE",
				      "the new password: the first line of FILE"},
	[OPTION_EC_SUBJECT] = {"--ec-subject", "NAME", "of the P-256 CA, like \"CN=Plant CA EC\""},
	[OPTION_LIST] = {"--list", "NAME", "trusted, issuers, or one of the four lists"},
	[OPTION_GROUP] = {"--group", "NAME", "that trust group (where possible: or none)"},
	[OPTION_AUTO_ACCEPT] = {"--auto-accept", "SWITCH",
				"on: trust strangers (not in production); off"},
	[OPTION_CRLS] = {"--crls", "POLICY", "required, where-known or none"},
	[OPTION_CHAIN] = {"--chain", "FILE", "certificates that came along"},
	[OPTION_PURPOSE] = {"--purpose", "NAME", "any (default), tls-client, tls-server or opcua"},
	[OPTION_APPLICATION_URI] = {"--application-uri", "URI",
				    "of the OPC UA application that it has to name"},
	[OPTION_HOST] = {"--host", "HOST", "DNS name or IP address that it has to name"},
	[OPTION_ANCHOR] = {"--anchor", "ID", "verified by that CA, or it is that certificate"},
	[OPTION_SERVICE] = {"--service", "NAME", "as that service: with its trust group"},
	[OPTION_CERT] = {"--cert", "ID", "that certificate, key:NAME for a key's, or none"},
	[OPTION_USER] = {"--user", "USER", "as that user, by number or name; for root"},
	[OPTION_DNS] = {"--dns", "LIST", "its DNS names (default: this machine's)"},
	[OPTION_IP] = {"--ip", "LIST", "its IP addresses (default: this machine's)"},
	[OPTION_CN] = {"--cn", "NAME", "its common name (default: this machine's)"},
	[OPTION_NEWEST] = {"--newest", "N", "the last so many records, the newest first"},
	[OPTION_OPERATION] = {"--operation", "TEXT", "whose operation begins so, like cert"},
	[OPTION_OBJECT] = {"--object", "TEXT", "whose object has that in it"},
	[OPTION_SINCE] = {"--since", "TIME", "from then on, like 2026-03-01 or …T12:00:00Z"},
	[OPTION_UNTIL] = {"--until", "TIME", "before that time"},
	[OPTION_DRY_RUN] = {"--dry-run", NULL, "make nothing, but say what would be wrong with it"},
	[OPTION_CONFIG] = {"--config", "FILE", "that openssl.cnf (default: the system's)"},
	[OPTION_OWNER] = {"--owner", "USER:GROUP", "of the files; USER or :GROUP alone too"},
	[OPTION_MODE] = {"--mode", "MODE", "of the files, 0400 to 0644 (default: 0644)"},
	[OPTION_RELOAD] = {"--reload", "UNIT", "tell that unit of systemd, as nginx.service"},
	[OPTION_RUN] = {"--run", "COMMAND", "run that, by the shell"},
	[OPTION_DIR] = {"--dir", "DIR", "the deployments (or KEYSTORE_DEPLOY_DIR)"},
	[OPTION_AT] = {"--at", "TIME", "as of then, and without consequences"},
};

const char *option_name(enum option option)
{
	return options[option].name;
}

const char *option_usage(enum option option)
{
	return options[option].value ? options[option].value : "";
}

const char *option_help(enum option option)
{
	return options[option].help;
}

/* The option that @arg begins with; its value after '=', if there is one. OPTION_COUNT: none. */
static enum option option_find(const char *arg, const char **ret_value)
{
	size_t len = strcspn(arg, "=");

	*ret_value = arg[len] ? arg + len + 1 : NULL;
	if (strcmp(arg, "-h") == 0)
		return OPTION_HELP;
	for (enum option i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == len && strncmp(options[i].name, arg, len) == 0)
			return i;
	return OPTION_COUNT;
}

bool arguments_parse(int argc, char *const *argv, struct arguments *ret_arguments, char *problem)
{
	struct arguments arguments = {0};
	bool only_words = false;

	for (int i = 1; i < argc; i++) {
		const char *value = NULL;
		enum option option;

		if (only_words || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (arguments.word_count == WORDS_MAX) {
				snprintf(problem, PROBLEM_BYTES, "too many arguments, from '%s' on",
					 argv[i]);
				return false;
			}
			arguments.words[arguments.word_count++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			only_words = true;
			continue;
		}
		option = option_find(argv[i], &value);
		if (option == OPTION_COUNT) {
			snprintf(problem, PROBLEM_BYTES, "there is no option '%s'", argv[i]);
			return false;
		}
		if (!options[option].value && value) {
			snprintf(problem, PROBLEM_BYTES, "%s takes no value", options[option].name);
			return false;
		}
		if (options[option].value && !value && i + 1 < argc)
			value = argv[++i];
		if (options[option].value && !value) {
			snprintf(problem, PROBLEM_BYTES, "%s needs a value: %s %s",
				 options[option].name, options[option].name, options[option].value);
			return false;
		}
		if (arguments.values[option]) {
			snprintf(problem, PROBLEM_BYTES, "%s is given twice", options[option].name);
			return false;
		}
		arguments.values[option] = value ? value : "";
	}
	*ret_arguments = arguments;
	return true;
}

bool parse_operations(const char *text, unsigned *ret_operations)
{
	static const struct {
		const char *name;
		unsigned bit;
	} names[] = {{"sign", KS_OPERATION_SIGN}, {"decrypt", KS_OPERATION_DECRYPT}};
	unsigned operations = 0;

	if (*text == '\0' || strcmp(text, "none") == 0) {
		*ret_operations = 0;
		return true;
	}
	while (text) {
		size_t len = strcspn(text, ",");
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].name) == len && strncmp(names[i].name, text, len) == 0)
				bit = names[i].bit;
		if (!bit)
			return false;
		operations |= bit;
		text = text[len] ? text + len + 1 : NULL;
	}
	*ret_operations = operations;
	return true;
}

bool parse_seconds(const char *text, uint32_t *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !isfinite(seconds) || seconds < 0.001 || seconds > SECONDS_MAX)
		return false;
	*ret_ms = (uint32_t)(seconds * 1000);
	return true;
}

bool parse_large(const char *text, uint64_t *ret_number)
{
	unsigned long long number;
	char *end;

	/* strtoull() would take blanks and signs. */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end)
		return false;
	*ret_number = number;
	return true;
}

bool parse_number(const char *text, uint32_t *ret_number)
{
	uint64_t number;

	if (!parse_large(text, &number) || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

bool parse_id(const char *text, uint64_t *ret_id)
{
	uint64_t number;

	if (!parse_large(*text == '#' ? text + 1 : text, &number) || !number || number > INT64_MAX)
		return false;
	*ret_id = number;
	return true;
}

bool parse_time(const char *text, int64_t *ret_seconds)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm parts = {0};
		const char *end = strptime(text, forms[i], &parts);
		struct tm normal = parts;
		time_t seconds = end && !*end ? timegm(&normal) : -1;

		/* timegm() would make March 2 of February 30. */
		if (seconds >= 0 && normal.tm_mday == parts.tm_mday) {
			*ret_seconds = seconds;
			return true;
		}
	}
	return false;
}
