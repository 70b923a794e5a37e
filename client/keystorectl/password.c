#include "password.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"

#define LINE_BYTES (USER_PASSWORD_BYTES_MAX + 2)

static enum exit_code ask(const struct ctl *ctl, enum option option, const char *prompt, bool twice,
			  char line[LINE_BYTES])
{
	char again[LINE_BYTES] = "";
	enum exit_code code = EXIT_OK;

	if (!terminal_ask(prompt, line, LINE_BYTES))
		return ctl_fail(ctl, EXIT_USAGE, "%s needs %s FILE, or a terminal to type it on",
				ctl->command, option_name(option));
	if (twice && (!terminal_ask("Again: ", again, LINE_BYTES) || strcmp(line, again) != 0))
		code = ctl_fail(ctl, EXIT_USAGE, "the two were not the same: nothing has changed");
	OPENSSL_cleanse(again, sizeof(again));
	return code;
}

enum exit_code password_read(const struct ctl *ctl, enum option option, const char *prompt,
			     bool twice, struct file *ret_password)
{
	const char *path = ctl_option(ctl, option);
	char line[LINE_BYTES] = "";
	struct file file = {0};
	enum exit_code code;

	if (path)
		return file_read_line(ctl, path, USER_PASSWORD_BYTES_MAX, ret_password);
	code = ask(ctl, option, prompt, twice, line);
	if (code == EXIT_OK && (!*line || strlen(line) > USER_PASSWORD_BYTES_MAX))
		code = ctl_fail(ctl, EXIT_USAGE, "a password has 1 to %d bytes",
				USER_PASSWORD_BYTES_MAX);
	if (code == EXIT_OK) {
		file.data = (uint8_t *)strdup(line);
		file.len = file.size = strlen(line);
		if (!file.data)
			code = ctl_fail(ctl, EXIT_FAILED, "out of memory");
	}
	OPENSSL_cleanse(line, sizeof(line));
	if (code == EXIT_OK)
		*ret_password = file;
	return code;
}
