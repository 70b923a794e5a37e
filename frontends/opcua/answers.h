/*
 * What keystored has answered in advance for one connection: signatures by what is signed, blocks by
 * what was decrypted. Each is given once, and wiped. Hides how they are found.
 */
#ifndef OPCUA_ANSWERS_H
#define OPCUA_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWERS_MAX	20 /* at a time; further ones push the oldest out */
#define ANSWERS_DIGEST	32
#define ANSWERS_BYTES	512
#define ANSWERS_KEY_MAX 24

enum answers_kind { ANSWERS_SIGNATURE = 1, ANSWERS_PLAIN };

struct answers_question {
	enum answers_kind kind;
	const char *key;      /* of keystored: "#12" */
	unsigned way;	      /* hash and padding, or cipher */
	const uint8_t *bytes; /* a digest, or a block */
	size_t len;
};

enum answers_found {
	ANSWERS_NOTHING, /* it was not asked */
	ANSWERS_REFUSED, /* it was, and keystored refused */
	ANSWERS_GOOD,
};

/* All zero: empty. */
struct answers {
	struct {
		uint8_t question[ANSWERS_DIGEST];
		enum answers_found found;
		uint8_t bytes[ANSWERS_BYTES];
		size_t len;
	} entries[ANSWERS_MAX];
	size_t next;
};

/* @bytes NULL: refused. Nothing is kept of what is longer than ANSWERS_BYTES. */
void answers_put(struct answers *answers, const struct answers_question *question,
		 const uint8_t *bytes, size_t len);
/* GOOD: @bytes, of @size, has *ret_len of them. What is too long for it is refused. */
enum answers_found answers_take(struct answers *answers, const struct answers_question *question,
				uint8_t *bytes, size_t size, size_t *ret_len);
void answers_wipe(struct answers *answers);

#endif
