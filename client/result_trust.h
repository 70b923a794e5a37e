/* What a reply says of trust, services and transactions, as the public structs. Hides their memory. */
#ifndef CLIENT_RESULT_TRUST_H
#define CLIENT_RESULT_TRUST_H

#include <stdbool.h>

#include "codec.h"
#include "keystore_service.h"
#include "keystore_trust.h"

struct result_trust {
	struct ks_trust_entry *entries;
	struct ks_trust_group *groups;
	struct ks_rejected *rejected;
	struct ks_verdict verdict;
	struct ks_assignment *assignments;
	struct ks_txn txn;
};

/*
 * Fills in @result, which borrows from @reply, whose text is made harmless. Short of memory, the
 * result's status says so. False: it has not the shape.
 */
bool result_trust_read(struct result_trust *trust, const ks_pb_reply *reply,
		       struct ks_result *result);
void result_trust_wipe(struct result_trust *trust);

#endif
