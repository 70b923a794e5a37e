/* What certificates can be for. */
#include "profile.h"
#include "request.h"
#include "service_cert.h"
#include "x509_san.h"

/* RFC 5280 4.2.1.3, by bit. */
static const char *const usage_names[KEY_USAGE_BITS] = {
	"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
	"keyCertSign",	    "cRLSign",	      "encipherOnly",	 "decipherOnly",
};

/* Packing only reads, but protobuf-c's structs have no const. */
static char *text(const char *literal)
{
	return (char *)(uintptr_t)literal;
}

struct told {
	Keystore__V1__Profile message;
	char *usages[KEY_USAGE_BITS];
	char *purposes[2];
	Keystore__V1__GeneralName__Type mandatory[SAN_TYPE_COUNT];
	Keystore__V1__GeneralName__Type optional[SAN_TYPE_COUNT];
};

static enum profile_need need_of(const struct profile *profile, enum san_type type)
{
	switch (type) {
	case SAN_URI:
		return profile->uri;
	case SAN_IP:
		return profile->ip;
	case SAN_DNS:
		return profile->dns;
	case SAN_EMAIL:
	case SAN_RID:
	case SAN_OTHER:
	case SAN_TYPE_COUNT:
		break;
	}
	return PROFILE_OPTIONAL;
}

static void tell_names(struct told *told, const struct profile *profile)
{
	Keystore__V1__Profile *message = &told->message;

	message->mandatory_names = told->mandatory;
	message->optional_names = told->optional;
	for (enum san_type type = SAN_URI; type < SAN_TYPE_COUNT; type++) {
		Keystore__V1__GeneralName__Type wire = (Keystore__V1__GeneralName__Type)type;

		if (need_of(profile, type) == PROFILE_MANDATORY)
			told->mandatory[message->n_mandatory_names++] = wire;
		else
			told->optional[message->n_optional_names++] = wire;
	}
	message->needs_host = profile->needs_host;
}

static void tell(struct told *told, const struct profile *profile)
{
	Keystore__V1__Profile *message = &told->message;

	keystore__v1__profile__init(message);
	message->name = text(profile->name);
	message->title = text(profile->title);
	message->key_usages = told->usages;
	for (unsigned i = 0; i < KEY_USAGE_BITS; i++) {
		if (profile->key_usage & 1u << i)
			told->usages[message->n_key_usages++] = text(usage_names[i]);
	}
	message->extended_key_usages = told->purposes;
	if (profile->for_server)
		told->purposes[message->n_extended_key_usages++] = text("serverAuth");
	if (profile->for_client)
		told->purposes[message->n_extended_key_usages++] = text("clientAuth");
	tell_names(told, profile);
	message->default_algorithm = (Keystore__V1__Algorithm)profile->default_algorithm;
	message->default_days = profile->default_days;
	message->is_ca = profile->is_ca;
}

void service_profile_list(struct request *request, const void *body, const struct keyring_key *none)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__ProfileListReply list = KEYSTORE__V1__PROFILE_LIST_REPLY__INIT;
	Keystore__V1__Profile *profiles[PROFILE_COUNT];
	struct told told[PROFILE_COUNT];

	(void)body;
	(void)none;
	for (enum profile_id id = 1; id < PROFILE_COUNT; id++) {
		tell(&told[id], profile_by_id(id));
		profiles[list.n_profiles++] = &told[id].message;
	}
	list.profiles = profiles;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_PROFILE_LIST;
	reply.profile_list = &list;
	request_reply(request, &reply);
}
