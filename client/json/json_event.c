#include "json_event.h"

#include "json_status.h"
#include "json_text.h"
#include "keystore_cert.h"

static const char *const event_texts[] = {
	[KS_EVENT_TPM] = "tpm",
	[KS_EVENT_KEY_CREATED] = "key created",
	[KS_EVENT_KEY_UPDATED] = "key updated",
	[KS_EVENT_KEY_DELETED] = "key deleted",
	[KS_EVENT_CERT_CREATED] = "cert created",
	[KS_EVENT_CERT_UPDATED] = "cert updated",
	[KS_EVENT_CERT_DELETED] = "cert deleted",
	[KS_EVENT_CRL] = "crl",
	[KS_EVENT_EXPIRY] = "cert expiry",
	[KS_EVENT_NAMES] = "cert names",
	[KS_EVENT_TRUST] = "trust changed",
	[KS_EVENT_REJECTED] = "rejected",
	[KS_EVENT_SERVICE_CREATED] = "service created",
	[KS_EVENT_SERVICE_UPDATED] = "service updated",
	[KS_EVENT_SERVICE_DELETED] = "service deleted",
};

const char *event_text(enum ks_event_type type)
{
	bool is_known = (size_t)type < sizeof(event_texts) / sizeof(event_texts[0]);

	return is_known && event_texts[type] ? event_texts[type] : "unknown";
}

static void add_id(json_t **object, const char *name, uint64_t id)
{
	json_add(object, name, json_integer((json_int_t)id));
}

static void add_service(json_t **object, const struct ks_event *event)
{
	json_add(object, "service", json_text(event->service_name));
	add_id(object, "cert_id", event->cert_id);
	json_add(object, "group", json_text(event->group));
}

static void add_cert(json_t **object, const struct ks_event *event)
{
	add_id(object, "id", event->cert_id);
	json_add(object, "common_name", json_text(event->cert_common_name));
}

json_t *json_event(const struct ks_event *event, int64_t seconds)
{
	json_t *object = json_pack("{s:o, s:s}", "time", json_time(seconds), "event",
				   event_text(event->type));

	if (event->type == KS_EVENT_TPM) {
		json_add(&object, "tpm", json_tpm(event->tpm));
	} else if (event->type == KS_EVENT_CRL) {
		add_id(&object, "ca_id", event->crl->ca_id);
		json_add(&object, "number", json_text(event->crl->number));
	} else if (event->type == KS_EVENT_EXPIRY) {
		add_cert(&object, event);
		json_add(&object, "days_left", json_integer(event->days_left));
		json_add(&object, "note", json_text(event->note));
	} else if (event->type == KS_EVENT_NAMES) {
		add_cert(&object, event);
		json_add(&object, "note", json_text(event->note));
	} else if (event->type == KS_EVENT_REJECTED) {
		add_id(&object, "id", event->rejected_id);
		json_add(&object, "group", json_text(event->group));
		json_add(&object, "message", json_text(event->rejected_reason));
	} else if (event->service_name) {
		add_service(&object, event);
	} else if (event->type == KS_EVENT_TRUST) {
		json_add(&object, "group", json_text(event->group));
	} else if (event->cert_id) {
		add_cert(&object, event);
	} else {
		add_id(&object, "id", event->key_id);
		json_add(&object, "name", json_text(event->key_name));
	}
	return object;
}
