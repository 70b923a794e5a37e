/*
 * The TPM engine: jobs in, results out. Hides the TSS, handles and response codes, the thread
 * that talks to the TPM, the queue in front of it, which keys are loaded, and how a TPM that
 * was reset or lost comes back. Nothing outside tpm/ includes a TSS header.
 *
 * Threads: everything here is called from the one thread that also calls
 * tpm_engine_dispatch(), unless it says otherwise.
 */
#ifndef TPM_ENGINE_H
#define TPM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key.h"

enum tpm_status {
	TPM_OK = 0,
	TPM_INVALID,	    /* lengths or combinations that no TPM would take */
	TPM_UNSUPPORTED,    /* this TPM or key cannot do it */
	TPM_BUSY,	    /* the queue is full */
	TPM_UNAVAILABLE,    /* the TPM is away, or the engine is stopping */
	TPM_FULL,	    /* no room in the TPM */
	TPM_CONFLICT,	    /* a persistent handle holds something else */
	TPM_DECRYPT_FAILED, /* whatever the reason */
	TPM_BAD_AUTH,	    /* a wrong password for an imported key, or for the owner hierarchy */
	TPM_REFUSED,	    /* any other response: see the job's error */
	TPM_UNVERIFIED,	    /* the TPM's signature does not verify; it was withheld */
	TPM_NOMEM,
};

enum tpm_state {
	TPM_STATE_STARTING = 1,
	TPM_STATE_READY,
	TPM_STATE_UNAVAILABLE,
	TPM_STATE_LOCKED_OUT, /* dictionary-attack lockout; keys with noDA go on */
};

#define TPM_ERROR_MAX  256  /* bytes of a sentence, with its NUL */
#define TPM_OUTPUT_MAX 2048 /* bytes of a job's result */
#define TPM_TEXT_MAX   32
#define TPM_NV_MAX     64 /* bytes of an NV index */

struct tpm_config {
	const char *tcti;	   /* any TCTI of tpm2-tss as NAME:CONF; NULL: the kernel's TPM */
	const char *owner_auth;	   /* of the owner hierarchy; NULL: empty */
	uint32_t persistent_first; /* handles that pinned keys may take, inclusive */
	uint32_t persistent_last;
	unsigned command_timeout_ms; /* for a TPM command; key generation gets 12 times this */
	size_t queue_max;	     /* jobs waiting */
	bool verify_signatures;	     /* off only to measure what it costs */
	bool protect_bus; /* HMAC sessions with parameter encryption for every use of a key */
};

/* What is known of the TPM. A copy; state and reason change with events. */
struct tpm_facts {
	enum tpm_state state;
	char reason[TPM_ERROR_MAX]; /* not ready: why */
	char manufacturer[TPM_TEXT_MAX];
	char model[TPM_TEXT_MAX];
	char firmware[TPM_TEXT_MAX];
	bool has_algorithm[TPM_ALGORITHM_COUNT];
	bool has_hash[TPM_HASH_COUNT];
	uint32_t transient_slots;
	uint32_t persistent_free; /* within the configured range and the TPM's room */
	bool pss_padded_here;
};

#define TPM_LATENCIES 24 /* buckets; the last begins at 4 seconds */

/* What jobs cost in time, since start. */
struct tpm_times {
	uint64_t wait_us; /* jobs waited so long for their turn */
	uint64_t jobs;	  /* that had one; what the TPM was lost over has another */
	/* Signatures: element n has those of less than 2^n microseconds, the last all others. */
	uint64_t signatures[TPM_LATENCIES];
};

struct tpm_counters {
	uint64_t signatures;
	uint64_t decryptions;
	uint64_t commands; /* sent to the TPM, of every kind */
	uint64_t busy_us;  /* that those took which have ended */
	struct tpm_times times;
	uint64_t reopened;
	uint64_t withheld;
	size_t queue_length;
};

enum tpm_operation {
	TPM_CREATE,	/* → key */
	TPM_IMPORT,	/* from a TSS2 file of this TPM → key, with an auth value of its own */
	TPM_IMPORT_KEY, /* from a private key in PKCS#8 → key; it is not from this TPM */
	TPM_EXPORT,	/* → output: TSS2 DER with the auth value given */
	TPM_SIGN,	/* → output: signature */
	TPM_DECRYPT,	/* → output: plaintext */
	TPM_RANDOM,	/* → output */
	TPM_PIN,	/* makes @key persistent at @handle; already there: fine. CONFLICT: taken */
	TPM_UNPIN,	/* evicts @handle if, and only if, it holds the object named @name */
	TPM_FORGET,	/* unloads a key that was deleted */
	/* An NV index of the owner's, told by its attributes, size and auth value from those of
	 * others. CONFLICT: it is another program's, and was left alone. */
	TPM_NV_READ,  /* → output; nothing there, or never written: no bytes */
	TPM_NV_WRITE, /* all of it; defines it first where there is none. FULL: no room */
	TPM_OPERATION_COUNT,
};

