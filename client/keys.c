/* Operations that make, show and change keys. */
#include <stddef.h>

#include "client.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

static enum ks_status key_create(struct ks_client *client, const char *name,
				 enum ks_algorithm algorithm, unsigned operations,
				 const struct reply_to *to)
{
	Keystore__V1__KeyCreateRequest body = KEYSTORE__V1__KEY_CREATE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	struct request_operations list;

	request_operations(operations, &list);
	body.name = request_text(name);
	body.algorithm = (Keystore__V1__Algorithm)algorithm;
	body.n_operations = list.count;
	body.operations = list.list;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_CREATE;
	request.key_create = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_key_create(struct ks_client *client, const char *name,
			     enum ks_algorithm algorithm, unsigned operations,
			     struct ks_result **ret_result)
{
	return key_create(client, name, algorithm, operations, BLOCKING);
}

enum ks_status ks_key_create_start(struct ks_client *client, const char *name,
				   enum ks_algorithm algorithm, unsigned operations,
				   ks_done_fn *done, void *user)
{
	return key_create(client, name, algorithm, operations, STARTED);
}

static enum ks_status key_list(struct ks_client *client, const char *after, uint32_t limit,
			       const struct reply_to *to)
{
	Keystore__V1__KeyListRequest body = KEYSTORE__V1__KEY_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.after = request_text(after);
	body.limit = limit;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_LIST;
	request.key_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_key_list(struct ks_client *client, const char *after, uint32_t limit,
			   struct ks_result **ret_result)
{
	return key_list(client, after, limit, BLOCKING);
}

enum ks_status ks_key_list_start(struct ks_client *client, const char *after, uint32_t limit,
				 ks_done_fn *done, void *user)
{
	return key_list(client, after, limit, STARTED);
}

static enum ks_status key_show(struct ks_client *client, const char *key, const struct reply_to *to)
{
	Keystore__V1__KeyShowRequest body = KEYSTORE__V1__KEY_SHOW_REQUEST__INIT;
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	if (!request_key(key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	body.key = &ref;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_SHOW;
	request.key_show = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_key_show(struct ks_client *client, const char *key, struct ks_result **ret_result)
{
	return key_show(client, key, BLOCKING);
}

enum ks_status ks_key_show_start(struct ks_client *client, const char *key, ks_done_fn *done,
				 void *user)
{
	return key_show(client, key, STARTED);
}

static enum ks_status key_delete(struct ks_client *client, const char *key,
				 const struct reply_to *to)
{
	Keystore__V1__KeyDeleteRequest body = KEYSTORE__V1__KEY_DELETE_REQUEST__INIT;
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	if (!request_key(key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	body.key = &ref;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_DELETE;
	request.key_delete = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_key_delete(struct ks_client *client, const char *key,
			     struct ks_result **ret_result)
{
	return key_delete(client, key, BLOCKING);
}

enum ks_status ks_key_delete_start(struct ks_client *client, const char *key, ks_done_fn *done,
				   void *user)
{
	return key_delete(client, key, STARTED);
}

static enum ks_status key_allow(struct ks_client *client, const char *key,
				const struct ks_grant *grant, const struct reply_to *to)
{
	Keystore__V1__KeyAllowRequest body = KEYSTORE__V1__KEY_ALLOW_REQUEST__INIT;
	Keystore__V1__Grant subject = KEYSTORE__V1__GRANT__INIT;
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	struct request_operations list;

	if (!request_key(key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	switch (grant->subject) {
	case KS_SUBJECT_UID:
		subject.subject_case = KEYSTORE__V1__GRANT__SUBJECT_UID;
		subject.uid = grant->id;
		break;
	case KS_SUBJECT_GID:
		subject.subject_case = KEYSTORE__V1__GRANT__SUBJECT_GID;
		subject.gid = grant->id;
		break;
	}
	request_operations(grant->operations, &list);
	subject.n_operations = list.count;
	subject.operations = list.list;
	body.key = &ref;
	body.grant = &subject;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_ALLOW;
	request.key_allow = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_key_allow(struct ks_client *client, const char *key, const struct ks_grant *grant,
			    struct ks_result **ret_result)
{
	return key_allow(client, key, grant, BLOCKING);
}

enum ks_status ks_key_allow_start(struct ks_client *client, const char *key,
				  const struct ks_grant *grant, ks_done_fn *done, void *user)
{
	return key_allow(client, key, grant, STARTED);
}

static enum ks_status key_pin(struct ks_client *client, const char *key, bool pinned,
			      const struct reply_to *to)
{
	Keystore__V1__KeyPinRequest body = KEYSTORE__V1__KEY_PIN_REQUEST__INIT;
	Keystore__V1__KeyRef ref = KEYSTORE__V1__KEY_REF__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	if (!request_key(key, &ref))
		return client_refuse(to, KS_INVALID, REQUEST_KEY_MALFORMED);
	body.key = &ref;
	body.pinned = pinned;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_KEY_PIN;
	request.key_pin = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_key_pin(struct ks_client *client, const char *key, bool pinned,
			  struct ks_result **ret_result)
{
	return key_pin(client, key, pinned, BLOCKING);
}

enum ks_status ks_key_pin_start(struct ks_client *client, const char *key, bool pinned,
				ks_done_fn *done, void *user)
{
	return key_pin(client, key, pinned, STARTED);
}
