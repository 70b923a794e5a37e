/* Operations on trust groups and their lists. */
#include <stddef.h>
#include <stdlib.h>

#include "client.h"
#include "keystore_trust.h"
#include "request.h"

#define BLOCKING (&(struct reply_to){.ret_result = ret_result})
#define STARTED	 (&(struct reply_to){.done = done, .user = user})

#define FINGERPRINT_LEN 32
#define ITEMS_MAX	256
#define LISTS_MAX	4
#define ITEMS_TOO_MANY	"a request takes at most 256 items: use several in one transaction"

/* A request's items: protobuf-c wants a list of pointers. */
struct items {
	Keystore__V1__TrustItem *list[ITEMS_MAX];
	Keystore__V1__TrustItem items[ITEMS_MAX];
};

/* At most ITEMS_MAX. NULL: no memory. */
static struct items *items_new(const struct ks_trust_item *from, size_t count)
{
	struct items *items = malloc(sizeof(*items));

	for (size_t i = 0; items && i < count; i++) {
		keystore__v1__trust_item__init(&items->items[i]);
		items->items[i].list = (Keystore__V1__TrustList)from[i].list;
		items->items[i].der = request_bytes(from[i].der, from[i].der_len);
		items->items[i].by_content = from[i].by_content;
		items->list[i] = &items->items[i];
	}
	return items;
}

