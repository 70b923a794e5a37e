/* Files in and out. Hides standard input and output, and that a file appears whole or not. */
#ifndef CTL_FILES_H
#define CTL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl.h"

#define DIGEST_BYTES_MAX 64

/* A file's bytes; file_free() wipes them. */
struct file {
	uint8_t *data;
	size_t len;
	size_t size; /* bytes allocated */
};

/*
 * Reads @path ("-" or NULL: standard input), at most @max bytes; more is a failure. EXIT_OK,
 * or it was told.
 */
enum exit_code file_read(const struct ctl *ctl, const char *path, size_t max,
			 struct file *ret_file);
void file_free(struct file *file);

#define TPM_PASSWORD_BYTES_MAX 32

/* The first line of a file that holds a password, 1 to @max bytes. EXIT_OK, or it was told. */
enum exit_code file_read_line(const struct ctl *ctl, const char *path, size_t max,
			      struct file *ret_line);

/* The first line of --password-file, with a NUL after it; nothing when it is not given. */
enum exit_code file_read_password(const struct ctl *ctl, size_t max, struct file *ret_password);

/* Hashes @path ("-" or NULL: standard input), however long it is. */
enum exit_code file_digest(const struct ctl *ctl, const char *path, enum ks_hash hash,
			   uint8_t digest[DIGEST_BYTES_MAX], size_t *ret_len);

enum output_kind {
	OUTPUT_TEXT,
	OUTPUT_BINARY, /* not for a terminal */
	OUTPUT_SECRET, /* binary, and the file is its owner's only */
	OUTPUT_SECRET_TEXT,
};

/*
 * Before anything is done: whether @path ("-" or NULL: standard output) may be what @kind is
 * written to.
 */
enum exit_code file_check_output(const struct ctl *ctl, const char *path, enum output_kind kind);

/* Writes all, or leaves @path as it was. EXIT_OK, or it was told. */
enum exit_code file_write(const struct ctl *ctl, const char *path, enum output_kind kind,
			  const uint8_t *data, size_t len);

#endif
