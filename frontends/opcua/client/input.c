#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal.h"

static bool is_standard(const char *path)
{
	return !path || strcmp(path, "-") == 0;
}

void input_free(struct input *input)
{
	if (input->data)
		OPENSSL_cleanse(input->data, input->len);
	free(input->data);
	*input = (struct input){0};
}

/* Up to @max + 1 bytes. False: errno. */
static bool read_all(int fd, size_t max, struct input *input)
{
	while (input->len <= max) {
		ssize_t n = read(fd, input->data + input->len, max + 1 - input->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		input->len += (size_t)n;
	}
	return true;
}

enum exit_code input_read(const struct program *program, const char *path, size_t max,
			  struct input *ret_input)
{
	const char *shown = is_standard(path) ? "standard input" : path;
	int fd = is_standard(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct input input = {.data = calloc(1, max + 2)};
	enum exit_code code = EXIT_OK;

	if (!input.data)
		code = program_no_memory(program);
	else if (fd < 0 || !read_all(fd, max, &input))
		code = program_fail(program, EXIT_FAILED, "%s cannot be read: %s", shown,
				    strerror(errno));
	else if (input.len > max)
		code = program_fail(program, EXIT_USAGE,
				    "%s is longer than the %zu bytes it may have", shown, max);
	if (fd > STDIN_FILENO)
		close(fd);
	if (code == EXIT_OK)
		*ret_input = input;
	else
		input_free(&input);
	return code;
}

static enum exit_code type_password(const struct program *program, enum option option,
				    const char *prompt, struct input *ret_password)
{
	char line[INPUT_PASSWORD_MAX + 2] = "";
	enum exit_code code = EXIT_OK;

	if (!terminal_ask(prompt, line, sizeof(line))) {
		code = program_fail(program, EXIT_USAGE,
				    "a password is needed: give %s FILE, or use a terminal to "
				    "type it on",
				    option_name(option));
	} else {
		ret_password->data = (uint8_t *)strdup(line);
		ret_password->len = strlen(line);
		if (!ret_password->data)
			code = program_no_memory(program);
	}
	OPENSSL_cleanse(line, sizeof(line));
	return code;
}

enum exit_code input_password(const struct program *program, enum option option, const char *prompt,
			      struct input *ret_password)
{
	const char *path = program_option(program, option);
	struct input password = {0};
	enum exit_code code;

	if (path)
		code = input_read(program, path, INPUT_PASSWORD_MAX + 2, &password);
	else
		code = type_password(program, option, prompt, &password);
	if (code != EXIT_OK)
		return code;
	/* What is behind the line is cut off, and wiped. */
	for (size_t i = strcspn((char *)password.data, "\r\n"); i < password.len; i++)
		password.data[i] = '\0';
	password.len = strlen((char *)password.data);
	if (password.len < 1 || password.len > INPUT_PASSWORD_MAX) {
		input_free(&password);
		return program_fail(program, EXIT_USAGE, "a password has 1 to %d bytes",
				    INPUT_PASSWORD_MAX);
	}
	*ret_password = password;
	return EXIT_OK;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return false;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* A new file takes the place of @path when it is complete and on the disk. */
static bool write_beside(const char *path, const uint8_t *data, size_t len)
{
	char temporary[PATH_MAX];
	mode_t mask = umask(0);
	bool is_ok;
	int error;
	int fd;

	umask(mask);
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
	    sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return false;
	is_ok = write_all(fd, data, len) && fchmod(fd, 0666 & ~mask) == 0 && fsync(fd) == 0;
	error = errno;
	if (close(fd) < 0 && is_ok) {
		is_ok = false;
		error = errno;
	}
	if (is_ok && rename(temporary, path) == 0)
		return true;
	error = is_ok ? errno : error;
	unlink(temporary);
	errno = error;
	return false;
}

enum exit_code output_write(const struct program *program, const char *path, const uint8_t *data,
			    size_t len)
{
	bool is_ok = is_standard(path) ? fflush(stdout) == 0 && write_all(STDOUT_FILENO, data, len)
				       : write_beside(path, data, len);

	if (is_ok)
		return EXIT_OK;
	return program_fail(program, EXIT_FAILED, "%s cannot be written: %s",
			    is_standard(path) ? "standard output" : path, strerror(errno));
}
