/*
 * Passwords: what one may be, and how it is kept (yescrypt, crypt(5)). Hides libxcrypt. Hashing
 * takes some 35 ms and 32 MiB on purpose, so it is done on the worker's thread, one at a time.
 */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PASSWORD_MAX	  256 /* bytes of one */
#define PASSWORD_HASH_MAX 128 /* bytes of its hash, with the NUL */
#define PASSWORD_WHY_MAX  160

/* A copy that is wiped when it is freed. */
struct password {
	char text[PASSWORD_MAX + 1];
};

/* False: it is empty, too long, or has a NUL, and so is nobody's. */
bool password_take(struct password *password, const uint8_t *bytes, size_t len);
void password_wipe(struct password *password);

/*
 * Whether @password is good enough for the user @name: at least @min characters of UTF-8, none
 * of them a control character, and not just the name or one character. False: @why has the rule
 * that it breaks, to end a sentence with.
 */
bool password_is_good(const struct password *password, const char *name, unsigned min,
		      char why[PASSWORD_WHY_MAX]);

/* False: no memory or no random numbers. */
bool password_hash(const struct password *password, char ret_hash[PASSWORD_HASH_MAX]);

/* @hash "": that of no password; it takes as long as any other. */
bool password_verify(const struct password *password, const char *hash);

#endif
