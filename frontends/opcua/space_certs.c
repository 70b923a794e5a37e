#include "space_certs.h"

#include <stdlib.h>
#include <string.h>

#include "keystore_cert.h"
#include "space.h"
#include "space_call.h"
#include "space_cert.h"

#define PAGE	  32 /* certificates: nodes of more would hold up sessions for longer */
#define SHOWS_MAX 4  /* certificates that are asked for at a time */

struct entry {
	struct space_cert *cert;
	uint64_t seen;	      /* in which listing */
	bool is_wanted;	      /* keystored is to be asked about it */
	bool is_wanted_again; /* it has changed meanwhile */
	bool is_asked;
};

struct space_certs {
	struct space_nodes *nodes;
	const struct space_options *options;
	struct space_calls calls;
	struct entry *entries; /* by their IDs */
	size_t count, room;
	uint64_t listing; /* its number */
	unsigned shows;	  /* under way */
	size_t turn;	  /* whose it is to be asked about next */
	bool is_behind;	  /* something was not asked: list all again */
	bool is_full;	  /* and it was said */
};

struct space_certs *space_certs_new(struct space_nodes *nodes, const struct space_options *options)
{
	struct space_certs *certs = calloc(1, sizeof(*certs));

	if (!certs)
		return NULL;
	certs->nodes = nodes;
	certs->options = options;
	LIST_INIT(&certs->calls);
	return certs;
}

void space_certs_free(struct space_certs *certs)
{
	if (!certs)
		return;
	space_calls_orphan(&certs->calls);
	for (size_t i = 0; i < certs->count; i++)
		space_cert_free(certs->entries[i].cert);
	free(certs->entries);
	free(certs);
}

