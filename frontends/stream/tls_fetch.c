#include "tls_fetch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"

/* Lives until keystored has answered the call that is under way. */
struct tls_fetch {
	struct tls *tls;
	uint64_t cert_id, key_id;
	tls_fetched_fn *done; /* NULL: dropped */
	void *user;
	struct tls_fetched fetched;
	char *chain; /* PEM */
	size_t chain_len;
	char *reference; /* PEM */
};

static void fetch_free(struct tls_fetch *fetch)
{
	free(fetch->chain);
	free(fetch->reference);
	SSL_CTX_free(fetch->fetched.context);
	free(fetch);
}

static void finish(struct tls_fetch *fetch, enum tls_fetch_result result)
{
	fetch->fetched.result = result;
	if (fetch->done) {
		fetch->done(&fetch->fetched, fetch->user);
		fetch->fetched.context = NULL;
	}
	fetch_free(fetch);
}

__attribute__((format(printf, 3, 4))) static void
end(struct tls_fetch *fetch, enum tls_fetch_result result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fetch->fetched.message, sizeof(fetch->fetched.message), format, arguments);
	va_end(arguments);
	finish(fetch, result);
}

static unsigned long long id_of(const struct tls_fetch *fetch)
{
	return (unsigned long long)fetch->cert_id;
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

/* False: it has ended, for nobody waits any more, or since the call failed. */
static bool goes_on(struct tls_fetch *fetch, const struct ks_result *result)
{
	if (!fetch->done) {
		fetch_free(fetch);
		return false;
	}
	if (result->status == KS_OK)
		return true;
	end(fetch, is_away(result->status) ? TLS_FETCH_AWAY : TLS_FETCH_UNFIT,
	    "certificate %llu: %s", id_of(fetch), result->message);
	return false;
}

/* What a _start call returned. The fetch has ended if it is not KS_OK. */
static void started(struct tls_fetch *fetch, enum ks_status status)
{
	if (status == KS_OK)
		uplink_sends(fetch->tls->uplink);
	else
		end(fetch, TLS_FETCH_AWAY, "certificate %llu cannot be asked for: %s", id_of(fetch),
		    ks_status_name(status));
}

/* The last step: that the key may be used is seen by using it, or every peer would see it first. */
static void on_signed(const struct ks_result *result, void *user)
{
	struct tls_fetch *fetch = user;
	struct tls_fetched *fetched = &fetch->fetched;
	char problem[TLS_MESSAGE_MAX];

	if (!goes_on(fetch, result))
		return;
	fetched->context = tls_context_new(fetch->tls, fetch->chain, fetch->chain_len,
					   fetch->reference, strlen(fetch->reference), problem);
	if (fetched->context)
		finish(fetch, TLS_FETCH_DONE);
	else
		end(fetch, TLS_FETCH_UNFIT, "certificate %llu: %s", id_of(fetch), problem);
}

static void on_key(const struct ks_result *result, void *user)
{
	static const uint8_t digest[32] = {0}; /* of nothing that anybody signs */
	struct tls_fetch *fetch = user;
	enum reference_status status;
	const struct ks_key *key;
	char name[24];

	if (!goes_on(fetch, result))
		return;
	key = &result->keys[0];
	status = reference_to_pem(key->id, key->name, key->public_key, key->public_key_len,
				  &fetch->reference);
	if (status != REFERENCE_OK) {
		end(fetch, TLS_FETCH_UNFIT, "certificate %llu: %s", id_of(fetch),
		    reference_status_text(status));
		return;
	}
	snprintf(name, sizeof(name), "#%llu", (unsigned long long)key->id);
	started(fetch, ks_sign_start(uplink_client(fetch->tls->uplink), name, KS_HASH_SHA256,
				     KS_PADDING_DEFAULT, digest, sizeof(digest), on_signed, fetch));
}

static void on_chain(const struct ks_result *result, void *user)
{
	struct tls_fetch *fetch = user;
	char name[24];

	if (!goes_on(fetch, result))
		return;
	fetch->chain_len = result->data_len;
	fetch->chain = malloc(result->data_len + 1);
	if (!fetch->chain) {
		end(fetch, TLS_FETCH_AWAY, "out of memory");
		return;
	}
	memcpy(fetch->chain, result->data, result->data_len);
	fetch->chain[result->data_len] = '\0';
	snprintf(name, sizeof(name), "#%llu", (unsigned long long)fetch->key_id);
	started(fetch, ks_key_show_start(uplink_client(fetch->tls->uplink), name, on_key, fetch));
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
		return "was revoked: make another one, and refer to that";
	case KS_CERT_REQUESTED:
		return "is only requested yet: bring the answer with keystorectl cert replace";
	}
	if (!cert->key_id)
		return "has no key here: an own certificate needs one, made or imported by "
		       "keystored";
	return NULL;
}

static void on_cert(const struct ks_result *result, void *user)
{
	struct tls_fetch *fetch = user;
	const struct ks_cert *cert;
	const char *why;

	if (!goes_on(fetch, result))
		return;
	cert = &result->certs[0];
	why = unfit(cert);
	if (why) {
		end(fetch, TLS_FETCH_UNFIT, "certificate %llu %s", id_of(fetch), why);
		return;
	}
	fetch->key_id = cert->key_id;
	fetch->fetched.version = cert->version;
	fetch->fetched.not_after = cert->not_after;
	/* It is used all the same: peers decide, and some have no clock. */
	if (cert->state == KS_CERT_EXPIRED)
		snprintf(fetch->fetched.message, sizeof(fetch->fetched.message),
			 "certificate %llu has ended: peers may refuse it; renew it", id_of(fetch));
	started(fetch, ks_cert_export_start(uplink_client(fetch->tls->uplink), fetch->cert_id,
					    KS_CERT_CHAIN_PEM, on_chain, fetch));
}

struct tls_fetch *tls_fetch_start(struct tls *tls, uint64_t cert_id, tls_fetched_fn *done,
				  void *user)
{
	struct ks_client *client = uplink_client(tls->uplink);
	struct tls_fetch *fetch = client ? calloc(1, sizeof(*fetch)) : NULL;

	if (!fetch)
		return NULL;
	fetch->tls = tls;
	fetch->cert_id = cert_id;
	fetch->done = done;
	fetch->user = user;
	if (ks_cert_show_start(client, cert_id, on_cert, fetch) == KS_OK) {
		uplink_sends(tls->uplink);
		return fetch;
	}
	fetch_free(fetch);
	return NULL;
}

void tls_fetch_drop(struct tls_fetch *fetch)
{
	if (fetch)
		fetch->done = NULL;
}
