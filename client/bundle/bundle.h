/* Certificates and CRLs of a file, PEM or DER. Hides how they stand in it. */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#define BUNDLE_MAX 256 /* certificates and CRLs of a file */

enum bundle_status {
	BUNDLE_OK,
	BUNDLE_EMPTY,	 /* there is none in it */
	BUNDLE_TOO_MANY, /* over BUNDLE_MAX */
	BUNDLE_NOMEM,
};

struct bundle {
	size_t count;
	const uint8_t *ders[BUNDLE_MAX];
	size_t lens[BUNDLE_MAX];
	uint8_t *decoded[BUNDLE_MAX]; /* NULL: it is the file itself */
};

/*
 * All that is in @bytes, which must outlive it; private keys and what else there is between are
 * passed over. That each is well-formed, whoever takes it finds out.
 */
[[nodiscard]] enum bundle_status bundle_parse(const uint8_t *bytes, size_t len,
					      struct bundle *ret_bundle);
void bundle_free(struct bundle *bundle);

#endif
