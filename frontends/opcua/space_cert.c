#include "space_cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json_cert.h"
#include "json_key.h"
#include "keystore_cert.h"

#define FINGERPRINT_BYTES 32
#define DAY		  86400

enum text {
	TEXT_COMMON_NAME,
	TEXT_SUBJECT,
	TEXT_ISSUER,
	TEXT_SERIAL,
	TEXT_KIND,
	TEXT_PROFILE,
	TEXT_KEY,
	TEXT_KEY_ORIGIN,
	TEXT_KEY_TYPE,
	TEXT_FINGERPRINT,
	TEXTS,
};

enum property {
	/* TEXTS come first */
	PROPERTY_STATE = TEXTS,
	PROPERTY_NOT_BEFORE,
	PROPERTY_NOT_AFTER,
	PROPERTY_DAYS_LEFT,
	PROPERTY_VERSION,
	PROPERTY_DER,
	PROPERTIES,
};

static const struct {
	const char *name;
	size_t type; /* of UA_TYPES */
} properties[PROPERTIES] = {
	[TEXT_COMMON_NAME] = {"CommonName", UA_TYPES_STRING},
	[TEXT_SUBJECT] = {"Subject", UA_TYPES_STRING},
	[TEXT_ISSUER] = {"Issuer", UA_TYPES_STRING},
	[TEXT_SERIAL] = {"SerialNumber", UA_TYPES_STRING},
	[TEXT_KIND] = {"Kind", UA_TYPES_STRING},
	[TEXT_PROFILE] = {"UsedAs", UA_TYPES_STRING},
	[TEXT_KEY] = {"Key", UA_TYPES_STRING},
	[TEXT_KEY_ORIGIN] = {"KeyOrigin", UA_TYPES_STRING},
	[TEXT_KEY_TYPE] = {"KeyType", UA_TYPES_STRING},
	[TEXT_FINGERPRINT] = {"Fingerprint", UA_TYPES_STRING},
	[PROPERTY_STATE] = {"State", UA_TYPES_STRING},
	[PROPERTY_NOT_BEFORE] = {"NotBefore", UA_TYPES_DATETIME},
	[PROPERTY_NOT_AFTER] = {"NotAfter", UA_TYPES_DATETIME},
	[PROPERTY_DAYS_LEFT] = {"DaysLeft", UA_TYPES_INT32},
	[PROPERTY_VERSION] = {"Version", UA_TYPES_UINT32},
	[PROPERTY_DER] = {"Certificate", UA_TYPES_BYTESTRING},
};

struct space_cert {
	struct space_nodes *nodes;
	uint64_t id;
	char *texts[TEXTS];
	int64_t not_before, not_after;
	enum ks_cert_state state;
	uint32_t version;
	UA_ByteString der;
	bool is_old;
	struct space_slot slots[PROPERTIES];
};

static void path_of(const struct space_cert *cert, char ret_path[SPACE_PATH_MAX])
{
	snprintf(ret_path, SPACE_PATH_MAX, SPACE_CERTIFICATES "/%llu",
		 (unsigned long long)cert->id);
}

static void texts_free(char *texts[TEXTS])
{
	for (size_t i = 0; i < TEXTS; i++)
		free(texts[i]);
}

