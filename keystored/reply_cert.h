/* Protobuf messages of what clients are told about certificates. Hides their memory. */
#ifndef REPLY_CERT_H
#define REPLY_CERT_H

#include <keystore.pb-c.h>
#include <stdbool.h>

#include "service_own.h"
#include "store_cert.h"
#include "x509_check.h"

struct service;

/* One for a list. Borrows from @cert. */
void reply_cert_fill(Keystore__V1__CertInfo *info, const struct store_cert *cert, int64_t now);

/* Borrows from @finding. @id: of the certificate; 0: it has none. */
Keystore__V1__CheckFinding reply_finding(const struct check_finding *finding, uint64_t id);

#define REPLY_CERT_HISTORY_MAX 64 /* versions that are told; older ones stay stored */

struct reply_cert {
	Keystore__V1__CertInfo info;
	struct store_cert current;
	struct own_verdict own;
	struct store_cert *versions;
	Keystore__V1__CertVersion *history;
	Keystore__V1__CertVersion **history_list;
	size_t count;
};

/* All of certificate @id, as of now. Wipe it with reply_cert_wipe(), whatever the status. */
[[nodiscard]] enum store_status reply_cert_build(struct reply_cert *reply, struct service *service,
						 uint64_t id);
void reply_cert_wipe(struct reply_cert *reply);

#endif
