#include "space_tpm.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json_status.h"
#include "space.h"
#include "space_call.h"

#define LOOKED_AT_US	UINT64_C(2000000)  /* between questions while somebody looks … */
#define LOOKED_AWAY_US	UINT64_C(30000000) /* … and while nobody does, … */
#define LOOKED_RECENTLY UINT64_C(10000000) /* … who has not for so long */

enum fact {
	FACT_STATE,
	FACT_REASON,
	FACT_MANUFACTURER,
	FACT_MODEL,
	FACT_FIRMWARE,
	/* those above are told by events, too */
	FACT_QUEUE_LENGTH,
	FACT_QUEUE_LIMIT,
	FACT_KEYS,
	FACT_SIGNATURES,
	FACT_DECRYPTIONS,
	FACT_COMMANDS,
	FACT_REOPENED,
	FACT_WITHHELD,
	FACT_BUSY,
	FACTS,
};

static const struct {
	const char *name;
	size_t type; /* of UA_TYPES */
	const char *description;
} rows[FACTS] = {
	[FACT_STATE] = {"State", UA_TYPES_STRING, "starting, ready, unavailable or locked out"},
	[FACT_REASON] = {"Reason", UA_TYPES_STRING, "Why it is not ready"},
	[FACT_MANUFACTURER] = {"Manufacturer", UA_TYPES_STRING, NULL},
	[FACT_MODEL] = {"Model", UA_TYPES_STRING, NULL},
	[FACT_FIRMWARE] = {"Firmware", UA_TYPES_STRING, NULL},
	[FACT_QUEUE_LENGTH] = {"QueueLength", UA_TYPES_UINT32, "Operations that wait for it"},
	[FACT_QUEUE_LIMIT] = {"QueueLimit", UA_TYPES_UINT32, "How many may"},
	[FACT_KEYS] = {"Keys", UA_TYPES_UINT64, "That keystored keeps"},
	[FACT_SIGNATURES] = {"Signatures", UA_TYPES_UINT64, "Since keystored's start"},
	[FACT_DECRYPTIONS] = {"Decryptions", UA_TYPES_UINT64, "Since keystored's start"},
	[FACT_COMMANDS] = {"Commands", UA_TYPES_UINT64, "Since keystored's start"},
	[FACT_REOPENED] = {"Reopened", UA_TYPES_UINT64,
			   "How often it had to be connected to again, since keystored's start"},
	[FACT_WITHHELD] = {"SignaturesWithheld", UA_TYPES_UINT64,
			   "Wrong ones, since keystored's start"},
	[FACT_BUSY] = {"BusyMicroseconds", UA_TYPES_UINT64,
		       "That commands took, since keystored's start"},
};

struct space_tpm {
	struct space_nodes *nodes;
	const struct space_options *options;
	sd_event *event;
	sd_event_source *timer;
	struct space_calls calls;
	bool is_asking;
	uint64_t looked; /* when somebody did last: monotonic */
	bool is_there;	 /* keystored is */
	UA_DataValue values[FACTS];
	struct space_slot slots[FACTS];
};

static void put(struct space_tpm *tpm, enum fact fact, const void *value)
{
	UA_DataValue *into = &tpm->values[fact];

	UA_DataValue_clear(into);
	into->hasValue =
		UA_Variant_setScalarCopy(&into->value, value, &UA_TYPES[rows[fact].type]) == 0;
	into->sourceTimestamp = UA_DateTime_now();
	into->hasSourceTimestamp = true;
}

static void put_text(struct space_tpm *tpm, enum fact fact, const char *text)
{
	const UA_String string = UA_STRING((char *)(uintptr_t)(text ? text : ""));

	put(tpm, fact, &string);
}

static void take_tpm(struct space_tpm *tpm, const struct ks_tpm *facts)
{
	put_text(tpm, FACT_STATE, tpm_state_text(facts->state));
	put_text(tpm, FACT_REASON, facts->reason);
	put_text(tpm, FACT_MANUFACTURER, facts->manufacturer);
	put_text(tpm, FACT_MODEL, facts->model);
	put_text(tpm, FACT_FIRMWARE, facts->firmware);
}

static void take_service(struct space_tpm *tpm, const struct ks_service *service)
{
	take_tpm(tpm, &service->tpm);
	put(tpm, FACT_QUEUE_LENGTH, &service->queue_length);
	put(tpm, FACT_QUEUE_LIMIT, &service->queue_limit);
	put(tpm, FACT_KEYS, &service->keys);
	put(tpm, FACT_SIGNATURES, &service->signatures);
	put(tpm, FACT_DECRYPTIONS, &service->decryptions);
	put(tpm, FACT_COMMANDS, &service->tpm_commands);
	put(tpm, FACT_REOPENED, &service->tpm_reopened);
	put(tpm, FACT_WITHHELD, &service->signatures_withheld);
	put(tpm, FACT_BUSY, &service->tpm_busy_us);
}

