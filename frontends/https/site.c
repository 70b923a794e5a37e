#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "api_events.h"
#include "http.h"
#include "keystore_service.h"
#include "pages.h"
#include "tls.h"
#include "uplink.h"

#define KEPT	   64 /* those of ten browsers */
#define REASON_MAX 256

/* A certificate of the service: what is shown, and what will be as soon as it is fetched. */
struct shown {
	struct tls_identity *identity; /* NULL: none */
	uint64_t cert_id;
};

struct site {
	const struct https_settings *settings;
	struct front_end_handler handler;
	void *user;
	struct uplink *uplink;
	struct tls *tls;
	struct tls_peer peer;
	struct shown current, coming;
	sd_event_source *take_soon; /* what is told of an identity frees none */
	bool is_listing, is_stale;  /* under way; something changed meanwhile */
	struct http_server *server;
	struct pages *pages;
	struct api *api;
	size_t places, places_begun;
	char no_tpm[REASON_MAX]; /* why it is not ready; "": it is, or nothing else was said */
	char status[SITE_MESSAGE_MAX];
};

/* Each change is in the log, once. */
static void set_status(struct site *site, const char *message)
{
	if (strcmp(site->status, message) == 0)
		return;
	snprintf(site->status, sizeof(site->status), "%s", message);
	site->handler.log(message, site->user);
	site->handler.status(message, site->user);
}

static void show_status(struct site *site)
{
	const struct shown *shown = &site->current;
	struct tls_identity_status status;
	char message[SITE_MESSAGE_MAX];

	if (!shown->identity) {
		snprintf(message, sizeof(message),
			 "connections are turned away: the service %s has no certificate in "
			 "keystored: keystorectl service set %s --cert ID",
			 site->settings->service, site->settings->service);
		set_status(site, message);
		return;
	}
	status = tls_identity_status(shown->identity);
	if (status.state == TLS_IDENTITY_READY && *site->no_tpm)
		snprintf(message, sizeof(message),
			 "new connections fail, and open ones go on: keystored has no TPM: %s",
			 site->no_tpm);
	else if (status.state == TLS_IDENTITY_READY)
		snprintf(message, sizeof(message), "serving with certificate %llu, version %u%s%s",
			 (unsigned long long)shown->cert_id, status.version,
			 *status.message ? ": " : "", status.message);
	else
		snprintf(message, sizeof(message),
			 "connections are turned away: certificate %llu cannot be shown: %s",
			 (unsigned long long)shown->cert_id, status.message);
	set_status(site, message);
}

static void take_coming(struct site *site)
{
	http_server_show(site->server, site->coming.identity);
	tls_identity_free(site->current.identity);
	site->current = site->coming;
	site->coming = (struct shown){0};
	show_status(site);
}

/* The one before stays until the next is there: nobody is turned away in between. */
static int on_take(sd_event_source *source, void *user)
{
	struct site *site = user;

	(void)source;
	if (site->coming.identity &&
	    tls_identity_status(site->coming.identity).state != TLS_IDENTITY_WAITING)
		take_coming(site);
	return 0;
}

static void on_identity(const struct tls_identity_status *status, void *user)
{
	struct site *site = user;

	(void)status;
	(void)sd_event_source_set_enabled(site->take_soon, SD_EVENT_ONESHOT);
	if (site->current.identity)
		show_status(site);
}

static void set_certificate(struct site *site, uint64_t cert_id)
{
	const struct shown *last = site->coming.identity ? &site->coming : &site->current;

	if (cert_id == last->cert_id && (last->identity || !cert_id)) {
		show_status(site);
		return;
	}
	tls_identity_free(site->coming.identity);
	site->coming = (struct shown){.cert_id = cert_id};
	if (cert_id)
		site->coming.identity = tls_identity_new(site->tls, cert_id, on_identity, site);
	if (cert_id && !site->coming.identity)
		set_status(site, "out of memory");
	else if (!cert_id || !site->current.identity)
		take_coming(site);
}

static void list(struct site *site, const char *after);

static void on_listed(const struct ks_result *result, void *user)
{
	struct site *site = user;
	const struct ks_assignment *own = NULL;

	site->is_listing = false;
	if (result->status != KS_OK) {
		/* keystored away: it is asked when it is back. */
		if (result->status != KS_DISCONNECTED)
			set_status(site, result->message);
		return;
	}
	for (size_t i = 0; i < result->assignment_count; i++)
		if (strcmp(result->assignments[i].name, site->settings->service) == 0)
			own = &result->assignments[i];
	if (site->is_stale)
		list(site, NULL);
	else if (!own && result->more && result->assignment_count)
		list(site, result->assignments[result->assignment_count - 1].name);
	else
		set_certificate(site, own ? own->cert_id : 0);
}

static void list(struct site *site, const char *after)
{
	struct ks_client *client = uplink_client(site->uplink);

	site->is_stale = site->is_listing;
	if (site->is_listing || !client)
		return;
	site->is_listing = ks_service_list_start(client, after, on_listed, site) == KS_OK;
	uplink_sends(site->uplink);
}

static void on_up(void *user)
{
	struct site *site = user;

	*site->no_tpm = '\0';
	tls_uplink_up(site->tls);
	api_uplink_up(site->api);
	list(site, NULL);
}

static void on_down(const char *why, void *user)
{
	struct site *site = user;

	set_status(site, why);
	api_uplink_down(site->api, why);
}

static bool is_of_service(const struct ks_event *event)
{
	return event->type == KS_EVENT_SERVICE_CREATED || event->type == KS_EVENT_SERVICE_UPDATED ||
	       event->type == KS_EVENT_SERVICE_DELETED;
}

