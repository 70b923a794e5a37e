#include "retries.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/queue.h>

struct retry {
	uint64_t id;
	uint32_t version;
	uint64_t pause; /* the last one */
	uint64_t at;
	bool has_failed;
	unsigned follows;  /* in a row, with less than a day between two */
	uint64_t followed; /* the last time */
	LIST_ENTRY(retry) entry;
};

struct retries {
	LIST_HEAD(, retry) list;
	size_t count;
};

struct retries *retries_new(void)
{
	return calloc(1, sizeof(struct retries));
}

static struct retry *find(const struct retries *retries, uint64_t id)
{
	struct retry *retry;

	LIST_FOREACH(retry, &retries->list, entry)
	{
		if (retry->id == id)
			return retry;
	}
	return NULL;
}

static void forget(struct retries *retries, struct retry *retry)
{
	LIST_REMOVE(retry, entry);
	retries->count--;
	free(retry);
}

void retries_free(struct retries *retries)
{
	if (!retries)
		return;
	while (!LIST_EMPTY(&retries->list))
		forget(retries, LIST_FIRST(&retries->list));
	free(retries);
}

bool retries_wait(const struct retries *retries, uint64_t id, uint32_t version, uint64_t now)
{
	const struct retry *retry = find(retries, id);

	return retry && retry->version == version && retry->at > now;
}

bool retries_has_failed(const struct retries *retries, uint64_t id, uint32_t version)
{
	const struct retry *retry = find(retries, id);

	return retry && retry->has_failed && retry->version == version;
}

/* What has not failed waits for nothing that matters as much. */
static void make_room(struct retries *retries)
{
	struct retry *retry;

	LIST_FOREACH(retry, &retries->list, entry)
	{
		if (!retry->has_failed)
			break;
	}
	if (retry)
		forget(retries, retry);
}

/* NULL: there is no room. */
static struct retry *find_or_add(struct retries *retries, uint64_t id)
{
	struct retry *retry = find(retries, id);

	if (retry)
		return retry;
	if (retries->count == RETRIES_MAX)
		make_room(retries);
	if (retries->count == RETRIES_MAX)
		return NULL;
	retry = calloc(1, sizeof *retry);
	if (!retry)
		return NULL;
	retry->id = id;
	LIST_INSERT_HEAD(&retries->list, retry, entry);
	retries->count++;
	return retry;
}

bool retries_failed(struct retries *retries, uint64_t id, uint32_t version, uint64_t now)
{
	bool is_first = !retries_has_failed(retries, id, version);
	struct retry *retry = find_or_add(retries, id);

	if (!retry)
		return false;
	retry->has_failed = true;
	retry->version = version;
	retry->pause = is_first ? RETRIES_MIN_USEC : 2 * retry->pause;
	if (retry->pause > RETRIES_MAX_USEC)
		retry->pause = RETRIES_MAX_USEC;
	retry->at = now + retry->pause;
	return true;
}

void retries_followed(struct retries *retries, uint64_t id, uint32_t version, uint64_t now)
{
	struct retry *retry = find_or_add(retries, id);

	if (!retry)
		return;
	if (now - retry->followed > RETRIES_MAX_USEC)
		retry->follows = 0;
	retry->has_failed = false;
	retry->version = version;
	retry->followed = now;
	retry->pause = 0;
	for (unsigned i = RETRIES_FREE; i <= retry->follows && retry->pause < RETRIES_MAX_USEC; i++)
		retry->pause = retry->pause ? 2 * retry->pause : RETRIES_MIN_USEC;
	if (retry->pause > RETRIES_MAX_USEC)
		retry->pause = RETRIES_MAX_USEC;
	retry->at = now + retry->pause;
	retry->follows++;
}

void retries_forget(struct retries *retries, uint64_t id)
{
	struct retry *retry = find(retries, id);

	if (retry)
		forget(retries, retry);
}
