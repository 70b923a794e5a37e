#include "identity.h"

#include <limits.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asymmetric.h"
#include "backoff.h"
#include "keystore_service.h"

#define RETRY_UNFIT_MS 30000 /* what makes it fit need not tell an event */
#define RETRY_LAST_MS  30000
#define TRIAL	       "keystore-opcua"

struct identity {
	struct uplink *uplink;
	const char *service, *uri;
	bool with_chain;
	void (*changed)(const struct identity_status *status, void *user);
	void *user;
	struct identity_status status;
	sd_event_source *retry;
	unsigned failures;
	/* A look at keystored is under way; something has changed meanwhile. */
	bool is_busy, is_stale;
	/* what the look under way has found yet */
	uint64_t cert_id, key_id;
	uint32_t version;
	struct own_cert *coming;
	bool has_ended;
};

static void look(struct identity *identity);

static unsigned long long id_of(const struct identity *identity)
{
	return (unsigned long long)identity->cert_id;
}

static void retry_in(struct identity *identity, uint32_t ms)
{
	(void)sd_event_source_set_time_relative(identity->retry, (uint64_t)ms * 1000);
	(void)sd_event_source_set_enabled(identity->retry, SD_EVENT_ONESHOT);
}

static bool is_same(const struct identity_status *one, const struct identity_status *other)
{
	return one->state == other->state && strcmp(one->message, other->message) == 0 &&
	       !one->own == !other->own &&
	       (!one->own || (one->own->cert_id == other->own->cert_id &&
			      one->own->version == other->own->version &&
			      memcmp(one->own->thumbprint, other->own->thumbprint,
				     sizeof(one->own->thumbprint)) == 0));
}

/* @status has a share of its certificate. */
static void set_status(struct identity *identity, const struct identity_status *status)
{
	struct own_cert *last = identity->status.own;
	bool is_news = !is_same(&identity->status, status);

	identity->status = *status;
	if (is_news)
		identity->changed(&identity->status, identity->user);
	own_cert_free(last);
}

/* The look is over. */
static void end_look(struct identity *identity)
{
	own_cert_free(identity->coming);
	identity->coming = NULL;
	identity->is_busy = false;
	if (identity->is_stale)
		look(identity);
}

__attribute__((format(printf, 2, 3))) static void do_without(struct identity *identity,
							     const char *format, ...)
{
	struct identity_status status = {.state = IDENTITY_UNFIT};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(status.message, sizeof(status.message), format, arguments);
	va_end(arguments);
	retry_in(identity, RETRY_UNFIT_MS);
	set_status(identity, &status);
	end_look(identity);
}

/* keystored or its TPM does not answer: what is there stays in use. */
static void wait_for_service(struct identity *identity, const char *message)
{
	retry_in(identity, backoff_ms(++identity->failures, RETRY_LAST_MS));
	if (!identity->status.own) {
		struct identity_status status = {.state = IDENTITY_WAITING};

		snprintf(status.message, sizeof(status.message), "%s", message);
		set_status(identity, &status);
	}
	end_look(identity);
}

static bool is_away(enum ks_status status)
{
	static const enum ks_status away[] = {KS_BUSY,	      KS_UNAVAILABLE,  KS_DEADLINE,
					      KS_UNREACHABLE, KS_DISCONNECTED, KS_LIMIT,
					      KS_NOMEM};

	for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++)
		if (status == away[i])
			return true;
	return false;
}

/* False: the look is over. */
static bool goes_on(struct identity *identity, const struct ks_result *result)
{
	if (result->status == KS_OK)
		return true;
	if (is_away(result->status))
		wait_for_service(identity, result->message);
	else if (identity->cert_id)
		do_without(identity, "certificate %llu cannot be shown: %s", id_of(identity),
			   result->message);
	else
		do_without(identity, "%s", result->message);
	return false;
}

/* What a _start call returned. */
static void started(struct identity *identity, enum ks_status status)
{
	if (status == KS_OK)
		uplink_sends(identity->uplink);
	else
		wait_for_service(identity, ks_status_name(status));
}

/* What a peer would see first otherwise: that the key is this one, and may be used. */
static bool is_signed(const struct identity *identity, const struct ks_result *result)
{
	const struct own_cert *own = identity->coming;
	struct asymmetric_key *key =
		asymmetric_key_new(policy_kind(POLICY_BASIC256SHA256), own->chain, own->leaf_len);
	bool is_good = key && asymmetric_verify(key, (const uint8_t *)TRIAL, strlen(TRIAL),
						result->data, result->data_len);

	asymmetric_key_free(key);
	return is_good;
}

