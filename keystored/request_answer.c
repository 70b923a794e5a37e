/* What requests are answered with: results, and failures in words. */
#include <stdarg.h>
#include <stdio.h>

#include "reply.h"
#include "request.h"
#include "service.h"
#include "store_service.h"

void request_reply_empty(struct request *request)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;

	request_reply(request, &reply);
}

void request_reply_data(struct request *request, const uint8_t *data, size_t len)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__DataReply body = KEYSTORE__V1__DATA_REPLY__INIT;

	body.data.data = (uint8_t *)(uintptr_t)data;
	body.data.len = len;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_DATA;
	reply.data = &body;
	request_reply(request, &reply);
}

void request_reply_key(struct request *request)
{
	const struct keyring_key *key;
	struct reply_key built;
	enum store_status status =
		keyring_get(request->service->keyring, NULL, request->key_id, &key);

	if (status != STORE_OK) {
		request_fail_store(request, status);
		return;
	}
	if (!reply_key_build(&built, key)) {
		request_fail_memory(request);
		return;
	}
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	Keystore__V1__KeyReply body = KEYSTORE__V1__KEY_REPLY__INIT;
	struct store_service user;

	if (store_service_of_key(request->service->store, request->key_id, &user) == STORE_OK)
		built.info.service = user.name;
	body.key = &built.info;
	reply.body_case = KEYSTORE__V1__REPLY__BODY_KEY;
	reply.key = &body;
	request_reply(request, &reply);
	reply_key_wipe(&built);
}

void request_fail(struct request *request, enum status status, const char *format, ...)
{
	ks_pb_reply reply = KEYSTORE__V1__REPLY__INIT;
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (request->refused && request->refused(status, text, request->refused_user))
		return;
	reply.status = (Keystore__V1__Status)status;
	reply.message = text;
	request_reply(request, &reply);
}

void request_fail_memory(struct request *request)
{
	request_fail(request, STATUS_INTERNAL, "the service has no memory left: try again later");
}

void request_fail_policy(struct request *request, enum policy_verdict verdict, enum right right)
{
	const char *name = request_name(request);

	switch (verdict) {
	case POLICY_ALLOWED:
		break;
	case POLICY_NO_RIGHT:
		if (request->session)
			request_fail(request, STATUS_DENIED,
				     "user “%s” has no right to \"%s\": an administrator can give "
				     "a role that has it, with user set",
				     request->user, name);
		else
			request_fail(request, STATUS_DENIED,
				     "uid %u may not use \"%s\": it is for root and the "
				     "administrators in keystored.conf",
				     request->uid, name);
		break;
	case POLICY_NO_LOGIN:
		request_fail(request, STATUS_DENIED,
			     "\"%s\" is for users with a password: keystorectl login, and see role "
			     "list for what each role may",
			     name);
		break;
	case POLICY_NO_GRANT:
		request_fail(request, STATUS_DENIED,
			     "uid %u may not use \"%s\" with key “%s”: an administrator can grant "
			     "it with: key allow %s --uid %u --operations %s",
			     request->uid, name, request->object, request->object, request->uid,
			     right == RIGHT_DECRYPT ? "decrypt" : "sign");
		break;
	case POLICY_CA_KEY:
		request_fail(request, STATUS_DENIED,
			     "key “%s” is a CA's: it signs certificates that keystored itself has "
			     "built, and nothing else for anybody; use another key",
			     request->object);
		break;
	}
}

void request_fail_store(struct request *request, enum store_status status)
{
	const char *quoted = *request->object ? request->object : "";

	switch (status) {
	case STORE_NOT_FOUND:
		request_fail(request, STATUS_NOT_FOUND, "there is no key “%s”: key list shows them",
			     quoted);
		return;
	case STORE_EXISTS:
		request_fail(request, STATUS_EXISTS,
			     "there is a key “%s” already: choose another name, or delete it first",
			     quoted);
		return;
	case STORE_NOMEM:
		request_fail_memory(request);
		return;
	case STORE_CORRUPT:
	case STORE_BUSY:
	case STORE_READ_ONLY:
	case STORE_FULL:
	case STORE_NEWER:
	case STORE_NOT_OURS:
	case STORE_IO:
	case STORE_OK:
		break;
	}
	const char *error = store_error(request->service->store);

	request_fail(request, STATUS_STORAGE, "%s%s%s%s: %s", request_name(request),
		     *quoted ? " “" : "", quoted, *quoted ? "”" : "",
		     *error && status != STORE_CORRUPT
			     ? error
			     : "the stored key is damaged: restore the database from a backup");
}

static const struct {
	enum status status;
	const char *advice;
} job_outcomes[] = {
	[TPM_OK] = {STATUS_OK, ""},
	[TPM_INVALID] = {STATUS_INVALID, ""},
	[TPM_UNSUPPORTED] = {STATUS_UNSUPPORTED, ""},
	[TPM_BUSY] = {STATUS_BUSY, ": try again shortly"},
	[TPM_UNAVAILABLE] = {STATUS_UNAVAILABLE,
			     ": try again, or have it wait (--wait, wait_for_tpm)"},
	[TPM_FULL] = {STATUS_LIMIT, ": unpin or remove something from the TPM"},
	[TPM_CONFLICT] = {STATUS_CONFLICT, ""},
	[TPM_DECRYPT_FAILED] = {STATUS_DECRYPT_FAILED, ""},
	[TPM_BAD_AUTH] = {STATUS_TPM, ": set owner-auth-file to the owner hierarchy's auth value"},
	[TPM_REFUSED] = {STATUS_TPM, ""},
	[TPM_UNVERIFIED] = {STATUS_TPM, ": the signature was withheld"},
	[TPM_NOMEM] = {STATUS_INTERNAL, ""},
};

void request_fail_job(struct request *request, const struct tpm_job *job)
{
	enum status status = job_outcomes[job->status].status;
	const char *advice = job_outcomes[job->status].advice;

	/* The same words whatever was wrong: the difference would be an oracle. */
	if (job->status == TPM_DECRYPT_FAILED) {
		request_fail(request, status, "the ciphertext does not decrypt with key “%s”",
			     request->object);
	} else if (job->status == TPM_BAD_AUTH && job->operation == TPM_IMPORT) {
		request_fail(request, STATUS_DENIED, "the password does not open the key file");
	} else {
		request_fail(request, status, "%s%s%s%s%s%s", *request->object ? "key “" : "",
			     request->object, *request->object ? "”: " : "",
			     *job->error ? job->error : "the TPM could not do it", advice, "");
	}
}
