#include <stdio.h>
#include <stdlib.h>

#include <openssl/x509.h>

#include "tls_private.h"

/* Lives until keystored has answered: what was asked cannot be taken back. */
struct tls_question {
	tls_answer_fn *answer; /* NULL: dropped */
	void *user;
};

/* What a peer has shown, as DER. */
struct shown {
	unsigned char *der[TLS_CHAIN_MAX + 1];
	size_t len[TLS_CHAIN_MAX + 1];
	size_t count;
};

static const struct {
	enum ks_verdict_reason reason;
	int error;
} errors[] = {
	{KS_VERDICT_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED},
	{KS_VERDICT_NOT_YET_VALID, X509_V_ERR_CERT_NOT_YET_VALID},
	{KS_VERDICT_REVOKED, X509_V_ERR_CERT_REVOKED},
	{KS_VERDICT_INCOMPLETE, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
	{KS_VERDICT_UNTRUSTED, X509_V_ERR_CERT_UNTRUSTED},
	{KS_VERDICT_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE},
	{KS_VERDICT_USAGE, X509_V_ERR_INVALID_PURPOSE},
};

int tls_verdict_error(const struct tls_verdict *verdict)
{
	if (verdict->status != KS_OK)
		return X509_V_ERR_OUT_OF_MEM; /* the alert internal_error: it isn't the peer's */
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].reason == verdict->reason)
			return errors[i].error;
	return X509_V_ERR_CERT_REJECTED;
}

static bool show(struct shown *shown, X509 *cert)
{
	int len;

	if (shown->count == sizeof(shown->der) / sizeof(shown->der[0]))
		return false;
	len = i2d_X509(cert, &shown->der[shown->count]);
	if (len <= 0)
		return false;
	shown->len[shown->count++] = (size_t)len;
	return true;
}

static bool show_all(struct shown *shown, X509 *cert, STACK_OF(X509) * others)
{
	if (!show(shown, cert))
		return false;
	for (int i = 0; i < sk_X509_num(others); i++) {
		X509 *other = sk_X509_value(others, i);

		if (X509_cmp(other, cert) != 0 && !show(shown, other))
			return false;
	}
	return true;
}

static void on_answer(const struct ks_result *result, void *user)
{
	struct tls_question *question = user;
	struct tls_verdict verdict = {.status = result->status};
	const char *message = result->message;

	if (result->status == KS_OK) {
		verdict.reason = result->verdict->reason;
		message = result->verdict->message;
	}
	snprintf(verdict.message, sizeof(verdict.message), "%s", message);
	if (question->answer)
		question->answer(&verdict, question->user);
	free(question);
}

static enum ks_status start(struct ks_client *client, const struct tls_peer *peer,
			    const struct shown *shown, struct tls_question *question)
{
	const struct ks_validation validation = {
		.group = peer->group,
		.candidate = shown->der[0],
		.candidate_len = shown->len[0],
		.chain = (const uint8_t *const *)shown->der + 1,
		.chain_lens = shown->len + 1,
		.chain_count = shown->count - 1,
		.purpose = peer->is_server ? KS_PURPOSE_TLS_SERVER : KS_PURPOSE_TLS_CLIENT,
		.host = peer->host,
		.anchor_id = peer->anchor_id,
	};

	return ks_validate_start(client, &validation, on_answer, question);
}

static void hide_all(struct shown *shown)
{
	for (size_t i = 0; i < shown->count; i++)
		OPENSSL_free(shown->der[i]);
}

struct tls_question *tls_ask(struct tls *tls, const struct tls_peer *peer, X509 *cert,
			     STACK_OF(X509) * others, tls_answer_fn *answer, void *user,
			     struct tls_verdict *ret_verdict)
{
	struct tls_question *question = malloc(sizeof(*question));
	struct ks_client *client = uplink_client(tls->uplink);
	struct tls_verdict verdict = {.status = KS_NOMEM};
	struct shown shown = {0};

	if (!question)
		goto out;
	*question = (struct tls_question){answer, user};
	verdict.status = KS_UNREACHABLE;
	if (!client)
		goto out;
	verdict = (struct tls_verdict){.status = KS_OK, .reason = KS_VERDICT_TOO_DEEP};
	if (!show_all(&shown, cert, others))
		goto out;
	verdict.status = start(client, peer, &shown, question);
	if (verdict.status != KS_OK)
		goto out;
	uplink_sends(tls->uplink);
	hide_all(&shown);
	return question;
out:
	if (verdict.status == KS_OK)
		snprintf(verdict.message, sizeof(verdict.message),
			 "the peer sends more than %d certificates along with its own",
			 TLS_CHAIN_MAX);
	else
		snprintf(verdict.message, sizeof(verdict.message),
			 "keystored cannot be asked about the peer: %s",
			 ks_status_name(verdict.status));
	hide_all(&shown);
	free(question);
	*ret_verdict = verdict;
	return NULL;
}

void tls_question_drop(struct tls_question *question)
{
	if (question)
		question->answer = NULL;
}
