#include "push_list.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "keystore_trust.h"

#define UNDER_WAY_MAX 32		 /* of the requests that one connection may have */
#define BYTES_MAX     (64 * 1024 * 1024) /* of a list that is read */
/* A frame has 256 KiB and a request 256 items (docs/PROTOCOL.md). */
#define PIECE_BYTES (180 * 1024)
#define PIECE_ITEMS 200

struct reading {
	struct push_job *job;
	struct push_list *list;
	unsigned under_way;
	size_t bytes;
	bool has_failed;
};

/* Whose answer it is. */
struct asked {
	struct reading *reading;
	struct push_list_entry *entry;
};

void push_list_clear(struct push_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].der);
		free(list->entries[i].subject);
		free(list->entries[i].issuer);
	}
	free(list->entries);
	*list = (struct push_list){0};
}

static bool take_entry(struct push_list *list, const struct ks_trust_entry *entry, unsigned which)
{
	struct push_list_entry *own = &list->entries[list->count];

	*own = (struct push_list_entry){.id = entry->id, .list = which, .is_ca = entry->is_ca};
	memcpy(own->fingerprint, entry->fingerprint, sizeof own->fingerprint);
	own->subject = strdup(entry->subject);
	own->issuer = strdup(entry->issuer);
	list->count++;
	return own->subject && own->issuer;
}

/* The entries of one list, without what is in them. */
static bool read_names(struct push_job *job, struct ks_client *client, const char *group,
		       unsigned which, struct push_list *list)
{
	uint64_t after = 0;
	bool has_more = true;

	while (has_more) {
		struct ks_result *result = NULL;
		enum ks_status status = ks_trust_list(
			client, group, (enum ks_trust_list)(which + 1), after, 0, &result);
		bool is_ok = push_link_ok(job, PUSH_OF_ARGUMENTS, status, &result);

		for (size_t i = 0; is_ok && i < result->trust_entry_count; i++) {
			if (list->count == PUSH_TRUST_ENTRIES_MAX)
				is_ok = push_job_fail(job, UA_STATUSCODE_BADREQUESTTOOLARGE,
						      "trust group “%s” has more than %d entries",
						      group, PUSH_TRUST_ENTRIES_MAX);
			else if (!take_entry(list, &result->trust_entries[i], which))
				is_ok = push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY,
						      "no memory");
			else
				after = result->trust_entries[i].id;
		}
		has_more = is_ok && result->more;
		ks_result_free(result);
		if (!is_ok)
			return false;
	}
	return true;
}

static void exported(const struct ks_result *result, void *user)
{
	struct asked *asked = user;
	struct reading *reading = asked->reading;
	struct push_list_entry *entry = asked->entry;

	free(asked);
	reading->under_way--;
	if (reading->has_failed)
		return;
	/* Somebody has removed it meanwhile. */
	if (result->status == KS_NOT_FOUND)
		return;
	reading->has_failed = result->status != KS_OK;
	if (reading->has_failed)
		push_link_refuse(reading->job, PUSH_OF_ARGUMENTS, result->status, result->message);
	reading->bytes += result->data_len;
	if (reading->has_failed || !result->data_len)
		return;
	entry->der = reading->bytes <= BYTES_MAX ? malloc(result->data_len) : NULL;
	if (!entry->der) {
		reading->has_failed = true;
		push_job_fail(reading->job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
		return;
	}
	memcpy(entry->der, result->data, result->data_len);
	entry->len = result->data_len;
}

static bool ask(struct reading *reading, struct ks_client *client, const char *group,
		struct push_list_entry *entry)
{
	struct asked *asked = malloc(sizeof *asked);
	enum ks_status status = KS_NOMEM;

	if (asked) {
		*asked = (struct asked){reading, entry};
		status = ks_trust_export_start(client, group, (enum ks_trust_list)(entry->list + 1),
					       entry->fingerprint, exported, asked);
	}
	if (status == KS_OK)
		reading->under_way++;
	else
		free(asked);
	return status == KS_OK || push_link_refuse(reading->job, PUSH_OF_ARGUMENTS, status, NULL);
}

static void wait_for(struct reading *reading, struct ks_client *client)
{
	struct pollfd fd = {.fd = ks_fd(client), .events = ks_events(client)};

	/* What is under way has a deadline of its own. */
	(void)poll(&fd, 1, -1);
	if (ks_process(client) != KS_OK)
		reading->has_failed = true;
}

static bool read_contents(struct push_job *job, struct ks_client *client, const char *group,
			  struct push_list *list)
{
	struct reading reading = {.job = job, .list = list};
	size_t next = 0;

	while (next < list->count || reading.under_way) {
		bool can_ask = !reading.has_failed && next < list->count &&
			       reading.under_way < UNDER_WAY_MAX;

		if (reading.has_failed && !reading.under_way)
			break;
		if (can_ask)
			reading.has_failed = !ask(&reading, client, group, &list->entries[next++]);
		else
			wait_for(&reading, client);
	}
	if (reading.has_failed && job->status == UA_STATUSCODE_GOOD)
		push_job_fail(job, UA_STATUSCODE_BADRESOURCEUNAVAILABLE,
			      "keystored went away while a list was read");
	return !reading.has_failed;
}

bool push_list_read(struct push_job *job, struct ks_client *client, const char *group,
		    unsigned lists, struct push_list *ret_list)
{
	struct push_list list = {calloc(PUSH_TRUST_ENTRIES_MAX, sizeof *list.entries), 0};
	bool is_ok = list.entries;

	if (!is_ok)
		push_job_fail(job, UA_STATUSCODE_BADOUTOFMEMORY, "no memory");
	for (unsigned which = 0; is_ok && which < PUSH_TRUST_LISTS; which++) {
		if (lists & 1u << which)
			is_ok = read_names(job, client, group, which, &list);
	}
	is_ok = is_ok && read_contents(job, client, group, &list);
	if (is_ok)
		*ret_list = list;
	else
		push_list_clear(&list);
	return is_ok;
}

/* How many of @items go together. */
static size_t piece_of(const struct push_trust_item *items, size_t count)
{
	size_t bytes = 0, taken = 0;

	while (taken < count && taken < PIECE_ITEMS) {
		bytes += items[taken].len + 16;
		if (taken && bytes > PIECE_BYTES)
			break;
		taken++;
	}
	return taken;
}

bool push_list_set(struct push_job *job, struct ks_client *client, const char *group,
		   unsigned lists, const struct push_trust_item *items, size_t count,
		   bool *ret_partial)
{
	struct ks_trust_item piece[PIECE_ITEMS];
	bool is_ok = true;
	size_t at = 0;

	do {
		size_t taken = piece_of(items + at, count - at);
		struct ks_result *result = NULL;
		enum ks_status status;

		for (size_t i = 0; i < taken; i++)
			piece[i] = (struct ks_trust_item){
				.list = (enum ks_trust_list)(items[at + i].list + 1),
				.der = items[at + i].der,
				.der_len = items[at + i].len};
		*ret_partial = at;
		status = at ? ks_trust_add(client, group, piece, taken, &result)
			    : ks_trust_set(client, group, lists << 1, piece, taken, &result);
		is_ok = push_link_done(job, PUSH_OF_CONTENT, status, &result);
		at += taken;
	} while (is_ok && at < count);
	return is_ok;
}