static const char *hex_of(const uint8_t *bytes, char ret_text[2 * FINGERPRINT_BYTES + 1])
{
	ret_text[0] = '\0';
	for (size_t i = 0; bytes && i < FINGERPRINT_BYTES; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
	return ret_text;
}

/* False: no memory. */
static bool texts_take(const struct ks_cert *facts, char *ret_texts[TEXTS])
{
	char fingerprint[2 * FINGERPRINT_BYTES + 1];
	const char *const texts[TEXTS] = {
		[TEXT_COMMON_NAME] = facts->common_name,
		[TEXT_SUBJECT] = facts->subject,
		[TEXT_ISSUER] = facts->issuer,
		[TEXT_SERIAL] = facts->serial,
		[TEXT_KIND] = cert_kind_text(facts->kind),
		[TEXT_PROFILE] = facts->profile,
		[TEXT_KEY] = facts->key_name,
		[TEXT_KEY_ORIGIN] = facts->key_id ? origin_text(facts->key_origin) : "elsewhere",
		[TEXT_KEY_TYPE] = facts->key_type,
		[TEXT_FINGERPRINT] = hex_of(facts->fingerprint, fingerprint),
	};
	char *copies[TEXTS] = {0};

	for (size_t i = 0; i < TEXTS; i++) {
		copies[i] = strdup(texts[i] ? texts[i] : "");
		if (!copies[i]) {
			texts_free(copies);
			return false;
		}
	}
	memcpy(ret_texts, copies, sizeof(copies));
	return true;
}

bool space_cert_take(struct space_cert *cert, const struct ks_cert *facts)
{
	char *texts[TEXTS];
	UA_ByteString der = UA_BYTESTRING_NULL;
	bool is_other;

	if (!texts_take(facts, texts))
		return false;
	if (facts->der_len && UA_ByteString_allocBuffer(&der, facts->der_len) != 0) {
		texts_free(texts);
		return false;
	}
	if (facts->der_len)
		memcpy(der.data, facts->der, facts->der_len);
	is_other = !cert->texts[TEXT_FINGERPRINT] ||
		   strcmp(texts[TEXT_FINGERPRINT], cert->texts[TEXT_FINGERPRINT]) != 0;
	if (facts->der_len || is_other) {
		UA_ByteString_clear(&cert->der);
		cert->der = der;
	}
	texts_free(cert->texts);
	memcpy(cert->texts, texts, sizeof(texts));
	cert->not_before = facts->not_before;
	cert->not_after = facts->not_after;
	cert->state = facts->state;
	cert->version = facts->version;
	cert->is_old = false;
	return true;
}

/* It ends by itself, without a word from keystored. */
static enum ks_cert_state state_now(const struct space_cert *cert, time_t now)
{
	return cert->state == KS_CERT_ACTIVE && now > cert->not_after ? KS_CERT_EXPIRED
								      : cert->state;
}

static void get_text(const char *text, UA_DataValue *value)
{
	const UA_String string = UA_STRING((char *)(uintptr_t)text);

	value->hasValue =
		UA_Variant_setScalarCopy(&value->value, &string, &UA_TYPES[UA_TYPES_STRING]) == 0;
}

static void get_time(int64_t time, UA_DataValue *value)
{
	const UA_DateTime moment = UA_DateTime_fromUnixTime(time);

	value->hasValue =
		UA_Variant_setScalarCopy(&value->value, &moment, &UA_TYPES[UA_TYPES_DATETIME]) == 0;
}

/* Whole days; below zero: it ended so many ago. */
static void get_days(int64_t seconds, UA_DataValue *value)
{
	int64_t days = seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
	const UA_Int32 number = days > INT32_MAX ? INT32_MAX : days < INT32_MIN ? INT32_MIN : days;

	value->hasValue =
		UA_Variant_setScalarCopy(&value->value, &number, &UA_TYPES[UA_TYPES_INT32]) == 0;
}

static void get_der(const struct space_cert *cert, UA_DataValue *value)
{
	if (cert->der.length)
		value->hasValue = UA_Variant_setScalarCopy(&value->value, &cert->der,
							   &UA_TYPES[UA_TYPES_BYTESTRING]) == 0;
}

static void get(const struct space_slot *slot, UA_DataValue *value)
{
	const struct space_cert *cert = slot->owner;
	bool is_there = cert->state != KS_CERT_REQUESTED;
	time_t now = time(NULL);

	switch (slot->index) {
	case PROPERTY_STATE:
		get_text(cert_state_text(state_now(cert, now)), value);
		break;
	case PROPERTY_NOT_BEFORE:
		if (is_there)
			get_time(cert->not_before, value);
		break;
	case PROPERTY_NOT_AFTER:
		if (is_there)
			get_time(cert->not_after, value);
		break;
	case PROPERTY_DAYS_LEFT:
		if (is_there)
			get_days(cert->not_after - now, value);
		break;
	case PROPERTY_VERSION:
		value->hasValue = UA_Variant_setScalarCopy(&value->value, &cert->version,
							   &UA_TYPES[UA_TYPES_UINT32]) == 0;
		break;
	case PROPERTY_DER:
		get_der(cert, value);
		break;
	default:
		get_text(cert->texts[slot->index], value);
	}
	if (!value->hasValue)
		value->status =
			is_there ? UA_STATUSCODE_BADWAITINGFORINITIALDATA : UA_STATUSCODE_BADNODATA;
	else if (cert->is_old)
		value->status = UA_STATUSCODE_UNCERTAINLASTUSABLEVALUE;
	value->hasStatus = value->status != UA_STATUSCODE_GOOD;
}

static const struct space_source source = {.get = get};

/* Its name is for those who may read CommonName: open62541 shows display names to everybody. */
static bool add_nodes(struct space_cert *cert)
{
	char path[SPACE_PATH_MAX], name[32], display_name[64];

	path_of(cert, path);
	snprintf(name, sizeof(name), "%llu", (unsigned long long)cert->id);
	snprintf(display_name, sizeof(display_name), "Certificate %s", name);
	if (space_node_add_object(cert->nodes, SPACE_CERTIFICATES, name, display_name, false) != 0)
		return false;
	for (size_t i = 0; i < PROPERTIES; i++) {
		const struct space_variable variable = {
			.parent = path,
			.name = properties[i].name,
			.type = &UA_TYPES[properties[i].type],
			.is_property = true,
		};

		cert->slots[i] = (struct space_slot){cert->nodes, &source, cert, i};
		if (space_node_add_variable(cert->nodes, &variable, &cert->slots[i]) != 0)
			return false;
	}
	return true;
}

struct space_cert *space_cert_new(struct space_nodes *nodes, const struct ks_cert *facts)
{
	struct space_cert *cert = calloc(1, sizeof(*cert));

	if (!cert)
		return NULL;
	cert->nodes = nodes;
	cert->id = facts->id;
	if (space_cert_take(cert, facts) && add_nodes(cert))
		return cert;
	space_cert_free(cert);
	return NULL;
}

void space_cert_free(struct space_cert *cert)
{
	char path[SPACE_PATH_MAX];

	if (!cert)
		return;
	path_of(cert, path);
	space_node_delete(cert->nodes, path);
	texts_free(cert->texts);
	UA_ByteString_clear(&cert->der);
	free(cert);
}

uint64_t space_cert_id(const struct space_cert *cert)
{
	return cert->id;
}

bool space_cert_lacks_der(const struct space_cert *cert)
{
	return !cert->der.length && cert->state != KS_CERT_REQUESTED;
}

void space_cert_age(struct space_cert *cert, bool is_old)
{
	cert->is_old = is_old;
}
