/* Certificates and CRLs of a file, PEM or DER. Hides how they stand in it. */
#ifndef CTL_BUNDLE_H
#define CTL_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "ctl.h"
#include "files.h"

#define BUNDLE_MAX 256 /* certificates and CRLs of a file */

struct bundle {
	struct file file;
	size_t count;
	const uint8_t *ders[BUNDLE_MAX];
	size_t lens[BUNDLE_MAX];
	uint8_t *decoded[BUNDLE_MAX]; /* NULL: it is the file itself */
};

/* @path as file_read() has it. EXIT_OK, or it was told. */
enum exit_code bundle_read(const struct ctl *ctl, const char *path, struct bundle *ret_bundle);
void bundle_free(struct bundle *bundle);

#endif
