#include "service_renewal.h"

#include <keystore.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "change.h"
#include "clock.h"
#include "request.h"
#include "service.h"
#include "service_cert.h"
#include "service_info.h"
#include "store_renewal.h"
#include "upkeep.h"

struct setting {
	struct change change;
	struct store_cert cert;
	struct renewal_policy policy;
	bool keeps_mode; /* with value and new key */
	bool keeps_addresses;
};

static enum store_status apply(struct service *service, struct change *change)
{
	const struct setting *setting = (struct setting *)change;
	struct store_renewal renewal;
	enum store_status status = store_renewal_get(service->store, setting->cert.id, &renewal);

	if (status != STORE_OK)
		return status;
	enum renewal_addresses before = renewal.policy.addresses;

	if (!setting->keeps_mode)
		renewal.policy = setting->policy;
	renewal.policy.addresses = setting->keeps_addresses ? before : setting->policy.addresses;
	/* It may be possible with this one. */
	renewal.reported_version = 0;
	status = store_renewal_set(service->store, setting->cert.id, &renewal);
	if (status == STORE_NOT_FOUND)
		return change_refuse(change, STATUS_NOT_FOUND, "there is no certificate %llu",
				     (unsigned long long)setting->cert.id);
	return status;
}

static void applied(struct service *service, struct change *change)
{
	const struct setting *setting = (struct setting *)change;

	service_cert_publish(service, &setting->cert, setting->cert.facts.common_name,
			     KEYSTORE__V1__KEY_EVENT__CHANGE__CHANGE_UPDATED);
	upkeep_check(service->upkeep);
}

static void reply(struct request *request, struct change *change)
{
	const struct setting *setting = (struct setting *)change;

	service_cert_reply(request, setting->cert.id, "");
}

static void setting_free(struct change *change)
{
	struct setting *setting = (struct setting *)change;

	store_cert_wipe(&setting->cert);
	free(setting);
}

/* False: answered. */
static bool is_possible(struct request *request, const struct store_cert *cert,
			const struct renewal_policy *policy)
{
	unsigned long long id = cert->id;
	bool renews = policy->mode == RENEWAL_DAYS || policy->mode == RENEWAL_PERCENT;
	bool is_device = cert->kind == STORE_CERT_DEVICE && cert->key_id;

	if ((unsigned)policy->addresses >= RENEWAL_ADDRESSES_COUNT)
		request_fail(
			request, STATUS_INVALID,
			"addresses that certificate %llu names and that are gone are followed, "
			"reported or ignored, or what is usual is done",
			id);
	else if (!renewal_is_policy(policy))
		request_fail(
			request, STATUS_INVALID,
			"certificate %llu is renewed 1 to %d days before its end, or when 1 to "
			"%d per cent of its life are left, or by default, or not by itself",
			id, RENEWAL_DAYS_MAX, RENEWAL_PERCENT_MAX);
	else if (renews && !cert->key_id)
		request_fail(
			request, STATUS_CONFLICT,
			"the key of certificate %llu is not here, so that it cannot be renewed "
			"here: you are warned of its end",
			id);
	else if (policy->addresses != RENEWAL_ADDRESSES_DEFAULT && !is_device)
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu is not this device's with its key here: addresses "
			     "that it names are not followed",
			     id);
	else if (policy->new_key && cert->kind == STORE_CERT_CA)
		request_fail(request, STATUS_CONFLICT,
			     "certificate %llu is a CA's, and with a new key it would not have "
			     "issued what it has: make another CA in time",
			     id);
	else
		return true;
	return false;
}

