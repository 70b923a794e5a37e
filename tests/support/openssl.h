/*
 * OpenSSL with our provider, for a fixture: what the programs of others are given, and what a test
 * loads into itself. Hides openssl.cnf. In a build with sanitizers the programs get a module
 * without.
 */
#ifndef SUPPORT_OPENSSL_H
#define SUPPORT_OPENSSL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define OPENSSL_CNF                                                                                \
	"openssl_conf = openssl_init\n"                                                            \
	"[openssl_init]\nproviders = provider_sect\n"                                              \
	"[provider_sect]\ndefault = default_sect\nkeystore = keystore_sect\n"                      \
	"[default_sect]\nactivate = 1\n"                                                           \
	"[keystore_sect]\nactivate = 1\nmodule = %s\nsocket = %s\n"

/* Writes @name into the fixture's directory: "default" first, then the module. */
static inline void openssl_configure_module(struct fixture *fixture, const char *name,
					    const char *module)
{
	char *path = NULL;
	char *text = NULL;

	if (asprintf(&path, "%s/%s", fixture_dir(fixture), name) < 0 ||
	    asprintf(&text, OPENSSL_CNF, module, fixture_socket(fixture)) < 0)
		abort();
	file_write(path, text, strlen(text));
	free(path);
	free(text);
}

/* openssl.cnf for programs: set OPENSSL_CONF=openssl.cnf. CMake defines where the modules are. */
#define openssl_configure(fixture)                                                                 \
	openssl_configure_module(fixture, "openssl.cnf", KEYSTORE_MODULE_PLAIN)

#endif
