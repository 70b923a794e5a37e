/* Files and passwords in, files out. Hides standard input and output, and the terminal. */
#ifndef CLIENT_INPUT_H
#define CLIENT_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "program.h"

#define INPUT_FILE_MAX	   (4 * 1024 * 1024)
#define INPUT_PASSWORD_MAX 256

/* With a NUL behind it; input_free() wipes it. */
struct input {
	uint8_t *data;
	size_t len;
};

/* @path "-": standard input. EXIT_OK, or it was told. */
enum exit_code input_read(const struct program *program, const char *path, size_t max,
			  struct input *ret_input);
void input_free(struct input *input);

/* The first line of the file that @option names, or what is typed after @prompt. */
enum exit_code input_password(const struct program *program, enum option option, const char *prompt,
			      struct input *ret_password);

/* Writes all, or leaves @path as it was; NULL or "-": standard output. EXIT_OK, or it was told. */
enum exit_code output_write(const struct program *program, const char *path, const uint8_t *data,
			    size_t len);

#endif
