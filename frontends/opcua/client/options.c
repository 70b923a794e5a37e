#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 86400.0

static const struct {
	const char *name;
	const char *value; /* NULL: a flag */
	const char *help;
} options[OPTIONS] = {
	[OPTION_URL] = {"--url", "URL",
			"the server, like opc.tcp://plc-1:4840 (or KEYSTORE_OPCUA_URL)"},
	[OPTION_SERVICE] = {"--service", "NAME",
			    "whose certificate and trust group (default: opcua-client)"},
	[OPTION_SOCKET] = {"--socket", "PATH", "keystored's socket (or KEYSTORE_SOCKET)"},
	[OPTION_POLICY] = {"--policy", "NAME",
			   "that security policy, like Basic256Sha256, or None"},
	[OPTION_MODE] = {"--mode", "NAME", "None, Sign or SignAndEncrypt (default: the safest)"},
	[OPTION_USER] = {"--user", "NAME", "log in as that user (default: nobody)"},
	[OPTION_PASSWORD_FILE] = {"--password-file", "FILE",
				  "its password: the first line of FILE"},
	[OPTION_USER_CERT] = {"--user-cert", "ID", "log in by that certificate of keystored"},
	[OPTION_TIMEOUT] = {"--timeout", "SECONDS", "for each answer (default: 10)"},
	[OPTION_JSON] = {"--json", NULL, "print JSON"},
	[OPTION_VERBOSE] = {"--verbose", NULL, "tell what happens on the connection"},
	[OPTION_HELP] = {"--help", NULL, "explain the command"},
	[OPTION_VERSION] = {"--version", NULL, "print the version"},
	[OPTION_DEPTH] = {"--depth", "LEVELS", "so many levels, 1 to 64 (default: 1)"},
	[OPTION_ALL] = {"--all", NULL, "references of every kind, not only hierarchical ones"},
	[OPTION_ATTRIBUTE] = {"--attribute", "NAME",
			      "that attribute, like DisplayName (default: Value)"},
	[OPTION_TYPE] = {"--type", "NAME", "of that type, like Int32 (default: the node's)"},
	[OPTION_INTERVAL] = {"--interval", "SECONDS", "between two values (default: 1)"},
	[OPTION_COUNT] = {"--count", "NUMBER", "end after so many changes"},
	[OPTION_SECONDS] = {"--seconds", "SECONDS", "end after that time"},
	[OPTION_GROUP] = {"--group", "NAME", "application (default), https, user, or a NodeId"},
	[OPTION_CERT_TYPE] = {"--cert-type", "NAME", "rsa-sha256, https, rsa-min, … or a NodeId"},
	[OPTION_SUBJECT] = {"--subject", "NAME", "of the request (default: as it is)"},
	[OPTION_NEW_KEY] = {"--new-key", NULL, "for a new key, made there"},
	[OPTION_OUT] = {"--out", "FILE", "write FILE (default: standard output)"},
	[OPTION_KEY] = {"--key", "FILE", "the private key with it: PEM, or PKCS#12 (.pfx, .p12)"},
	[OPTION_KEY_PASSWORD_FILE] = {"--key-password-file", "FILE",
				      "of --key: the first line of FILE"},
	[OPTION_LIST] = {"--list", "NAME", "trusted (default) or issuers"},
	[OPTION_NO_APPLY] = {"--no-apply", NULL,
			     "leave that to push apply, where the server waits for it"},
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

/* The option that @arg begins with; its value after '=', if there is one. OPTIONS: none. */
static enum option option_find(const char *arg, const char **ret_value)
{
	size_t len = strcspn(arg, "=");

	*ret_value = arg[len] ? arg + len + 1 : NULL;
	if (strcmp(arg, "-h") == 0)
		return OPTION_HELP;
	for (enum option i = 0; i < OPTIONS; i++)
		if (strlen(options[i].name) == len && strncmp(options[i].name, arg, len) == 0)
			return i;
	return OPTIONS;
}

/* @next: the word behind it; NULL: none. *ret_used: it was the value. */
static bool take_option(const char *arg, const char *next, struct options *into, bool *ret_used,
			char *problem)
{
	const char *value = NULL;
	enum option option = option_find(arg, &value);

	*ret_used = false;
	if (option == OPTIONS) {
		snprintf(problem, PROBLEM_BYTES, "there is no option '%s'", arg);
		return false;
	}
	if (!options[option].value && value) {
		snprintf(problem, PROBLEM_BYTES, "%s takes no value", options[option].name);
		return false;
	}
	if (options[option].value && !value) {
		value = next;
		*ret_used = true;
	}
	if (options[option].value && !value) {
		snprintf(problem, PROBLEM_BYTES, "%s needs a value: %s %s", options[option].name,
			 options[option].name, options[option].value);
		return false;
	}
	if (into->values[option]) {
		snprintf(problem, PROBLEM_BYTES, "%s is given twice", options[option].name);
		return false;
	}
	into->values[option] = value ? value : "";
	return true;
}

bool options_parse(int argc, char *const *argv, struct options *ret_options, char *problem)
{
	struct options found = {0};
	bool only_words = false;

	for (int i = 1; i < argc; i++) {
		bool is_used = false;

		/* "-5" is a value to be written: options have letters. */
		if (only_words || argv[i][0] != '-' || argv[i][1] == '\0' ||
		    isdigit((unsigned char)argv[i][1]) || argv[i][1] == '.') {
			if (found.word_count == WORDS_MAX) {
				snprintf(problem, PROBLEM_BYTES, "too many arguments, from '%s' on",
					 argv[i]);
				return false;
			}
			found.words[found.word_count++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			only_words = true;
			continue;
		}
		if (!take_option(argv[i], i + 1 < argc ? argv[i + 1] : NULL, &found, &is_used,
				 problem))
			return false;
		i += is_used;
	}
	*ret_options = found;
	return true;
}

bool option_read_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	unsigned long long number;
	char *end;

	/* strtoull() would take blanks and signs. */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return false;
	*ret_number = number;
	return true;
}

bool option_read_seconds(const char *text, uint32_t *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !isfinite(seconds) || seconds < 0.001 || seconds > SECONDS_MAX)
		return false;
	*ret_ms = (uint32_t)(seconds * 1000);
	return true;
}