void service_cert_set_renewal(struct request *request, const void *body,
			      const struct keyring_key *key)
{
	static const struct change_kind kind = {
		.apply = apply,
		.applied = applied,
		.reply = reply,
		.free = setting_free,
	};
	static const char *const addresses[RENEWAL_ADDRESSES_COUNT] = {
		[RENEWAL_ADDRESSES_DEFAULT] = ", addresses by default",
		[RENEWAL_ADDRESSES_IGNORE] = ", addresses ignored",
		[RENEWAL_ADDRESSES_REPORT] = ", addresses reported",
		[RENEWAL_ADDRESSES_FOLLOW] = ", addresses followed",
	};
	static const char *const modes[RENEWAL_MODE_COUNT] = {
		[RENEWAL_DEFAULT] = "default",
		[RENEWAL_OFF] = "off",
		[RENEWAL_DAYS] = "days before",
		[RENEWAL_PERCENT] = "per cent left",
	};
	const Keystore__V1__CertSetRenewalRequest *asked = body;
	bool keeps_mode = asked->mode == KEYSTORE__V1__RENEWAL_MODE__RENEWAL_MODE_UNCHANGED;
	bool keeps_addresses =
		asked->addresses == KEYSTORE__V1__ADDRESS_POLICY__ADDRESS_POLICY_UNSPECIFIED;
	/* Theirs are one more than ours. */
	struct renewal_policy policy = {
		.mode = keeps_mode ? RENEWAL_DEFAULT : (enum renewal_mode)asked->mode,
		.value = asked->value,
		.new_key = asked->new_key,
		.addresses = keeps_addresses
				     ? RENEWAL_ADDRESSES_DEFAULT
				     : (enum renewal_addresses)((unsigned)asked->addresses - 1),
	};
	struct setting *setting;
	struct store_cert cert;
	char when[48];

	(void)key;
	if (keeps_mode && (asked->value || asked->new_key)) {
		request_fail(request, STATUS_INVALID,
			     "when certificate %llu is renewed, and with which key, goes together: "
			     "set both, or neither",
			     (unsigned long long)asked->id);
		return;
	}
	if (!service_cert_find(request, asked->id, &cert))
		return;
	if (!is_possible(request, &cert, &policy)) {
		store_cert_wipe(&cert);
		return;
	}
	setting = calloc(1, sizeof *setting);
	if (!setting) {
		store_cert_wipe(&cert);
		request_fail_memory(request);
		return;
	}
	setting->change.kind = &kind;
	setting->cert = cert;
	setting->policy = policy;
	setting->keeps_mode = keeps_mode;
	setting->keeps_addresses = keeps_addresses;
	if (keeps_mode)
		snprintf(when, sizeof when, "when it was");
	else
		snprintf(when, sizeof when, "%s %u%s", modes[policy.mode], policy.value,
			 policy.new_key ? ", new key" : "");
	snprintf(setting->change.detail, sizeof setting->change.detail, "certificate %llu: %s%s",
		 (unsigned long long)cert.id, when,
		 keeps_addresses ? "" : addresses[policy.addresses]);
	request_change(request, &setting->change);
}

void service_clock_confirm(struct request *request, const void *body, const struct keyring_key *key)
{
	struct service *service = request->service;
	char text[CLOCK_TEXT_MAX];

	(void)body;
	(void)key;
	if (clock_confirm(service->clock)) {
		request_reply_empty(request);
		return;
	}
	clock_explain(service->clock, text);
	request_fail(request, STATUS_CONFLICT, "%s", text);
}

void service_renewal_publish(struct service *service, const struct store_cert *cert, int days_left,
			     const char *note)
{
	Keystore__V1__Event event = KEYSTORE__V1__EVENT__INIT;
	Keystore__V1__ExpiryEvent what = KEYSTORE__V1__EXPIRY_EVENT__INIT;
	const struct keyring_key *key = NULL;

	if (cert->key_id && keyring_get(service->keyring, NULL, cert->key_id, &key) != STORE_OK)
		key = NULL;
	what.id = cert->id;
	what.common_name = (char *)(uintptr_t)cert->facts.common_name;
	what.not_after = cert->facts.not_after;
	what.days_left = days_left;
	what.note = (char *)(uintptr_t)note;
	event.body_case = KEYSTORE__V1__EVENT__BODY_EXPIRY;
	event.expiry = &what;
	if (cert->kind == STORE_CERT_DEVICE)
		service_info_publish(service, key, &event);
	else
		service_info_publish_all(service, &event);
}
