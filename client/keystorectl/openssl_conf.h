/*
 * The text of an openssl.cnf: what it activates, and what has to be added so that it activates
 * the providers "default" and "keystore" in that order. Hides OpenSSL's sections, and that a
 * later line wins over an earlier one, so that a block at the end is all that is ever added and
 * taking it away brings back what was there.
 */
#ifndef CTL_OPENSSL_CONF_H
#define CTL_OPENSSL_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define OPENSSL_CONF_BYTES_MAX	 1048576
#define OPENSSL_PROBLEM_BYTES	 512
#define OPENSSL_CONF_VALUE_BYTES 256

/* Of one provider. */
struct openssl_provider {
	bool is_listed;
	bool is_active;
	bool is_unusual; /* listed twice, or not by its name alone */
	size_t position; /* in the order of activation */
	char section[OPENSSL_CONF_VALUE_BYTES];
};

/* What OpenSSL makes of a text with all that it includes. */
struct openssl_facts {
	char init[OPENSSL_CONF_VALUE_BYTES];	  /* what openssl_conf names; "": it is missing */
	char providers[OPENSSL_CONF_VALUE_BYTES]; /* the section of providers; "": none */
	struct openssl_provider default_provider;
	struct openssl_provider keystore;
	struct openssl_provider fips;
	char module[OPENSSL_CONF_VALUE_BYTES];	   /* keystore's; "": the one that is installed */
	char socket[OPENSSL_CONF_VALUE_BYTES];	   /* keystore's; "": the usual one */
	char properties[OPENSSL_CONF_VALUE_BYTES]; /* default_properties of all algorithms */
};

/* False: it cannot be read so; @problem (OPENSSL_PROBLEM_BYTES) says why, with the line. */
bool openssl_conf_read(const char *text, size_t len, struct openssl_facts *ret_facts,
		       char *problem);

/* Whether both are active, and default first. */
bool openssl_facts_are_good(const struct openssl_facts *facts);

enum openssl_change {
	OPENSSL_CHANGED,
	OPENSSL_UNCHANGED, /* it is so already; no text */
	OPENSSL_REMOVED,   /* disable: the file was made by enable, and goes; no text */
	OPENSSL_REFUSED,   /* @problem says why; no text */
};

/*
 * What our provider's section says; NULL: the usual one, or what is there already. See
 * openssl_value_is_plain().
 */
struct openssl_section {
	const char *socket;
	const char *module;
};

/*
 * @text NULL: there is no such file. @ret_text has a NUL behind its @ret_len bytes; free() it.
 */
enum openssl_change openssl_conf_enable(const char *text, size_t len,
					const struct openssl_section *section, char **ret_text,
					size_t *ret_len, char *problem);
enum openssl_change openssl_conf_disable(const char *text, size_t len, char **ret_text,
					 size_t *ret_len, char *problem);

/*
 * A whole file for one program. NULL: no memory. free() it.
 */
char *openssl_conf_program(const struct openssl_section *section);

/* Whether a path can stand in such a file as it is. */
bool openssl_value_is_plain(const char *value);

#endif
