#include "tls.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "tls_private.h"

#define HANDSHAKES_MAX	       256
#define HANDSHAKES_OF_ADDRESS  32
#define HANDSHAKE_MS	       10000
#define RECHECK_S	       3600
#define RECHECK_ACCURACY_US    1000000
#define DROPPED_JOBS_END_IN_MS 3000
#define SHAKING_MANY	       32 /* at a time */

void tls_ring_add(struct tls_ring *ring, struct tls_ring *item)
{
	item->next = ring;
	item->prev = ring->prev;
	ring->prev->next = item;
	ring->prev = item;
}

void tls_ring_remove(struct tls_ring *item)
{
	if (!item->next)
		return;
	item->prev->next = item->next;
	item->next->prev = item->prev;
	item->next = item->prev = NULL;
}

static void ring_init(struct tls_ring *ring)
{
	ring->next = ring->prev = ring;
}

static bool ring_is_empty(const struct tls_ring *ring)
{
	return ring->next == ring;
}

void tls_shaking_begins(struct tls *tls)
{
	if (++tls->shaking_count > tls->shaking_most)
		tls->shaking_most = tls->shaking_count;
}

/*
 * A job's stack of 32 KiB stays with OpenSSL, and what a handshake needs besides with malloc():
 * after a rush, more than the connections themselves take.
 */
void tls_shaking_ends(struct tls *tls)
{
	if (--tls->shaking_count)
		return;
	if (tls->shaking_most >= SHAKING_MANY) {
		ASYNC_cleanup_thread();
		(void)malloc_trim(0);
	}
	tls->shaking_most = 0;
}

/* Asks about those that are due, a few at a time: handshakes have questions too. */
static void recheck_some(struct tls *tls)
{
	while (tls->rechecks < TLS_RECHECKS_MAX && !ring_is_empty(&tls->due)) {
		struct tls_ring *item = tls->due.next;

		tls_ring_remove(item);
		tls_ring_add(&tls->open, item);
		tls->rechecks += tls_session_recheck(tls_session_of(item));
	}
}

void tls_rechecked(struct tls *tls)
{
	tls->rechecks--;
	recheck_some(tls);
}

/* @group NULL: all. */
static void recheck_all(struct tls *tls, const char *group)
{
	struct tls_ring *item = tls->open.next;

	while (item != &tls->open) {
		struct tls_ring *next = item->next;

		if (!group || tls_session_is_of_group(tls_session_of(item), group)) {
			tls_ring_remove(item);
			tls_ring_add(&tls->due, item);
		}
		item = next;
	}
	recheck_some(tls);
}

static int on_recheck(sd_event_source *source, uint64_t usec, void *user)
{
	struct tls *tls = user;

	(void)usec;
	recheck_all(tls, NULL);
	(void)sd_event_source_set_time_relative(source, (uint64_t)tls->options.recheck_s * 1000000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void tls_uplink_up(struct tls *tls)
{
	for (struct tls_material *material = tls->materials; material;
	     material = tls_material_next(material))
		tls_material_refresh(material);
	recheck_all(tls, NULL);
}

void tls_event(struct tls *tls, const struct ks_event *event)
{
	for (struct tls_material *material = tls->materials; material;
	     material = tls_material_next(material))
		if (tls_material_concerns(material, event))
			tls_material_refresh(material);
	if (event->type == KS_EVENT_TRUST)
		recheck_all(tls, event->group);
	else if (event->type == KS_EVENT_CRL)
		recheck_all(tls, NULL);
}

static void set_options(struct tls *tls, const struct tls_options *options)
{
	tls->options = *options;
	if (!options->handshakes_max)
		tls->options.handshakes_max = HANDSHAKES_MAX;
	if (!options->handshakes_of_address)
		tls->options.handshakes_of_address = HANDSHAKES_OF_ADDRESS;
	if (!options->handshake_ms)
		tls->options.handshake_ms = HANDSHAKE_MS;
	if (!options->recheck_s)
		tls->options.recheck_s = RECHECK_S;
}

static bool load_providers(struct tls *tls, char problem[TLS_MESSAGE_MAX])
{
	static const char *const names[] = {"default", "keystore"};

	tls->libctx = OSSL_LIB_CTX_new();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tls->providers[i] = tls->libctx ? OSSL_PROVIDER_load(tls->libctx, names[i]) : NULL;
		if (tls->providers[i])
			continue;
		ERR_clear_error();
		snprintf(
			problem, TLS_MESSAGE_MAX,
			"OpenSSL cannot load its provider \"%s\": is the package keystore-provider "
			"installed? OPENSSL_MODULES names another directory than OpenSSL's own",
			names[i]);
		return false;
	}
	return true;
}

bool tls_new(sd_event *event, struct uplink *uplink, const struct tls_options *options,
	     struct tls **ret_tls, char problem[TLS_MESSAGE_MAX])
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls) {
		snprintf(problem, TLS_MESSAGE_MAX, "out of memory");
		return false;
	}
	tls->event = sd_event_ref(event);
	tls->uplink = uplink;
	ring_init(&tls->shaking);
	ring_init(&tls->open);
	ring_init(&tls->due);
	ring_init(&tls->dropped);
	set_options(tls, options);
	if (!load_providers(tls, problem))
		goto failed;
	if (sd_event_add_time_relative(event, &tls->recheck, CLOCK_BOOTTIME,
				       (uint64_t)tls->options.recheck_s * 1000000,
				       RECHECK_ACCURACY_US, on_recheck, tls) >= 0) {
		*ret_tls = tls;
		return true;
	}
	snprintf(problem, TLS_MESSAGE_MAX, "out of memory");
failed:
	tls_free(tls);
	return false;
}

/* Jobs that were dropped while they waited for a signature come to their end first. */
static void drain(struct tls *tls)
{
	while (!ring_is_empty(&tls->dropped)) {
		struct tls_session *session = tls_session_of(tls->dropped.next);

		if (!tls_session_await(session, DROPPED_JOBS_END_IN_MS))
			break; /* the process ends: its memory goes with it */
		tls_session_drain(session);
	}
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	drain(tls);
	sd_event_source_disable_unref(tls->recheck);
	for (size_t i = 0; i < sizeof(tls->providers) / sizeof(tls->providers[0]); i++)
		if (tls->providers[i])
			OSSL_PROVIDER_unload(tls->providers[i]);
	OSSL_LIB_CTX_free(tls->libctx);
	sd_event_unref(tls->event);
	free(tls);
}
