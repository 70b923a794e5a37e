#include "session.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#define DIGEST_SIZE 32 /* SHA-256 */

struct entry {
	struct session session;
	uint8_t digest[DIGEST_SIZE];
	TAILQ_ENTRY(entry) all;
};

struct sessions {
	struct session_limits limits;
	TAILQ_HEAD(, entry) list; /* in order of logins */
	size_t count[2];	  /* those that don't last, and those that do */
	uint64_t last_id;
};

struct sessions *sessions_new(const struct session_limits *limits)
{
	struct sessions *sessions = calloc(1, sizeof *sessions);

	if (!sessions)
		return NULL;
	sessions->limits = *limits;
	TAILQ_INIT(&sessions->list);
	return sessions;
}

static void end(struct sessions *sessions, struct entry *entry)
{
	TAILQ_REMOVE(&sessions->list, entry, all);
	sessions->count[entry->session.is_lasting]--;
	OPENSSL_cleanse(entry, sizeof *entry);
	free(entry);
}

void sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	while (!TAILQ_EMPTY(&sessions->list))
		end(sessions, TAILQ_FIRST(&sessions->list));
	free(sessions);
}

static bool is_over(const struct sessions *sessions, const struct entry *entry, uint64_t now)
{
	return now - entry->session.used >= sessions->limits.idle ||
	       (!entry->session.is_lasting && now - entry->session.begun >= sessions->limits.life);
}

static void sweep(struct sessions *sessions, uint64_t now)
{
	struct entry *entry = TAILQ_FIRST(&sessions->list);

	while (entry) {
		struct entry *next = TAILQ_NEXT(entry, all);

		if (is_over(sessions, entry, now))
			end(sessions, entry);
		entry = next;
	}
}

static bool digest_of(const uint8_t *token, uint8_t digest[DIGEST_SIZE])
{
	return EVP_Digest(token, SESSION_TOKEN_SIZE, digest, NULL, EVP_sha256(), NULL) == 1;
}

/*
 * Ends the user's oldest ones until there may be one more. A lasting one is a session of a server,
 * which bounds these itself: of some machines that are one user, none is thrown out for the next.
 */
static void make_room(struct sessions *sessions, uint64_t user_id)
{
	struct entry *oldest = NULL;
	struct entry *entry;
	size_t count = 0;

	TAILQ_FOREACH(entry, &sessions->list, all)
	{
		if (entry->session.user_id != user_id || entry->session.is_lasting)
			continue;
		count++;
		if (!oldest || entry->session.used < oldest->session.used)
			oldest = entry;
	}
	if (count >= sessions->limits.sessions_per_user)
		end(sessions, oldest);
}

bool sessions_begin(struct sessions *sessions, const struct session *session, uint64_t now,
		    uint8_t ret_token[SESSION_TOKEN_SIZE], uint64_t *ret_id)
{
	struct entry *entry = calloc(1, sizeof *entry);
	uint8_t token[SESSION_TOKEN_SIZE];

	sweep(sessions, now);
	if (!session->is_lasting)
		make_room(sessions, session->user_id);
	if (!entry || sessions->count[session->is_lasting] >= sessions->limits.sessions ||
	    RAND_priv_bytes(token, sizeof token) != 1 || !digest_of(token, entry->digest)) {
		free(entry);
		return false;
	}
	entry->session = *session;
	entry->session.id = ++sessions->last_id;
	entry->session.begun = entry->session.used = now;
	entry->session.since = time(NULL);
	TAILQ_INSERT_TAIL(&sessions->list, entry, all);
	sessions->count[session->is_lasting]++;
	memcpy(ret_token, token, sizeof token);
	OPENSSL_cleanse(token, sizeof token);
	*ret_id = entry->session.id;
	return true;
}

const struct session *sessions_use(struct sessions *sessions, const uint8_t *token, size_t len,
				   uid_t uid, bool is_passive, uint64_t now)
{
	uint8_t digest[DIGEST_SIZE];
	struct entry *entry;

	if (len != SESSION_TOKEN_SIZE || !digest_of(token, digest))
		return NULL;
	sweep(sessions, now);
	TAILQ_FOREACH(entry, &sessions->list, all)
	{
		if (CRYPTO_memcmp(entry->digest, digest, sizeof digest) == 0)
			break;
	}
	if (!entry || entry->session.uid != uid)
		return NULL;
	if (!is_passive)
		entry->session.used = now;
	return &entry->session;
}

static struct entry *find(struct sessions *sessions, uint64_t id)
{
	struct entry *entry;

	TAILQ_FOREACH(entry, &sessions->list, all)
	{
		if (entry->session.id == id)
			return entry;
	}
	return NULL;
}

const struct session *sessions_find(struct sessions *sessions, uint64_t id, uint64_t now)
{
	struct entry *entry = find(sessions, id);

	return entry && !is_over(sessions, entry, now) ? &entry->session : NULL;
}

struct session_left sessions_left(struct sessions *sessions, uint64_t id, uint64_t now)
{
	const struct session *session = sessions_find(sessions, id, now);

	if (!session)
		return (struct session_left){0};
	return (struct session_left){
		.idle = session->used + sessions->limits.idle - now,
		.life = session->is_lasting ? 0 : session->begun + sessions->limits.life - now,
	};
}

bool sessions_end(struct sessions *sessions, uint64_t id)
{
	struct entry *entry = find(sessions, id);

	if (entry)
		end(sessions, entry);
	return entry != NULL;
}

void sessions_end_user(struct sessions *sessions, uint64_t user_id, uint64_t but)
{
	struct entry *entry = TAILQ_FIRST(&sessions->list);

	while (entry) {
		struct entry *next = TAILQ_NEXT(entry, all);

		if (entry->session.user_id == user_id && entry->session.id != but)
			end(sessions, entry);
		entry = next;
	}
}

void sessions_refresh(struct sessions *sessions,
		      bool (*rights)(uint64_t user_id, unsigned *ret_rights, void *user),
		      void *user)
{
	struct entry *entry = TAILQ_FIRST(&sessions->list);

	while (entry) {
		struct entry *next = TAILQ_NEXT(entry, all);

		if (!rights(entry->session.user_id, &entry->session.rights, user))
			end(sessions, entry);
		entry = next;
	}
}

void sessions_each(struct sessions *sessions, uint64_t now,
		   bool (*each)(const struct session *session, void *user), void *user)
{
	const struct entry *entry;

	sweep(sessions, now);
	TAILQ_FOREACH(entry, &sessions->list, all)
	{
		if (!each(&entry->session, user))
			return;
	}
}
