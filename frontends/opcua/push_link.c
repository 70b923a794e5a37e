#include "push_link.h"

#include <stdlib.h>

/* A key of 4096 bits takes a TPM its time. */
#define DEADLINE_MS 120000

struct push_link {
	const char *socket;
	struct ks_client *client;
};

struct push_link *push_link_new(const char *socket)
{
	struct push_link *link = calloc(1, sizeof *link);

	if (link)
		link->socket = socket;
	return link;
}

void push_link_drop(struct push_link *link)
{
	if (link->client)
		ks_close(link->client);
	link->client = NULL;
}

void push_link_free(struct push_link *link)
{
	if (!link)
		return;
	push_link_drop(link);
	free(link);
}

struct ks_client *push_link_client(struct push_link *link, struct push_job *job,
				   bool in_transaction)
{
	const struct ks_options options = {
		.deadline_ms = DEADLINE_MS, .wait_for_tpm = true, .in_transaction = in_transaction};
	char problem[UPLINK_PROBLEM_MAX];

	if (!link->client)
		link->client = uplink_connect(link->socket, problem);
	if (!link->client) {
		push_job_fail(job, UA_STATUSCODE_BADRESOURCEUNAVAILABLE, "%s", problem);
		return NULL;
	}
	ks_set_options(link->client, &options);
	ks_set_token(link->client, job->caller.token, job->caller.token_len);
	return link->client;
}

/* By the table of OPC 10000-12 7.10, where it has a name for it. */
static const UA_StatusCode names[][3] = {
	[KS_OK] = {UA_STATUSCODE_GOOD, UA_STATUSCODE_GOOD, UA_STATUSCODE_GOOD},
	[KS_INVALID] = {UA_STATUSCODE_BADINVALIDARGUMENT, UA_STATUSCODE_BADCERTIFICATEINVALID,
			UA_STATUSCODE_BADINVALIDSTATE},
	[KS_UNSUPPORTED] = {UA_STATUSCODE_BADNOTSUPPORTED, UA_STATUSCODE_BADNOTSUPPORTED,
			    UA_STATUSCODE_BADNOTSUPPORTED},
	[KS_DENIED] = {UA_STATUSCODE_BADUSERACCESSDENIED, UA_STATUSCODE_BADUSERACCESSDENIED,
		       UA_STATUSCODE_BADUSERACCESSDENIED},
	[KS_NOT_FOUND] = {UA_STATUSCODE_BADINVALIDARGUMENT, UA_STATUSCODE_BADINVALIDARGUMENT,
			  UA_STATUSCODE_BADINVALIDSTATE},
	[KS_EXISTS] = {UA_STATUSCODE_BADINVALIDSTATE, UA_STATUSCODE_BADCERTIFICATEINVALID,
		       UA_STATUSCODE_BADINVALIDSTATE},
	[KS_LIMIT] = {UA_STATUSCODE_BADREQUESTTOOLARGE, UA_STATUSCODE_BADREQUESTTOOLARGE,
		      UA_STATUSCODE_BADREQUESTTOOLARGE},
	[KS_BUSY] = {UA_STATUSCODE_BADRESOURCEUNAVAILABLE, UA_STATUSCODE_BADRESOURCEUNAVAILABLE,
		     UA_STATUSCODE_BADRESOURCEUNAVAILABLE},
	[KS_UNAVAILABLE] = {UA_STATUSCODE_BADRESOURCEUNAVAILABLE,
			    UA_STATUSCODE_BADRESOURCEUNAVAILABLE,
			    UA_STATUSCODE_BADRESOURCEUNAVAILABLE},
	[KS_DEADLINE] = {UA_STATUSCODE_BADTIMEOUT, UA_STATUSCODE_BADTIMEOUT,
			 UA_STATUSCODE_BADTIMEOUT},
	[KS_CONFLICT] = {UA_STATUSCODE_BADINVALIDSTATE, UA_STATUSCODE_BADINVALIDSTATE,
			 UA_STATUSCODE_BADTRANSACTIONPENDING},
	[KS_DECRYPT_FAILED] = {UA_STATUSCODE_BADINTERNALERROR, UA_STATUSCODE_BADINTERNALERROR,
			       UA_STATUSCODE_BADINTERNALERROR},
	[KS_STORAGE] = {UA_STATUSCODE_BADRESOURCEUNAVAILABLE, UA_STATUSCODE_BADRESOURCEUNAVAILABLE,
			UA_STATUSCODE_BADRESOURCEUNAVAILABLE},
	[KS_TPM] = {UA_STATUSCODE_BADRESOURCEUNAVAILABLE, UA_STATUSCODE_BADNOTSUPPORTED,
		    UA_STATUSCODE_BADRESOURCEUNAVAILABLE},
	[KS_INTERNAL] = {UA_STATUSCODE_BADINTERNALERROR, UA_STATUSCODE_BADINTERNALERROR,
			 UA_STATUSCODE_BADINTERNALERROR},
};

bool push_link_refuse(struct push_job *job, enum push_concern concern, enum ks_status status,
		      const char *message)
{
	/* Beyond the table: no memory, or the connection is gone. */
	UA_StatusCode name = UA_STATUSCODE_BADRESOURCEUNAVAILABLE;

	if ((size_t)status < sizeof names / sizeof *names)
		name = names[status][concern];
	return push_job_fail(job, name, "%s",
			     message && *message ? message : ks_status_name(status));
}

bool push_link_ok(struct push_job *job, enum push_concern concern, enum ks_status status,
		  struct ks_result *const *result)
{
	return status == KS_OK ||
	       push_link_refuse(job, concern, status, *result ? (*result)->message : NULL);
}

bool push_link_done(struct push_job *job, enum push_concern concern, enum ks_status status,
		    struct ks_result **result)
{
	bool is_ok = push_link_ok(job, concern, status, result);

	ks_result_free(*result);
	*result = NULL;
	return is_ok;
}