enum tpm_level { TPM_URGENT, TPM_NORMAL, TPM_BULK, TPM_LEVEL_COUNT };

struct tpm_job;

/*
 * Called from tpm_engine_dispatch(). @job is freed, and its output wiped, when this returns.
 */
typedef void tpm_done_fn(struct tpm_job *job, void *user);

/* Fill in the upper part after tpm_job_new(); read the lower part in done(). */
struct tpm_job {
	enum tpm_operation operation;
	enum tpm_level level;
	uint32_t group;	 /* fairness, first between groups (uid), … */
	uint64_t client; /* … then between the clients of one group (connection) */
	bool wait;	 /* keep it queued while the TPM is away */
	tpm_done_fn *done;
	void *user;

	struct tpm_key *key;	      /* SIGN DECRYPT EXPORT PIN FORGET; a reference of its own */
	enum tpm_algorithm algorithm; /* CREATE */
	unsigned usage;		      /* CREATE IMPORT IMPORT_KEY: TPM_USE_* */

	enum tpm_hash hash;	  /* SIGN DECRYPT */
	enum tpm_padding padding; /* SIGN; DECRYPT: PKCS1, or else OAEP */
	uint32_t handle;	  /* PIN UNPIN; NV: the index */
	struct tpm_name name;	  /* UNPIN */
	size_t want;		  /* RANDOM: bytes, up to TPM_OUTPUT_MAX; NV_READ: its size */
	uint8_t *input; /* SIGN digest, DECRYPT ciphertext, IMPORT* DER, NV_WRITE: a copy */
	size_t input_len;
	uint8_t auth[TPM_AUTH_MAX]; /* IMPORT EXPORT: the file's auth value; NV: the index's */
	size_t auth_len;

	enum tpm_status status;
	char error[TPM_ERROR_MAX]; /* status not OK: the response in words; never secrets */
	uint8_t output[TPM_OUTPUT_MAX];
	size_t output_len;

	/* the engine's own */
	struct tpm_job_state *state;
};

/* NULL: no memory. */
struct tpm_job *tpm_job_new(enum tpm_operation operation);

/* Copies @len bytes into the job's input. */
[[nodiscard]] enum tpm_status tpm_job_set_input(struct tpm_job *job, const uint8_t *bytes,
						size_t len);

/* For a job that was not submitted, or whose submission failed. NULL is fine. */
void tpm_job_free(struct tpm_job *job);

struct tpm_engine;

/*
 * Starts the thread, which opens the TPM and keeps trying. Fails only for want of memory or
 * threads: an absent TPM is a state, not an error.
 */
[[nodiscard]] enum tpm_status tpm_engine_start(const struct tpm_config *config,
					       struct tpm_engine **ret_engine);

/*
 * Lets the command in progress finish, answers everything queued UNAVAILABLE, sends
 * TPM2_Shutdown, and ends the thread. A TPM that does not answer is left behind after its
 * command's deadline. NULL is fine.
 */
void tpm_engine_stop(struct tpm_engine *engine);

/* Readable when tpm_engine_dispatch() has something to do. */
int tpm_engine_fd(const struct tpm_engine *engine);

/*
 * Verifies finished signatures and calls done() of the jobs that are through; then, if the
 * TPM's state changed, state_changed().
 */
void tpm_engine_dispatch(struct tpm_engine *engine);
void tpm_engine_on_state(struct tpm_engine *engine, void (*state_changed)(void *user), void *user);

/*
 * TPM_OK: the engine owns @job and will call done() once, never from within this call.
 * Otherwise (INVALID, UNSUPPORTED, BUSY, UNAVAILABLE) the job stays the caller's, with its
 * error set.
 */
[[nodiscard]] enum tpm_status tpm_engine_submit(struct tpm_engine *engine, struct tpm_job *job);

/*
 * done() will not be called. A job that waits is dropped; one that the TPM has begun is
 * finished and its result thrown away.
 */
void tpm_engine_cancel(struct tpm_engine *engine, struct tpm_job *job);

void tpm_engine_facts(struct tpm_engine *engine, struct tpm_facts *ret_facts);
void tpm_engine_counters(struct tpm_engine *engine, struct tpm_counters *ret_counters);

#endif
