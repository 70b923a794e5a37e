/*
 * One request on its way to keystored and back, shared by the thread that waits for it and the
 * one that carries it. Hides how the waiting one is woken, and who frees what last: a paused
 * ASYNC job may never come back for its answer.
 */
#ifndef PROVIDER_CALL_H
#define PROVIDER_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore.h"

#define CALL_KEY_MAX	 66   /* a name, or '#' and an ID, with the NUL */
#define CALL_INPUT_MAX	 512  /* an RSA-4096 ciphertext */
#define CALL_DATA_MAX	 1024 /* a signature, or a SubjectPublicKeyInfo */
#define CALL_MESSAGE_MAX 512

enum call_kind { CALL_SHOW, CALL_SIGN, CALL_DECRYPT };

/* What is asked. */
struct call_request {
	enum call_kind kind;
	char key[CALL_KEY_MAX];
	/* SIGN, DECRYPT: refused when the key has become another than this one. */
	uint8_t fingerprint[32]; /* SHA-256 of its SubjectPublicKeyInfo */
	enum ks_hash hash;
	enum ks_padding padding;
	uint8_t input[CALL_INPUT_MAX]; /* digest or ciphertext */
	size_t input_len;
};

/* What came back. Wipe it after CALL_DECRYPT. */
struct call_answer {
	enum ks_status status;
	char message[CALL_MESSAGE_MAX]; /* status not KS_OK: a sentence */
	uint8_t data[CALL_DATA_MAX];	/* signature, plaintext; SHOW: SubjectPublicKeyInfo */
	size_t data_len;
	uint64_t key_id; /* SHOW */
	char key_name[CALL_KEY_MAX];
};

/*
 * A file descriptor that becomes readable when a call is done: an ASYNC_WAIT_CTX has one for as
 * long as it lives. Counts its owners, so that it is not closed under the thread that rings it.
 */
struct bell;
struct bell *bell_new(void); /* NULL: no memory, or no descriptors */
struct bell *bell_share(struct bell *bell);
void bell_drop(struct bell *bell); /* NULL is fine */
int bell_fd(const struct bell *bell);
void bell_silence(struct bell *bell);

struct call;

/* @bell: rings when it is done, NULL: none; it is shared. NULL: no memory. */
struct call *call_new(const struct call_request *request, struct bell *bell);
struct call *call_share(struct call *call);
void call_drop(struct call *call); /* NULL is fine; the last one wipes it */

const struct call_request *call_request(const struct call *call);

/* Puts the answer in, once, and wakes who waits. */
void call_finish(struct call *call, const struct call_answer *answer);
void call_fail(struct call *call, enum ks_status status, const char *message);

bool call_is_done(const struct call *call);
/* Blocks until it is. Any thread but the one that finishes calls. */
void call_wait(struct call *call);
/* Only when it is done. */
const struct call_answer *call_answer(const struct call *call);

#endif
