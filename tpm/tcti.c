#include "tcti.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <tss2/tss2_tpm2_types.h>

#include "transport.h"

#define MAGIC		    0x6b657973746f7265ull
#define COMMAND_MAX	    ((size_t)TPM2_MAX_COMMAND_SIZE)
#define HEADER_SIZE	    10u
#define KEY_CREATION_FACTOR 12
#define RETRY_FIRST_MS	    5
#define RETRY_LAST_MS	    200

struct tcti {
	TSS2_TCTI_CONTEXT_COMMON_V2 common;
	struct transport inner;
	struct tcti_watch *watch;
	unsigned timeout_ms;
	int64_t deadline;
	uint64_t started_us; /* of the command in progress */
	/* The command in progress, to be sent again when the TPM says RETRY. */
	uint8_t command[COMMAND_MAX];
	size_t command_len;
};

int64_t tcti_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t tcti_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct tcti *own(TSS2_TCTI_CONTEXT *context)
{
	struct tcti *tcti = (struct tcti *)context;

	return tcti && tcti->common.v1.magic == MAGIC ? tcti : NULL;
}

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static unsigned command_timeout(const struct tcti *tcti)
{
	uint32_t code = tcti->command_len >= HEADER_SIZE ? be32(tcti->command + 6) : 0;
	bool makes_key = code == TPM2_CC_Create || code == TPM2_CC_CreatePrimary ||
			 code == TPM2_CC_CreateLoaded;

	return makes_key ? tcti->timeout_ms * KEY_CREATION_FACTOR : tcti->timeout_ms;
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
	struct tcti *tcti = own(context);
	TSS2_RC rc;

	if (!tcti || size > sizeof(tcti->command))
		return TSS2_TCTI_RC_BAD_VALUE;
	memcpy(tcti->command, command, size);
	tcti->command_len = size;
	tcti->deadline = tcti_now_ms() + command_timeout(tcti);
	tcti->started_us = tcti_now_us();
	atomic_store(&tcti->watch->overdue_at, tcti->deadline);
	atomic_fetch_add(&tcti->watch->commands, 1);
	rc = Tss2_Tcti_Transmit(tcti->inner.tcti, size, command);
	if (rc)
		atomic_store(&tcti->watch->overdue_at, 0);
	return rc;
}

/* Transports without a descriptor to poll block: the watch tells the other threads. */
static TSS2_RC wait_readable(struct tcti *tcti)
{
	TSS2_TCTI_POLL_HANDLE handles[4];
	size_t count = sizeof(handles) / sizeof(*handles);
	int64_t left;
	int ready;

	memset(handles, 0, sizeof(handles));
	if (Tss2_Tcti_GetPollHandles(tcti->inner.tcti, handles, &count) || count == 0)
		return TSS2_RC_SUCCESS;
	do {
		left = tcti->deadline - tcti_now_ms();
		ready = left > 0 ? poll(handles, count, (int)left) : 0;
	} while (ready < 0 && errno == EINTR);
	return ready > 0 ? TSS2_RC_SUCCESS : TCTI_RC_NO_ANSWER;
}

static bool asks_for_retry(size_t size, const uint8_t *response)
{
	uint32_t rc = size == HEADER_SIZE ? be32(response + 6) : 0;

	return rc == TPM2_RC_RETRY || rc == TPM2_RC_YIELDED || rc == TPM2_RC_TESTING;
}

