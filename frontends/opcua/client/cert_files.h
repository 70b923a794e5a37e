/* Certificates and CRLs of several files and folders, one after the other. Hides where each is from. */
#ifndef CLIENT_CERT_FILES_H
#define CLIENT_CERT_FILES_H

#include "program.h"

#define CERT_FILES_MAX 20000

struct cert_files {
	uint8_t **ders;
	size_t *lens;
	size_t count;
};

/* Adds what is in a file, PEM or DER. EXIT_OK, or it was told. */
enum exit_code cert_files_add(const struct program *program, const char *path,
			      struct cert_files *files);
/* Adds what is in each file of a folder; one that is not there is an empty one. */
enum exit_code cert_files_add_folder(const struct program *program, const char *path,
				     struct cert_files *files);
/* Copies. False: no memory, or too many. */
[[nodiscard]] bool cert_files_put(struct cert_files *files, const uint8_t *der, size_t len);
void cert_files_clear(struct cert_files *files);

#endif