static enum ks_status group_list(struct ks_client *client, const char *after,
				 const struct reply_to *to)
{
	Keystore__V1__TrustGroupListRequest body = KEYSTORE__V1__TRUST_GROUP_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.after = request_text(after);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_TRUST_GROUP_LIST;
	request.trust_group_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_group_list(struct ks_client *client, const char *after,
			     struct ks_result **ret_result)
{
	return group_list(client, after, BLOCKING);
}

enum ks_status ks_group_list_start(struct ks_client *client, const char *after, ks_done_fn *done,
				   void *user)
{
	return group_list(client, after, STARTED);
}

static enum ks_status group_set(struct ks_client *client, const char *group,
				const struct ks_group_change *change, const struct reply_to *to)
{
	Keystore__V1__TrustGroupSetRequest body = KEYSTORE__V1__TRUST_GROUP_SET_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.name = request_text(group);
	body.auto_accept = (Keystore__V1__Switch)change->auto_accept;
	body.crls = (Keystore__V1__CrlPolicy)change->crls;
	body.create = change->create;
	body.remove = change->remove;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_TRUST_GROUP_SET;
	request.trust_group_set = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_group_set(struct ks_client *client, const char *group,
			    const struct ks_group_change *change, struct ks_result **ret_result)
{
	return group_set(client, group, change, BLOCKING);
}

enum ks_status ks_group_set_start(struct ks_client *client, const char *group,
				  const struct ks_group_change *change, ks_done_fn *done,
				  void *user)
{
	return group_set(client, group, change, STARTED);
}

static enum ks_status trust_list(struct ks_client *client, const char *group,
				 enum ks_trust_list list, uint64_t after, uint32_t limit,
				 const struct reply_to *to)
{
	Keystore__V1__TrustListRequest body = KEYSTORE__V1__TRUST_LIST_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.group = request_text(group);
	body.list = (Keystore__V1__TrustList)list;
	body.after = after;
	body.limit = limit;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_TRUST_LIST;
	request.trust_list = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_trust_list(struct ks_client *client, const char *group, enum ks_trust_list list,
			     uint64_t after, uint32_t limit, struct ks_result **ret_result)
{
	return trust_list(client, group, list, after, limit, BLOCKING);
}

enum ks_status ks_trust_list_start(struct ks_client *client, const char *group,
				   enum ks_trust_list list, uint64_t after, uint32_t limit,
				   ks_done_fn *done, void *user)
{
	return trust_list(client, group, list, after, limit, STARTED);
}

static enum ks_status trust_add(struct ks_client *client, const char *group,
				const struct ks_trust_item *items, size_t count,
				const struct reply_to *to)
{
	Keystore__V1__TrustAddRequest body = KEYSTORE__V1__TRUST_ADD_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	struct items *built;
	enum ks_status status;

	if (count > ITEMS_MAX)
		return client_refuse(to, KS_LIMIT, ITEMS_TOO_MANY);
	built = items_new(items, count);
	if (!built)
		return client_refuse(to, KS_NOMEM, "out of memory");
	body.group = request_text(group);
	body.n_items = count;
	body.items = built->list;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_TRUST_ADD;
	request.trust_add = &body;
	status = client_submit(client, &request, to);
	free(built);
	return status;
}

enum ks_status ks_trust_add(struct ks_client *client, const char *group,
			    const struct ks_trust_item *items, size_t count,
			    struct ks_result **ret_result)
{
	return trust_add(client, group, items, count, BLOCKING);
}

enum ks_status ks_trust_add_start(struct ks_client *client, const char *group,
				  const struct ks_trust_item *items, size_t count, ks_done_fn *done,
				  void *user)
{
	return trust_add(client, group, items, count, STARTED);
}

static enum ks_status trust_set(struct ks_client *client, const char *group, unsigned lists,
				const struct ks_trust_item *items, size_t count,
				const struct reply_to *to)
{
	Keystore__V1__TrustSetRequest body = KEYSTORE__V1__TRUST_SET_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;
	Keystore__V1__TrustList named[LISTS_MAX];
	struct items *built;
	enum ks_status status;

	if (count > ITEMS_MAX)
		return client_refuse(to, KS_LIMIT, ITEMS_TOO_MANY);
	built = items_new(items, count);
	if (!built)
		return client_refuse(to, KS_NOMEM, "out of memory");
	body.group = request_text(group);
	body.n_items = count;
	body.items = built->list;
	body.lists = named;
	for (unsigned list = KS_TRUSTED_CERTS; list <= KS_ISSUER_CRLS; list++)
		if (lists & 1u << list)
			named[body.n_lists++] = (Keystore__V1__TrustList)list;
	request.body_case = KEYSTORE__V1__REQUEST__BODY_TRUST_SET;
	request.trust_set = &body;
	status = client_submit(client, &request, to);
	free(built);
	return status;
}

enum ks_status ks_trust_set(struct ks_client *client, const char *group, unsigned lists,
			    const struct ks_trust_item *items, size_t count,
			    struct ks_result **ret_result)
{
	return trust_set(client, group, lists, items, count, BLOCKING);
}

enum ks_status ks_trust_set_start(struct ks_client *client, const char *group, unsigned lists,
				  const struct ks_trust_item *items, size_t count, ks_done_fn *done,
				  void *user)
{
	return trust_set(client, group, lists, items, count, STARTED);
}

static enum ks_status trust_remove(struct ks_client *client, const char *group,
				   enum ks_trust_list list, const uint8_t *fingerprint,
				   const struct reply_to *to)
{
	Keystore__V1__TrustRemoveRequest body = KEYSTORE__V1__TRUST_REMOVE_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.group = request_text(group);
	body.list = (Keystore__V1__TrustList)list;
	body.fingerprint = request_bytes(fingerprint, FINGERPRINT_LEN);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_TRUST_REMOVE;
	request.trust_remove = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_trust_remove(struct ks_client *client, const char *group, enum ks_trust_list list,
			       const uint8_t *fingerprint, struct ks_result **ret_result)
{
	return trust_remove(client, group, list, fingerprint, BLOCKING);
}

enum ks_status ks_trust_remove_start(struct ks_client *client, const char *group,
				     enum ks_trust_list list, const uint8_t *fingerprint,
				     ks_done_fn *done, void *user)
{
	return trust_remove(client, group, list, fingerprint, STARTED);
}

static enum ks_status trust_export(struct ks_client *client, const char *group,
				   enum ks_trust_list list, const uint8_t *fingerprint,
				   const struct reply_to *to)
{
	Keystore__V1__TrustExportRequest body = KEYSTORE__V1__TRUST_EXPORT_REQUEST__INIT;
	ks_pb_request request = KEYSTORE__V1__REQUEST__INIT;

	body.group = request_text(group);
	body.list = (Keystore__V1__TrustList)list;
	body.fingerprint = request_bytes(fingerprint, FINGERPRINT_LEN);
	request.body_case = KEYSTORE__V1__REQUEST__BODY_TRUST_EXPORT;
	request.trust_export = &body;
	return client_submit(client, &request, to);
}

enum ks_status ks_trust_export(struct ks_client *client, const char *group, enum ks_trust_list list,
			       const uint8_t *fingerprint, struct ks_result **ret_result)
{
	return trust_export(client, group, list, fingerprint, BLOCKING);
}

enum ks_status ks_trust_export_start(struct ks_client *client, const char *group,
				     enum ks_trust_list list, const uint8_t *fingerprint,
				     ks_done_fn *done, void *user)
{
	return trust_export(client, group, list, fingerprint, STARTED);
}
