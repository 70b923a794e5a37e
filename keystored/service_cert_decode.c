#include "service_cert_decode.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "worker.h"

/* A file being taken apart on the worker's thread: its password may be hashed for seconds. */
struct decoding {
	struct worker_job job;
	struct request *request; /* of the loop's thread only */
	uint8_t *file;
	size_t len;
	char *password;
	enum import_status status;
	char error[X509_ERROR_MAX];
	struct import *import;
	decoding_done *done;
};

static void decoding_run(struct worker_job *job)
{
	struct decoding *decoding = (struct decoding *)job;

	decoding->status = import_read(decoding->file, decoding->len, decoding->password,
				       decoding->error, &decoding->import);
}

static void decoding_free(struct worker_job *job)
{
	struct decoding *decoding = (struct decoding *)job;

	import_free(decoding->import);
	if (decoding->file)
		OPENSSL_cleanse(decoding->file, decoding->len);
	if (decoding->password)
		OPENSSL_cleanse(decoding->password, strlen(decoding->password));
	free(decoding->file);
	free(decoding->password);
	free(decoding);
}

static enum status status_of(enum import_status status)
{
	switch (status) {
	case IMPORT_UNKNOWN:
	case IMPORT_EMPTY:
		return STATUS_INVALID;
	case IMPORT_PASSWORD_NEEDED:
	case IMPORT_PASSWORD_WRONG:
		return STATUS_DENIED;
	case IMPORT_TOO_LARGE:
	case IMPORT_TOO_MANY:
	case IMPORT_TOO_COSTLY:
		return STATUS_LIMIT;
	case IMPORT_UNSUPPORTED:
		return STATUS_UNSUPPORTED;
	case IMPORT_OK:
	case IMPORT_NOMEM:
		break;
	}
	return STATUS_INTERNAL;
}

static void decoded(struct worker_job *job)
{
	struct decoding *decoding = (struct decoding *)job;
	struct request *request = decoding->request;
	struct import *import = decoding->import;

	request_worked(request);
	decoding->import = NULL;
	if (decoding->status == IMPORT_OK)
		decoding->done(request, import);
	else
		request_fail(request, status_of(decoding->status), "%s", decoding->error);
}

void decoding_start(struct request *request, const ProtobufCBinaryData *file,
		    const ProtobufCBinaryData *password, decoding_done *done)
{
	struct decoding *decoding = calloc(1, sizeof *decoding);

	if (password->len > IMPORT_PASSWORD_MAX ||
	    (password->len && memchr(password->data, '\0', password->len))) {
		free(decoding);
		request_fail(request, STATUS_INVALID,
			     "a password has at most %d bytes, and none of them is zero",
			     IMPORT_PASSWORD_MAX);
		return;
	}
	if (decoding) {
		decoding->job.run = decoding_run;
		decoding->job.done = decoded;
		decoding->job.free = decoding_free;
		decoding->request = request;
		decoding->done = done;
		decoding->file = malloc(file->len + 1);
		decoding->len = file->len;
		if (password->len)
			decoding->password = strndup((const char *)password->data, password->len);
	}
	if (!decoding || !decoding->file || (password->len && !decoding->password)) {
		if (decoding)
			decoding_free(&decoding->job);
		request_fail_memory(request);
		return;
	}
	if (file->len)
		memcpy(decoding->file, file->data, file->len);
	request_work(request, &decoding->job);
}
