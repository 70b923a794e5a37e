/*
 * Who is logged in. Hides tokens, of which only digests are kept, and when one's time is over.
 * In memory alone: after a restart everyone logs in again. Times are microseconds of a clock
 * that only goes forward.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "names.h"

#define SESSION_TOKEN_SIZE 32

struct session_limits {
	size_t sessions;	  /* in all, and as many that last */
	size_t sessions_per_user; /* that don't last */
	uint64_t idle;		  /* since the last request */
	uint64_t life;		  /* since the login, of those that don't last */
};

struct session {
	uint64_t id; /* never reused */
	uid_t uid;   /* that logged in: nobody else's token */
	uint64_t user_id;
	char user[NAMES_KEY_MAX + 1];
	unsigned rights;
	bool is_lasting; /* ends by not being used alone */
	uint64_t begun;
	uint64_t used;
	int64_t since; /* Unix time of the login, seconds */
};

struct sessions;

/* NULL: no memory. */
struct sessions *sessions_new(const struct session_limits *limits);
void sessions_free(struct sessions *sessions);

/*
 * Begins one as @session says but for id and times. A user's oldest one makes room for one more
 * than a user may have, lasting ones apart. False: as many as there may be are logged in.
 */
bool sessions_begin(struct sessions *sessions, const struct session *session, uint64_t now,
		    uint8_t ret_token[SESSION_TOKEN_SIZE], uint64_t *ret_id);

/*
 * The session of @token, which is used now, unless @is_passive. NULL: of none, not of @uid, or its
 * time is over.
 */
const struct session *sessions_use(struct sessions *sessions, const uint8_t *token, size_t len,
				   uid_t uid, bool is_passive, uint64_t now);

/* NULL: it is over. Does not count as use. */
const struct session *sessions_find(struct sessions *sessions, uint64_t id, uint64_t now);

struct session_left {
	uint64_t idle; /* until it ends if it is not used */
	uint64_t life; /* until it ends in any case; 0: it is a lasting one */
};

/* Both 0: there is none of that number, or its time is over. */
struct session_left sessions_left(struct sessions *sessions, uint64_t id, uint64_t now);

/* False: there is none of that number. */
bool sessions_end(struct sessions *sessions, uint64_t id);
/* All of a user's but @but (0: all). */
void sessions_end_user(struct sessions *sessions, uint64_t user_id, uint64_t but);

/* @rights brings each session's rights up to date, or false to end it. */
void sessions_refresh(struct sessions *sessions,
		      bool (*rights)(uint64_t user_id, unsigned *ret_rights, void *user),
		      void *user);

/* Those that are not over, in order of logins. */
void sessions_each(struct sessions *sessions, uint64_t now,
		   bool (*each)(const struct session *session, void *user), void *user);

#endif
