#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "tls_fetch.h"
#include "tls_private.h"

#define RETRY_UNFIT_MS 30000 /* what makes it fit need not tell an event */
#define RETRY_LAST_MS  30000

/* What is shown of one certificate, for all identities of its ID. */
struct tls_material {
	struct tls_material *next;
	struct tls *tls;
	uint64_t cert_id;
	struct tls_identity *identities;
	SSL_CTX *context; /* NULL: none yet, or none any more */
	struct tls_identity_status status;
	struct tls_fetch *fetch; /* under way */
	bool is_stale;		 /* something changed meanwhile */
	sd_event_source *retry;
	unsigned failures;
};

struct tls_identity {
	struct tls_identity *next;
	struct tls_material *material;
	tls_identity_fn *changed;
	void *user;
};

struct tls_material *tls_material_next(const struct tls_material *material)
{
	return material->next;
}

static void tell(struct tls_material *material)
{
	for (struct tls_identity *identity = material->identities; identity;
	     identity = identity->next)
		if (identity->changed)
			identity->changed(&material->status, identity->user);
}

static void set_status(struct tls_material *material, const struct tls_identity_status *status)
{
	bool is_same = material->status.state == status->state &&
		       material->status.version == status->version &&
		       strcmp(material->status.message, status->message) == 0;

	material->status = *status;
	if (!is_same)
		tell(material);
}

static void retry_in(struct tls_material *material, uint32_t ms)
{
	(void)sd_event_source_set_time_relative(material->retry, (uint64_t)ms * 1000);
	(void)sd_event_source_set_enabled(material->retry, SD_EVENT_ONESHOT);
}

static void take(struct tls_material *material, struct tls_fetched *fetched)
{
	struct tls_identity_status status = {.state = TLS_IDENTITY_READY,
					     .version = fetched->version,
					     .not_after = fetched->not_after};

	SSL_CTX_free(material->context);
	material->context = fetched->context;
	material->failures = 0;
	snprintf(status.message, sizeof(status.message), "%s", fetched->message);
	set_status(material, &status);
}

static void do_without(struct tls_material *material, const char *message)
{
	struct tls_identity_status status = {.state = TLS_IDENTITY_UNFIT};

	SSL_CTX_free(material->context);
	material->context = NULL;
	snprintf(status.message, sizeof(status.message), "%s", message);
	set_status(material, &status);
	retry_in(material, RETRY_UNFIT_MS);
}

/* keystored does not answer: what is there stays in use. */
static void wait_for_service(struct tls_material *material, const char *message)
{
	struct tls_identity_status status = material->status;

	if (!material->context) {
		status.state = TLS_IDENTITY_WAITING;
		snprintf(status.message, sizeof(status.message), "%s", message);
		set_status(material, &status);
	}
	retry_in(material, backoff_ms(++material->failures, RETRY_LAST_MS));
}

static void on_fetched(struct tls_fetched *fetched, void *user)
{
	struct tls_material *material = user;

	material->fetch = NULL;
	switch (fetched->result) {
	case TLS_FETCH_DONE:
		take(material, fetched);
		break;
	case TLS_FETCH_UNFIT:
		do_without(material, fetched->message);
		break;
	case TLS_FETCH_AWAY:
		wait_for_service(material, fetched->message);
		break;
	}
	if (material->is_stale)
		tls_material_refresh(material);
}

void tls_material_refresh(struct tls_material *material)
{
	struct ks_client *client = uplink_client(material->tls->uplink);

	if (!material->cert_id)
		return;
	material->is_stale = material->fetch != NULL;
	if (material->fetch || !client)
		return;
	(void)sd_event_source_set_enabled(material->retry, SD_EVENT_OFF);
	material->fetch = tls_fetch_start(material->tls, material->cert_id, on_fetched, material);
	if (!material->fetch)
		wait_for_service(material, "out of memory");
}

static int on_retry(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	tls_material_refresh(user);
	return 0;
}

/* Its certificate, or what decides on the use of its key. */
bool tls_material_concerns(const struct tls_material *material, const struct ks_event *event)
{
	bool is_ready = material->status.state == TLS_IDENTITY_READY;

	switch (event->type) {
	case KS_EVENT_CERT_CREATED:
	case KS_EVENT_CERT_UPDATED:
	case KS_EVENT_CERT_DELETED:
	case KS_EVENT_SERVICE_CREATED:
	case KS_EVENT_SERVICE_UPDATED:
	case KS_EVENT_SERVICE_DELETED:
		return !is_ready || event->cert_id == material->cert_id;
	case KS_EVENT_KEY_UPDATED:
	case KS_EVENT_KEY_DELETED:
	case KS_EVENT_CRL:
		return true;
	case KS_EVENT_KEY_CREATED:
	case KS_EVENT_TPM:
		return !is_ready;
	case KS_EVENT_EXPIRY:
	case KS_EVENT_NAMES:
	case KS_EVENT_TRUST:
	case KS_EVENT_REJECTED:
		break;
	}
	return false;
}

static void material_free(struct tls_material *material)
{
	struct tls_material **link = &material->tls->materials;

	while (*link && *link != material)
		link = &(*link)->next;
	if (*link)
		*link = material->next;
	tls_fetch_drop(material->fetch);
	sd_event_source_disable_unref(material->retry);
	SSL_CTX_free(material->context);
	free(material);
}

static bool make_ready(struct tls_material *material)
{
	char problem[TLS_MESSAGE_MAX];

	if (material->cert_id) {
		material->status.state = TLS_IDENTITY_WAITING;
		snprintf(material->status.message, sizeof(material->status.message),
			 "keystored has not answered yet");
		return true;
	}
	material->status.state = TLS_IDENTITY_READY;
	material->context = tls_context_new(material->tls, NULL, 0, NULL, 0, problem);
	return material->context != NULL;
}

static struct tls_material *material_of(struct tls *tls, uint64_t cert_id)
{
	struct tls_material *material = tls->materials;

	while (material && material->cert_id != cert_id)
		material = material->next;
	if (material)
		return material;
	material = calloc(1, sizeof(*material));
	if (!material)
		return NULL;
	material->tls = tls;
	material->cert_id = cert_id;
	if (!make_ready(material) ||
	    sd_event_add_time_relative(tls->event, &material->retry, CLOCK_MONOTONIC, 0, 0,
				       on_retry, material) < 0) {
		material_free(material);
		return NULL;
	}
	material->next = tls->materials;
	tls->materials = material;
	return material;
}

struct tls_identity *tls_identity_new(struct tls *tls, uint64_t cert_id, tls_identity_fn *changed,
				      void *user)
{
	struct tls_identity *identity = calloc(1, sizeof(*identity));
	struct tls_material *material = identity ? material_of(tls, cert_id) : NULL;

	if (!material) {
		free(identity);
		return NULL;
	}
	*identity = (struct tls_identity){material->identities, material, changed, user};
	material->identities = identity;
	return identity;
}

void tls_identity_free(struct tls_identity *identity)
{
	struct tls_identity **link;

	if (!identity)
		return;
	link = &identity->material->identities;
	while (*link != identity)
		link = &(*link)->next;
	*link = identity->next;
	if (!identity->material->identities)
		material_free(identity->material);
	free(identity);
}

struct tls_identity_status tls_identity_status(const struct tls_identity *identity)
{
	return identity->material->status;
}

SSL_CTX *tls_identity_context(const struct tls_identity *identity)
{
	SSL_CTX *context = identity->material->context;

	return context && SSL_CTX_up_ref(context) == 1 ? context : NULL;
}

struct tls *tls_identity_owner(const struct tls_identity *identity)
{
	return identity->material->tls;
}