static void on_signed(const struct ks_result *result, void *user)
{
	struct identity *identity = user;
	struct identity_status status = {.state = IDENTITY_READY};

	if (!goes_on(identity, result))
		return;
	if (!is_signed(identity, result)) {
		do_without(identity, "certificate %llu is not of the key that keystored has for it",
			   id_of(identity));
		return;
	}
	status.own = own_cert_share(identity->coming);
	(void)asymmetric_uri(status.own->chain, status.own->leaf_len, status.uri,
			     sizeof(status.uri));
	/* It is shown all the same: peers decide, and some have no clock. */
	if (identity->has_ended)
		snprintf(status.message, sizeof(status.message),
			 "it has ended, and peers may refuse it: renew it");
	identity->failures = 0;
	set_status(identity, &status);
	end_look(identity);
}

static void try_key(struct identity *identity)
{
	uint8_t digest[ASYMMETRIC_DIGEST_MAX];
	size_t len = asymmetric_digest(policy_kind(POLICY_BASIC256SHA256), (const uint8_t *)TRIAL,
				       strlen(TRIAL), digest);

	if (!len)
		wait_for_service(identity, "out of memory");
	else
		started(identity,
			ks_sign_start(uplink_client(identity->uplink), identity->coming->key,
				      KS_HASH_SHA256, KS_PADDING_PKCS1, digest, len, on_signed,
				      identity));
}

/* PEM, one after the other, without looking into them. */
static size_t split(const uint8_t *pem, size_t pem_len, uint8_t *certs[OWN_CERT_CHAIN_MAX],
		    size_t lens[OWN_CERT_CHAIN_MAX])
{
	BIO *bio = pem_len <= INT_MAX ? BIO_new_mem_buf(pem, (int)pem_len) : NULL;
	char *name = NULL, *header = NULL;
	size_t count = 0;
	long len;

	while (bio && count < OWN_CERT_CHAIN_MAX &&
	       PEM_read_bio(bio, &name, &header, &certs[count], &len) == 1) {
		OPENSSL_free(name);
		OPENSSL_free(header);
		lens[count++] = (size_t)len;
	}
	BIO_free(bio);
	return count;
}

static struct own_cert *own_of(const struct identity *identity, const struct ks_result *result)
{
	uint8_t *certs[OWN_CERT_CHAIN_MAX];
	size_t lens[OWN_CERT_CHAIN_MAX];
	size_t count = split(result->data, result->data_len, certs, lens);
	struct own_cert *own = count ? own_cert_new(identity->cert_id, identity->version,
						    identity->key_id, (const uint8_t *const *)certs,
						    lens, identity->with_chain ? count : 1)
				     : NULL;

	while (count)
		OPENSSL_free(certs[--count]);
	return own;
}

static void on_chain(const struct ks_result *result, void *user)
{
	struct identity *identity = user;
	char uri[IDENTITY_URI_MAX];

	if (!goes_on(identity, result))
		return;
	identity->coming = own_of(identity, result);
	if (!identity->coming)
		do_without(identity,
			   "certificate %llu is of no RSA key: OPC UA's policies here take "
			   "rsa-2048 to rsa-4096; make another one",
			   id_of(identity));
	else if (!asymmetric_uri(identity->coming->chain, identity->coming->leaf_len, uri,
				 sizeof(uri)))
		do_without(identity,
			   "certificate %llu names no application URI: make one of profile "
			   "opcua-server, with --san URI:urn:…",
			   id_of(identity));
	/* The ApplicationDescription's (OPC 10000-4 6.1.3). */
	else if (*identity->uri && strcmp(identity->uri, uri) != 0)
		do_without(identity,
			   "certificate %llu names the application URI %.100s, and ApplicationUri "
			   "is %.100s: the two have to be the same",
			   id_of(identity), uri, identity->uri);
	else
		try_key(identity);
}

/* Why a certificate cannot be shown to peers; NULL: it can. */
static const char *unfit(const struct ks_cert *cert)
{
	switch (cert->state) {
	case KS_CERT_ACTIVE:
	case KS_CERT_SUPERSEDED:
	case KS_CERT_EXPIRED:
		break;
	case KS_CERT_REVOKED:
		return "was revoked: give the service another one";
	case KS_CERT_REQUESTED:
		return "is only requested yet: bring the answer with keystorectl cert replace";
	}
	if (!cert->key_id)
		return "has no key here: the server's needs one, made or imported by keystored";
	return NULL;
}

