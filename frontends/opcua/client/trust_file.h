/*
 * A server's trust list, which is a file there (OPC 10000-12 7.8.2). Hides its methods and its
 * encoding. What fails is told.
 */
#ifndef CLIENT_TRUST_FILE_H
#define CLIENT_TRUST_FILE_H

#include "cert_files.h"
#include "push_group.h"

/* In order of the masks (OPC 10000-12 7.8.2.8): 1 << list. */
enum trust_part { TRUST_CERTS, TRUST_CRLS, TRUST_ISSUERS, TRUST_ISSUER_CRLS };
#define TRUST_PARTS 4
#define TRUST_ALL   15u

struct trust_lists {
	struct cert_files parts[TRUST_PARTS];
};

enum exit_code trust_file_read(const struct program *program, const struct push_target *target,
			       struct trust_lists *ret_lists);
/* Replaces the parts of @mask, and lets the others be. *ret_has_to_apply: what the server said. */
enum exit_code trust_file_write(const struct program *program, const struct push_target *target,
				const struct trust_lists *lists, unsigned mask,
				bool *ret_has_to_apply);
void trust_lists_clear(struct trust_lists *lists);

#endif
