/*
 * The token of a login, from one command to the next. Hides where it is kept: KEYSTORE_TOKEN, or
 * a file of this user alone for each socket.
 */
#ifndef CTL_TOKEN_H
#define CTL_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "ctl.h"

#define TOKEN_PATH_BYTES 512

/* Gives the client the token that there is, if any. EXIT_OK, or it was told. */
enum exit_code token_load(struct ctl *ctl);

/* Keeps it, in the file at @path. EXIT_OK, or it was told. */
enum exit_code token_save(const struct ctl *ctl, const uint8_t *token, size_t len,
			  char path[TOKEN_PATH_BYTES]);

void token_forget(const struct ctl *ctl);

#endif
