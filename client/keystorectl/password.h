/* Passwords of users: from a file, or typed without being shown. Hides the terminal. */
#ifndef CTL_PASSWORD_H
#define CTL_PASSWORD_H

#include <stdbool.h>

#include "files.h"

#define USER_PASSWORD_BYTES_MAX 256

/*
 * The first line of the file that @option names ("-": standard input), or what is typed after
 * @prompt; @twice: a new one, typed again. EXIT_OK, or it was told. file_free() it.
 */
enum exit_code password_read(const struct ctl *ctl, enum option option, const char *prompt,
			     bool twice, struct file *ret_password);

#endif
