/* openssl show, enable, disable: the provider in OpenSSL's configuration. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "files.h"
#include "openssl_file.h"
#include "openssl_load.h"

#define BY_HAND                                                                                    \
	"add these by hand, with the names that its sections have:\n"                              \
	"  openssl_conf = openssl_init\n"                                                          \
	"  [openssl_init]\n"                                                                       \
	"  providers = provider_sect\n"                                                            \
	"  [provider_sect]\n"                                                                      \
	"  default = default_sect\n"                                                               \
	"  keystore = keystore_sect\n"                                                             \
	"  [default_sect]\n"                                                                       \
	"  activate = 1\n"                                                                         \
	"  [keystore_sect]\n"                                                                      \
	"  activate = 1"

/* One that can stand in openssl.cnf, or NULL; false: told. */
static bool take_socket(const struct ctl *ctl, const char **ret_socket)
{
	const char *socket = ctl_option(ctl, OPTION_SOCKET);

	if (socket && (!openssl_value_is_plain(socket) || *socket != '/')) {
		(void)ctl_fail(ctl, EXIT_USAGE,
			       "--socket %s: openssl.cnf takes an absolute path of letters, digits "
			       "and . _ - / + : @ %% , = ~",
			       socket);
		return false;
	}
	*ret_socket = socket;
	return true;
}

static enum exit_code command_openssl_show(struct ctl *ctl)
{
	const char *out = ctl_option(ctl, OPTION_OUT);
	const char *socket;
	enum exit_code code = EXIT_OK;
	char *text;

	if (!take_socket(ctl, &socket))
		return EXIT_USAGE;
	text = openssl_conf_program(
		&(struct openssl_section){.socket = socket, .module = openssl_module_elsewhere()});
	if (!text)
		return ctl_fail(ctl, EXIT_FAILED, "out of memory");
	if (out || !ctl->json)
		code = file_write(ctl, out, OUTPUT_TEXT, (const uint8_t *)text, strlen(text));
	if (code == EXIT_OK && ctl->json)
		code = ctl_print_json(ctl, out ? json_pack("{s:o}", "out", json_text(out))
					       : json_pack("{s:s}", "config", text));
	free(text);
	return code;
}

static enum exit_code tell(const struct ctl *ctl, const struct openssl_file *file, bool is_enabled,
			   bool is_changed)
{
	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:o, s:b, s:b}", "config",
						     json_text(file->path), "enabled",
						     (int)is_enabled, "changed", (int)is_changed));
	if (!is_changed)
		printf("%s %s, and stays as it is\n", file->path,
		       is_enabled ? "activates the providers default and keystore already"
				  : "has nothing of keystorectl openssl enable");
	else
		printf("%s %s\n", file->path,
		       is_enabled ? "activates the providers default and keystore now; programs "
				    "that run already read it when they are started again"
				  : "is what it was before keystorectl openssl enable");
	return EXIT_OK;
}

/* A configuration with which OpenSSL has no algorithms would stop every program that uses it. */
static bool works(const char *text, size_t len, char *problem)
{
	OSSL_LIB_CTX *context = openssl_load(text, len, problem);
	bool has_both = context && openssl_has_providers(context, problem);
	struct openssl_facts facts;
	char version[OPENSSL_CONF_VALUE_BYTES];

	OSSL_LIB_CTX_free(context);
	/* Why, the module itself says best. */
	if (context && !has_both && openssl_conf_read(text, len, &facts, problem) &&
	    openssl_module_loads(facts.module, version, problem))
		snprintf(problem, OPENSSL_PROBLEM_BYTES,
			 "OpenSSL does not have both providers with it");
	return has_both;
}

static enum exit_code enable(struct ctl *ctl, const struct openssl_file *file, const char *socket)
{
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	enum exit_code code = EXIT_OK;
	struct openssl_section section = {.socket = socket, .module = openssl_module_elsewhere()};
	enum openssl_change change;
	char *text = NULL;
	size_t len = 0;