/* What signs for handshakes. */
static void note_tpm(struct site *site, const struct ks_tpm *tpm)
{
	const char *reason = *tpm->reason ? tpm->reason : "it does not say why";

	snprintf(site->no_tpm, sizeof(site->no_tpm), "%s",
		 tpm->state == KS_TPM_READY ? "" : reason);
	if (site->current.identity)
		show_status(site);
}

static void on_event(const struct ks_event *event, void *user)
{
	struct site *site = user;

	if (event->type == KS_EVENT_TPM && event->tpm)
		note_tpm(site, event->tpm);
	tls_event(site->tls, event);
	api_event(site->api, event);
	if (is_of_service(event) && strcmp(event->service_name, site->settings->service) == 0)
		list(site, NULL);
}

static void on_request(struct http_request *request, void *user)
{
	const struct site *site = user;

	if (!api_take(site->api, request))
		pages_answer(site->pages, request);
}

static void on_place(const struct listener_place *place, enum listener_state state,
		     const char *message, void *user)
{
	struct site *site = user;
	char text[LISTENER_MESSAGE_MAX];

	if (state == LISTENER_LISTENS)
		snprintf(text, sizeof(text), "listens at port %u%s%.250s", (unsigned)place->port,
			 *place->host ? " of " : "", place->host);
	else
		snprintf(text, sizeof(text), "%s", message);
	site->handler.log(text, site->user);
	if (site->places_begun < site->places && ++site->places_begun == site->places)
		site->handler.begun(site->user);
}

static bool fail(char problem[SITE_MESSAGE_MAX], const char *message)
{
	snprintf(problem, SITE_MESSAGE_MAX, "%s", message);
	return false;
}

static bool open_tls(struct site *site, sd_event *event, char problem[SITE_MESSAGE_MAX])
{
	static const struct uplink_handler handler = {on_up, on_down, on_event};
	const struct https_settings *settings = site->settings;
	const struct tls_options options = {
		.handshakes_max = settings->handshakes_max,
		.handshakes_of_address = settings->handshakes_of_address,
		.handshake_ms = settings->handshake_ms,
		.recheck_s = settings->recheck_s,
	};
	char why[TLS_MESSAGE_MAX];

	site->uplink =
		uplink_new(event, *settings->socket ? settings->socket : NULL, &handler, site);
	if (!site->uplink)
		return fail(problem, "out of memory");
	if (!tls_new(event, site->uplink, &options, &site->tls, why))
		return fail(problem, why);
	site->peer = (struct tls_peer){
		.group = settings->group,
		.may_be_anonymous = settings->client_certificate != HTTPS_CLIENT_REQUIRED,
		.is_asked = settings->client_certificate != HTTPS_CLIENT_NONE,
		.may_resume = true,
		.allows_tls12 = settings->allows_tls12,
	};
	return true;
}

static bool open_server(struct site *site, sd_event *event, char problem[SITE_MESSAGE_MAX])
{
	const struct https_settings *settings = site->settings;
	const struct http_options options = {
		.peer = &site->peer,
		.places = settings->places,
		.place_count = settings->place_count,
		.redirect = settings->redirects ? &settings->redirect : NULL,
		.names = settings->name_count ? settings->names : NULL,
		.name_count = settings->name_count,
		.limits =
			{
				.connections = settings->connections_max,
				.connections_of_address = settings->connections_of_address,
				.idle_ms = settings->idle_ms,
				.request_ms = settings->request_ms,
				.body_bytes = settings->body_max,
				.feeds = API_FEEDS_MAX,
				.kept = KEPT,
			},
		.refusal = api_refusal,
		.handler = on_request,
		.changed = on_place,
		.user = site,
	};
	const struct api_options api = {
		.uplink = site->uplink,
		.service = settings->service,
		.name = settings->name,
		.location = settings->location,
		.data_images = settings->data_images,
		.data_control = settings->data_control,
		.server = &site->server,
		.log = site->handler.log,
		.user = site->user,
	};
	char why[HTTP_PROBLEM_MAX];

	site->places = settings->place_count + settings->redirects;
	site->pages = pages_new(page_files, page_file_count);
	site->api = api_new(event, &api);
	if (!site->pages || !site->api)
		return fail(problem, "out of memory");
	if (!http_server_new(event, &options, &site->server, why))
		return fail(problem, why);
	return true;
}

bool site_new(sd_event *event, const struct https_settings *settings,
	      const struct front_end_handler *handler, void *user, struct site **ret_site,
	      char problem[SITE_MESSAGE_MAX])
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		return fail(problem, "out of memory");
	site->settings = settings;
	site->handler = *handler;
	site->user = user;
	(void)fail(problem, "out of memory");
	if (sd_event_add_defer(event, &site->take_soon, on_take, site) < 0 ||
	    sd_event_source_set_enabled(site->take_soon, SD_EVENT_OFF) < 0 ||
	    !open_tls(site, event, problem) || !open_server(site, event, problem)) {
		site_free(site);
		return false;
	}
	*ret_site = site;
	return true;
}

void site_free(struct site *site)
{
	if (!site)
		return;
	uplink_free(site->uplink);
	api_free(site->api);
	http_server_free(site->server);
	sd_event_source_disable_unref(site->take_soon);
	tls_identity_free(site->coming.identity);
	tls_identity_free(site->current.identity);
	tls_free(site->tls);
	pages_free(site->pages);
	free(site);
}

void site_end(struct site *site, void (*ended)(void *user), void *user)
{
	http_server_end(site->server, ended, user);
}