/* Where it is, or belongs. */
static size_t place_of(const struct space_certs *certs, uint64_t id)
{
	size_t low = 0, high = certs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space_cert_id(certs->entries[middle].cert) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct entry *find(struct space_certs *certs, uint64_t id)
{
	size_t place = place_of(certs, id);

	return place < certs->count && space_cert_id(certs->entries[place].cert) == id
		       ? &certs->entries[place]
		       : NULL;
}

static void remove_at(struct space_certs *certs, size_t place)
{
	space_cert_free(certs->entries[place].cert);
	certs->count--;
	memmove(&certs->entries[place], &certs->entries[place + 1],
		(certs->count - place) * sizeof(*certs->entries));
}

static void say(const struct space_certs *certs, const char *sentence)
{
	if (certs->options->log)
		certs->options->log(sentence, certs->options->user);
}

/* False: no memory, or there are too many. */
static bool make_room(struct space_certs *certs)
{
	size_t room = certs->room ? 2 * certs->room : 64;
	struct entry *entries;

	if (certs->count < certs->room)
		return true;
	if (certs->count >= SPACE_CERTS_MAX) {
		if (!certs->is_full)
			say(certs, "keystored has more than 10000 certificates: the others are "
				   "not shown; delete those that nobody needs");
		certs->is_full = true;
		return false;
	}
	if (room > SPACE_CERTS_MAX)
		room = SPACE_CERTS_MAX;
	entries = realloc(certs->entries, room * sizeof(*entries));
	if (!entries)
		return false;
	certs->entries = entries;
	certs->room = room;
	return true;
}

static struct entry *add(struct space_certs *certs, const struct ks_cert *facts)
{
	struct space_cert *cert = make_room(certs) ? space_cert_new(certs->nodes, facts) : NULL;
	size_t place = place_of(certs, facts->id);

	if (!cert)
		return NULL;
	memmove(&certs->entries[place + 1], &certs->entries[place],
		(certs->count - place) * sizeof(*certs->entries));
	certs->count++;
	certs->entries[place] = (struct entry){.cert = cert};
	return &certs->entries[place];
}

static struct entry *take(struct space_certs *certs, const struct ks_cert *facts)
{
	struct entry *entry = find(certs, facts->id);

	if (!entry)
		entry = add(certs, facts);
	else if (!space_cert_take(entry->cert, facts))
		return NULL;
	if (entry)
		entry->seen = certs->listing;
	return entry;
}

static void show_next(struct space_certs *certs);

static void on_show(const struct ks_result *result, void *user)
{
	struct space_call *call = user;
	uint64_t id = call->id;
	struct space_certs *certs = space_call_end(call);
	struct entry *entry;

	if (!certs)
		return;
	certs->shows--;
	if (result->status == KS_OK && result->cert_count && result->certs[0].id == id)
		(void)take(certs, &result->certs[0]);
	else if ((result->status == KS_NOT_FOUND || result->status == KS_DENIED) && find(certs, id))
		remove_at(certs, place_of(certs, id));
	entry = find(certs, id);
	if (entry) {
		entry->is_asked = false;
		entry->is_wanted = entry->is_wanted_again;
		entry->is_wanted_again = false;
	}
	show_next(certs);
}

/* False: keystored is away, or busy. */
static bool show(struct space_certs *certs, uint64_t id)
{
	struct ks_client *client = uplink_client(certs->options->uplink);
	struct space_call *call = client ? space_call_new(&certs->calls, certs, id) : NULL;

	if (!call)
		return false;
	if (ks_cert_show_start(client, id, on_show, call) != KS_OK) {
		(void)space_call_end(call);
		return false;
	}
	certs->shows++;
	uplink_sends(certs->options->uplink);
	return true;
}

static void list(struct space_certs *certs, uint64_t after);

static void list_all(struct space_certs *certs)
{
	certs->is_behind = false;
	certs->listing++;
	list(certs, 0);
}

static void show_next(struct space_certs *certs)
{
	for (size_t i = 0; i < certs->count && certs->shows < SHOWS_MAX; i++) {
		struct entry *entry = &certs->entries[certs->turn++ % certs->count];

		if (!entry->is_wanted || entry->is_asked)
			continue;
		if (!show(certs, space_cert_id(entry->cert)))
			return;
		entry->is_asked = true;
	}
	if (certs->is_behind && !certs->shows)
		list_all(certs);
}

/* What was not in the listing is not there any more, or not for us. */
static void forget_unseen(struct space_certs *certs)
{
	for (size_t i = certs->count; i > 0; i--) {
		if (certs->entries[i - 1].seen != certs->listing)
			remove_at(certs, i - 1);
	}
}

static void on_list(const struct ks_result *result, void *user)
{
	struct space_call *call = user;
	uint64_t listing = call->id;
	struct space_certs *certs = space_call_end(call);
	uint64_t last = 0;

	/* Another one has begun meanwhile. */
	if (!certs || result->status == KS_DISCONNECTED || listing != certs->listing)
		return;
	if (result->status != KS_OK) {
		say(certs, result->message);
		return;
	}
	for (size_t i = 0; i < result->cert_count; i++) {
		struct entry *entry = take(certs, &result->certs[i]);

		last = result->certs[i].id;
		if (entry)
			entry->is_wanted |= space_cert_lacks_der(entry->cert);
	}
	if (result->more && result->cert_count)
		list(certs, last);
	else
		forget_unseen(certs);
	show_next(certs);
}

static void list(struct space_certs *certs, uint64_t after)
{
	struct ks_client *client = uplink_client(certs->options->uplink);
	struct space_call *call =
		client ? space_call_new(&certs->calls, certs, certs->listing) : NULL;

	if (!call)
		return;
	if (ks_cert_list_start(client, KS_CERT_ALL, after, PAGE, on_list, call) != KS_OK)
		(void)space_call_end(call);
	uplink_sends(certs->options->uplink);
}

static void look_again(struct space_certs *certs, uint64_t id)
{
	struct entry *entry = find(certs, id);

	if (entry) {
		entry->is_wanted_again = entry->is_asked;
		entry->is_wanted = true;
		show_next(certs);
	} else if (certs->shows >= SHOWS_MAX || !show(certs, id)) {
		certs->is_behind = true;
	}
}

void space_certs_event(struct space_certs *certs, const struct ks_event *event)
{
	struct entry *entry;

	if (event->type == KS_EVENT_CERT_CREATED || event->type == KS_EVENT_CERT_UPDATED ||
	    event->type == KS_EVENT_EXPIRY) {
		look_again(certs, event->cert_id);
	} else if (event->type == KS_EVENT_CERT_DELETED) {
		entry = find(certs, event->cert_id);
		if (entry)
			remove_at(certs, (size_t)(entry - certs->entries));
	} else if (event->type == KS_EVENT_SERVICE_CREATED ||
		   event->type == KS_EVENT_SERVICE_UPDATED ||
		   event->type == KS_EVENT_SERVICE_DELETED) {
		/* Of its service's certificates this server's user may see more than of others. */
		certs->is_behind = true;
		show_next(certs);
	}
}

void space_certs_up(struct space_certs *certs)
{
	list_all(certs);
}

void space_certs_down(struct space_certs *certs)
{
	for (size_t i = 0; i < certs->count; i++)
		space_cert_age(certs->entries[i].cert, true);
}
