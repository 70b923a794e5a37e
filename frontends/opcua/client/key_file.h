/* A private key of a file, as UpdateCertificate takes it (OPC 10000-12 7.10.5). Hides OpenSSL. */
#ifndef CLIENT_KEY_FILE_H
#define CLIENT_KEY_FILE_H

#include "input.h"

struct key_file {
	const char *format; /* "PEM" or "PFX" */
	struct input bytes; /* input_free() wipes it */
};

/* --key, --key-password-file. EXIT_OK, or it was told. */
enum exit_code key_file_read(const struct program *program, struct key_file *ret_key);

#endif