static bool is_whole_response(size_t size, const uint8_t *response)
{
	uint32_t tag = size >= HEADER_SIZE ? (uint32_t)response[0] << 8 | response[1] : 0;

	return (tag == TPM2_ST_NO_SESSIONS || tag == TPM2_ST_SESSIONS) &&
	       be32(response + 2) == size;
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
	struct tcti *tcti = own(context);
	int pause_ms = RETRY_FIRST_MS;
	size_t room;
	TSS2_RC rc;

	(void)timeout;
	if (!tcti || !size)
		return TSS2_TCTI_RC_BAD_VALUE;
	if (!response) {
		*size = TPM2_MAX_RESPONSE_SIZE;
		return TSS2_RC_SUCCESS;
	}
	for (room = *size;; pause_ms = pause_ms < RETRY_LAST_MS ? 2 * pause_ms : pause_ms) {
		*size = room;
		rc = wait_readable(tcti);
		if (!rc)
			rc = Tss2_Tcti_Receive(tcti->inner.tcti, size, response,
					       TSS2_TCTI_TIMEOUT_BLOCK);
		if (!rc && !is_whole_response(*size, response))
			rc = TCTI_RC_NO_ANSWER;
		if (rc || !asks_for_retry(*size, response) ||
		    tcti_now_ms() + pause_ms >= tcti->deadline)
			break;
		poll(NULL, 0, pause_ms);
		atomic_fetch_add(&tcti->watch->commands, 1);
		rc = Tss2_Tcti_Transmit(tcti->inner.tcti, tcti->command_len, tcti->command);
		if (rc)
			break;
	}
	atomic_store(&tcti->watch->overdue_at, 0);
	atomic_fetch_add(&tcti->watch->busy_us, tcti_now_us() - tcti->started_us);
	/* Commands carry authorisation values. */
	OPENSSL_cleanse(tcti->command, tcti->command_len);
	tcti->command_len = 0;
	return rc;
}

static void finalize(TSS2_TCTI_CONTEXT *context)
{
	struct tcti *tcti = own(context);

	if (!tcti)
		return;
	transport_close(&tcti->inner);
	atomic_store(&tcti->watch->overdue_at, 0);
	OPENSSL_cleanse(tcti->command, sizeof(tcti->command));
}

static TSS2_RC cancel(TSS2_TCTI_CONTEXT *context)
{
	struct tcti *tcti = own(context);

	return tcti ? Tss2_Tcti_Cancel(tcti->inner.tcti) : TSS2_TCTI_RC_BAD_CONTEXT;
}

static TSS2_RC get_poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles,
				size_t *count)
{
	struct tcti *tcti = own(context);

	return tcti ? Tss2_Tcti_GetPollHandles(tcti->inner.tcti, handles, count)
		    : TSS2_TCTI_RC_BAD_CONTEXT;
}

static TSS2_RC set_locality(TSS2_TCTI_CONTEXT *context, uint8_t locality)
{
	struct tcti *tcti = own(context);

	return tcti ? Tss2_Tcti_SetLocality(tcti->inner.tcti, locality) : TSS2_TCTI_RC_BAD_CONTEXT;
}

static TSS2_RC make_sticky(TSS2_TCTI_CONTEXT *context, TPM2_HANDLE *handle, uint8_t sticky)
{
	struct tcti *tcti = own(context);

	return tcti ? Tss2_Tcti_MakeSticky(tcti->inner.tcti, handle, sticky)
		    : TSS2_TCTI_RC_BAD_CONTEXT;
}

TSS2_RC tcti_open(const char *name, unsigned timeout_ms, struct tcti_watch *watch,
		  TSS2_TCTI_CONTEXT **ret_tcti)
{
	struct tcti *tcti = calloc(1, sizeof(*tcti));
	TSS2_RC rc;

	if (!tcti)
		return TSS2_TCTI_RC_MEMORY;
	tcti->common = (TSS2_TCTI_CONTEXT_COMMON_V2){
		.v1 = {.magic = MAGIC,
		       .version = 2,
		       .transmit = transmit,
		       .receive = receive,
		       .finalize = finalize,
		       .cancel = cancel,
		       .getPollHandles = get_poll_handles,
		       .setLocality = set_locality},
		.makeSticky = make_sticky,
	};
	tcti->watch = watch;
	tcti->timeout_ms = timeout_ms;
	rc = transport_open(name, &tcti->inner);
	if (rc) {
		free(tcti);
		return rc;
	}
	*ret_tcti = (TSS2_TCTI_CONTEXT *)tcti;
	return TSS2_RC_SUCCESS;
}

void tcti_close(TSS2_TCTI_CONTEXT *tcti)
{
	if (!tcti)
		return;
	finalize(tcti);
	free(tcti);
}
