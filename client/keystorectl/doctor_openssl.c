#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "openssl_file.h"
#include "openssl_load.h"

/* The command that activates both in this file. */
static void command_enable(struct doctor *doctor)
{
	char word[DOCTOR_WORD_BYTES];

	if (doctor->config_is_systems)
		doctor_command(doctor, "keystorectl openssl enable");
	else
		doctor_command(doctor, "keystorectl openssl enable --config %s",
			       doctor_word(doctor->config, word));
}

static void check_module(struct doctor *doctor, bool is_trusted)
{
	const char *named = is_trusted ? doctor->facts.module : "";
	char version[OPENSSL_CONF_VALUE_BYTES];
	char problem[OPENSSL_PROBLEM_BYTES];
	char path[OPENSSL_CONF_VALUE_BYTES];

	openssl_module_path(path);
	if (openssl_module_loads(named, version, problem)) {
		doctor_say(doctor, "module", DOCTOR_OK, "%s, version %s", *named ? named : path,
			   version);
		return;
	}
	doctor_say(doctor, "module", DOCTOR_FAILS, "OpenSSL cannot load it: %s", problem);
	if (*named)
		doctor_to_do(doctor,
			     "remove the line \"module = %s\" from section [%s] of %s, so that "
			     "OpenSSL takes the one that is installed, or correct it",
			     named, doctor->facts.keystore.section, doctor->config);
	else if (openssl_module_elsewhere())
		doctor_to_do(doctor, "it is at %s, which keystorectl openssl enable writes down",
			     openssl_module_elsewhere());
	else if (access(path, F_OK) < 0)
		doctor_to_do(doctor, "install keystored's provider for OpenSSL: it belongs at %s",
			     path);
	else if (access(path, R_OK) < 0)
		doctor_to_do(doctor, "let every user read %s", path);
	else
		doctor_to_do(doctor,
			     "install keystored's provider again: %s does not fit this OpenSSL, or "
			     "a library that it needs is missing",
			     path);
}

/* Loads what programs load. False: told. */
static bool load(struct doctor *doctor, const struct openssl_file *file)
{
	char problem[OPENSSL_PROBLEM_BYTES];

	doctor->context = openssl_load(file->text, file->len, problem);
	if (!doctor->context) {
		doctor_say(doctor, "openssl.cnf", DOCTOR_FAILS, "%s: OpenSSL refuses it: %s",
			   doctor->config, problem);
		doctor_to_do(doctor, "correct it: programs that use OpenSSL fail with it, or "
				     "ignore it");
		return false;
	}
	if (openssl_has_providers(doctor->context, problem))
		return true;
	doctor_say(doctor, "openssl.cnf", DOCTOR_FAILS, "%s: %s", doctor->config, problem);
	doctor_to_do(doctor, "see \"module\" and \"order\"");
	return false;
}

static void tell_unread(struct doctor *doctor, const char *problem)
{
	int error = access(doctor->config, R_OK) < 0 ? errno : 0;
	char word[DOCTOR_WORD_BYTES];

	doctor_say(doctor, "openssl.cnf", DOCTOR_FAILS, "%s: %s", doctor->config, problem);
	if (error == EACCES) {
		doctor_to_do(doctor, "let the program's user read it");
		doctor_command(doctor, "chmod a+r %s", doctor_word(doctor->config, word));
	} else {
		doctor_to_do(doctor, "correct it: programs that use OpenSSL fail with it, or "
				     "ignore it");
	}
}

/* Root does not run what somebody else can have put there; as the program's user it is tried. */
static void tell_untrusted(struct doctor *doctor)
{
	char word[DOCTOR_WORD_BYTES];
	const char *path = doctor_word(doctor->config, word);

	doctor_say(doctor, "openssl.cnf", DOCTOR_FAILS,
		   "others than root may write %s, and so decide what code programs load; it was "
		   "not tried",
		   doctor->config);
	doctor_to_do(doctor, "let it belong to root; if it is the program's own, look with --user");
	doctor_command(doctor, "chown root %s && chmod go-w %s", path, path);
}

static void check_activation(struct doctor *doctor, const struct openssl_file *file)
{
	const struct openssl_provider *keystore = &doctor->facts.keystore;
	bool is_loaded;

	if (!keystore->is_active) {
		doctor_say(doctor, "openssl.cnf", DOCTOR_FAILS,
			   "%s does not activate the provider \"keystore\"", doctor->config);
		command_enable(doctor);
		return;
	}
	if (!openssl_file_is_trusted(file)) {
		tell_untrusted(doctor);
		return;
	}
	is_loaded = load(doctor, file);
	if (is_loaded)
		doctor_say(doctor, "openssl.cnf", DOCTOR_OK,
			   "%s activates \"keystore\", and OpenSSL has it", doctor->config);
	if (is_loaded || !doctor->context)
		return;
	OSSL_LIB_CTX_free(doctor->context);
	doctor->context = NULL;
}

/* Whether default_properties leave programs their keys, and other keys their providers. */
static void check_properties(struct doctor *doctor)
{
	const char *properties = doctor->facts.properties;

	if (strstr(properties, "provider=keystore"))
		doctor_say(doctor, "order", DOCTOR_FAILS,
			   "default_properties = %s asks \"keystore\" for everything, which has "
			   "keys only",
			   properties);
	else if (strchr(properties, '?'))
		doctor_say(doctor, "order", DOCTOR_WARNING,
			   "default_properties = %s prefers another provider", properties);
	else
		doctor_say(doctor, "order", DOCTOR_FAILS,
			   "default_properties = %s asks for what \"keystore\" does not have",
			   properties);
	doctor_to_do(doctor,
		     "remove default_properties from %s: OpenSSL finds the provider of a "
		     "key by the key",
		     doctor->config);
}

static void check_order(struct doctor *doctor)
{
	const struct openssl_facts *facts = &doctor->facts;

	if (*facts->properties) {
		check_properties(doctor);
		return;
	}
	if (!facts->keystore.is_active) {
		doctor_say(doctor, "order", DOCTOR_NOT_CHECKED, "\"keystore\" is not active");
		return;
	}
	if (!facts->default_provider.is_active) {
		doctor_say(doctor, "order", DOCTOR_FAILS,
			   "\"default\" is not activated, and OpenSSL leaves it out as soon as "
			   "another provider is: programs cannot read files, nor hash");
		command_enable(doctor);
		return;
	}
	if (!openssl_facts_are_good(facts)) {
		doctor_say(doctor, "order", DOCTOR_FAILS,
			   "\"keystore\" is activated before \"default\"");
		command_enable(doctor);
		return;
	}
	doctor_say(doctor, "order", DOCTOR_OK, "\"default\" before \"keystore\"");
}

void doctor_check_openssl(struct doctor *doctor)
{
	char problem[OPENSSL_PROBLEM_BYTES];
	struct openssl_file file = {0};
	bool is_read = openssl_file_read(doctor->config, &file, problem);

	doctor->has_facts = is_read && file.is_there &&
			    openssl_conf_read(file.text, file.len, &doctor->facts, problem);
	check_module(doctor, is_read && openssl_file_is_trusted(&file));
	if (doctor->has_facts) {
		check_activation(doctor, &file);
		check_order(doctor);
	} else if (is_read && !file.is_there) {
		doctor_say(doctor, "openssl.cnf", DOCTOR_FAILS, "there is no %s", doctor->config);
		command_enable(doctor);
	} else {
		tell_unread(doctor, problem);
	}
	if (!doctor->has_facts)
		doctor_say(doctor, "order", DOCTOR_NOT_CHECKED, "openssl.cnf was not read");
	openssl_file_free(&file);
}
