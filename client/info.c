/* What the service says of itself: hello, status, events. */
#include <stddef.h>

#include "client.h"
#include "request.h"

static enum ks_status hello(struct ks_client *client, const char *program,
			    const struct reply_to *to)
{
	Keystore__V1__HelloRequest body = KEYSTORE__V1__HELLO_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.client = request_text(program);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_HELLO;
	request.hello = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_hello(struct ks_client *client, const char *program,
			struct ks_result **ret_result)
{
	return hello(client, program, &(struct reply_to){.ret_result = ret_result});
}

enum ks_status ks_hello_start(struct ks_client *client, const char *program, ks_done_fn *done,
			      void *user)
{
	return hello(client, program, &(struct reply_to){.done = done, .user = user});
}

static enum ks_status service_status(struct ks_client *client, const struct reply_to *to)
{
	Keystore__V1__StatusRequest body = KEYSTORE__V1__STATUS_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	request.body_case = KEYSTORE__V1__REQUEST__BODY_STATUS;
	request.status = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_service_status(struct ks_client *client, struct ks_result **ret_result)
{
	return service_status(client, &(struct reply_to){.ret_result = ret_result});
}

enum ks_status ks_service_status_start(struct ks_client *client, ks_done_fn *done, void *user)
{
	return service_status(client, &(struct reply_to){.done = done, .user = user});
}

static enum ks_status subscribe(struct ks_client *client, ks_event_fn *event, void *event_user,
				const struct reply_to *to)
{
	Keystore__V1__SubscribeRequest body = KEYSTORE__V1__SUBSCRIBE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	enum ks_status status;

	if (!event)
		return client_refuse(to, KS_INVALID, "a subscription needs a function to call");
	/* Before the request: the first event may come right behind its answer. */
	client_set_events(client, event, event_user);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_SUBSCRIBE;
	request.subscribe = &body;
	status = client_submit(client, &request, to);
	if (status != KS_OK)
		client_set_events(client, NULL, NULL);
	return status;
}

enum ks_status ks_subscribe(struct ks_client *client, ks_event_fn *event, void *user,
			    struct ks_result **ret_result)
{
	return subscribe(client, event, user, &(struct reply_to){.ret_result = ret_result});
}

enum ks_status ks_subscribe_start(struct ks_client *client, ks_event_fn *event, void *event_user,
				  ks_done_fn *done, void *user)
{
	return subscribe(client, event, event_user, &(struct reply_to){.done = done, .user = user});
}
