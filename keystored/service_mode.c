#include "service_mode.h"

#include "request.h"
#include "service.h"
#include "store_user.h"

static void reply_mode(struct request *request)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__ModeReply mode = KEYSTORE__V1__MODE_REPLY__INIT;

	mode.mode = request->service->policy.is_local ? KEYSTORE__V1__MODE__MODE_LOCAL
						      : KEYSTORE__V1__MODE__MODE_PROJECT;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_MODE;
	reply.mode = &mode;
	request_reply(request, &reply);
}

void service_mode_show(struct request *request, const void *body, const struct keyring_key *key)
{
	(void)body;
	(void)key;
	reply_mode(request);
}

void service_mode_set(struct request *request, const void *body, const struct keyring_key *key)
{
	const Keystore__V1__ModeSetRequest *asked = body;
	struct service *service = request->service;
	bool is_project = asked->mode == KEYSTORE__V1__MODE__MODE_PROJECT;

	(void)key;
	if (!is_project && asked->mode != KEYSTORE__V1__MODE__MODE_LOCAL) {
		request_fail(request, STATUS_INVALID,
			     "the mode is local (1) or project (2), not %u", (unsigned)asked->mode);
		return;
	}
	if (!request_begin_change(request) ||
	    !request_commit(request, store_mode_set(service->store, is_project),
			    is_project ? "project" : "local"))
		return;
	service->policy.is_local = !is_project;
	reply_mode(request);
}