static void on_cert(const struct ks_result *result, void *user)
{
	struct identity *identity = user;
	const struct ks_cert *cert;
	const char *why;

	if (!goes_on(identity, result))
		return;
	cert = &result->certs[0];
	why = unfit(cert);
	if (why) {
		do_without(identity, "certificate %llu %s", id_of(identity), why);
		return;
	}
	identity->key_id = cert->key_id;
	identity->version = cert->version;
	identity->has_ended = cert->state == KS_CERT_EXPIRED;
	started(identity, ks_cert_export_start(uplink_client(identity->uplink), identity->cert_id,
					       KS_CERT_CHAIN_PEM, on_chain, identity));
}

static void on_listed(const struct ks_result *result, void *user)
{
	struct identity *identity = user;
	struct ks_client *client = uplink_client(identity->uplink);
	const struct ks_assignment *own = NULL;

	if (!goes_on(identity, result))
		return;
	for (size_t i = 0; i < result->assignment_count; i++)
		if (strcmp(result->assignments[i].name, identity->service) == 0)
			own = &result->assignments[i];
	if (!own && result->more && result->assignment_count) {
		started(identity,
			ks_service_list_start(
				client, result->assignments[result->assignment_count - 1].name,
				on_listed, identity));
		return;
	}
	identity->cert_id = own ? own->cert_id : 0;
	if (identity->cert_id)
		started(identity, ks_cert_show_start(client, identity->cert_id, on_cert, identity));
	else
		do_without(identity,
			   "the service %s has no certificate in keystored: keystorectl service "
			   "set %s --cert ID",
			   identity->service, identity->service);
}

static void look(struct identity *identity)
{
	struct ks_client *client = uplink_client(identity->uplink);

	identity->is_stale = identity->is_busy;
	if (identity->is_busy || !client)
		return;
	identity->cert_id = 0;
	identity->is_busy = true;
	(void)sd_event_source_set_enabled(identity->retry, SD_EVENT_OFF);
	started(identity, ks_service_list_start(client, NULL, on_listed, identity));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	look(user);
	return 0;
}

void identity_uplink_up(struct identity *identity)
{
	look(identity);
}

void identity_event(struct identity *identity, const struct ks_event *event)
{
	bool is_ready = identity->status.state == IDENTITY_READY;

	switch (event->type) {
	case KS_EVENT_SERVICE_CREATED:
	case KS_EVENT_SERVICE_UPDATED:
	case KS_EVENT_SERVICE_DELETED:
		if (strcmp(event->service_name, identity->service) == 0)
			look(identity);
		break;
	case KS_EVENT_CERT_CREATED:
	case KS_EVENT_CERT_UPDATED:
	case KS_EVENT_CERT_DELETED:
		if (!is_ready || identity->is_busy || event->cert_id == identity->cert_id)
			look(identity);
		break;
	case KS_EVENT_KEY_UPDATED:
	case KS_EVENT_KEY_DELETED:
	case KS_EVENT_CRL:
		look(identity);
		break;
	case KS_EVENT_KEY_CREATED:
	case KS_EVENT_TPM:
		if (!is_ready)
			look(identity);
		break;
	case KS_EVENT_EXPIRY:
	case KS_EVENT_NAMES:
	case KS_EVENT_TRUST:
	case KS_EVENT_REJECTED:
		break;
	}
}

const struct identity_status *identity_status(const struct identity *identity)
{
	return &identity->status;
}

struct identity *identity_new(sd_event *event, struct uplink *uplink, const char *service,
			      const char *uri, bool with_chain,
			      void (*changed)(const struct identity_status *status, void *user),
			      void *user)
{
	struct identity *identity = calloc(1, sizeof(*identity));

	if (!identity)
		return NULL;
	identity->uplink = uplink;
	identity->service = service;
	identity->uri = uri;
	identity->with_chain = with_chain;
	identity->changed = changed;
	identity->user = user;
	if (sd_event_add_time_relative(event, &identity->retry, CLOCK_MONOTONIC, 0, 0, on_retry,
				       identity) >= 0 &&
	    sd_event_source_set_enabled(identity->retry, SD_EVENT_OFF) >= 0)
		return identity;
	identity_free(identity);
	return NULL;
}

void identity_free(struct identity *identity)
{
	if (!identity)
		return;
	sd_event_source_disable_unref(identity->retry);
	own_cert_free(identity->coming);
	own_cert_free(identity->status.own);
	free(identity);
}
