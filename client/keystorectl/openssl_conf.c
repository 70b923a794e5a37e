#include "openssl_conf.h"

#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#define KEYSTORE "keystore"

/* Cut off where it is longer: such a section or path is refused later, since it isn't found. */
static void copy_value(char to[OPENSSL_CONF_VALUE_BYTES], const char *from)
{
	snprintf(to, OPENSSL_CONF_VALUE_BYTES, "%s", from);
}

/* As OpenSSL has it: "1.default" is about "default". */
static const char *skip_dot(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? dot + 1 : name;
}

/* The entry of a section alone: NCONF_get_string() would look in [default] too. */
static const char *find(const CONF *conf, const char *section, const char *name)
{
	STACK_OF(CONF_VALUE) *entries = NCONF_get_section(conf, section);
	const char *found = NULL;

	for (int i = 0; i < sk_CONF_VALUE_num(entries); i++) {
		const CONF_VALUE *entry = sk_CONF_VALUE_value(entries, i);

		if (strcmp(skip_dot(entry->name), name) == 0)
			found = entry->value;
	}
	return found;
}

/* OpenSSL 3.0 takes any value of activate, later ones those that say yes. */
static bool says_yes(const char *value)
{
	static const char *const words[] = {"1", "yes", "YES", "true", "TRUE", "on", "ON"};

	for (size_t i = 0; value && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(value, words[i]) == 0)
			return true;
	return false;
}

static struct openssl_provider *provider_of(struct openssl_facts *facts, const char *name)
{
	if (strcmp(name, KEYSTORE) == 0)
		return &facts->keystore;
	if (strcmp(name, "default") == 0)
		return &facts->default_provider;
	return strcmp(name, "fips") == 0 ? &facts->fips : NULL;
}

static void take_provider(const CONF *conf, const CONF_VALUE *entry, size_t position,
			  struct openssl_facts *facts)
{
	const char *identity = find(conf, entry->value, "identity");
	const char *name = identity ? identity : skip_dot(entry->name);
	struct openssl_provider *provider = provider_of(facts, name);
	const char *value;

	if (!provider)
		return;
	provider->is_unusual = provider->is_listed || strcmp(entry->name, name) != 0;
	provider->is_listed = true;
	provider->is_active = says_yes(find(conf, entry->value, "activate"));
	provider->position = position;
	copy_value(provider->section, entry->value);
	if (provider != &facts->keystore)
		return;
	value = find(conf, entry->value, "module");
	copy_value(facts->module, value ? value : "");
	value = find(conf, entry->value, "socket");
	copy_value(facts->socket, value ? value : "");
}

static void take_algorithms(const CONF *conf, struct openssl_facts *facts)
{
	const char *section = find(conf, facts->init, "alg_section");
	const char *value = section ? find(conf, section, "default_properties") : NULL;

	if (value)
		copy_value(facts->properties, value);
}

/* False: more than one list of providers is more than is understood here. */
static bool take_init(const CONF *conf, struct openssl_facts *facts, char *problem)
{
	STACK_OF(CONF_VALUE) *entries = NCONF_get_section(conf, facts->init);
	STACK_OF(CONF_VALUE) * providers;
	size_t lists = 0;

	for (int i = 0; i < sk_CONF_VALUE_num(entries); i++) {
		const CONF_VALUE *entry = sk_CONF_VALUE_value(entries, i);

		/* "providers.2" is one, too. */
		if (strncmp(entry->name, "providers", strlen("providers")) != 0 ||
		    !strchr(".", entry->name[strlen("providers")]))
			continue;
		copy_value(facts->providers, entry->value);
		lists++;
	}
	if (lists > 1) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "section [%s] has %zu lists of providers",
			 facts->init, lists);
		return false;
	}
	providers = *facts->providers ? NCONF_get_section(conf, facts->providers) : NULL;
	for (int i = 0; i < sk_CONF_VALUE_num(providers); i++)
		take_provider(conf, sk_CONF_VALUE_value(providers, i), (size_t)i, facts);
	take_algorithms(conf, facts);
	return true;
}

static bool read_conf(CONF *conf, const char *text, size_t len, struct openssl_facts *facts,
		      char *problem)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	const char *init;
	long line = 0;
	int done = bio ? NCONF_load_bio(conf, bio, &line) : 0;

	BIO_free(bio);
	if (done <= 0) {
		const char *reason = ERR_reason_error_string(ERR_peek_last_error());

		snprintf(problem, OPENSSL_PROBLEM_BYTES, "OpenSSL cannot read line %ld: %s", line,
			 reason ? reason : "no reason given");
		return false;
	}
	init = NCONF_get_string(conf, NULL, "openssl_conf");
	if (!init)
		return true;
	copy_value(facts->init, init);
	return take_init(conf, facts, problem);
}

bool openssl_conf_read(const char *text, size_t len, struct openssl_facts *ret_facts, char *problem)
{
	struct openssl_facts facts = {0};
	CONF *conf = NULL;
	bool is_read = false;

	if (len > OPENSSL_CONF_BYTES_MAX || memchr(text, '\0', len)) {
		snprintf(problem, OPENSSL_PROBLEM_BYTES,
			 "it is no text, or longer than the %d bytes that are read",
			 OPENSSL_CONF_BYTES_MAX);
		return false;
	}
	ERR_set_mark();
	conf = NCONF_new(NULL);
	if (!conf)
		snprintf(problem, OPENSSL_PROBLEM_BYTES, "out of memory");
	else
		is_read = read_conf(conf, text, len, &facts, problem);
	NCONF_free(conf);
	ERR_pop_to_mark();
	if (is_read)
		*ret_facts = facts;
	return is_read;
}

bool openssl_facts_are_good(const struct openssl_facts *facts)
{
	return facts->default_provider.is_active && facts->keystore.is_active &&
	       facts->default_provider.position < facts->keystore.position;
}
