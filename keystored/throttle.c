#include "throttle.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define FIRST_WAIT_MS 1000
#define KEY_BYTES_MAX 256

struct count {
	uint64_t key; /* 0: free */
	uint64_t last;
	unsigned failures;
};

struct source {
	uid_t uid;
	struct count counts[THROTTLE_COUNTS];
	struct count rest; /* of what finds no room */
	TAILQ_ENTRY(source) all;
};

TAILQ_HEAD(source_list, source);

struct throttle {
	uint8_t salt[16];	    /* so that nobody can choose what shares a count */
	struct source_list sources; /* the latest first */
	size_t source_count;
};

struct throttle *throttle_new(void)
{
	struct throttle *throttle = calloc(1, sizeof *throttle);

	if (!throttle || RAND_bytes(throttle->salt, sizeof throttle->salt) != 1) {
		free(throttle);
		return NULL;
	}
	TAILQ_INIT(&throttle->sources);
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	struct source *source;

	while (throttle && (source = TAILQ_FIRST(&throttle->sources))) {
		TAILQ_REMOVE(&throttle->sources, source, all);
		free(source);
	}
	free(throttle);
}

/* NULL: no memory. */
static struct source *source_of(struct throttle *throttle, uid_t uid)
{
	struct source *source;

	TAILQ_FOREACH(source, &throttle->sources, all)
	{
		if (source->uid == uid)
			break;
	}
	if (source) {
		TAILQ_REMOVE(&throttle->sources, source, all);
	} else if (throttle->source_count == THROTTLE_UIDS) {
		source = TAILQ_LAST(&throttle->sources, source_list);
		TAILQ_REMOVE(&throttle->sources, source, all);
		memset(source, 0, sizeof *source);
	} else {
		source = calloc(1, sizeof *source);
		if (!source)
			return NULL;
		throttle->source_count++;
	}
	source->uid = uid;
	TAILQ_INSERT_HEAD(&throttle->sources, source, all);
	return source;
}

/* 0: it could not be made. */
static uint64_t key_of(const struct throttle *throttle, const char *origin, const char *user)
{
	char bytes[KEY_BYTES_MAX];
	uint8_t digest[32];
	uint64_t key;
	int len = snprintf(bytes, sizeof bytes, "%.100s%c%.100s", origin, '\n', user);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(context, throttle->salt, sizeof throttle->salt) == 1 &&
		       EVP_DigestUpdate(context, bytes, (size_t)len) == 1 &&
		       EVP_DigestFinal_ex(context, digest, NULL) == 1;

	EVP_MD_CTX_free(context);
	memcpy(&key, digest, sizeof key);
	return is_done ? key : 0;
}

static bool is_forgotten(const struct count *count, uint64_t now)
{
	return !count->failures || now - count->last >= THROTTLE_FORGET_MS * UINT64_C(1000);
}

static struct count *count_of(struct source *source, uint64_t key, uint64_t now)
{
	struct count *room = NULL;

	for (size_t i = 0; i < THROTTLE_COUNTS; i++) {
		struct count *count = &source->counts[i];

		if (count->key == key && key && !is_forgotten(count, now))
			return count;
		if (!room && is_forgotten(count, now))
			room = count;
	}
	if (!room || !key)
		room = &source->rest;
	if (room != &source->rest || is_forgotten(room, now))
		*room = (struct count){.key = key};
	return room;
}

/* Milliseconds. */
static uint64_t wait_of(const struct count *count, unsigned free, uint64_t now)
{
	uint64_t elapsed = (now - count->last) / 1000;
	uint64_t wait = FIRST_WAIT_MS;

	if (count->failures < free)
		return 0;
	for (unsigned i = free; i < count->failures && wait < THROTTLE_WAIT_MS; i++)
		wait *= 2;
	if (wait > THROTTLE_WAIT_MS)
		wait = THROTTLE_WAIT_MS;
	return elapsed < wait ? wait - elapsed : 0;
}

uint64_t throttle_try(struct throttle *throttle, uid_t uid, const char *origin, const char *user,
		      uint64_t now)
{
	struct source *source = source_of(throttle, uid);

	if (!source)
		return FIRST_WAIT_MS;
	struct count *all = count_of(source, key_of(throttle, origin, ""), now);
	uint64_t wait_all = wait_of(all, THROTTLE_SPREAD, now);
	struct count before = *all;

	/* Entered before the other is looked for, which then finds other room. */
	all->failures++;
	all->last = now;
	struct count *one = count_of(source, key_of(throttle, origin, user), now);
	uint64_t wait_one = one == all ? 0 : wait_of(one, THROTTLE_FREE, now);

	if (wait_one || wait_all) {
		*all = before;
		return wait_one > wait_all ? wait_one : wait_all;
	}
	one->failures++;
	one->last = now;
	return 0;
}

void throttle_right(struct throttle *throttle, uid_t uid, const char *origin, const char *user,
		    uint64_t now)
{
	struct source *source = source_of(throttle, uid);

	if (!source)
		return;
	struct count *one = count_of(source, key_of(throttle, origin, user), now);
	struct count *all = count_of(source, key_of(throttle, origin, ""), now);

	/* What is shared, or counts other users too, forgets this one only. */
	if (one == &source->rest)
		one->failures -= one->failures > 0;
	else
		one->failures = 0;
	all->failures -= all->failures > 0;
}
