#include "json_service.h"

#include "json_text.h"

const char *service_kind_text(enum ks_service_kind kind)
{
	const char *name = ks_service_kind_name(kind);

	return name ? name : "unknown";
}

json_t *json_service(const struct ks_assignment *service)
{
	json_t *object = json_pack(
		"{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "name", json_text(service->name),
		"kind", service_kind_text(service->kind), "cert_id",
		service->cert_id ? json_integer((json_int_t)service->cert_id) : json_null(),
		"common_name", json_text(service->common_name), "group",
		json_text_or_null(service->group), "uid",
		service->has_uid ? json_integer(service->uid) : json_null(), "gid",
		service->has_gid ? json_integer(service->gid) : json_null(), "revision",
		(json_int_t)service->revision, "updated", json_time(service->updated));

	if (service->key_id)
		json_add(&object, "key_id", json_integer((json_int_t)service->key_id));
	return object;
}

json_t *json_txn(const struct ks_txn *txn)
{
	json_t *object = json_pack("{s:b, s:o}", "open", (int)txn->open, "staged",
				   json_names(txn->staged, txn->staged_count));

	if (!txn->open)
		return object;
	json_add(&object, "uid", json_integer(txn->uid));
	json_add(&object, "pid", json_integer(txn->pid));
	json_add(&object, "since", json_time(txn->since));
	json_add(&object, "changes", json_integer(txn->changes));
	json_add(&object, "bytes", json_integer((json_int_t)txn->bytes));
	json_add(&object, "idle_ms", json_integer((json_int_t)txn->idle_ms));
	return object;
}
