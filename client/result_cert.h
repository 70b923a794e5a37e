/* Certificates of a reply as the public structs. */
#ifndef CLIENT_RESULT_CERT_H
#define CLIENT_RESULT_CERT_H

#include <stdbool.h>

#include "codec.h"
#include "keystore.h"

/*
 * Borrows from @from, whose text is made harmless. @versions: room for its history. False: it
 * has not the shape.
 */
bool cert_from_info(Keystore__V1__CertInfo *from, struct ks_cert *cert,
		    struct ks_cert_version *versions);

/* Borrows likewise; free() it. NULL: no memory. */
struct ks_check_finding *check_findings_from(Keystore__V1__CheckFinding *const *from, size_t count);
struct ks_profile *profiles_from(Keystore__V1__Profile *const *from, size_t count);

#endif
