#include "api_private.h"
#include "json_audit.h"

static void verify_done(const struct ks_result *result, void *user)
{
	if (api_result_is_good(user, result) && api_result_has(user, result->audit))
		api_answer(user, 200, json_audit(result->audit));
}

static void audit_verify(struct api_call *call)
{
	struct ks_client *client = api_client(call);

	if (client)
		(void)api_start(call, ks_audit_verify_start(client, verify_done, call));
}

const struct api_operation api_audit_operations[] = {
	{"auditVerify", HTTP_GET, "/audit/verification", .run = audit_verify},
	{0},
};
