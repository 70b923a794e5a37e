#include "setup.h"

#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "keystore_service.h"
#include "keystore_trust.h"
#include "value.h"

#define RETRY_LAST_MS 30000

struct setup {
	struct uplink *uplink;
	const char *service;
	void (*changed)(bool is_on, void *user);
	void *user;
	sd_event_source *retry;
	unsigned failures;
	char group[VALUE_GROUP_MAX + 1];
	bool is_on;
	/* A look at keystored is under way; something has changed meanwhile. */
	bool is_busy, is_stale;
};

static void look(struct setup *setup);

static void set(struct setup *setup, bool is_on)
{
	bool is_news = setup->is_on != is_on;

	setup->is_on = is_on;
	if (is_news)
		setup->changed(is_on, setup->user);
}

/* What the look has found was so before what has happened since. */
static void end_look(struct setup *setup, bool is_on)
{
	setup->is_busy = false;
	if (setup->is_stale)
		look(setup);
	else
		set(setup, is_on);
}

static void fail(struct setup *setup)
{
	(void)sd_event_source_set_time_relative(
		setup->retry, (uint64_t)backoff_ms(++setup->failures, RETRY_LAST_MS) * 1000);
	(void)sd_event_source_set_enabled(setup->retry, SD_EVENT_ONESHOT);
	end_look(setup, false);
}

/* What a _start call returned. */
static void started(struct setup *setup, enum ks_status status)
{
	if (status == KS_OK)
		uplink_sends(setup->uplink);
	else
		fail(setup);
}

static void on_groups(const struct ks_result *result, void *user)
{
	struct setup *setup = user;
	const struct ks_trust_group *own = NULL;

	if (result->status != KS_OK) {
		fail(setup);
		return;
	}
	for (size_t i = 0; i < result->group_count; i++)
		if (strcmp(result->groups[i].name, setup->group) == 0)
			own = &result->groups[i];
	if (!own && result->more && result->group_count) {
		started(setup, ks_group_list_start(uplink_client(setup->uplink),
						   result->groups[result->group_count - 1].name,
						   on_groups, setup));
		return;
	}
	setup->failures = 0;
	end_look(setup, own && !own->trusted_certs && !own->issuer_certs);
}

static void on_services(const struct ks_result *result, void *user)
{
	struct setup *setup = user;
	const struct ks_assignment *own = NULL;
	struct ks_client *client = uplink_client(setup->uplink);

	if (result->status != KS_OK) {
		fail(setup);
		return;
	}
	for (size_t i = 0; i < result->assignment_count; i++)
		if (strcmp(result->assignments[i].name, setup->service) == 0)
			own = &result->assignments[i];
	if (!own && result->more && result->assignment_count) {
		started(setup,
			ks_service_list_start(
				client, result->assignments[result->assignment_count - 1].name,
				on_services, setup));
		return;
	}
	/* Without a group nobody is let in at all: somebody has to give it one first. */
	if (!own || !*own->group || strlen(own->group) > VALUE_GROUP_MAX) {
		end_look(setup, false);
		return;
	}
	strcpy(setup->group, own->group);
	started(setup, ks_group_list_start(client, NULL, on_groups, setup));
}

static void look(struct setup *setup)
{
	struct ks_client *client = uplink_client(setup->uplink);

	setup->is_stale = setup->is_busy;
	if (setup->is_busy || !client)
		return;
	setup->is_busy = true;
	started(setup, ks_service_list_start(client, NULL, on_services, setup));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *user)
{
	(void)source;
	(void)usec;
	look(user);
	return 0;
}

void setup_uplink_up(struct setup *setup)
{
	look(setup);
}

void setup_uplink_down(struct setup *setup)
{
	set(setup, false);
}

/* Until it is known again what is in the list, something may be. */
static void look_anew(struct setup *setup)
{
	set(setup, false);
	look(setup);
}

void setup_event(struct setup *setup, const struct ks_event *event)
{
	if (event->type == KS_EVENT_TRUST &&
	    (setup->is_busy || strcmp(event->group, setup->group) == 0))
		look_anew(setup);
	if ((event->type == KS_EVENT_SERVICE_CREATED || event->type == KS_EVENT_SERVICE_UPDATED ||
	     event->type == KS_EVENT_SERVICE_DELETED) &&
	    strcmp(event->service_name, setup->service) == 0)
		look_anew(setup);
}

bool setup_is_on(const struct setup *setup)
{
	return setup->is_on;
}

struct setup *setup_new(sd_event *event, struct uplink *uplink, const char *service,
			void (*changed)(bool is_on, void *user), void *user)
{
	struct setup *setup = calloc(1, sizeof(*setup));

	if (!setup)
		return NULL;
	setup->uplink = uplink;
	setup->service = service;
	setup->changed = changed;
	setup->user = user;
	if (sd_event_add_time_relative(event, &setup->retry, CLOCK_MONOTONIC, 0, 0, on_retry,
				       setup) >= 0 &&
	    sd_event_source_set_enabled(setup->retry, SD_EVENT_OFF) >= 0)
		return setup;
	setup_free(setup);
	return NULL;
}

void setup_free(struct setup *setup)
{
	if (!setup)
		return;
	sd_event_source_disable_unref(setup->retry);
	free(setup);
}