static uint64_t now_us(const struct space_tpm *tpm)
{
	uint64_t now = 0;

	(void)sd_event_now(tpm->event, CLOCK_MONOTONIC, &now);
	return now;
}

static void ask_in(struct space_tpm *tpm, uint64_t us)
{
	(void)sd_event_source_set_time_relative(tpm->timer, us);
	(void)sd_event_source_set_enabled(tpm->timer, SD_EVENT_ONESHOT);
}

static void ask_again(struct space_tpm *tpm)
{
	bool is_looked_at = tpm->looked && now_us(tpm) - tpm->looked < LOOKED_RECENTLY;

	ask_in(tpm, is_looked_at ? LOOKED_AT_US : LOOKED_AWAY_US);
}

static void on_status(const struct ks_result *result, void *user)
{
	struct space_tpm *tpm = space_call_end(user);

	if (!tpm)
		return;
	tpm->is_asking = false;
	if (result->status == KS_OK && result->service)
		take_service(tpm, result->service);
	if (tpm->is_there)
		ask_again(tpm);
}

static void ask(struct space_tpm *tpm)
{
	struct ks_client *client = uplink_client(tpm->options->uplink);
	struct space_call *call =
		client && !tpm->is_asking ? space_call_new(&tpm->calls, tpm, 0) : NULL;

	if (!call)
		return;
	tpm->is_asking = ks_service_status_start(client, on_status, call) == KS_OK;
	if (!tpm->is_asking)
		(void)space_call_end(call);
	uplink_sends(tpm->options->uplink);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct space_tpm *tpm = user;

	(void)source;
	(void)usec;
	ask(tpm);
	if (!tpm->is_asking && tpm->is_there)
		ask_again(tpm);
	return 0;
}

/* After a while in which nobody has looked, what is shown is older than a second one's patience. */
static void look(struct space_tpm *tpm)
{
	uint64_t now = now_us(tpm);
	bool was_away = !tpm->looked || now - tpm->looked >= LOOKED_RECENTLY;

	tpm->looked = now;
	if (was_away && tpm->is_there && !tpm->is_asking)
		ask_in(tpm, 0);
}

static void get(const struct space_slot *slot, UA_DataValue *value)
{
	struct space_tpm *tpm = slot->owner;

	look(tpm);
	if (tpm->is_there && UA_DataValue_copy(&tpm->values[slot->index], value) == 0 &&
	    value->hasValue)
		return;
	UA_DataValue_clear(value);
	value->hasStatus = true;
	value->status = tpm->is_there ? UA_STATUSCODE_BADWAITINGFORINITIALDATA
				      : UA_STATUSCODE_BADNOCOMMUNICATION;
}

static const struct space_source source = {.get = get};

static bool add_nodes(struct space_tpm *tpm)
{
	for (size_t i = 0; i < FACTS; i++) {
		const struct space_variable variable = {
			.parent = SPACE_TPM,
			.name = rows[i].name,
			.type = &UA_TYPES[rows[i].type],
			.description = rows[i].description,
		};

		tpm->slots[i] = (struct space_slot){tpm->nodes, &source, tpm, i};
		if (space_node_add_variable(tpm->nodes, &variable, &tpm->slots[i]) != 0)
			return false;
	}
	return true;
}

struct space_tpm *space_tpm_new(sd_event *event, struct space_nodes *nodes,
				const struct space_options *options)
{
	struct space_tpm *tpm = calloc(1, sizeof(*tpm));

	if (!tpm)
		return NULL;
	tpm->event = event;
	tpm->nodes = nodes;
	tpm->options = options;
	LIST_INIT(&tpm->calls);
	if (sd_event_add_time_relative(event, &tpm->timer, CLOCK_MONOTONIC, 0, 0, on_timer, tpm) >=
		    0 &&
	    sd_event_source_set_enabled(tpm->timer, SD_EVENT_OFF) >= 0 && add_nodes(tpm))
		return tpm;
	space_tpm_free(tpm);
	return NULL;
}

/* Its nodes go with the folder. */
void space_tpm_free(struct space_tpm *tpm)
{
	if (!tpm)
		return;
	space_node_delete(tpm->nodes, SPACE_TPM);
	space_calls_orphan(&tpm->calls);
	sd_event_source_disable_unref(tpm->timer);
	for (size_t i = 0; i < FACTS; i++)
		UA_DataValue_clear(&tpm->values[i]);
	free(tpm);
}

void space_tpm_event(struct space_tpm *tpm, const struct ks_event *event)
{
	if (event->type == KS_EVENT_TPM && event->tpm)
		take_tpm(tpm, event->tpm);
}

void space_tpm_up(struct space_tpm *tpm)
{
	tpm->is_there = true;
	ask(tpm);
}

void space_tpm_down(struct space_tpm *tpm)
{
	tpm->is_there = false;
	(void)sd_event_source_set_enabled(tpm->timer, SD_EVENT_OFF);
}