	change = openssl_conf_enable(file->text, file->len, &section, &text, &len, problem);
	if (change == OPENSSL_REFUSED)
		return ctl_fail(ctl, EXIT_CONFLICT, "%s is left as it is: %s; " BY_HAND, file->path,
				problem);
	if (!works(text ? text : file->text, text ? len : file->len, problem))
		code = ctl_fail(ctl, EXIT_FAILED,
				"%s is left as it is, since the provider would not load: %s; "
				"keystorectl doctor says what to do",
				file->path, problem);
	else if (text && !openssl_file_replace(file, text, len, problem))
		code = ctl_fail(ctl, EXIT_FAILED, "%s is left as it is: %s", file->path, problem);
	else
		code = tell(ctl, file, true, text != NULL);
	free(text);
	return code;
}

static enum exit_code disable(struct ctl *ctl, const struct openssl_file *file)
{
	char problem[OPENSSL_PROBLEM_BYTES] = "";
	enum openssl_change change = OPENSSL_UNCHANGED;
	bool is_done = true;
	char *text = NULL;
	size_t len = 0;

	if (file->is_there)
		change = openssl_conf_disable(file->text, file->len, &text, &len, problem);
	if (change == OPENSSL_REFUSED)
		return ctl_fail(ctl, EXIT_CONFLICT, "%s is left as it is: %s", file->path, problem);
	if (change == OPENSSL_CHANGED)
		is_done = openssl_file_replace(file, text, len, problem);
	else if (change == OPENSSL_REMOVED)
		is_done = openssl_file_remove(file, problem);
	free(text);
	if (!is_done)
		return ctl_fail(ctl, EXIT_FAILED, "%s is left as it is: %s", file->path, problem);
	return tell(ctl, file, false, change != OPENSSL_UNCHANGED);
}

static enum exit_code change(struct ctl *ctl, bool enables)
{
	const char *path = ctl_option(ctl, OPTION_CONFIG);
	char problem[OPENSSL_PROBLEM_BYTES];
	char standard[PATH_MAX];
	struct openssl_file file;
	const char *socket = NULL;
	enum exit_code code;

	if (enables && !take_socket(ctl, &socket))
		return EXIT_USAGE;
	if (!path)
		path = openssl_file_system(standard);
	openssl_isolate();
	if (!openssl_file_read(path, &file, problem))
		return ctl_fail(ctl, EXIT_FAILED, "%s: %s", path, problem);
	if (enables && !openssl_file_is_trusted(&file))
		code = ctl_fail(ctl, EXIT_REFUSED,
				"%s is left as it is: others than root may write it, and it says "
				"which modules programs load: let it belong to root, chmod go-w",
				file.path);
	else
		code = enables ? enable(ctl, &file, socket) : disable(ctl, &file);
	openssl_file_free(&file);
	return code;
}

static enum exit_code command_openssl_enable(struct ctl *ctl)
{
	return change(ctl, true);
}

static enum exit_code command_openssl_disable(struct ctl *ctl)
{
	return change(ctl, false);
}

const struct command commands_openssl[] = {
	{
		.name = "openssl show",
		.words = "",
		.options = HAS(OUT),
		.summary = "an openssl.cnf for one program that uses keys",
		.help = "The program's environment says where that is: OPENSSL_CONF=FILE.\n"
			"With --socket the file names that socket.",
		.run = command_openssl_show,
	},
	{
		.name = "openssl enable",
		.words = "",
		.options = HAS(CONFIG),
		.summary = "let all programs that use OpenSSL use keys",
		.help = "Adds lines to the system's openssl.cnf, or to --config FILE, that\n"
			"activate the providers default and keystore, if both load.\n"
			"With --socket they name that socket.",
		.run = command_openssl_enable,
	},
	{
		.name = "openssl disable",
		.words = "",
		.options = HAS(CONFIG),
		.summary = "take back what openssl enable did",
		.run = command_openssl_disable,
	},
	{.name = NULL},
};
